//! People who come by a real identity provider: roles from groups, refusals, signing out on both sides, a provider that is
//! away, and one that changes its keys.

use std::{fs, os::unix::fs::DirBuilderExt as _};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    person::Person,
    place::Place,
    programs::{Coordinator, free_port},
    provider::{Browser, CLIENT_SECRET, Provider},
};
use wire::{error::ErrorCode, trust::Role, view::MeView};

struct Office {
    place: Place,
    port: u16,
    panel: String,
    provider_port: u16,
}

impl Office {
    /// The configuration names a provider that may not be there yet.
    fn set_up() -> Self {
        let place = Place::temporary();
        let (port, provider_port) = (free_port(), free_port());
        fs::DirBuilder::new().mode(0o700).create(place.coordinator()).expect("the data directory");
        fs::write(place.coordinator().join("office.secret"), format!("{CLIENT_SECRET}\n")).expect("a secret");
        let file = format!(
            "[[sso]]\nid = \"office\"\nname = \"The office\"\nissuer = \"http://127.0.0.1:{provider_port}\"\n\
             client_id = \"fleet\"\nclient_secret_file = \"office.secret\"\n\
             [sso.roles]\nadmin = [\"backup-admins\"]\nviewer = [\"staff\"]\n"
        );
        fs::write(place.coordinator().join("coordinator.toml"), file).expect("the configuration");
        let panel = format!("http://127.0.0.1:{port}");
        Self { place, port, panel, provider_port }
    }

    async fn provider(&self, more: Value) -> Provider {
        Provider::start(&self.place, self.provider_port, &self.panel, more).await
    }

    /// One that somebody has set up: before that nobody comes by a provider.
    async fn coordinator(&self) -> Coordinator {
        let coordinator = Coordinator::start(&self.place, self.port).await;
        Person::found(&coordinator.url, &coordinator.setup_token()).await;
        coordinator
    }
}

async fn me(browser: &mut Browser) -> Result<MeView, ErrorCode> {
    browser.api(Method::GET, "/session", None).await.map_err(|problem| problem.code)
}

#[tokio::test]
async fn people_come_by_a_real_provider_with_the_role_that_their_groups_give() {
    let office = Office::set_up();
    // Groups stand in userinfo alone, as the specification would have it.
    let _provider = office.provider(json!({ "signed": false })).await;
    let _coordinator = office.coordinator().await;
    let mut alice = Browser::new(&office.panel);
    let finished = alice.sign_in("office", "alice").await.expect("alice is let in");
    assert_eq!((finished.me.user.as_str(), finished.me.role), ("alice", Role::Admin));
    assert_eq!(finished.return_to, "/hosts");
    let mut bob = Browser::new(&office.panel);
    assert_eq!(bob.sign_in("office", "bob").await.expect("bob is let in").me.role, Role::Viewer);

    let mut carol = Browser::new(&office.panel);
    let refused = carol.sign_in("office", "carol").await.expect_err("carol has no role");
    assert_eq!(refused.code, ErrorCode::SsoRefused);
    assert!(refused.detail.contains("canteen"), "{refused:?}");
    assert_eq!(me(&mut carol).await, Err(ErrorCode::NotSignedIn));

    let back = alice.sign_out().await.expect("the provider signs out too");
    assert_eq!(back.as_str(), format!("{}/sign-in", office.panel));
    assert_eq!(me(&mut alice).await, Err(ErrorCode::NotSignedIn));
    assert_eq!(me(&mut bob).await.map(|me| me.user), Ok("bob".to_owned()));
}

#[tokio::test]
async fn signing_out_at_the_provider_ends_every_session_that_it_began() {
    let office = Office::set_up();
    let mut provider = office.provider(json!({})).await;
    let _coordinator = office.coordinator().await;
    let mut browser = Browser::new(&office.panel);
    browser.sign_in("office", "alice").await.expect("alice is let in");
    // The same browser, and another panel's window of it that knows nothing of the first session here.
    let mut window = browser.without_cookies_of_the_panel();
    window.sign_in("office", "alice").await.expect("alice is let in again");
    assert_eq!(me(&mut browser).await.map(|me| me.user), Ok("alice".to_owned()));
    window.sign_out().await.expect("the provider signs out too");
    tests::wait::until(
        "the provider to tell the coordinator",
        async || me(&mut browser).await,
        |seen| (*seen == Err(ErrorCode::NotSignedIn)).then_some(()),
    )
    .await;
    provider.program.assert_alive();
    assert!(!provider.program.log().contains("back-channel"), "{}", provider.program.log());
}

#[tokio::test]
async fn a_provider_that_is_away_stops_nothing_and_may_come_back_with_other_keys() {
    let office = Office::set_up();
    let mut coordinator = office.coordinator().await;
    let mut browser = Browser::new(&office.panel);
    let start = browser.api::<Value>(Method::POST, "/sso/office/start", Some(json!({}))).await;
    let problem = start.expect_err("nobody is there");
    assert_eq!((problem.code, problem.status), (ErrorCode::SsoUnavailable, 503));
    coordinator.program.assert_alive();

    let provider = office.provider(json!({})).await;
    let came = tests::wait::until(
        "the provider to be asked again",
        async || browser.api::<Value>(Method::POST, "/sso/office/start", Some(json!({}))).await.is_ok(),
        |seen| seen.then_some(()),
    );
    came.await;
    browser.sign_in("office", "bob").await.expect("bob is let in");
    drop(provider);
    for algorithm in ["RS256", "ES256"] {
        let provider = office.provider(json!({ "algorithm": algorithm })).await;
        let mut again = Browser::new(&office.panel);
        tests::wait::until(
            "the new keys to be met",
            async || again.sign_in("office", "bob").await.map(|finished| finished.me.user),
            |seen| seen.as_ref().ok().map(|_| ()),
        )
        .await;
        drop(provider);
    }
    assert_eq!(me(&mut browser).await.map(|me| me.role), Ok(Role::Viewer), "his first session goes on");
}

#[tokio::test]
async fn a_client_without_a_secret_is_enough_with_pkce() {
    let office = Office::set_up();
    let config = office.place.coordinator().join("coordinator.toml");
    let text = fs::read_to_string(&config).expect("the configuration");
    fs::write(&config, text.replace("client_secret_file = \"office.secret\"\n", ""))
        .expect("the configuration");
    let _provider = office.provider(json!({ "secret": null })).await;
    let _coordinator = office.coordinator().await;
    let mut alice = Browser::new(&office.panel);
    assert_eq!(alice.sign_in("office", "alice").await.expect("alice is let in").me.role, Role::Admin);
}
