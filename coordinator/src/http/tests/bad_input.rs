//! Whatever comes in, a typed problem goes out.

use proptest::{prelude::*, test_runner::TestRunner};

use super::*;
use crate::http::{request::SMALL_BODY_BYTES, table};

#[tokio::test]
async fn what_is_not_there_is_a_problem_and_not_a_page() {
    let (house, cookie) = House::settled().await;
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v2/hosts",
        "/api/v1/hosts/",
        "/api/v1//hosts",
    ] {
        let answered = house.get(path).cookie(&cookie).send().await;
        assert_eq!((answered.code(), answered.status.as_u16()), (ErrorCode::NotFound, 404), "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let (house, cookie) = House::settled().await;
    let answered = Call::new(&house, "PUT", "/api/v1/session").cookie(&cookie).send().await;
    assert_eq!(answered.code(), ErrorCode::MethodNotAllowed);
    assert_eq!(answered.headers["allow"], "GET, POST, DELETE");
    let answered = Call::new(&house, "POST", "/hosts/abc").send().await;
    assert_eq!(answered.headers["allow"], "GET, HEAD");
    let head = Call::new(&house, "HEAD", "/api/v1/session").cookie(&cookie).start().await;
    assert_eq!(head.status(), 200);
}

#[tokio::test]
async fn ids_cursors_and_filters_that_are_none_are_named() {
    let (house, cookie) = House::settled().await;
    let agent = "ab".repeat(32);
    for (path, code, field) in [
        ("/api/v1/hosts/xyz".to_owned(), ErrorCode::BadRequest, None),
        (format!("/api/v1/hosts/{agent}/jobs/7"), ErrorCode::BadRequest, None),
        (format!("/api/v1/hosts/{agent}/jobs?kind=cook"), ErrorCode::InvalidField, Some("kind")),
        ("/api/v1/hosts?status=happy".to_owned(), ErrorCode::InvalidField, Some("status")),
        ("/api/v1/hosts?held=perhaps".to_owned(), ErrorCode::InvalidField, Some("held")),
        (format!("/api/v1/hosts/{agent}/plan/revisions/x"), ErrorCode::BadRequest, None),
        (format!("/api/v1/hosts/{agent}/plan/revisions/1"), ErrorCode::NotFound, None),
        (format!("/api/v1/hosts/{agent}/plan/history?cursor=x"), ErrorCode::NotFound, None),
        (format!("/api/v1/hosts/{agent}/maintenance"), ErrorCode::NotFound, None),
        (format!("/api/v1/hosts/{agent}/repositories/a%20b/history"), ErrorCode::BadRequest, None),
        (
            format!("/api/v1/hosts/{agent}/repositories/main/history?days=7"),
            ErrorCode::InvalidField,
            Some("days"),
        ),
        (format!("/api/v1/hosts/{agent}/jobs?repository=a/b"), ErrorCode::InvalidField, Some("repository")),
        ("/api/v1/hosts?sort=colour".to_owned(), ErrorCode::InvalidField, Some("sort")),
        ("/api/v1/hosts?order=up".to_owned(), ErrorCode::InvalidField, Some("order")),
        ("/api/v1/hosts?limit=0".to_owned(), ErrorCode::InvalidField, Some("limit")),
        ("/api/v1/hosts?limit=1&limit=2".to_owned(), ErrorCode::InvalidField, Some("limit")),
        ("/api/v1/hosts?cursor=garbage".to_owned(), ErrorCode::InvalidCursor, None),
        ("/api/v1/events?watch=xyz".to_owned(), ErrorCode::InvalidField, Some("watch")),
        ("/api/v1/cron?expression=*&n=9999".to_owned(), ErrorCode::InvalidField, Some("n")),
        (format!("/api/v1/hosts/{agent}"), ErrorCode::NotFound, None),
        (format!("/api/v1/hosts/{agent}/plan"), ErrorCode::NotFound, None),
    ] {
        let problem = house.get(&path).cookie(&cookie).send().await.problem();
        assert_eq!(problem.code, code, "{path}");
        assert_eq!(problem.fields.first().map(|f| f.field.as_str()), field, "{path}");
        assert!(!problem.hint.is_empty() && !problem.detail.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn bodies_are_limited_and_have_to_be_json() {
    let (house, cookie) = House::settled().await;
    let sign_in = |body: Vec<u8>| house.post("/api/v1/session", &()).body(body);
    assert_eq!(sign_in(b"{".to_vec()).send().await.code(), ErrorCode::BadRequest);
    assert_eq!(sign_in(Vec::new()).send().await.code(), ErrorCode::BadRequest);
    let missing = sign_in(b"{\"user\":\"alice\"}".to_vec()).send().await.problem();
    assert_eq!(missing.code, ErrorCode::InvalidField);
    assert!(missing.fields[0].message.contains("password"), "{missing:?}");
    let large = vec![b' '; SMALL_BODY_BYTES + 1];
    assert_eq!(sign_in(large.clone()).send().await.code(), ErrorCode::TooLarge);
    assert_eq!(sign_in(large).header("content-length", "99999999").send().await.code(), ErrorCode::TooLarge);
    let agent = "ab".repeat(32);
    let order = house
        .post(&format!("/api/v1/hosts/{agent}/orders"), &serde_json::json!({ "routine": { "do": "dance" } }));
    assert_eq!(order.cookie(&cookie).send().await.code(), ErrorCode::InvalidField);
}

/// Pieces that addresses are made of, right and wrong.
fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("ab".repeat(32)),
        Just("0192f0c1-7a3b-7c1e-9f00-3b1f0a2c4d5e".to_owned()),
        "[a-z0-9%.~_-]{0,12}".prop_map(|text| text.replace('%', "%25")),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let patterns: Vec<String> =
        table::api().iter().map(|route| format!("{}{}", table::API, route.path)).collect();
    let query = "[a-z]{1,8}=[a-zA-Z0-9%*@/ -]{0,20}".prop_map(|q| q.replace('%', "%25").replace(' ', "+"));
    (proptest::sample::select(patterns), segment(), segment(), proptest::option::of(query)).prop_map(
        |(pattern, a, b, query)| {
            let path = pattern
                .replacen("{agent}", &a, 1)
                .replacen("{token}", &a, 1)
                .replacen("{job}", &b, 1)
                .replacen("{order}", &b, 1)
                .replacen("{repository}", &b, 1)
                .replacen("{revision}", &b, 1)
                .replacen("{name}", &b, 1);
            query.map_or(path.clone(), |query| format!("{path}?{query}"))
        },
    )
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..64),
        Just(br#"{"routine":{"do":"run","groups":[]}}"#.to_vec()),
        Just(br#"{"grave":{"doc":"e30","by":"00","sig":"AA"}}"#.to_vec()),
        Just(br#"{"plan":{"groups":{"a":{"includes":["/"]}}}}"#.to_vec()),
        Just(br#"{"token":{"doc":"","by":"","sig":""}}"#.to_vec()),
        "[\\[\\]{}\":,0-9a-z]{0,60}".prop_map(String::into_bytes),
    ]
}

#[test]
fn no_request_makes_it_fail() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (house, cookie) = runtime.block_on(House::settled());
    let methods = proptest::sample::select(vec!["GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "BREW"]);
    let strategy = (methods, path(), body(), any::<bool>());
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let ran = runner.run(&strategy, |(method, path, body, signed_in)| {
        // Signing in counts tries, and signing out ends what the other cases need.
        prop_assume!(!(path.contains("/session") && method != "GET"));
        let call = Call::new(&house, method, &path).header("content-type", "application/json").body(body);
        let call = if signed_in { call.cookie(&cookie) } else { call };
        let response = runtime.block_on(call.start());
        let status = response.status().as_u16();
        prop_assert!(status < 500, "{method} {path}: {status}");
        if status >= 400 {
            prop_assert_eq!(&response.headers()["content-type"], "application/problem+json");
        }
        Ok(())
    });
    ran.unwrap();
}
