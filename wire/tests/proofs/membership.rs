//! Every way to get into a fleet without being let in.

use wire::{
    id::{FleetId, Signature64},
    identity::{AgentKeys, Fingerprint, KeyBinding, SigningKey},
    trust::{
        Admission, AdmissionError, Moment, Operator, Proof, Role, Signed, Statement, Token, TokenProof,
        TokenSeed, admit,
    },
};

use crate::cast::{Cast, HOUR_MS, NOW, dice, operator_key, plan};

const JOINING: Moment = Moment::Joining { now: NOW };

fn admission(cast: &Cast) -> Admission {
    Admission {
        fleet: cast.fleet(),
        agent_fingerprint: cast.agent.binding().fingerprint(),
        name: "web-1".into(),
        tags: vec!["web".into()],
        issued_at: NOW,
        expires_at: NOW.plus_ms(HOUR_MS),
        replaces: None,
    }
}

fn with(
    cast: &Cast,
    admission: &Admission,
    key: &SigningKey,
    moment: Moment,
) -> Result<String, AdmissionError> {
    let signed = Signed::sign(admission, key).unwrap();
    admit(&cast.ledger(), &cast.agent.binding(), Proof::Admission(&signed), "host", moment).map(|m| m.name)
}

#[test]
fn an_admins_admission_admits() {
    let cast = Cast::new();
    assert_eq!(with(&cast, &admission(&cast), &cast.admin, JOINING).unwrap(), "web-1");
}

#[test]
fn nobody_but_an_admin_admits() {
    let cast = Cast::new();
    // The root publishes statements; it is no operator.
    for key in
        [&cast.operator, &cast.stranger, &cast.coordinator.identity, &cast.agent.identity, &cast.kit.root()]
    {
        let error = with(&cast, &admission(&cast), key, JOINING).unwrap_err();
        assert!(matches!(error, AdmissionError::NotAuthorised { needed: Role::Admin, .. }), "{error}");
    }
}

#[test]
fn an_admission_for_another_fingerprint_or_fleet_is_refused() {
    let cast = Cast::new();
    let other = Cast::other_agent().binding().fingerprint();
    let error =
        with(&cast, &Admission { agent_fingerprint: other, ..admission(&cast) }, &cast.admin, JOINING);
    assert!(matches!(error.unwrap_err(), AdmissionError::OtherAgent { .. }));
    let error = with(&cast, &Admission { fleet: FleetId([3; 32]), ..admission(&cast) }, &cast.admin, JOINING);
    assert!(matches!(error.unwrap_err(), AdmissionError::WrongFleet { .. }));
}

#[test]
fn a_swapped_sealing_key_is_not_the_admitted_agent() {
    let cast = Cast::new();
    let signed = Signed::sign(&admission(&cast), &cast.admin).unwrap();
    let swapped = AgentKeys { seal: Cast::other_agent().seal, ..cast.agent.clone() };
    // Signed by the agent's own key, the fingerprint differs; not signed by it, the binding does not hold.
    let error = admit(&cast.ledger(), &swapped.binding(), Proof::Admission(&signed), "host", JOINING);
    assert!(matches!(error.unwrap_err(), AdmissionError::OtherAgent { .. }));
    let forged = KeyBinding { seal: swapped.seal_key(), ..cast.agent.binding() };
    let error = admit(&cast.ledger(), &forged, Proof::Admission(&signed), "host", JOINING);
    assert!(matches!(error.unwrap_err(), AdmissionError::Binding(_)));
}

#[test]
fn expiry_counts_when_joining_alone() {
    let cast = Cast::new();
    let at = |now| with(&cast, &admission(&cast), &cast.admin, now);
    assert!(at(Moment::Joining { now: NOW.plus_ms(HOUR_MS - 1) }).is_ok());
    let late = at(Moment::Joining { now: NOW.plus_ms(HOUR_MS) });
    assert!(matches!(late.unwrap_err(), AdmissionError::Expired { .. }));
    assert!(at(Moment::Member).is_ok());
}

#[test]
fn who_admitted_may_have_left_since() {
    let cast = Cast::new();
    let bob = Operator {
        key: operator_key(&SigningKey::from_seed(&[0xab; 32])),
        name: "bob".into(),
        role: Role::Admin,
    };
    let mut ledger = cast.ledger();
    let without_ada =
        Statement { version: 3, previous: ledger.hash(), operators: vec![bob], ..cast.statement_2() };
    ledger.accept(&cast.by_root(&without_ada)).unwrap();
    let signed = Signed::sign(&admission(&cast), &cast.admin).unwrap();
    let binding = cast.agent.binding();
    let judge = |moment| admit(&ledger, &binding, Proof::Admission(&signed), "host", moment);
    assert!(matches!(judge(JOINING).unwrap_err(), AdmissionError::NotAuthorised { .. }));
    assert!(judge(Moment::Member).is_ok());
    let by_stranger = Signed::sign(&admission(&cast), &cast.stranger).unwrap();
    let error = admit(&ledger, &binding, Proof::Admission(&by_stranger), "host", Moment::Member);
    assert!(matches!(error.unwrap_err(), AdmissionError::NotAuthorised { .. }));
}

fn token(cast: &Cast) -> Token {
    let keys = cast.token.keys();
    Token {
        fleet: cast.fleet(),
        token: keys.token(),
        seal: keys.seal.public(),
        name_pattern: "web-*".into(),
        tags: vec!["web".into()],
        uses: 1,
        issued_at: NOW,
        expires_at: NOW.plus_ms(HOUR_MS),
        plan: Some(plan()),
        secrets: vec![],
    }
}

struct Redeeming<'a> {
    token: Token,
    signer: &'a SigningKey,
    seed: TokenSeed,
    hostname: &'a str,
    now: Moment,
}

fn redeem(cast: &Cast, with: &Redeeming<'_>) -> Result<String, AdmissionError> {
    let signed = Signed::sign(&with.token, with.signer).unwrap();
    let binding = cast.agent.binding();
    let proof = with.seed.keys().prove(&binding);
    admit(&cast.ledger(), &binding, Proof::Token { token: &signed, proof: &proof }, with.hostname, with.now)
        .map(|member| member.name)
}

fn honest(cast: &Cast) -> Redeeming<'_> {
    Redeeming {
        token: token(cast),
        signer: &cast.operator,
        seed: cast.token.clone(),
        hostname: "web-7",
        now: JOINING,
    }
}

#[test]
fn operators_and_admins_give_tokens() {
    let cast = Cast::new();
    assert_eq!(redeem(&cast, &honest(&cast)).unwrap(), "web-7");
    assert_eq!(redeem(&cast, &Redeeming { signer: &cast.admin, ..honest(&cast) }).unwrap(), "web-7");
    for signer in [&cast.stranger, &cast.coordinator.identity, &cast.token.keys().sign] {
        let error = redeem(&cast, &Redeeming { signer, ..honest(&cast) }).unwrap_err();
        assert!(matches!(error, AdmissionError::NotAuthorised { needed: Role::Operator, .. }), "{error}");
    }
}

#[test]
fn a_token_without_its_seed_is_worth_nothing() {
    let cast = Cast::new();
    let guessed = Redeeming { seed: TokenSeed::generate(&mut dice("guess")), ..honest(&cast) };
    assert_eq!(redeem(&cast, &guessed).unwrap_err(), AdmissionError::TokenProof);
    // A proof made by another agent, seen on the way, does not help this one.
    let signed = Signed::sign(&token(&cast), &cast.operator).unwrap();
    let binding = cast.agent.binding();
    let theirs = cast.token.keys().prove(&Cast::other_agent().binding());
    for proof in [theirs, TokenProof(Signature64([0; 64]))] {
        let error =
            admit(&cast.ledger(), &binding, Proof::Token { token: &signed, proof: &proof }, "web-7", JOINING);
        assert_eq!(error.unwrap_err(), AdmissionError::TokenProof);
    }
}

#[test]
fn a_tokens_terms_are_kept() {
    let cast = Cast::new();
    let late = Moment::Joining { now: NOW.plus_ms(HOUR_MS) };
    assert!(matches!(
        redeem(&cast, &Redeeming { now: late, ..honest(&cast) }).unwrap_err(),
        AdmissionError::Expired { .. }
    ));
    assert!(matches!(
        redeem(&cast, &Redeeming { hostname: "db-1", ..honest(&cast) }).unwrap_err(),
        AdmissionError::Name { .. }
    ));
    let renamed = Redeeming { hostname: "db-1", now: Moment::Member, ..honest(&cast) };
    assert_eq!(redeem(&cast, &renamed).unwrap(), "db-1");
    let elsewhere = Token { fleet: FleetId([3; 32]), ..token(&cast) };
    assert!(matches!(
        redeem(&cast, &Redeeming { token: elsewhere, ..honest(&cast) }).unwrap_err(),
        AdmissionError::WrongFleet { .. }
    ));
}

#[test]
fn name_patterns() {
    let cast = Cast::new();
    let fits = |pattern: &str, hostname: &str| {
        let token = Token { name_pattern: pattern.into(), ..token(&cast) };
        redeem(&cast, &Redeeming { token, hostname, ..honest(&cast) }).is_ok()
    };
    for (pattern, name) in [
        ("*", "anything"),
        ("*", ""),
        ("web-1", "web-1"),
        ("web-1", "WEB-1"),
        ("web-*", "web-"),
        ("*-web", "eu-web"),
        ("a*b*c", "abc"),
        ("a*b*c", "axxbxxc"),
        ("a**c", "abc"),
        ("*b*", "abc"),
        ("a*ba", "aba"),
        ("*ab*ab", "abab"),
    ] {
        assert!(fits(pattern, name), "{pattern} {name}");
    }
    for (pattern, name) in [
        ("web-1", "web-12"),
        ("web-*", "db-web-1"),
        ("", "a"),
        ("a*a", "a"),
        ("a*b*c", "acb"),
        ("*ab*ab", "ab"),
        ("ab*ba", "aba"),
    ] {
        assert!(!fits(pattern, name), "{pattern} {name}");
    }
    // Takes no time that grows with the number of stars.
    assert!(!fits(&"*a".repeat(2_000), &"a".repeat(1_999)));
}

#[test]
fn a_token_seed_is_read_back() {
    let seed = Cast::new().token;
    let text = seed.expose_text();
    assert_eq!(text.len(), 47);
    assert_eq!(format!(" {}\n", *text).parse::<TokenSeed>().unwrap().keys().token(), seed.keys().token());
    for wrong in ["", "rmt_", &text[..46], &format!("{}A", *text), &text[4..], "rmt_!!!!"] {
        assert!(wrong.parse::<TokenSeed>().is_err(), "{wrong}");
    }
}

#[test]
fn the_fingerprint_in_an_admission_is_hex() {
    let cast = Cast::new();
    let value = serde_json::to_value(admission(&cast)).unwrap();
    let fingerprint: Fingerprint = cast.agent.binding().fingerprint();
    assert_eq!(value["agent_fingerprint"], serde_json::json!(fingerprint.hex()));
}
