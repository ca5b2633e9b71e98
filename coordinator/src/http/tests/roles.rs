//! Every route of the table, asked by nobody, a viewer, an operator and an admin.

use warp::http::Method;

use super::*;
use crate::http::{route::Route, table};

/// A path of this route, with ids that are well formed.
fn example(prefix: &str, route: &Route) -> String {
    let segments = route.path.split('/').map(|segment| match segment {
        "{agent}" | "{token}" => "ab".repeat(32),
        "{job}" | "{order}" => "0192f0c1-7a3b-7c1e-9f00-3b1f0a2c4d5e".to_owned(),
        "{file}" => "restic-manager-agent-x86_64".to_owned(),
        other => other.to_owned(),
    });
    format!("{prefix}{}", segments.collect::<Vec<_>>().join("/"))
}

fn all() -> Vec<(String, Route)> {
    let below = |prefix: &'static str| move |route: Route| (example(prefix, &route), route);
    table::api()
        .into_iter()
        .map(below(table::API))
        .chain(table::outside().into_iter().map(below("")))
        .collect()
}

#[tokio::test]
async fn each_route_lets_in_exactly_whom_the_table_says() {
    let (house, admin) = House::settled().await;
    let viewer = house.person("vera", Role::Viewer).await;
    let operator = house.person("otto", Role::Operator).await;
    let callers = [
        (None, ""),
        (Some(Role::Viewer), &*viewer),
        (Some(Role::Operator), &operator),
        (Some(Role::Admin), &admin),
    ];
    for (path, route) in all() {
        for (role, cookie) in callers {
            if (&route.method, route.path) == (&Method::DELETE, "/session") {
                // It would end the session that the next rounds need.
                continue;
            }
            let answered = Call::new(&house, route.method.as_str(), &path).cookie(cookie).start().await;
            let status = answered.status().as_u16();
            let said = format!("{} {path} as {role:?}: {status}", route.method);
            let enough = route.need.is_none_or(|need| role.is_some_and(|role| role.covers(need)));
            match (enough, role) {
                (true, _) => assert!(!matches!(status, 401 | 403 | 500..), "{said}"),
                (false, None) => assert_eq!(status, 401, "{said}"),
                (false, Some(_)) => assert_eq!(status, 403, "{said}"),
            }
        }
    }
}

#[tokio::test]
async fn what_changes_something_is_nobodys_but_the_doors() {
    let open: Vec<String> = all()
        .into_iter()
        .filter(|(_, route)| route.need.is_none() && route.method != Method::GET)
        .map(|(_, route)| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(open, ["POST /setup/check", "POST /setup", "POST /session", "DELETE /session"]);
    let admins: Vec<String> = all()
        .into_iter()
        .filter(|(_, route)| route.need == Some(Role::Admin))
        .map(|(_, route)| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(
        admins,
        ["POST /fleet/statements", "POST /pending/{agent}/approve", "DELETE /pending/{agent}"]
    );
}

#[tokio::test]
async fn the_role_is_read_anew_for_each_request() {
    let (house, _) = House::settled().await;
    let cookie = house.person("otto", Role::Operator).await;
    assert_eq!(house.get("/api/v1/tokens").cookie(&cookie).send().await.status, 200);
    house.sql("UPDATE people SET role = 'viewer' WHERE name = 'otto'").await;
    assert_eq!(house.get("/api/v1/tokens").cookie(&cookie).send().await.code(), ErrorCode::Forbidden);
    assert_eq!(house.get("/api/v1/hosts").cookie(&cookie).send().await.status, 200);
    house.sql("UPDATE people SET disabled_at = 1 WHERE name = 'otto'").await;
    assert_eq!(house.get("/api/v1/hosts").cookie(&cookie).send().await.code(), ErrorCode::NotSignedIn);
}

impl House {
    pub(super) async fn sql(&self, sql: &'static str) {
        self.store
            .write(move |tx| tx.execute_batch(sql).map_err(crate::store::StoreError::from))
            .await
            .unwrap();
    }
}
