//! Guessing passwords: constant work, tries that run out, restarts, and whom that must not keep out.

use super::*;
use crate::store::people;

impl House {
    fn work(&self) -> u32 {
        self.access.0.passwords.done.load(Ordering::SeqCst)
    }

    async fn from(&self, known: Option<&KnownDevice>, password: &str) -> Result<Begun, AccessError> {
        let visitor = Visitor { known: known.cloned(), ..Visitor::default() };
        match self.access.sign_in(&self.act, "alice", secret(password), visitor).await? {
            SignedIn::Begun(begun) => Ok(*begun),
            SignedIn::Second(_) => panic!("nobody has a second factor here"),
        }
    }
}

#[tokio::test]
async fn whoever_is_asked_for_the_work_is_the_same() {
    let house = house().await;
    house.set_up().await;
    let add =
        |sql: &'static str| house.store.write(move |tx| tx.execute_batch(sql).map_err(StoreError::from));
    add("INSERT INTO people (name, role, created_at) VALUES ('invited', 'viewer', 0);
         INSERT INTO people (name, role, issuer, subject, created_at) VALUES ('provided', 'viewer', 'i', 's', 0);
         INSERT INTO people (name, role, password, disabled_at, created_at)
             SELECT 'disabled', 'viewer', password, 1, 0 FROM people WHERE name = 'alice'")
    .await
    .unwrap();
    for name in ["alice", "nobody", "", "invited", "provided", "disabled"] {
        let before = house.work();
        let refusal = house.sign_in(name, "wrong horse battery").await.err();
        assert_eq!(refusal, Some(AccessError::WrongCredentials), "{name}");
        assert_eq!(house.work() - before, 1, "{name}");
    }
}

#[tokio::test]
async fn a_hash_of_less_work_is_made_anew_when_its_password_is_shown() {
    let house = house().await;
    let begun = house.set_up().await;
    let id = begun.session.person;
    let weak = weak_hash(PASSWORD);
    let kept = weak.clone();
    house.store.write(move |tx| people::set_password(tx, id, &kept)).await.unwrap();
    let hash = async || house.store.read(move |c| people::password(c, id)).await.unwrap().unwrap();

    assert!(house.sign_in("alice", "wrong horse battery").await.is_err());
    assert_eq!(hash().await, weak, "a wrong password changes nothing");
    // Of two at the same time neither is turned away.
    let (a, b) = tokio::join!(house.sign_in("alice", PASSWORD), house.sign_in("alice", PASSWORD));
    assert!(a.is_ok() && b.is_ok());
    let anew = hash().await;
    assert!(anew.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{anew}");
    house.sign_in("alice", PASSWORD).await.unwrap();
    assert_eq!(hash().await, anew, "once is enough");
}

/// As an older version, or a smaller machine, had made it: m=4096, t=1.
fn weak_hash(password: &str) -> String {
    use argon2::password_hash::PasswordHasher as _;
    let params = argon2::Params::new(4_096, 1, 1, None).unwrap();
    let hash = argon2::Argon2::from(params).hash_password_with_salt(password.as_bytes(), &[9; 16]);
    hash.unwrap().to_string()
}

#[tokio::test]
async fn a_password_that_was_changed_while_the_old_one_was_checked_lets_nobody_in() {
    let house = house().await;
    let id = house.set_up().await.session.person;
    let next = house.access.0.passwords.hash(secret("another long password"), [8; 16]).await.unwrap();
    // As it was read before, when it was a weak one.
    let before = Some(weak_hash(PASSWORD));
    house.store.write(move |tx| people::set_password(tx, id, &next)).await.unwrap();
    let came =
        house.access.password_was_right(&house.act, id, before, secret(PASSWORD), Visitor::default()).await;
    assert_eq!(came.err(), Some(AccessError::WrongCredentials));
}

#[tokio::test]
async fn a_restart_gives_a_guesser_no_new_tries() {
    let house = house().await;
    house.set_up().await;
    for _ in 0..10 {
        assert_eq!(house.sign_in("Alice", "wrong").await.err(), Some(AccessError::WrongCredentials));
    }
    house.time.advance(Duration::from_secs(4));
    let house = House { access: house.reopened().await, ..house };
    let refusal = house.sign_in("alice", PASSWORD).await.err();
    assert_eq!(refusal, Some(AccessError::TooManyTries(TooManyTries { retry_after_s: 6 })));
    house.time.advance(Duration::from_secs(6));
    house.sign_in("alice", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn what_was_typed_as_a_name_is_not_kept() {
    let house = house().await;
    house.set_up().await;
    let typed = "hunter2-typed-into-the-wrong-field";
    assert_eq!(house.sign_in(typed, "wrong").await.err(), Some(AccessError::WrongCredentials));
    for file in std::fs::read_dir(house.directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(typed.len()).any(|window| window == typed.as_bytes()));
    }
}

#[tokio::test]
async fn strangers_who_guess_do_not_keep_out_who_was_here_before() {
    let house = house().await;
    let known = house.set_up().await.known;
    while house.from(None, "wrong").await.err() == Some(AccessError::WrongCredentials) {}
    let waits = Some(AccessError::TooManyTries(TooManyTries { retry_after_s: 10 }));
    assert_eq!(house.from(None, PASSWORD).await.err(), waits, "a stranger waits, also with the right one");
    let begun = house.from(Some(&known), PASSWORD).await.unwrap();
    assert_eq!(begun.session.user, "alice");
    // A known browser has no more tries than others, and a restart gives it none.
    let known = begun.known;
    while house.from(Some(&known), "wrong").await.err() == Some(AccessError::WrongCredentials) {}
    assert_eq!(house.from(Some(&known), PASSWORD).await.err(), waits);
    let house = House { access: house.reopened().await, ..house };
    assert_eq!(house.from(Some(&known), PASSWORD).await.err(), waits);
    // It is nothing under another name.
    for _ in 0..3 {
        let visitor = Visitor { known: Some(known.clone()), ..Visitor::default() };
        let refused = house.access.sign_in(&house.act, "bob", secret(PASSWORD), visitor).await;
        assert_eq!(refused.err(), Some(AccessError::WrongCredentials));
    }
}

#[tokio::test]
async fn a_flood_from_the_same_address_does_not_keep_out_who_was_here_before() {
    let house = house().await;
    let known = house.set_up().await.known;
    let mut names = 0..;
    let waits = loop {
        let name = format!("nobody-{}", names.next().unwrap());
        match house.sign_in(&name, "wrong").await.err() {
            Some(AccessError::WrongCredentials) => {}
            other => break other,
        }
    };
    assert_eq!(waits, Some(AccessError::TooManyTries(TooManyTries { retry_after_s: 3 })));
    assert_eq!(house.from(None, PASSWORD).await.err(), waits);
    house.from(Some(&known), PASSWORD).await.unwrap();
}
