//! Statements and joining, by admission and by token, with every proof that is none.

use wire::{
    action::SealedSecret,
    frame::Credential,
    id::UnixMs,
    identity::SigningKey,
    journal::{Escrow, PlanBy, RecordBody as _},
    seal::{self, BoxContext, SealSecret},
    trust::{Signed, Token, TokenSeed},
};

use crate::{
    config::Policy,
    desired::{
        JoinError,
        rehearsal::{Fleet, Host, START, plan},
    },
    run::SecretSource as _,
    store::{journal, plan as ledger, trust},
};

fn token(fleet: &Fleet, seed: &TokenSeed, pattern: &str) -> Signed<Token> {
    signed_token(fleet, seed, pattern, "repository/main/password", &fleet.operator)
}

fn signed_token(
    fleet: &Fleet,
    seed: &TokenSeed,
    pattern: &str,
    slot: &str,
    signer: &SigningKey,
) -> Signed<Token> {
    let keys = seed.keys();
    let slot = slot.parse().unwrap();
    let context = BoxContext::to_token(fleet.kit.fleet(), keys.token(), keys.seal.public(), &slot);
    let sealed = seal::seal(&context, b"generated", &mut fleet.world.rng()).unwrap();
    let terms = Token {
        fleet: fleet.kit.fleet(),
        token: keys.token(),
        seal: keys.seal.public(),
        name_pattern: pattern.to_owned(),
        tags: vec!["web".to_owned()],
        uses: 1,
        issued_at: START,
        expires_at: START.plus_ms(3_600_000),
        plan: Some(plan()),
        secrets: vec![SealedSecret { slot: slot.clone(), revision: 1, sealed: sealed.into() }],
    };
    Signed::sign(&terms, signer).unwrap()
}

/// A hook runs with all power over the host: an operator's token does not bring one, an admin's does.
#[tokio::test]
async fn an_operators_token_brings_no_hook() {
    let fleet = Fleet::found();
    for (signer, taken) in [(&fleet.operator, false), (&fleet.admin, true)] {
        let host = Host::new(7, Policy::default());
        host.meet(&fleet).await;
        let seed = TokenSeed::generate(&mut fleet.world.rng());
        let proof = seed.keys().prove(&host.desk.binding());
        let token = signed_token(&fleet, &seed, "*", "hook/*/pre", signer);
        let credential = Credential::Token { token, proof };
        let joined =
            host.desk.join(&fleet.ledger(), credential, Some(seed.keys()), "web-1", START).await.unwrap();
        assert_eq!(joined.left_out.is_empty(), taken, "{joined:?}");
        let held = host.desk.0.secrets.revision(&"hook/*/pre".parse().unwrap()).unwrap();
        assert_eq!(held.is_some(), taken);
    }
}

#[tokio::test]
async fn a_token_brings_membership_plan_and_secrets_in_one_go() {
    let fleet = Fleet::found();
    let host = Host::new(7, Policy::default());
    host.meet(&fleet).await;
    let seed = TokenSeed::generate(&mut fleet.world.rng());
    let proof = seed.keys().prove(&host.desk.binding());
    let credential = Credential::Token { token: token(&fleet, &seed, "web-*"), proof };
    let known = fleet.ledger();
    let join = || host.desk.join(&known, credential.clone(), Some(seed.keys()), "web-1", START);
    let joined = join().await.unwrap();
    assert_eq!((joined.name.as_str(), joined.with_plan, joined.left_out.len()), ("web-1", true, 0));
    let current = host.read(ledger::current).await.unwrap();
    assert!(matches!(current.by, PlanBy::Token { .. }));
    let slot = "repository/main/password".parse().unwrap();
    assert_eq!(host.desk.0.secrets.secret(&slot).unwrap().unwrap().expose_text(), Some("generated"));
    let head = host.read(journal::head).await;
    join().await.unwrap();
    assert_eq!(host.read(journal::head).await, head, "joining twice is joining once");
}

/// What is laid down at the host before it enrols: its own plan governs, the token's passwords are of use all the same.
#[tokio::test]
async fn a_token_brings_secrets_alone_where_a_file_governs() {
    let fleet = Fleet::found();
    let host = Host::new(7, Policy::default());
    host.meet(&fleet).await;
    std::fs::write(&host.desk.0.plan_file, "not taken yet").unwrap();
    let seed = TokenSeed::generate(&mut fleet.world.rng());
    let proof = seed.keys().prove(&host.desk.binding());
    let credential = Credential::Token { token: token(&fleet, &seed, "*"), proof };
    let joined =
        host.desk.join(&fleet.ledger(), credential, Some(seed.keys()), "web-1", START).await.unwrap();
    assert!(!joined.with_plan && joined.left_out[0].contains("plan.toml governs"), "{joined:?}");
    assert!(host.read(ledger::current).await.is_none());
    let slot = "repository/main/password".parse().unwrap();
    assert_eq!(host.desk.0.secrets.secret(&slot).unwrap().unwrap().expose_text(), Some("generated"));
}

/// Not even an admin's.
#[tokio::test]
async fn no_token_brings_a_login_that_may_delete() {
    let fleet = Fleet::found();
    let host = Host::new(7, Policy::default());
    host.meet(&fleet).await;
    let seed = TokenSeed::generate(&mut fleet.world.rng());
    let proof = seed.keys().prove(&host.desk.binding());
    let token = signed_token(&fleet, &seed, "*", "repository/main/admin", &fleet.admin);
    let credential = Credential::Token { token, proof };
    let joined =
        host.desk.join(&fleet.ledger(), credential, Some(seed.keys()), "web-1", START).await.unwrap();
    assert!(joined.left_out[0].contains("repository/NAME/login"), "{joined:?}");
    let held = host.desk.0.secrets.revision(&"repository/main/admin".parse().unwrap()).unwrap();
    assert_eq!(held, None);
}

#[tokio::test]
async fn what_does_not_prove_membership_does_not_make_a_member() {
    let fleet = Fleet::found();
    let stranger = Fleet { admin: wire::identity::SigningKey::from_seed(&[9; 32]), ..Fleet::found() };
    let host = Host::new(7, Policy::default());
    host.meet(&fleet).await;
    let other = Host::new(8, Policy::default());
    let seed = TokenSeed::generate(&mut fleet.world.rng());
    let own = host.desk.binding();
    let wrong = [
        Credential::None,
        Credential::TokenKey { token: seed.keys().token(), proof: seed.keys().prove(&own) },
        Credential::Admission { admission: fleet.admission(&other.desk.binding()) },
        Credential::Admission { admission: stranger.admission(&own) },
        Credential::Token { token: token(&fleet, &seed, "db-*"), proof: seed.keys().prove(&own) },
        Credential::Token {
            token: token(&fleet, &seed, "*"),
            proof: seed.keys().prove(&other.desk.binding()),
        },
    ];
    for credential in wrong {
        let joined = host.desk.join(&fleet.ledger(), credential.clone(), None, "web-1", START).await;
        assert!(
            matches!(joined, Err(JoinError::Admission(_) | JoinError::NoProof)),
            "{credential:?}: {joined:?}"
        );
    }
    let late = Credential::Admission { admission: fleet.admission(&own) };
    let after = UnixMs(START.0 + 3_600_000);
    assert!(host.desk.join(&fleet.ledger(), late.clone(), None, "web-1", after).await.is_err());
    assert!(host.read(trust::pin).await.unwrap().member.is_none());
    host.desk.join(&fleet.ledger(), late, None, "web-1", START).await.unwrap();
}

#[tokio::test]
async fn a_new_recovery_key_gets_every_secret_again_and_older_statements_do_not_count() {
    let mut fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let secret = fleet.sealed(&host, "repository/main/password", 1, "kept");
    let order = fleet.order(
        host.desk.agent(),
        wire::action::Action::SetPlan { base_revision: 0, plan: plan(), secrets: vec![secret], note: None },
    );
    host.desk.order(&fleet.ledger(), fleet.dispatch(&order, &fleet.admin, 1), START).await;
    let recovery = SealSecret::generate(&mut fleet.world.rng());
    let mut next = fleet.statement();
    next.recovery = recovery.public();
    let old = fleet.statements.clone();
    fleet.statements.push(Signed::sign(&next, &fleet.kit.root()).unwrap());
    let id = fleet.kit.fleet();
    host.desk.statements(id, fleet.statements.clone()).await.unwrap();
    let rows = host.read(|connection| journal::after(connection, 1, 0, 1_000)).await;
    let last = rows.iter().rev().find(|row| row.kind == "escrow").unwrap();
    let escrow = Escrow::from_bytes(last.body.as_ref().unwrap()).unwrap();
    let context = BoxContext::escrow(id, host.desk.agent(), recovery.public(), &escrow.slot, 1);
    assert_eq!(seal::open(&context, &recovery, &escrow.sealed).unwrap().expose_text(), Some("kept"));

    let problem = host.desk.statements(id, old).await.unwrap_err();
    assert!(problem.to_string().contains("older"), "{problem}");
    // A forked second statement, and one that an operator signed.
    let mut forked = fleet.statement();
    forked.version = 2;
    forked.previous = fleet.statements[0].hash();
    forked.issued_at = UnixMs(5);
    let all = vec![fleet.statements[0].clone(), Signed::sign(&forked, &fleet.kit.root()).unwrap()];
    assert!(host.desk.statements(id, all).await.is_err());
    let mut all = fleet.statements.clone();
    all.push(Signed::sign(&fleet.statement(), &fleet.operator).unwrap());
    assert!(host.desk.statements(id, all).await.is_err());
    assert_eq!(host.desk.ledger(id).await.unwrap().unwrap().version(), 2);
}
