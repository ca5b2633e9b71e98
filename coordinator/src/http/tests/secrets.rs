//! No secret that passes through the API comes into the audit or the log.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
};

use serde_json::json;

use super::*;

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_is_typed_and_what_opens_a_door_is_in_neither() {
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let house = House::new().await;
    let token = house.access.offer_setup().await.unwrap().unwrap();
    let mut secrets = vec![PASSWORD.to_owned(), token.expose().to_owned()];
    let mut typed = |text: &str| {
        secrets.push(text.to_owned());
        text.to_owned()
    };
    // A wrong link, a weak password, then right.
    let mut request = house.setup_request(&typed("marker-wrong-link-0123456789012345678901234"));
    house.post("/api/v1/setup", &request).send().await;
    request.token = token.expose().to_owned();
    request.password = typed("marker-w");
    house.post("/api/v1/setup", &request).send().await;
    request.password = PASSWORD.to_owned();
    let answered = house.post("/api/v1/setup", &request).send().await;
    assert_eq!(answered.status, 201);
    let cookie = answered.cookie();
    // Wrong passwords, and one that was typed where the name belongs.
    house.sign_in("alice", &typed("marker-wrong-password")).await;
    house.sign_in(&typed("marker-password-as-name"), "x").await;
    let otto = house.person("otto", Role::Operator).await;
    // Every changing route of the table, with a body that is a secret.
    let body = typed("marker-in-a-body");
    for route in table::api().into_iter().filter(|route| route.method != warp::http::Method::GET) {
        if (&route.method, route.path) == (&warp::http::Method::DELETE, "/session") {
            continue;
        }
        let path = roles::example(&route);
        for cookie in [&*otto, &*cookie, ""] {
            let mut call = Call::new(&house, route.method.as_str(), &path).cookie(cookie);
            call = call.header("content-type", "application/json");
            call.body(serde_json::to_vec(&json!({ "password": body, "token": body })).unwrap()).send().await;
        }
    }
    for cookie in [&otto, &cookie] {
        typed(cookie.split_once('=').unwrap().1);
    }

    let rows = house.store.read(|connection| crate::store::audit::from(connection, 1, 10_000)).await.unwrap();
    assert!(rows.len() >= 8, "{}", rows.len());
    let log = logged.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let log = String::from_utf8_lossy(&log);
    for secret in &secrets {
        let row = rows.iter().find(|row| row.body.contains(secret.as_str()));
        assert!(row.is_none(), "{secret}: {row:?}");
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "{secret}: {line:?}");
    }
}
