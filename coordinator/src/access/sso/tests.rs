//! Sign-ins at providers, honest ones and others, over a real database and a real network of one machine.

#![allow(clippy::needless_pass_by_value, reason = "claims are written where they are used up")]

pub(crate) mod fake;
mod logout;
mod outages;
mod people;
mod tokens;
mod way_back;

use std::{collections::BTreeMap, path::Path};

use serde_json::json;
use tokio::sync::watch;
use wire::{
    identity::CoordinatorKeys,
    seal::Secret,
    trust::Role,
    view::{Actor, AuditBody},
};

use super::*;
use crate::{
    access::{Begun, Means, Session, Settings, SignedIn, Visitor},
    audit::{Act, Audit},
    config::{Config, Reload},
    store::{
        Store, audit as records,
        people::{self as rows, NewPerson, Person},
    },
    vault::Vault,
    world::{FakeTime, World},
};
use fake::{CLIENT, Fake};

const FIRST: &str = "first";

/// A coordinator with one provider, `office`.
struct House {
    sso: Sso,
    act: Act,
    store: Store,
    time: FakeTime,
    office: Fake,
    reload: Reload,
    directory: tempfile::TempDir,
}

pub(crate) fn set_up(id: &str, fake: &Fake) -> SsoProvider {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    SsoProvider {
        id: id.to_owned(),
        name: format!("The {id}"),
        issuer: fake.issuer.clone(),
        client_id: CLIENT.to_owned(),
        client_secret_file: None,
        client_secret: Some(Secret::new("hush/hush")),
        scopes: texts(&["openid", "email", "groups"]),
        role_claim: "groups".to_owned(),
        user_claim: "preferred_username".to_owned(),
        roles: BTreeMap::from([
            (Role::Admin, texts(&["admins"])),
            (Role::Operator, texts(&["ops"])),
            (Role::Viewer, texts(&["staff"])),
        ]),
    }
}

fn config(providers: Vec<SsoProvider>) -> Config {
    let mut config = Config::defaults(Path::new("/data"));
    config.sso = providers;
    config
}

impl House {
    async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        Self::built(settings, true).await
    }

    /// `founded`: somebody has set it up.
    async fn built(mut settings: Settings, founded: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (world, time) = World::fake(UnixMs(1_795_187_040_000), 1);
        let office = Fake::start(&time, 1).await;
        let store = Store::open(&directory.path().join("coordinator.db")).unwrap();
        if founded {
            // No admin any more, so that last admins can be told of.
            let (role, password) = (Role::Viewer, None);
            let first = NewPerson { name: FIRST, email: None, role, password, identity: None };
            store.write(move |tx| rows::add(tx, &first, UnixMs(1))).await.unwrap();
        }
        let keys = CoordinatorKeys::generate(&mut world.rng());
        let vault = Vault::new(&keys, world.clone());
        let act = Act::new(Audit::new(keys), Actor::Nobody { name: String::new() }, None, world.now());
        settings.providers.insert(office.issuer.clone(), "The office".to_owned());
        let settings = watch::channel(Arc::new(settings)).1;
        let public_url = "https://backup.example.org".to_owned();
        let means = Means { name: "attic".into(), public_url: public_url.clone(), vault };
        let access = Access::open(store.clone(), world, settings, means).await.unwrap();
        let (reload, live) = Reload::new(config(vec![set_up("office", &office)]));
        let sso = Sso::new(access, live, &public_url);
        Self { sso, act, store, time, office, reload, directory }
    }

    /// As an honest browser does it.
    async fn sign_in(&self, subject: &str) -> Result<Finished, AccessError> {
        self.sign_in_at("office", &self.office, subject).await
    }

    async fn sign_in_at(&self, id: &str, fake: &Fake, subject: &str) -> Result<Finished, AccessError> {
        let started = self.start_at(id).await?;
        let (code, state) = fake.authorise(&started.url, subject);
        self.finish(&code, &state, started.browser.expose()).await
    }

    async fn start(&self) -> Started {
        self.start_at("office").await.unwrap()
    }

    async fn start_at(&self, id: &str) -> Result<Started, AccessError> {
        self.sso.start(&self.act, id, Some("/hosts"), None).await
    }

    async fn finish(&self, code: &str, state: &str, browser: &str) -> Result<Finished, AccessError> {
        let back = Back { code, state, issuer: None, browser: Some(browser) };
        self.sso.finish(&self.act, back, Visitor::default()).await
    }

    /// Why they are not let in.
    async fn refusal(&self, subject: &str) -> Refusal {
        refusal(self.sign_in(subject).await)
    }

    /// All but the one who was first.
    async fn people(&self) -> Vec<Person> {
        let mut all = self.store.read(rows::all).await.unwrap();
        all.retain(|person| person.name != FIRST);
        all
    }

    async fn session(&self, begun: &Begun) -> Option<Session> {
        let identity = self.sso.0.access.by_cookie(begun.token.expose()).await.unwrap();
        identity.and_then(|identity| identity.session().cloned())
    }

    /// The actions that stand in the audit, in their order.
    async fn audit(&self) -> Vec<String> {
        let records = self.store.read(|connection| records::from(connection, 1, 1_000)).await.unwrap();
        let action = |body: &str| {
            let body: AuditBody = serde_json::from_str(body).unwrap();
            json!(body.action).as_str().unwrap().to_owned()
        };
        records.iter().map(|record| action(&record.body)).collect()
    }
}

/// Without anything more to show.
fn let_in(finished: Finished) -> Begun {
    match finished.signed_in {
        SignedIn::Begun(begun) => *begun,
        SignedIn::Second(_) => panic!("a second factor is asked for"),
    }
}

fn refusal(came: Result<Finished, AccessError>) -> Refusal {
    match came {
        Err(AccessError::Sso(SsoError::Refused(refusal))) => refusal,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("they were let in"),
    }
}

fn unavailable_because(came: Result<impl Sized, AccessError>) -> String {
    match came {
        Err(AccessError::Sso(SsoError::Unavailable { what, .. })) => what,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it went well"),
    }
}
