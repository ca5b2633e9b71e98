//! People at the coordinator's own machine: the real command on the database that a running coordinator serves.

use std::process::{Command, Output};

use reqwest::{
    Client, StatusCode,
    header::{COOKIE, ORIGIN, SET_COOKIE},
};
use serde_json::{Value, json};
use tests::{
    person::{PASSWORD, Person, USER},
    place::Place,
    programs::{Coordinator, binary, free_port},
};
use wire::view::{Actor, AuditAction, AuditBody, PersonState, PersonView, SetupLinkView};

use crate::host::verify;

const CHOSEN: &str = "a password of one's own";

fn user(place: &Place, arguments: &[&str]) -> Output {
    Command::new(binary("restic-manager-coordinator"))
        .arg("user")
        .args(arguments)
        .arg("--data")
        .arg(place.coordinator())
        .output()
        .expect("the command runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn done(place: &Place, arguments: &[&str]) -> Value {
    let output = user(place, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

/// What is said when it is not done.
fn refused(place: &Place, arguments: &[&str]) -> String {
    let output = user(place, arguments);
    assert!(!output.status.success(), "{arguments:?} was done: {}", text(&output.stdout));
    assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
    text(&output.stderr)
}

fn person(value: &Value) -> PersonView {
    serde_json::from_value(value.clone()).expect("a person")
}

/// Chooses the password by the link, as the panel does. The session's cookie.
async fn accept(http: &Client, url: &str, link: &Value) -> String {
    let link: SetupLinkView = serde_json::from_value(link.clone()).expect("a setup link");
    let token = link.link.strip_prefix(&format!("{url}/welcome#")).expect("a link to this coordinator");
    let body = json!({ "token": token, "password": CHOSEN });
    let answer = http.post(format!("{url}/api/v1/invitation")).header(ORIGIN, url).json(&body).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED);
    let cookie = answer.headers()[SET_COOKIE].to_str().expect("a cookie");
    cookie.split(';').next().expect("a value").to_owned()
}

async fn status(http: &Client, url: &str, cookie: &str) -> StatusCode {
    let call = http.get(format!("{url}/api/v1/people")).header(COOKIE, cookie);
    call.send().await.expect("an answer").status()
}

/// The audit, as the database holds it.
fn records(place: &Place) -> Vec<AuditBody> {
    let database =
        rusqlite::Connection::open(place.coordinator().join("coordinator.db")).expect("the database");
    let mut statement = database.prepare("SELECT body FROM audit ORDER BY seq").expect("the audit");
    let bodies = statement.query_map([], |row| row.get::<_, String>(0)).expect("records");
    bodies.map(|body| serde_json::from_str(&body.expect("a body")).expect("a record")).collect()
}

#[tokio::test]
async fn a_lost_admin_comes_back_and_people_are_kept_at_the_machine_itself() {
    let place = Place::temporary();
    let nothing = refused(&place, &["list"]);
    assert!(nothing.contains("there is no database"), "{nothing}");
    let mut coordinator = Coordinator::start(&place, free_port()).await;
    let url = coordinator.url.clone();
    let early = refused(&place, &["invite", "bob", "--role", "admin"]);
    assert!(early.contains("Open the setup link"), "setup stays open for the founder: {early}");
    let ada = Person::found(&url, &coordinator.setup_token()).await;
    let http = tests::http::client();

    // Somebody new, while the coordinator runs.
    let invite = ["invite", "Bob", "--role", "operator", "--email", "bob@example.org", "--public-url", &url];
    let bob = accept(&http, &url, &done(&place, &invite)).await;
    assert_eq!(status(&http, &url, &bob).await, StatusCode::FORBIDDEN);
    assert_eq!(person(&done(&place, &["role", "BOB", "admin"])).name, "Bob");
    assert_eq!(status(&http, &url, &bob).await, StatusCode::OK, "it counts from the next request on");
    assert_eq!(person(&done(&place, &["disable", "bob"])).state, PersonState::Disabled);
    assert_eq!(status(&http, &url, &bob).await, StatusCode::UNAUTHORIZED);

    for (arguments, word) in [
        (&["disable", USER][..], "last admin"),
        (&["role", USER, "viewer"], "last admin"),
        (&["invite", "BOB", "--role", "viewer"], "Enable that person again"),
        (&["invite", "ADA", "--role", "viewer"], "Choose another name"),
        (&["invite", "a b", "--role", "viewer", "--email", "x"], "email: must be one address"),
        (&["reset", "bob"], "disabled"),
        (&["enable", "nobody"], "`user list` names everybody"),
        (&["role", USER, "king"], "write viewer, operator or admin"),
        (&["invite", "eve", "--role", "viewer", "--public-url", "nonsense"], "not an address"),
    ] {
        let said = refused(&place, arguments);
        assert!(said.contains(word), "{arguments:?}: {said}");
    }

    // The admin lost everything: password, session, all.
    let link = done(&place, &["reset", USER, "--public-url", &url]);
    let people = done(&place, &["list"]);
    assert_eq!(person(&people[0]).state, PersonState::SetupPending);
    assert_eq!(person(&people[1]).state, PersonState::Disabled);
    let over = ada.call::<Value>(reqwest::Method::GET, "/people", None::<&()>).await;
    assert_eq!(over.expect_err("the session is over").status, 401);
    let again = accept(&http, &url, &link).await;
    assert_eq!(status(&http, &url, &again).await, StatusCode::OK);
    let body = json!({ "user": USER, "password": PASSWORD });
    let old = http.post(format!("{url}/api/v1/session")).header(ORIGIN, &url).json(&body).send().await;
    assert_eq!(old.expect("an answer").status(), StatusCode::UNAUTHORIZED, "the old password is gone");

    // The same without a coordinator that runs, and as people read it.
    assert!(coordinator.program.stop().success());
    assert_eq!(person(&done(&place, &["enable", "bob"])).state, PersonState::Active);
    let listed = text(&user(&place, &["list"]).stdout);
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].starts_with("ada  admin") && lines[1].starts_with("Bob  admin"), "{listed}");
    let printed = text(&user(&place, &["reset", "bob"]).stdout);
    assert!(printed.contains("/welcome#"), "{printed}");

    let all = records(&place);
    let console: Vec<(AuditAction, &str)> = all
        .iter()
        .filter(|record| record.actor == Actor::Console)
        .map(|record| (record.action, record.target.as_ref().map_or("", |target| target.name.as_str())))
        .collect();
    let wanted = [
        (AuditAction::PersonInvite, "Bob"),
        (AuditAction::PersonChange, "Bob"),
        (AuditAction::PersonDisable, "Bob"),
        (AuditAction::SetupLinkMake, USER),
        (AuditAction::PersonEnable, "Bob"),
        (AuditAction::SetupLinkMake, "Bob"),
    ];
    assert_eq!(console, wanted, "what was refused changed nothing and is not there");
    assert!(
        all.iter().filter(|record| record.actor == Actor::Console).all(|record| record.address.is_none())
    );
    let verified = verify(&place);
    assert!(verified.status.success(), "{}", text(&verified.stdout));
}
