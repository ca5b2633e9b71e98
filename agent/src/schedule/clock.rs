//! Whether the wall clock is believed: what holds retention back, and what lets it go on.
//!
//! A policy of `keep_within` counts from the newest snapshot, so a clock that runs ahead removes history. Time that was
//! slept is no jump: the monotonic clock counts it as well. Deciding is pure; what was decided stands in the hold, for it
//! must outlive the agent.

use wire::{
    id::UnixMs,
    snapshot::{Hold, HoldCause},
};

use super::due::LATE_MS;
use crate::store::{
    Store, StoreError,
    holds::{self, LiftedBy},
    journal,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A machine may well be off for a year.
const OFF_FOR_LONG_MS: i64 = 400 * DAY_MS;

/// How a hold ends that time alone does not lift.
const BY_WORD: &str =
    "retention goes on once a coordinator's clock agrees with it, or when a person confirms the plan";
/// The same where time does.
const BY_WORD_OR_TIME: &str = "retention goes on once a coordinator's clock agrees with it, when a person confirms the plan, or by itself after a day";
const BY_TIME: &str =
    "retention goes on by itself a day after the last jump, or when a person confirms the plan";

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    /// Holds, or holds anew from now on.
    Hold(String, LiftedBy),
    Clear,
}

/// The hold that stands.
pub type Standing = (Hold, LiftedBy);

/// `jump_ms`: how far the clock was set since the last look; `held`: the hold that stands.
pub fn judge(now: UnixMs, jump_ms: i64, held: Option<&Standing>) -> Step {
    let far = held.is_some_and(|(_, by)| *by == LiftedBy::Word);
    if jump_ms.abs() > LATE_MS {
        // Whoever set it ahead may set it a little back: that makes it no truer.
        return jumped(jump_ms, far || jump_ms > DAY_MS);
    }
    match held {
        None => Step::Nothing,
        Some(_) if far => Step::Nothing,
        // Held since a time that is still to come: the clock was set back while the agent was off.
        Some((hold, by)) if hold.at > now => Step::Hold(hold.message.clone(), *by),
        // One that nobody touched for so long is believed again.
        Some((hold, _)) if now.since(hold.at) < DAY_MS => Step::Nothing,
        Some(_) => Step::Clear,
    }
}

/// What a start says of the clock: `newest` is the time of the last record that this host wrote.
pub fn begun(now: UnixMs, newest: UnixMs, held: Option<&Standing>) -> Step {
    let gap_ms = now.since(newest);
    if held.is_some_and(|(_, by)| *by == LiftedBy::Word) {
        Step::Nothing
    } else if gap_ms < -LATE_MS {
        let minutes = -gap_ms / 60_000;
        let what = format!(
            "the host's clock is {minutes} minutes before the last thing that this host wrote down, at {newest}"
        );
        hold(&what, LiftedBy::Time)
    } else if gap_ms > OFF_FOR_LONG_MS {
        let days = gap_ms / DAY_MS;
        let what = format!("this host was off since {newest}, for {days} days, or its clock is wrong");
        hold(&what, LiftedBy::WordOrTime)
    } else {
        Step::Nothing
    }
}

/// Whether a coordinator whose clock agrees lifts it.
pub const fn heeds_coordinator((_, by): &Standing) -> bool {
    match by {
        LiftedBy::Word | LiftedBy::WordOrTime => true,
        LiftedBy::Time => false,
    }
}

fn hold(what: &str, by: LiftedBy) -> Step {
    let until = match by {
        LiftedBy::Time => BY_TIME,
        LiftedBy::WordOrTime => BY_WORD_OR_TIME,
        LiftedBy::Word => BY_WORD,
    };
    Step::Hold(format!("{what}: check its time; {until}"), by)
}

fn jumped(jump_ms: i64, far: bool) -> Step {
    let minutes = jump_ms.abs() / 60_000;
    let way = if jump_ms < 0 { "back" } else { "forward" };
    let by = if far { LiftedBy::Word } else { LiftedBy::Time };
    hold(&format!("the host's clock was set {way} by {minutes} minutes"), by)
}

/// The hold that stands, if one does.
pub async fn held(store: &Store) -> Result<Option<Standing>, StoreError> {
    store.read(holds::clock).await
}

/// Writes down what was decided.
pub async fn write(store: &Store, step: Step, now: UnixMs) -> Result<(), StoreError> {
    store
        .write(move |tx| match step {
            Step::Nothing => Ok(()),
            Step::Hold(message, by) => holds::set_clock(tx, &message, by, now),
            Step::Clear => holds::clear(tx, HoldCause::ClockJumped, None, now),
        })
        .await
}

/// Before this start writes its first record.
pub async fn look_at_start(store: &Store, now: UnixMs) -> Result<(), StoreError> {
    let Some(newest) = store.read(journal::newest_at).await? else { return Ok(()) };
    match begun(now, newest, held(store).await?.as_ref()) {
        Step::Nothing => Ok(()),
        step => write(store, step, now).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_176_000_000);
    const MINUTE_MS: i64 = 60_000;

    /// It stands for so long. What it says in words decides nothing.
    fn standing(step: &Step, age_ms: i64) -> Standing {
        let Step::Hold(_, by) = step else { panic!("{step:?}") };
        let (message, at) = ("in other words".to_owned(), NOW.plus_ms(-age_ms));
        (Hold { cause: HoldCause::ClockJumped, repository: None, message, at }, *by)
    }

    /// Which way a step goes: '-', 'c'lears, 't'ime lifts it, 'w'ord alone does, 'e'ither.
    fn way(step: &Step) -> char {
        match step {
            Step::Nothing => '-',
            Step::Clear => 'c',
            Step::Hold(message, LiftedBy::Word) if message.ends_with(BY_WORD) => 'w',
            Step::Hold(message, LiftedBy::WordOrTime) if message.ends_with(BY_WORD_OR_TIME) => 'e',
            Step::Hold(_, LiftedBy::Time) => 't',
            Step::Hold(..) => panic!("it says something else: {step:?}"),
        }
    }

    #[test]
    fn a_jump_holds_and_time_lifts_all_but_a_long_way_forward() {
        let (near, far) = (jumped(10 * MINUTE_MS, false), jumped(2 * DAY_MS, true));
        for (jump_ms, held, expected) in [
            (0, None, '-'),
            // A laptop that slept: both clocks went on.
            (4 * MINUTE_MS, None, '-'),
            (6 * MINUTE_MS, None, 't'),
            (DAY_MS, None, 't'),
            (DAY_MS + 1, None, 'w'),
            (-6 * MINUTE_MS, None, 't'),
            (-400 * DAY_MS, None, 't'),
            (0, Some(standing(&near, DAY_MS - 1)), '-'),
            (0, Some(standing(&near, DAY_MS)), 'c'),
            (0, Some(standing(&near, -1)), 't'),
            (0, Some(standing(&far, DAY_MS)), '-'),
            (0, Some(standing(&far, 500 * DAY_MS)), '-'),
            (0, Some(standing(&far, -1)), '-'),
            (-6 * MINUTE_MS, Some(standing(&far, DAY_MS)), 'w'),
        ] {
            let step = judge(NOW, jump_ms, held.as_ref());
            assert_eq!(way(&step), expected, "{jump_ms} {held:?}: {step:?}");
        }
    }

    #[test]
    fn a_start_after_a_month_is_nothing_and_one_before_the_last_record_is() {
        for (gap_ms, expected) in [
            (0, '-'),
            (30 * DAY_MS, '-'),
            (400 * DAY_MS, '-'),
            (400 * DAY_MS + 1, 'e'),
            (-LATE_MS, '-'),
            (-LATE_MS - 1, 't'),
        ] {
            let step = begun(NOW, NOW.plus_ms(-gap_ms), None);
            assert_eq!(way(&step), expected, "{gap_ms}: {step:?}");
        }
        let far = standing(&jumped(2 * DAY_MS, true), 0);
        assert_eq!(begun(NOW, NOW.plus_ms(MINUTE_MS * 60), Some(&far)), Step::Nothing);
    }

    #[test]
    fn a_coordinator_lifts_what_says_so() {
        let off = begun(NOW, NOW.plus_ms(-500 * DAY_MS), None);
        assert!(heeds_coordinator(&standing(&off, 0)));
        assert_eq!(judge(NOW, 0, Some(&standing(&off, DAY_MS))), Step::Clear);
        assert!(heeds_coordinator(&standing(&jumped(2 * DAY_MS, true), 0)));
        assert!(!heeds_coordinator(&standing(&jumped(-2 * DAY_MS, false), 0)));
    }
}
