//! Signing in and the first start, over a real database and a clock that is turned by hand.

mod people;

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use wire::{id::UnixMs, identity::CoordinatorKeys, seal::Secret, trust::Role, view::Actor};

use super::*;
use crate::{
    audit::{Act, Audit},
    store::sessions,
    world::FakeTime,
};

mod factors;
mod tries;

const HERE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
const PASSWORD: &str = "correct horse battery";
const PUBLIC_URL: &str = "https://backup.example.org";

struct House {
    access: Access,
    act: Act,
    store: Store,
    time: FakeTime,
    world: World,
    vault: Vault,
    settings: watch::Sender<Arc<Settings>>,
    directory: tempfile::TempDir,
}

async fn house() -> House {
    house_with(Settings::default()).await
}

async fn house_with(settings: Settings) -> House {
    let directory = tempfile::tempdir().unwrap();
    let (world, time) = World::fake(UnixMs(1_795_187_040_000), 1);
    let store = Store::open(&directory.path().join("coordinator.db")).unwrap();
    let keys = CoordinatorKeys::generate(&mut world.rng());
    let audit = Audit::new(keys.clone());
    let act = Act::new(audit, Actor::Nobody { name: String::new() }, HERE, world.now());
    let settings = watch::Sender::new(Arc::new(settings));
    let vault = Vault::new(&keys, world.clone());
    let access = open(&store, &world, &vault, &settings).await;
    House { access, act, store, time, world, vault, settings, directory }
}

async fn open(
    store: &Store,
    world: &World,
    vault: &Vault,
    settings: &watch::Sender<Arc<Settings>>,
) -> Access {
    let means = Means { name: "attic".into(), public_url: PUBLIC_URL.into(), vault: vault.clone() };
    Access::open(store.clone(), world.clone(), settings.subscribe(), means).await.unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes())
}

fn first(token: &str) -> FirstPerson {
    FirstPerson { token: secret(token), user: "alice".into(), password: secret(PASSWORD) }
}

impl House {
    async fn by_cookie(&self, cookie: &str) -> Result<Option<Session>, StoreError> {
        Ok(self.access.by_cookie(cookie).await?.and_then(|identity| identity.session().cloned()))
    }

    /// As a restart opens it.
    async fn reopened(&self) -> Access {
        open(&self.store, &self.world, &self.vault, &self.settings).await
    }

    /// With a password alone, where that is enough.
    async fn sign_in(&self, user: &str, password: &str) -> Result<Begun, AccessError> {
        match self.access.sign_in(&self.act, user, secret(password), Visitor::default()).await? {
            SignedIn::Begun(begun) => Ok(*begun),
            SignedIn::Second(_) => panic!("a second factor is asked for"),
        }
    }

    async fn set_up(&self) -> Begun {
        let token = self.access.offer_setup().await.unwrap().unwrap();
        self.access
            .set_up::<AccessError>(&self.act, first(token.expose()), Visitor::default(), |_| Ok(()))
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn the_first_start_happens_once() {
    let house = house().await;
    assert!(house.access.setup_needed());
    let token = house.access.offer_setup().await.unwrap().unwrap();
    house.access.check_setup(&house.act, &first(token.expose())).await.unwrap();
    let begun = house
        .access
        .set_up::<AccessError>(&house.act, first(token.expose()), Visitor::default(), |_| Ok(()))
        .await
        .unwrap();
    assert_eq!((begun.session.user.as_str(), begun.session.role), ("alice", Role::Admin));
    assert!(!house.access.setup_needed());
    assert_eq!(house.by_cookie(begun.token.expose()).await.unwrap(), Some(begun.session));

    assert!(house.access.offer_setup().await.unwrap().is_none());
    let again = house
        .access
        .set_up::<AccessError>(&house.act, first(token.expose()), Visitor::default(), |_| Ok(()))
        .await;
    assert_eq!(again.err(), Some(AccessError::SetupClosed));
    let reopened = house.reopened().await;
    assert!(!reopened.setup_needed());
}

#[tokio::test]
async fn of_two_first_people_at_once_one_is_told_that_setup_is_closed() {
    let house = house().await;
    let token = house.access.offer_setup().await.unwrap().unwrap();
    let mut other = first(token.expose());
    other.user = "mallory".into();
    let (a, b) = tokio::join!(
        house.access.set_up::<AccessError>(&house.act, first(token.expose()), Visitor::default(), |_| Ok(())),
        house.access.set_up::<AccessError>(&house.act, other, Visitor::default(), |_| Ok(())),
    );
    let refused: Vec<AccessError> = [a.err(), b.err()].into_iter().flatten().collect();
    assert_eq!(refused, [AccessError::SetupClosed]);
}

#[tokio::test]
async fn a_fleet_that_cannot_be_founded_leaves_nobody_behind() {
    let house = house().await;
    let token = house.access.offer_setup().await.unwrap().unwrap();
    let refusal = || AccessError::Invalid(Vec::new());
    let refused = house
        .access
        .set_up(&house.act, first(token.expose()), Visitor::default(), move |_| Err(refusal()))
        .await;
    assert_eq!(refused.err(), Some(refusal()));
    assert!(house.access.setup_needed());
    house
        .access
        .set_up::<AccessError>(&house.act, first(token.expose()), Visitor::default(), |_| Ok(()))
        .await
        .unwrap();
}

#[tokio::test]
async fn only_the_newest_link_opens_the_setup() {
    let house = house().await;
    let none = house.access.check_setup(&house.act, &first(&"a".repeat(43))).await;
    assert_eq!(none, Err(AccessError::BadBootstrapToken));
    let old = house.access.offer_setup().await.unwrap().unwrap();
    let new = house.access.offer_setup().await.unwrap().unwrap();
    for token in [old.expose(), "", "nonsense"] {
        let refused = house
            .access
            .set_up::<AccessError>(&house.act, first(token), Visitor::default(), |_| Ok(()))
            .await;
        assert_eq!(refused.err(), Some(AccessError::BadBootstrapToken));
    }
    house.access.check_setup(&house.act, &first(new.expose())).await.unwrap();
}

#[tokio::test]
async fn a_name_or_password_that_will_not_do_is_told_by_field() {
    let house = house().await;
    let token = house.access.offer_setup().await.unwrap().unwrap();
    let person = FirstPerson { token: secret(token.expose()), user: "a b".into(), password: secret("short") };
    let Err(AccessError::Invalid(problems)) = house.access.check_setup(&house.act, &person).await else {
        panic!()
    };
    assert_eq!(problems.iter().map(|p| p.field.as_str()).collect::<Vec<_>>(), ["user", "password"]);
    // Without the token nobody is told anything.
    let person = FirstPerson { token: secret("wrong"), ..person };
    assert_eq!(house.access.check_setup(&house.act, &person).await, Err(AccessError::BadBootstrapToken));
}

#[tokio::test]
async fn signing_in_wants_the_right_password_of_somebody_who_may() {
    let house = house().await;
    house.set_up().await;
    let sign_in = async |user, password| house.sign_in(user, password).await.map(|begun| begun.session.user);
    assert_eq!(sign_in("ALICE", PASSWORD).await, Ok("alice".to_owned()));
    assert_eq!(sign_in("alice", "correct horse batterY").await, Err(AccessError::WrongCredentials));
    assert_eq!(sign_in("nobody", PASSWORD).await, Err(AccessError::WrongCredentials));
    house.disable_alice().await;
    assert_eq!(sign_in("alice", PASSWORD).await, Err(AccessError::Disabled { user: "alice".into() }));
}

impl House {
    async fn disable_alice(&self) {
        let sql = "UPDATE people SET disabled_at = 1";
        self.store.write(move |tx| tx.execute(sql, []).map_err(StoreError::from)).await.unwrap();
    }
}

#[tokio::test]
async fn tries_run_out_and_come_back_with_time() {
    let house = house().await;
    house.set_up().await;
    for _ in 0..10 {
        let refused = house.sign_in("alice", "wrong").await;
        assert_eq!(refused.err(), Some(AccessError::WrongCredentials));
    }
    let refused = house.sign_in("alice", PASSWORD).await;
    assert_eq!(refused.err(), Some(AccessError::TooManyTries(TooManyTries { retry_after_s: 10 })));
    house.time.advance(Duration::from_secs(10));
    house.sign_in("alice", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_session_lives_by_use_and_dies_by_sign_out_time_or_disabling() {
    let house = house().await;
    let begun = house.set_up().await;
    let cookie = begun.token.expose();
    for _ in 0..3 {
        house.time.advance(Duration::from_hours(23));
        assert!(house.by_cookie(cookie).await.unwrap().is_some());
        // The use is written down behind the answer's back.
        let now = house.time.now();
        let key = begun.session.key;
        while house.store.read(move |c| sessions::find(c, &key)).await.unwrap().unwrap().held.used_at != now {
            tokio::task::yield_now().await;
        }
    }
    house.time.advance(Duration::from_hours(24));
    assert_eq!(house.by_cookie(cookie).await.unwrap(), None);

    let begun = house.sign_in("alice", PASSWORD).await.unwrap();
    let mut changes = house.access.changes();
    house.access.sign_out(&house.act, &begun.session).await.unwrap();
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    assert_eq!(house.by_cookie(begun.token.expose()).await.unwrap(), None);

    let begun = house.sign_in("alice", PASSWORD).await.unwrap();
    house.disable_alice().await;
    assert_eq!(house.by_cookie(begun.token.expose()).await.unwrap(), None);
}

#[tokio::test]
async fn the_database_holds_neither_tokens_nor_passwords() {
    let house = house().await;
    let offered = house.access.offer_setup().await.unwrap().unwrap();
    let begun = house
        .access
        .set_up::<AccessError>(&house.act, first(offered.expose()), Visitor::default(), |_| Ok(()))
        .await
        .unwrap();
    let directory = house.directory.path();
    for file in std::fs::read_dir(directory).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [offered.expose(), begun.token.expose(), PASSWORD] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}
