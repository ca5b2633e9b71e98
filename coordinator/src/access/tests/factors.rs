//! Second factors: added, asked for, used once, and what an attacker tries with them.

use wire::{
    id::Base64Bytes,
    view::{AuditAction, AuditBody, Factor},
};

use super::*;
use crate::{
    access::authenticator::Authenticator,
    store::{audit, factors, people, totp},
};

mod passkeys;
mod required;

const STEP: Duration = Duration::from_secs(30);

impl House {
    /// Alice, with a code generator; what it shares with the coordinator, and her recovery codes.
    async fn with_totp(&self) -> (Begun, Generator, Vec<String>) {
        let begun = self.set_up().await;
        let (generator, codes) = self.add_totp(&begun.session).await;
        (begun, generator, codes)
    }

    async fn add_totp(&self, session: &Session) -> (Generator, Vec<String>) {
        let new = self.access.begin_totp(&self.act, session, Some(secret(PASSWORD))).await.unwrap();
        let generator = Generator(new.secret.expose_text().unwrap().to_owned());
        let code = generator.code(self.time.now());
        let raised = self.access.confirm_totp(&self.act, session, secret(&code)).await.unwrap();
        self.time.advance(STEP);
        (generator, raised.codes)
    }

    /// The password was right; what is asked now.
    async fn asked(&self) -> SecondFactor {
        let signed =
            self.access.sign_in(&self.act, "alice", secret(PASSWORD), Visitor::default()).await.unwrap();
        match signed {
            SignedIn::Second(second) => *second,
            SignedIn::Begun(_) => panic!("the password alone let her in"),
        }
    }

    async fn show(&self, ticket: &str, proof: Proof) -> Result<Begun, AccessError> {
        self.access.second_factor(&self.act, ticket, proof, Visitor::default()).await
    }

    async fn show_code(&self, ticket: &str, code: &str) -> Result<Begun, AccessError> {
        self.show(ticket, Proof::Code(secret(code))).await
    }

    async fn add_passkey(&self, session: &Session, device: &mut Authenticator) -> Raised {
        let (ticket, options) =
            self.access.begin_passkey(&self.act, session, Some(secret(PASSWORD))).await.unwrap();
        let credential = device.make(&options);
        self.access.add_passkey(&self.act, session, ticket.expose(), "laptop", credential).await.unwrap()
    }

    async fn alone(&self, device: &mut Authenticator) -> Result<Begun, AccessError> {
        let (ticket, options) = self.access.begin_passkey_sign_in(&self.act).unwrap();
        let credential = device.show(&options);
        self.access.passkey_sign_in(&self.act, ticket.expose(), credential, Visitor::default()).await
    }

    async fn recorded(&self) -> Vec<AuditBody> {
        let rows = self.store.read(|connection| audit::from(connection, 0, 1_000)).await.unwrap();
        rows.iter().map(|row| serde_json::from_str(&row.body).unwrap()).collect()
    }

    async fn actions(&self) -> Vec<AuditAction> {
        self.recorded().await.into_iter().map(|body| body.action).collect()
    }

    async fn sql(&self, sql: &'static str) {
        self.store.write(move |tx| tx.execute_batch(sql).map_err(StoreError::from)).await.unwrap();
    }
}

/// A person's app: what it was told, in base32.
struct Generator(String);

impl Generator {
    fn code(&self, at: UnixMs) -> String {
        let secret = totp_rs::Secret::try_from_base32(&self.0).unwrap();
        let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        totp.generate(u64::try_from(at.0 / 1_000).unwrap()).to_string()
    }
}

fn refused<T>(result: Result<T, AccessError>) -> FactorError {
    match result.err() {
        Some(AccessError::Factor(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_code_lets_in_whose_password_was_right_and_the_session_is_proved() {
    let house = house().await;
    let (_, generator, codes) = house.with_totp().await;
    assert_eq!(codes.len(), 10);
    let second = house.asked().await;
    assert_eq!((second.factors.as_slice(), second.recovery), (&[Factor::Totp][..], true));
    assert!(second.passkey.is_none());
    let begun = house.show_code(second.ticket.expose(), &generator.code(house.time.now())).await.unwrap();
    assert!(house.by_cookie(begun.token.expose()).await.unwrap().is_some());
    let key = begun.session.key;
    let row = house.store.read(move |c| sessions::find(c, &key)).await.unwrap().unwrap();
    assert!(row.held.proved);
    // Wrong password: nobody is told that there is a second factor.
    assert_eq!(house.sign_in("alice", "wrong").await.err(), Some(AccessError::WrongCredentials));
}

#[tokio::test]
async fn no_code_is_taken_twice_not_even_by_two_at_once() {
    let house = house().await;
    let (_, generator, _) = house.with_totp().await;
    let code = generator.code(house.time.now());
    let (one, other) = (house.asked().await, house.asked().await);
    let (a, b) = tokio::join!(
        house.show_code(one.ticket.expose(), &code),
        house.show_code(other.ticket.expose(), &code),
    );
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(refused(if a.is_ok() { b } else { a }), FactorError::WrongCode);
    // One from before the last that was taken is over too.
    let before = generator.code(house.time.now().plus_ms(-30_000));
    let ticket = house.asked().await.ticket;
    assert_eq!(refused(house.show_code(ticket.expose(), &before).await), FactorError::WrongCode);
    house.time.advance(STEP);
    house.show_code(ticket.expose(), &generator.code(house.time.now())).await.unwrap();
}

#[tokio::test]
async fn a_ticket_is_good_once_for_its_own_person_and_five_tries() {
    let house = house().await;
    let (_, generator, _) = house.with_totp().await;
    let code = |at| generator.code(at);
    let used = house.asked().await.ticket;
    house.show_code(used.expose(), &code(house.time.now())).await.unwrap();
    house.time.advance(STEP);
    let again = house.show_code(used.expose(), &code(house.time.now())).await;
    assert_eq!(refused(again), FactorError::TicketOver);

    let late = house.asked().await.ticket;
    house.time.advance(Duration::from_mins(5));
    let refusal = house.show_code(late.expose(), &code(house.time.now())).await;
    assert_eq!(refused(refusal), FactorError::TicketOver);

    let tried = house.asked().await.ticket;
    for _ in 0..5 {
        let wrong = house.show_code(tried.expose(), "000000").await;
        assert_eq!(refused(wrong), FactorError::WrongCode);
    }
    let refusal = house.show_code(tried.expose(), &code(house.time.now())).await;
    assert_eq!(refused(refusal), FactorError::TicketOver);
    for nonsense in ["", "x", &"a".repeat(43)] {
        let refusal = house.show_code(nonsense, &code(house.time.now())).await;
        assert_eq!(refused(refusal), FactorError::TicketOver);
    }
}

#[tokio::test]
async fn another_persons_ticket_takes_that_persons_factors_alone() {
    let house = house().await;
    let (_, generator, codes) = house.with_totp().await;
    house.sql("INSERT INTO people (name, role, password, created_at) SELECT 'bob', 'viewer', password, 0 FROM people")
        .await;
    let bob = house.sign_in("bob", PASSWORD).await.unwrap();
    let (bobs, _) = house.add_totp(&bob.session).await;
    // Bob knows his own password and factor, and somehow saw Alice's ticket.
    let alices = house.asked().await.ticket;
    let refusal = house.show_code(alices.expose(), &bobs.code(house.time.now())).await;
    assert_eq!(refused(refusal), FactorError::WrongCode);
    let begun = house.show_code(alices.expose(), &generator.code(house.time.now())).await.unwrap();
    assert_eq!(begun.session.user, "alice");
    // And her recovery codes are nothing under his name.
    let signed = house.access.sign_in(&house.act, "bob", secret(PASSWORD), Visitor::default()).await.unwrap();
    let SignedIn::Second(second) = signed else { panic!("bob has a factor") };
    let refusal = house.show(second.ticket.expose(), Proof::Recovery(secret(&codes[0]))).await;
    assert_eq!(refused(refusal), FactorError::WrongRecoveryCode);
}

#[tokio::test]
async fn guessing_codes_runs_dry_also_with_the_password_in_hand_and_over_a_restart() {
    let house = house().await;
    let (_, generator, _) = house.with_totp().await;
    for _ in 0..2 {
        let ticket = house.asked().await.ticket;
        for _ in 0..5 {
            let wrong = house.show_code(ticket.expose(), "000000").await;
            assert_eq!(refused(wrong), FactorError::WrongCode);
        }
    }
    let ticket = house.asked().await.ticket;
    let right = generator.code(house.time.now());
    let waits = AccessError::TooManyTries(TooManyTries { retry_after_s: 300 });
    assert_eq!(house.show_code(ticket.expose(), &right).await.err(), Some(waits.clone()));
    let actions = house.actions().await;
    assert_eq!(actions.iter().filter(|action| **action == AuditAction::SignInRefused).count(), 10);

    // A restart gives no new tries.
    let house = House { access: house.reopened().await, ..house };
    let ticket = house.asked().await.ticket;
    assert_eq!(house.show_code(ticket.expose(), &right).await.err(), Some(waits));
    house.time.advance(Duration::from_mins(5));
    let ticket = house.asked().await.ticket;
    house.show_code(ticket.expose(), &generator.code(house.time.now())).await.unwrap();
}

#[tokio::test]
async fn a_thief_of_the_password_who_guesses_codes_does_not_keep_out_who_was_here_before() {
    let house = house().await;
    let (begun, generator, _) = house.with_totp().await;
    let known = Visitor { known: Some(begun.known.clone()), ..Visitor::default() };
    for _ in 0..2 {
        let ticket = house.asked().await.ticket;
        for _ in 0..5 {
            assert!(house.show_code(ticket.expose(), "000000").await.is_err());
        }
    }
    let ticket = house.asked().await.ticket;
    let code = Proof::Code(secret(&generator.code(house.time.now())));
    let stranger = house.show(ticket.expose(), code.clone()).await.err();
    assert!(matches!(stranger, Some(AccessError::TooManyTries(_))), "{stranger:?}");
    house.access.second_factor(&house.act, ticket.expose(), code, known).await.unwrap();
}

#[tokio::test]
async fn each_recovery_code_lets_in_once() {
    let house = house().await;
    let (_, _, codes) = house.with_totp().await;
    let (one, other) = (house.asked().await, house.asked().await);
    let proof = || Proof::Recovery(secret(&codes[3].to_uppercase().replace('-', " ")));
    let (a, b) =
        tokio::join!(house.show(one.ticket.expose(), proof()), house.show(other.ticket.expose(), proof()),);
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(refused(if a.is_ok() { b } else { a }), FactorError::WrongRecoveryCode);
    let record = house.recorded().await.into_iter().find(|body| body.action == AuditAction::RecoveryCodeUse);
    assert_eq!(record.unwrap().after, Some(serde_json::json!({ "left": 9 })));

    // New ones void the old.
    let begun =
        house.show(house.asked().await.ticket.expose(), Proof::Recovery(secret(&codes[4]))).await.unwrap();
    let anew =
        house.access.make_recovery_codes(&house.act, &begun.session, Some(secret(PASSWORD))).await.unwrap();
    assert_eq!(anew.len(), 10);
    let ticket = house.asked().await.ticket;
    let refusal = house.show(ticket.expose(), Proof::Recovery(secret(&codes[5]))).await;
    assert_eq!(refused(refusal), FactorError::WrongRecoveryCode);
    house.show(ticket.expose(), Proof::Recovery(secret(&anew[0]))).await.unwrap();
}

#[tokio::test]
async fn the_database_shows_no_secret_of_a_factor() {
    let house = house().await;
    let (_, generator, codes) = house.with_totp().await;
    let raw = totp_rs::Secret::try_from_base32(&generator.0).unwrap();
    let secrets: Vec<Vec<u8>> = codes
        .iter()
        .flat_map(|code| [code.clone().into_bytes(), code.replace('-', "").into_bytes()])
        .chain([generator.0.clone().into_bytes(), raw.as_bytes().to_vec()])
        .collect();
    for file in std::fs::read_dir(house.directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

#[tokio::test]
async fn adding_a_factor_wants_the_password_and_ends_what_began_without_one() {
    let house = house().await;
    let begun = house.set_up().await;
    let elsewhere = house.sign_in("alice", PASSWORD).await.unwrap();
    for password in [None, Some(secret("wrong"))] {
        let refusal = house.access.begin_totp(&house.act, &begun.session, password.clone()).await;
        assert_eq!(refused(refusal), FactorError::WrongPassword);
        let refusal = house.access.begin_passkey(&house.act, &begun.session, password).await;
        assert_eq!(refused(refusal), FactorError::WrongPassword);
    }
    assert!(house.actions().await.contains(&AuditAction::Refused));
    let early = house.access.confirm_totp(&house.act, &begun.session, secret("000000")).await;
    assert_eq!(refused(early), FactorError::NothingToConfirm);

    let mut changes = house.access.changes();
    changes.mark_unchanged();
    house.add_totp(&begun.session).await;
    assert!(changes.has_changed().unwrap(), "live events look again");
    assert_eq!(house.by_cookie(elsewhere.token.expose()).await.unwrap(), None);
    assert!(house.by_cookie(begun.token.expose()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_password_that_was_changed_voids_what_waits_for_the_second_factor() {
    let house = house().await;
    let (_, generator, _) = house.with_totp().await;
    let ticket = house.asked().await.ticket;
    house.sql("UPDATE people SET password = 'changed'").await;
    let refusal = house.show_code(ticket.expose(), &generator.code(house.time.now())).await;
    assert_eq!(refused(refusal), FactorError::TicketOver);
}

#[tokio::test]
async fn who_was_disabled_meanwhile_is_not_let_in_and_nothing_is_used_up() {
    let house = house().await;
    let (_, generator, _) = house.with_totp().await;
    let ticket = house.asked().await.ticket;
    house.disable_alice().await;
    let code = generator.code(house.time.now());
    let refusal = house.show_code(ticket.expose(), &code).await.err();
    assert_eq!(refusal, Some(AccessError::Disabled { user: "alice".into() }));
    assert_eq!(refused(house.show_code(ticket.expose(), &code).await), FactorError::TicketOver);
    house.sql("UPDATE people SET disabled_at = NULL").await;
    house.show_code(house.asked().await.ticket.expose(), &code).await.unwrap();
}

#[tokio::test]
async fn a_new_generator_takes_the_place_of_the_old_one_once_it_showed_a_code() {
    let house = house().await;
    let (begun, old, _) = house.with_totp().await;
    let new = house.access.begin_totp(&house.act, &begun.session, Some(secret(PASSWORD))).await.unwrap();
    house.show_code(house.asked().await.ticket.expose(), &old.code(house.time.now())).await.unwrap();
    house.time.advance(STEP);
    let new = Generator(new.secret.expose_text().unwrap().to_owned());
    let code = new.code(house.time.now());
    assert!(
        house.access.confirm_totp(&house.act, &begun.session, secret(&code)).await.unwrap().codes.is_empty()
    );
    house.time.advance(STEP);
    let ticket = house.asked().await.ticket;
    let refusal = house.show_code(ticket.expose(), &old.code(house.time.now())).await;
    assert_eq!(refused(refusal), FactorError::WrongCode);
    house.show_code(ticket.expose(), &new.code(house.time.now())).await.unwrap();
}

#[tokio::test]
async fn a_generators_secret_that_does_not_open_is_said_and_nobody_is_let_in_by_guessing() {
    let house = house().await;
    let (begun, generator, _) = house.with_totp().await;
    let id = begun.session.person;
    let kept = house.store.read(move |c| totp::of_person(c, id)).await.unwrap().unwrap();
    assert_eq!(kept.secret.len(), 24 + 20 + 16);
    house.sql("UPDATE totp SET secret = zeroblob(60)").await;
    let ticket = house.asked().await.ticket;
    let refusal = house.show_code(ticket.expose(), &generator.code(house.time.now())).await.err();
    assert!(matches!(refusal, Some(AccessError::Store(StoreError::Damaged(_)))), "{refusal:?}");
}
