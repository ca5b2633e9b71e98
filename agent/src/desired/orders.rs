//! Orders: verified, carried out at most once, and answered by a receipt that is journalled with the effect.
//!
//! One transaction holds the effect, the receipt's record, the order's number and its id: there is no instant at which
//! one of them is there without the others. Knows what each action means for rows; running is the engine's.

pub(super) mod act;
mod errands;
mod membership;
mod restore;
mod retention;
mod upkeep;

use serde::Deserialize;
use wire::{
    action::{OrderRefusalCode, Outcome, Receipt},
    id::{OrderId, UnixMs},
    journal::OrderReceipt,
    order::{Dispatch, OrderRefusal, Receiver, Verdict, VerifiedOrder, verify_dispatch},
    trust::{Ledger, Signed},
};

use self::act::Refuse;
use super::Desk;
use crate::answer::Errand;
use crate::store::{StoreError, Tx, journal, orders, plan};

/// What goes back to the coordinator.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Receipt(Receipt),
    /// And what is to be answered besides, under the order's id, once the receipt is on its way.
    Errand {
        receipt: Receipt,
        errand: Box<Errand>,
    },
    /// The disk took nothing: nothing was done, and the order's number is not used up. It comes again, before any later
    /// one, when the agent connects again.
    NotWritten {
        receipt: Receipt,
        problem: StoreError,
    },
    /// Not for this agent, or not from its fleet: nothing is journalled and nothing is answered.
    Ignored(OrderRefusal),
}
/// The one field of an order that a receipt needs, read before the order is trusted.
#[derive(Deserialize)]
struct Addressed {
    id: OrderId,
}

impl Desk {
    /// Verifies and carries out. `now` is the coordinator's time. A disk that takes nothing is answered as
    /// `unavailable`: then nothing was done and the order's number is not used up.
    pub async fn order(&self, ledger: &Ledger, signed: Signed<Dispatch>, now: UnixMs) -> Answer {
        let (desk, known, dispatch) = (self.clone(), ledger.clone(), signed.clone());
        let answer = self.0.store.write(move |tx| desk.order_in(tx, &known, &dispatch, now)).await;
        // What was released for jobs that are not on disk is of use to nobody.
        if let (Err(_), Some(engine)) = (&answer, self.engine()) {
            engine.take_back();
        }
        match answer {
            Ok(answer) => {
                if let Some(engine) = self.engine() {
                    engine.wake();
                }
                answer
            }
            // It can never be written as it is, too large for a record, say: refused for good, or it came for ever.
            Err(StoreError::Statement(problem)) => {
                let (desk, known, dispatch) = (self.clone(), ledger.clone(), signed.clone());
                let error = StoreError::Statement(problem);
                let why = error.clone();
                let declined =
                    self.0.store.write(move |tx| desk.decline_in(tx, &known, &dispatch, now, &why)).await;
                declined.unwrap_or_else(|_| unavailable(&signed, &error))
            }
            Err(error) => unavailable(&signed, &error),
        }
    }

    /// Refuses an order that passes every check, but whose effect or receipt the rows do not take.
    fn decline_in(
        &self,
        tx: &Tx<'_>,
        ledger: &Ledger,
        signed: &Signed<Dispatch>,
        now: UnixMs,
        problem: &StoreError,
    ) -> Result<Answer, StoreError> {
        let current = plan::current(tx)?;
        let plan = current.as_ref().map(|plan| &plan.plan);
        let last_number = orders::last_number(tx)?;
        let receiver = Receiver { agent: self.agent(), ledger, now, last_number, plan };
        let Ok(Verdict::Fresh(verified)) = verify_dispatch(signed, &receiver, |_| None::<Receipt>) else {
            return Err(problem.clone());
        };
        let outcome = Outcome::Refused {
            code: OrderRefusalCode::Unavailable,
            message: format!("the host cannot write the order down: {problem}"),
            hint: "Nothing was done. Ask for less at once.".to_owned(),
        };
        let receipt = Receipt { number: verified.number, order: verified.order.id, outcome };
        orders::done(tx, &receipt, self.0.world.now())?;
        let action = Some(verified.order.action.as_str().to_owned());
        let signer = Some(verified.signatory.key());
        self.answer(tx, OrderReceipt { receipt, action, person: None, signer })
    }

    fn order_in(
        &self,
        tx: &Tx<'_>,
        ledger: &Ledger,
        signed: &Signed<Dispatch>,
        now: UnixMs,
    ) -> Result<Answer, StoreError> {
        let current = plan::current(tx)?;
        let receiver = Receiver {
            agent: self.agent(),
            ledger,
            now,
            last_number: orders::last_number(tx)?,
            plan: current.as_ref().map(|plan| &plan.plan),
        };
        let mut fault = None;
        let executed = |id| {
            orders::receipt(tx, id).unwrap_or_else(|error| {
                fault = Some(error);
                None
            })
        };
        let verdict = verify_dispatch(signed, &receiver, executed);
        if let Some(error) = fault {
            return Err(error);
        }
        match verdict {
            Err(refusal) => self.refused(tx, signed, refusal),
            Ok(Verdict::Executed { number, order, receipt }) => {
                let record = OrderReceipt {
                    receipt: Receipt { number, order, outcome: receipt.outcome },
                    action: None,
                    person: None,
                    signer: None,
                };
                self.answer(tx, record)
            }
            Ok(Verdict::Fresh(verified)) => {
                let answer = self.carry_out(tx, ledger, current.as_ref(), &verified, now)?;
                Ok(self.with_errand(answer, ledger, verified.order))
            }
        }
    }

    /// What did not pass the checks, but was for this agent: its receipt says why.
    fn refused(
        &self,
        tx: &Tx<'_>,
        signed: &Signed<Dispatch>,
        refusal: OrderRefusal,
    ) -> Result<Answer, StoreError> {
        let id = refusal.order().or_else(|| order_id(signed));
        let (Some(number), Some(order)) = (refusal.number(), id) else { return Ok(Answer::Ignored(refusal)) };
        let outcome = Outcome::Refused {
            code: refusal.code(),
            message: refusal.to_string(),
            hint: refusal.hint().to_owned(),
        };
        let receipt = Receipt { number, order, outcome };
        self.answer(tx, OrderReceipt { receipt, action: None, person: None, signer: None })
    }

    fn answer(&self, tx: &Tx<'_>, record: OrderReceipt) -> Result<Answer, StoreError> {
        orders::saw(tx, record.receipt.number)?;
        journal::append_body(tx, &record, self.0.world.now())?;
        Ok(Answer::Receipt(record.receipt))
    }

    fn carry_out(
        &self,
        tx: &Tx<'_>,
        ledger: &Ledger,
        current: Option<&plan::LedgerPlan>,
        verified: &VerifiedOrder,
        now: UnixMs,
    ) -> Result<Answer, StoreError> {
        let outcome = match self.act(tx, ledger, current, verified, now) {
            Ok(outcome) => outcome,
            Err(Refuse::Store(error)) => return Err(error),
            Err(Refuse::With { code, message, hint }) => Outcome::Refused { code, message, hint },
        };
        let order = &verified.order;
        let receipt = Receipt { number: verified.number, order: order.id, outcome };
        // A refusal is an answer for good as well: the same order must not come true later by itself.
        orders::done(tx, &receipt, self.0.world.now())?;
        let record = OrderReceipt {
            receipt,
            action: Some(order.action.as_str().to_owned()),
            person: Some(order.person.clone()),
            signer: Some(verified.signatory.key()),
        };
        self.answer(tx, record)
    }
}

fn order_id(signed: &Signed<Dispatch>) -> Option<OrderId> {
    let dispatch = signed.verify().ok()?;
    serde_json::from_slice::<Addressed>(dispatch.order.bytes()).ok().map(|order| order.id)
}

fn unavailable(signed: &Signed<Dispatch>, error: &StoreError) -> Answer {
    let number = signed.verify().map(|dispatch| dispatch.number);
    let (Ok(number), Some(order)) = (number, order_id(signed)) else {
        let problem = wire::trust::SignedError::Unreadable { what: "order", problem: error.to_string() };
        return Answer::Ignored(OrderRefusal::Dispatch { problem });
    };
    let outcome = Outcome::Refused {
        code: OrderRefusalCode::Unavailable,
        message: format!("the host could not write the order down: {error}"),
        hint: "Nothing was done. Give the order again once the host is well.".to_owned(),
    };
    let receipt = Receipt { number, order, outcome };
    match error {
        problem if problem.may_pass() => Answer::NotWritten { receipt, problem: problem.clone() },
        // It is stopping, or only a person can help.
        _ => Answer::Receipt(receipt),
    }
}

#[cfg(test)]
mod tests;
