//! Orders that must not be obeyed, in the order of the checks, and those that must.

use wire::{
    action::{Action, OrderRefusalCode, SealedSecret},
    id::{AgentId, Base64Bytes, FleetId, OrderId, UnixMs},
    identity::SigningKey,
    order::{
        Dispatch, Needed, Order, OrderRefusal, Receiver, Signatory, Verdict, VerifiedOrder, needed,
        verify_dispatch,
    },
    plan::Plan,
    trust::{Ledger, Role, Signed, SignedDocument},
};

use crate::cast::{Cast, HOUR_MS, NOW, plan};

fn run() -> Action {
    Action::Run { groups: vec!["default".parse().unwrap()], upload_kib_s: None, download_kib_s: None }
}

fn set_secret(slot: &str) -> Action {
    Action::SetSecret { secret: secret(slot) }
}

fn secret(slot: &str) -> SealedSecret {
    SealedSecret { slot: slot.parse().unwrap(), revision: 1, sealed: Base64Bytes(vec![0; 60]) }
}

fn set_plan(plan: Plan) -> Action {
    Action::SetPlan { base_revision: 1, plan, secrets: vec![], note: None }
}

fn order(cast: &Cast, action: Action) -> Order {
    Order {
        fleet: cast.fleet(),
        agent: cast.agent.id(),
        id: OrderId(uuid::Uuid::from_u128(1)),
        issued_at: NOW,
        expires_at: NOW.plus_ms(HOUR_MS),
        person: "ada".into(),
        action,
    }
}

fn dispatch(cast: &Cast, order: Signed<Order>) -> Dispatch {
    Dispatch { fleet: cast.fleet(), agent: cast.agent.id(), number: 5, statement: 2, order }
}

/// What the agent of the cast says at `now`, with number 4 seen and the plan of the cast.
fn judge(
    cast: &Cast,
    ledger: &Ledger,
    signed: &Signed<Dispatch>,
    now: UnixMs,
) -> Result<VerifiedOrder, OrderRefusal> {
    let current = plan();
    let receiver = Receiver { agent: cast.agent.id(), ledger, now, last_number: 4, plan: Some(&current) };
    match verify_dispatch(signed, &receiver, |_| None::<()>)? {
        Verdict::Fresh(order) => Ok(*order),
        Verdict::Executed { .. } => unreachable!("nothing was executed"),
    }
}

fn sent(cast: &Cast, action: Action, key: &SigningKey) -> Result<VerifiedOrder, OrderRefusal> {
    let signed = Signed::sign(&order(cast, action), key).unwrap();
    let dispatch = Signed::sign(&dispatch(cast, signed), &cast.coordinator.identity).unwrap();
    judge(cast, &cast.ledger(), &dispatch, NOW)
}

fn code(result: Result<VerifiedOrder, OrderRefusal>) -> OrderRefusalCode {
    result.unwrap_err().code()
}

#[test]
fn routine_orders_are_the_coordinators_to_sign() {
    let cast = Cast::new();
    let verified = sent(&cast, run(), &cast.coordinator.identity).unwrap();
    assert_eq!(verified.signatory, Signatory::Coordinator { id: cast.coordinator.id() });
    assert_eq!((verified.number, verified.order.person.as_str()), (5, "ada"));
    let repository = || "main".parse().unwrap();
    for action in [
        Action::Probe { repository: repository() },
        Action::Refresh { repository: repository() },
        Action::Unlock { repository: repository(), locks: vec![] },
        Action::DryRun { group: "default".parse().unwrap(), settings: None },
    ] {
        sent(&cast, action, &cast.coordinator.identity).unwrap();
    }
    let verified = sent(&cast, run(), &cast.operator).unwrap();
    assert_eq!(verified.signatory.key(), cast.operator.public());
    assert_eq!(code(sent(&cast, run(), &cast.stranger)), OrderRefusalCode::NotAuthorised);
    assert_eq!(code(sent(&cast, run(), &cast.agent.identity)), OrderRefusalCode::NotAuthorised);
}

#[test]
fn a_coordinator_alone_does_nothing_grave() {
    let cast = Cast::new();
    for action in [
        set_plan(plan()),
        set_secret("repository/main/password"),
        set_secret("ping/one"),
        Action::ConfirmPlan { revision: 1 },
    ] {
        let error = sent(&cast, action, &cast.coordinator.identity).unwrap_err();
        assert!(matches!(error, OrderRefusal::NotAuthorised { found: None, .. }), "{error}");
    }
}

#[test]
fn living_locks_copies_and_made_up_groups_are_an_operators_to_sign() {
    let cast = Cast::new();
    let group = || "default".parse().unwrap();
    let settings = plan().groups.into_values().next();
    assert!(settings.is_some());
    for action in [
        Action::Unlock { repository: "main".parse().unwrap(), locks: vec!["aa".into()] },
        Action::DryRun { group: group(), settings },
        Action::Copy { group: group(), to: "second".parse().unwrap(), snapshots: vec![] },
    ] {
        let error = sent(&cast, action.clone(), &cast.coordinator.identity).unwrap_err();
        assert!(
            matches!(
                error,
                OrderRefusal::NotAuthorised { found: None, needed: Needed::Operator(Role::Operator), .. }
            ),
            "{error}"
        );
        sent(&cast, action, &cast.operator).unwrap();
    }
}

#[test]
fn an_operator_edits_daily_work_and_no_more() {
    let cast = Cast::new();
    let mut groups = plan();
    groups.groups.values_mut().next().unwrap().excludes.push("*.tmp".into());
    groups.limits.upload_kib_s = Some(100);
    sent(&cast, set_plan(groups.clone()), &cast.operator).unwrap();
    sent(&cast, set_secret("ping/one"), &cast.operator).unwrap();

    let mut moved = groups;
    let elsewhere = serde_json::json!({ "backend": { "kind": "local", "path": "/mnt/eve" } });
    moved.repositories.insert("main".parse().unwrap(), serde_json::from_value(elsewhere).unwrap());
    let with_password = Action::SetPlan {
        base_revision: 1,
        plan: plan(),
        secrets: vec![secret("ping/one"), secret("repository/main/password")],
        note: None,
    };
    for action in [
        set_plan(moved),
        set_plan(Plan::default()),
        with_password,
        set_secret("repository/main/password"),
        set_secret("repository/main/login"),
        set_secret("hook/default/pre"),
        set_secret("hook/*/post"),
        Action::ConfirmPlan { revision: 1 },
    ] {
        let error = sent(&cast, action.clone(), &cast.operator).unwrap_err();
        let needed = Needed::Operator(Role::Admin);
        assert!(
            matches!(error, OrderRefusal::NotAuthorised { found: Some(Role::Operator), needed: n, .. } if n == needed),
            "{error}"
        );
        sent(&cast, action, &cast.admin).unwrap();
    }
}

#[test]
fn the_first_plan_with_a_destination_is_an_admins() {
    assert_eq!(needed(&set_plan(plan()), None), Needed::Operator(Role::Admin));
    assert_eq!(needed(&set_plan(Plan::default()), None), Needed::Operator(Role::Operator));
    assert_eq!(needed(&run(), None), Needed::Coordinator);
}

#[test]
fn a_dispatch_from_elsewhere_is_refused() {
    let cast = Cast::new();
    let ledger = cast.ledger();
    let honest = dispatch(&cast, Signed::sign(&order(&cast, run()), &cast.coordinator.identity).unwrap());
    let by = |dispatch: &Dispatch, key: &SigningKey| {
        judge(&cast, &ledger, &Signed::sign(dispatch, key).unwrap(), NOW)
    };
    by(&honest, &cast.coordinator.identity).unwrap();
    for key in [&cast.stranger, &cast.admin, &cast.kit.root(), &cast.agent.identity] {
        let error = by(&honest, key).unwrap_err();
        assert_eq!(error, OrderRefusal::ForeignCoordinator { by: key.public() });
        assert_eq!((error.code(), error.number()), (OrderRefusalCode::BadSignature, None));
    }
    // Shown as the coordinator's, or changed after it was signed.
    let signed = Signed::<Dispatch>::sign(&honest, &cast.stranger).unwrap();
    let parts = SignedDocument { by: cast.coordinator.identity.public(), ..signed.parts().clone() };
    assert!(matches!(
        judge(&cast, &ledger, &Signed::from_parts(parts), NOW).unwrap_err(),
        OrderRefusal::Dispatch { .. }
    ));
    let mut parts = Signed::<Dispatch>::sign(&honest, &cast.coordinator.identity).unwrap().parts().clone();
    let at = parts.doc.0.windows(10).position(|w| w == b"\"number\":5").unwrap();
    parts.doc.0[at + 9] = b'6';
    assert!(matches!(
        judge(&cast, &ledger, &Signed::from_parts(parts), NOW).unwrap_err(),
        OrderRefusal::Dispatch { .. }
    ));
}

#[test]
fn a_misaddressed_order_is_refused() {
    let cast = Cast::new();
    let ledger = cast.ledger();
    let other = Cast::other_agent().id();
    let judged = |dispatch: &Dispatch| {
        judge(&cast, &ledger, &Signed::sign(dispatch, &cast.coordinator.identity).unwrap(), NOW).unwrap_err()
    };
    let signed = |order: &Order| Signed::sign(order, &cast.admin).unwrap();
    let honest = signed(&order(&cast, run()));
    let error = judged(&Dispatch { agent: other, ..dispatch(&cast, honest.clone()) });
    assert_eq!((error.code(), error.number()), (OrderRefusalCode::Misaddressed, None));
    let error = judged(&Dispatch { fleet: FleetId([4; 32]), ..dispatch(&cast, honest) });
    assert_eq!(error, OrderRefusal::OtherFleet { fleet: FleetId([4; 32]) });
    // An order for another host, put into an envelope for this one: what a coordinator taken over would try.
    let theirs: Order = Order { agent: other, ..order(&cast, set_secret("repository/main/password")) };
    let error = judged(&dispatch(&cast, signed(&theirs)));
    assert_eq!((error.code(), error.number()), (OrderRefusalCode::Misaddressed, Some(5)));
    let error = judged(&dispatch(&cast, signed(&Order { fleet: FleetId([4; 32]), ..order(&cast, run()) })));
    assert_eq!(error.code(), OrderRefusalCode::Misaddressed);
}

#[test]
fn an_order_that_relies_on_an_unknown_statement_waits_for_it() {
    let cast = Cast::new();
    let order = Signed::sign(&order(&cast, run()), &cast.coordinator.identity).unwrap();
    let dispatch = Dispatch { statement: 3, ..dispatch(&cast, order) };
    let signed = Signed::sign(&dispatch, &cast.coordinator.identity).unwrap();
    let error = judge(&cast, &cast.ledger(), &signed, NOW).unwrap_err();
    assert_eq!(error, OrderRefusal::UnknownStatement { number: 5, needed: 3, known: 2 });
}

#[test]
fn a_replayed_number_is_refused() {
    let cast = Cast::new();
    for number in [0, 3, 4] {
        let order = Signed::sign(&order(&cast, run()), &cast.coordinator.identity).unwrap();
        let dispatch = Dispatch { number, ..dispatch(&cast, order) };
        let signed = Signed::sign(&dispatch, &cast.coordinator.identity).unwrap();
        let error = judge(&cast, &cast.ledger(), &signed, NOW).unwrap_err();
        assert_eq!(error, OrderRefusal::Replayed { number, last: 4 });
    }
}

#[test]
fn an_expired_order_is_refused() {
    let cast = Cast::new();
    let signed = Signed::sign(&order(&cast, run()), &cast.coordinator.identity).unwrap();
    let dispatch = Signed::sign(&dispatch(&cast, signed), &cast.coordinator.identity).unwrap();
    judge(&cast, &cast.ledger(), &dispatch, NOW.plus_ms(HOUR_MS - 1)).unwrap();
    let error = judge(&cast, &cast.ledger(), &dispatch, NOW.plus_ms(HOUR_MS)).unwrap_err();
    assert_eq!(
        (error.code(), error.order()),
        (OrderRefusalCode::Expired, Some(OrderId(uuid::Uuid::from_u128(1))))
    );
}

#[test]
fn a_changed_order_is_refused() {
    let cast = Cast::new();
    let honest = Signed::sign(&order(&cast, run()), &cast.admin).unwrap();
    for at in 0..honest.bytes().len() {
        let mut parts = honest.parts().clone();
        parts.doc.0[at] ^= 1;
        let dispatch = dispatch(&cast, Signed::from_parts(parts));
        let signed = Signed::sign(&dispatch, &cast.coordinator.identity).unwrap();
        let error = judge(&cast, &cast.ledger(), &signed, NOW).unwrap_err();
        assert!(matches!(error, OrderRefusal::Order { number: 5, .. }), "{at}: {error}");
    }
}

#[test]
fn an_order_is_executed_once() {
    let cast = Cast::new();
    let ledger = cast.ledger();
    let order = order(&cast, run());
    let signed = Signed::sign(&order, &cast.coordinator.identity).unwrap();
    let dispatch = Dispatch { number: 9, ..dispatch(&cast, signed) };
    let signed = Signed::sign(&dispatch, &cast.coordinator.identity).unwrap();
    let receiver = Receiver { agent: cast.agent.id(), ledger: &ledger, now: NOW, last_number: 5, plan: None };
    let verdict = verify_dispatch(&signed, &receiver, |id| (id == order.id).then_some("the first receipt"));
    assert_eq!(
        verdict.unwrap(),
        Verdict::Executed { number: 9, order: order.id, receipt: "the first receipt" }
    );
}

#[test]
fn the_checks_come_in_their_order() {
    let cast = Cast::new();
    let ledger = cast.ledger();
    let other: AgentId = Cast::other_agent().id();
    // Everything is wrong with this one; mended step by step, the next refusal shows.
    let mut wrong = order(&cast, set_secret("repository/main/password"));
    wrong.expires_at = NOW;
    let broken = {
        let mut parts = Signed::sign(&wrong, &cast.operator).unwrap().parts().clone();
        parts.sig.0[0] ^= 1;
        Signed::from_parts(parts)
    };
    let mut envelope = Dispatch { agent: other, number: 4, statement: 3, ..dispatch(&cast, broken) };
    let judged = |envelope: &Dispatch, key: &SigningKey| {
        judge(&cast, &ledger, &Signed::sign(envelope, key).unwrap(), NOW).unwrap_err()
    };
    let coordinator = &cast.coordinator.identity;
    assert!(matches!(judged(&envelope, &cast.stranger), OrderRefusal::ForeignCoordinator { .. }));
    assert!(matches!(judged(&envelope, coordinator), OrderRefusal::OtherAgent { .. }));
    envelope.agent = cast.agent.id();
    assert!(matches!(judged(&envelope, coordinator), OrderRefusal::UnknownStatement { .. }));
    envelope.statement = 2;
    assert!(matches!(judged(&envelope, coordinator), OrderRefusal::Replayed { .. }));
    envelope.number = 5;
    assert!(matches!(judged(&envelope, coordinator), OrderRefusal::Order { .. }));
    envelope.order = Signed::sign(&wrong, &cast.operator).unwrap();
    assert!(matches!(judged(&envelope, coordinator), OrderRefusal::NotAuthorised { .. }));
    envelope.order = Signed::sign(&wrong, &cast.admin).unwrap();
    assert!(matches!(judged(&envelope, coordinator), OrderRefusal::Expired { .. }));
}

#[test]
fn an_unknown_action_is_unreadable_not_a_panic() {
    let cast = Cast::new();
    let mut value = serde_json::to_value(order(&cast, run())).unwrap();
    value["action"] = serde_json::json!({ "do": "teleport" });
    let signed = Signed::<Order>::sign_bytes(value.to_string().into_bytes(), &cast.admin);
    let dispatch = Signed::sign(&dispatch(&cast, signed), &cast.coordinator.identity).unwrap();
    let error = judge(&cast, &cast.ledger(), &dispatch, NOW).unwrap_err();
    assert_eq!(error.code(), OrderRefusalCode::Unsupported, "{error}");
}
