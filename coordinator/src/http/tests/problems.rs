//! The words that people read when something is refused.

use std::fmt::Write as _;

use super::*;

#[tokio::test]
async fn what_happened_and_what_to_do_next() {
    let house = House::new().await;
    let mut text = String::new();
    let mut note = |what: &str, answered: &Answered| {
        let problem = answered.problem();
        writeln!(
            text,
            "# {what}\n{} {:?}: {}\n  {}\n  {}",
            problem.status, problem.code, problem.title, problem.detail, problem.hint
        )
        .unwrap();
        for field in &problem.fields {
            writeln!(text, "  - {}: {}", field.field, field.message).unwrap();
        }
        text.push('\n');
    };
    note("before the first start", &house.get("/api/v1/hosts").send().await);
    note("an old setup link", &house.post("/api/v1/setup", &house.setup_request("old")).send().await);
    let token = house.access.offer_setup().await.unwrap().unwrap();
    let weak =
        SetupRequest { user: "a b".into(), password: "short".into(), ..house.setup_request(token.expose()) };
    note("a weak password", &house.post("/api/v1/setup", &weak).send().await);
    let cookie = house.set_up().await.cookie();
    note("setup once more", &house.post("/api/v1/setup", &house.setup_request("any")).send().await);
    note("not signed in", &house.get("/api/v1/hosts").send().await);
    note("a wrong password", &house.sign_in("alice", "wrong").await);
    let viewer = house.person("vera", Role::Viewer).await;
    note(
        "too low a role",
        &house.delete(&format!("/api/v1/pending/{}", "ab".repeat(32))).cookie(&viewer).send().await,
    );
    note(
        "another site",
        &house.delete("/api/v1/session").header("origin", "https://evil.example").send().await,
    );
    note("no such route", &house.get("/api/v1/nothing").send().await);
    note("a wrong method", &Call::new(&house, "PUT", "/api/v1/session").send().await);
    note("a bad id", &house.get("/api/v1/hosts/xyz").cookie(&cookie).send().await);
    note(
        "no such host",
        &house.get(&format!("/api/v1/hosts/{}", "ab".repeat(32))).cookie(&cookie).send().await,
    );
    note("a bad cursor", &house.get("/api/v1/hosts?cursor=!").cookie(&cookie).send().await);
    note("a bad filter", &house.get("/api/v1/hosts?status=happy").cookie(&cookie).send().await);
    note("no JSON", &house.post("/api/v1/session", &()).body("{").send().await);
    note("a form", &house.post("/api/v1/session", &()).header("content-type", "text/plain").send().await);
    note("too large", &house.post("/api/v1/session", &()).body(vec![b' '; 20_000]).send().await);
    for _ in 0..10 {
        house.sign_in("mallory", "wrong").await;
    }
    note("too many tries", &house.sign_in("mallory", "wrong").await);
    note("the door without a socket", &house.get("/agent/v1/socket").send().await);
    note("an agent that is not served", &house.get("/dist/restic-manager-agent-mips").send().await);
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("problems", text);
    });
}
