//! A coordinator taken over: what its attacker tries against an agent and a fleet, and why each fails.

use tests::{
    attacker::{Attacker, Line, Reaction},
    person::{Person, now, rng},
};
use wire::{
    action::{Action, OrderRefusalCode, Outcome, SealedSecret},
    frame::FrameType,
    id::{AgentId, Base64Bytes, UnixMs},
    identity::SigningKey,
    order::{Dispatch, Order},
    plan::{Backend, Plan},
    seal::{BoxContext, SealSecret, SealedBox, SecretSlot, open, seal},
    trust::{Operator, Role, Signed, Statement},
};

use crate::host::Host;

/// A real host whose coordinator is now the attacker's.
struct Scene {
    host: Host,
    attacker: Attacker,
    statements: Vec<Signed<Statement>>,
    next_number: u64,
}

impl Scene {
    async fn set() -> Self {
        let mut host = Host::ready("0 2 * * *").await;
        host.good_backup().await;
        Self::taken_over(host).await
    }

    /// With the real agent stopped first, so that whoever calls is another one.
    async fn without_the_real_agent() -> Self {
        let mut host = Host::ready("0 2 * * *").await;
        assert!(host.daemon.stop().success());
        Self::taken_over(host).await
    }

    async fn taken_over(mut host: Host) -> Self {
        let statements = host.person.fleet().await.statements;
        assert!(host.coordinator.program.stop().success());
        let attacker = Attacker::take_over(&host.place.coordinator(), host.port).await;
        Self { host, attacker, statements, next_number: 1_000 }
    }

    async fn line(&self) -> Line {
        let mut line = self.attacker.answer(&self.statements).await;
        line.welcome("host-1").await;
        line
    }

    /// Numbered and signed with the stolen key, whatever the order in it is.
    fn dispatch(&mut self, order: Signed<Order>) -> Signed<Dispatch> {
        self.next_number += 1;
        self.numbered(order, self.host.id, self.next_number)
    }

    fn numbered(&self, order: Signed<Order>, agent: AgentId, number: u64) -> Signed<Dispatch> {
        let dispatch =
            Dispatch { fleet: self.host.person.statement.fleet, agent, number, statement: 1, order };
        Signed::sign(&dispatch, &self.attacker.keys.identity).expect("a dispatch")
    }

    fn by_attacker(&self, action: Action) -> Signed<Order> {
        let document = self.host.person.order_document(self.host.id, action);
        Signed::sign(&document, &self.attacker.keys.identity).expect("an order")
    }

    fn plan(&self) -> Plan {
        let shown = self.host.agent.ask_json(&["plan", "show"]);
        serde_json::from_value(shown["plan"].clone()).expect("a plan")
    }
}

fn run() -> Action {
    Action::Run { groups: vec!["default".parse().expect("a name")], upload_kib_s: None, download_kib_s: None }
}

fn refused(reaction: Reaction, wanted: OrderRefusalCode) {
    match reaction {
        Reaction::Receipt(receipt) => match receipt.outcome {
            Outcome::Refused { code, message, hint } => {
                assert_eq!(code, wanted, "{message}");
                assert!(!message.is_empty() && !hint.is_empty());
            }
            Outcome::Accepted { .. } => panic!("the agent did it: {receipt:#?}"),
        },
        Reaction::Gone(why) => panic!("no receipt: {why}"),
    }
}

#[tokio::test]
async fn a_taken_over_coordinator_gets_no_plan_secret_hook_or_destination_through() {
    let mut scene = Scene::set().await;
    let before = scene.plan();
    let mut line = scene.line().await;
    let revision = scene.host.agent.ask_json(&["plan", "show"])["revision"].as_u64().expect("a revision");

    // Another destination.
    let mut plan = before.clone();
    for repository in plan.repositories.values_mut() {
        repository.backend =
            Backend::Rest { url: "https://attacker.example".to_owned(), path: String::new() };
    }
    let action = Action::SetPlan { base_revision: revision, plan, secrets: Vec::new(), note: None };
    let order = scene.dispatch(scene.by_attacker(action));
    refused(line.order(&order).await, OrderRefusalCode::NotAuthorised);

    // A hook, and a password of the attacker's.
    for slot in ["hook/*/pre", "hook/default/post", "repository/main/password"] {
        let slot: SecretSlot = slot.parse().expect("a slot");
        let context = BoxContext::to_agent(
            scene.host.person.statement.fleet,
            scene.host.id,
            scene.host.binding.seal,
            &slot,
            1,
        );
        let sealed = seal(&context, b"touch /tmp/owned", &mut rng()).expect("a box");
        let secret = SealedSecret { slot, revision: 1, sealed: Base64Bytes(sealed.as_bytes().to_vec()) };
        let order = scene.dispatch(scene.by_attacker(Action::SetSecret { secret }));
        refused(line.order(&order).await, OrderRefusalCode::NotAuthorised);
    }

    // With an operator's key that no statement names.
    let stranger = SigningKey::generate(&mut rng());
    let action =
        Action::SetPlan { base_revision: revision, plan: Plan::default(), secrets: Vec::new(), note: None };
    let document = scene.host.person.order_document(scene.host.id, action);
    let order = scene.dispatch(Signed::sign(&document, &stranger).expect("an order"));
    refused(line.order(&order).await, OrderRefusalCode::NotAuthorised);

    assert_eq!(scene.plan(), before, "nothing of it may have been applied");
}

#[tokio::test]
async fn replayed_expired_misaddressed_and_foreign_orders_are_refused_with_their_reason() {
    let mut scene = Scene::set().await;
    let mut line = scene.line().await;

    // Routine work is what a coordinator may ask for; its copy is a replay.
    let order = scene.by_attacker(run());
    let first = scene.dispatch(order.clone());
    match line.order(&first).await {
        Reaction::Receipt(receipt) => {
            assert!(matches!(receipt.outcome, Outcome::Accepted { .. }), "{receipt:#?}");
        }
        Reaction::Gone(why) => panic!("no receipt: {why}"),
    }
    refused(line.order(&first).await, OrderRefusalCode::Replayed);

    // Under a new number it is not executed again: the first receipt comes back.
    let again = scene.dispatch(order);
    match line.order(&again).await {
        Reaction::Receipt(receipt) => {
            assert!(matches!(receipt.outcome, Outcome::Accepted { .. }), "{receipt:#?}");
        }
        Reaction::Gone(why) => panic!("no receipt: {why}"),
    }

    let mut expired = scene.host.person.order_document(scene.host.id, run());
    expired.expires_at = UnixMs(now().0 - 1);
    let expired = Signed::sign(&expired, &scene.attacker.keys.identity).expect("an order");
    let expired = scene.dispatch(expired);
    refused(line.order(&expired).await, OrderRefusalCode::Expired);

    let other = AgentId([7; 32]);
    let elsewhere =
        Signed::sign(&scene.host.person.order_document(other, run()), &scene.attacker.keys.identity);
    let elsewhere = scene.dispatch(elsewhere.expect("an order"));
    refused(line.order(&elsewhere).await, OrderRefusalCode::Misaddressed);

    let foreign = SigningKey::generate(&mut rng());
    let order =
        Signed::sign(&scene.host.person.order_document(scene.host.id, run()), &foreign).expect("an order");
    let order = scene.dispatch(order);
    refused(line.order(&order).await, OrderRefusalCode::NotAuthorised);

    let jobs = scene.host.agent.ask_json(&["jobs"]);
    let ordered =
        jobs.as_array().expect("a list").iter().filter(|job| job["origin"]["by"] == "operator").count();
    assert_eq!(ordered, 2, "the first good backup and one of the attacker's: {jobs:#}");
}

#[tokio::test]
async fn a_taken_over_coordinator_cannot_swap_the_recovery_key_or_name_operators() {
    let scene = Scene::set().await;
    let honest = &scene.host.person.statement;
    let theirs = SealSecret::generate(&mut rng());
    let previous = scene.statements[0].hash();

    let mut recovery = honest.clone();
    (recovery.version, recovery.previous, recovery.recovery) = (2, previous, theirs.public());
    let mut operators = honest.clone();
    (operators.version, operators.previous) = (2, previous);
    operators.operators.push(Operator {
        key: scene.attacker.keys.identity.public().into(),
        name: "an attacker".to_owned(),
        role: Role::Admin,
    });
    let mut forked = honest.clone();
    forked.recovery = theirs.public();

    for (what, statement) in [("recovery", recovery), ("operators", operators)] {
        let forged = Signed::sign(&statement, &scene.attacker.keys.identity).expect("a statement");
        let mut line = scene.attacker.answer(&[scene.statements[0].clone(), forged]).await;
        match line.frame().await {
            Ok((FrameType::Hello, _)) => panic!("the agent believed a statement with other {what}"),
            Ok((FrameType::Bye, _)) | Err(_) => {}
            Ok((kind, _)) => panic!("{kind:?} instead of a refusal"),
        }
    }
    let forged = Signed::sign(&forked, &scene.attacker.keys.identity).expect("a statement");
    let mut line = scene.attacker.answer(&[forged]).await;
    assert!(
        !matches!(line.frame().await, Ok((FrameType::Hello, _))),
        "the agent believed a forked statement"
    );
    // And it still speaks with the fleet it knows.
    scene.line().await;
}

#[tokio::test]
async fn what_a_coordinator_holds_opens_no_box() {
    let scene = Scene::set().await;
    let Host { place, person, binding, password, .. } = &scene.host;
    let open_read = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database =
        rusqlite::Connection::open_with_flags(place.coordinator().join("coordinator.db"), open_read);
    let database = database.expect("the database opens");
    let mut query =
        database.prepare("SELECT slot, revision, box FROM view_secrets").expect("the escrow boxes");
    let boxes: Vec<(String, i64, Vec<u8>)> = query
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .expect("rows")
        .map(|row| row.expect("a row"))
        .collect();
    assert!(!boxes.is_empty(), "the agent escrowed its password");
    let fleet = person.statement.fleet;
    let channel = scene.attacker.keys.channel_key();
    for (slot, revision, bytes) in boxes {
        let slot: SecretSlot = slot.parse().expect("a slot");
        let sealed = SealedBox::from_bytes(bytes).expect("a box");
        let escrow =
            BoxContext::escrow(fleet, binding.id, person.statement.recovery, &slot, revision.cast_unsigned());
        // Every 32-byte secret that the stolen key file holds.
        let file = std::fs::read(place.coordinator().join("coordinator.key")).expect("the key file");
        for window in file.windows(32) {
            let stolen = SealSecret::from_bytes(window.try_into().expect("32 bytes"));
            assert!(open(&escrow, &stolen, &sealed).is_err(), "a stolen key opens the escrow box");
        }
        assert_ne!(escrow.recipient.0, channel.0);
        // The kit does: that is what it is for.
        let opened = open(&escrow, &person.kit.recovery(), &sealed).expect("the kit opens it");
        assert_eq!(opened.expose_text(), Some(password.as_str()));
    }
}

#[tokio::test]
async fn a_host_that_the_attacker_admits_is_no_member() {
    let scene = Scene::without_the_real_agent().await;
    let another = Person::stranger(&scene.host.person);
    let admission = another.admission(&scene.host.binding, "mine");
    // The agent itself is the judge: an admission by a key that no statement names does not count.
    let newcomer = tests::programs::Agent::at(
        scene.host.place.root().join("newcomer"),
        scene.host.place.root().join("newcomer.log"),
    );
    let address = format!("{}#{}", scene.host.person.url, scene.host.person.statement.fleet);
    let enrol = newcomer.begin(&["enrol", "--coordinator", &address, "--yes"]);
    let mut line = scene.attacker.answer(&scene.statements).await;
    let (kind, payload) = line.frame().await.expect("hello");
    assert_eq!(kind, FrameType::Hello, "{}", String::from_utf8_lossy(&payload));
    line.send(
        FrameType::Welcome,
        &wire::frame::Welcome::Pending { expires_at: UnixMs(now().0 + 60_000), collides_with: None },
    )
    .await;
    line.send(FrameType::Admit, &admission).await;
    let reaction = line.reaction().await;
    assert!(matches!(reaction, Reaction::Gone(_)), "{reaction:?}");
    drop(enrol);
    let status = newcomer.ask_json(&["status"]);
    assert_ne!(status["membership"], "member", "{status:#}");
}
