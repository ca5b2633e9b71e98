//! Every route of the table, and so of the document, asked by nobody, a viewer, an operator, an admin, tokens of each role, and
//! a person who was disabled meanwhile.

use warp::http::Method;

use super::*;
use crate::http::{
    caller::{Anyone, Caller, Checked},
    request::{Query, Request},
    route::{Route, route},
    table,
};

/// A path of this route as the document gives an example of it.
pub(super) fn example(route: &Route) -> String {
    let item = &contract().document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
    let segments = route.path.split('/').map(|segment| {
        let Some(name) = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
            return segment.to_owned();
        };
        let mut parameters = item["parameters"].as_array().unwrap().iter();
        let parameter = parameters.find(|parameter| parameter["name"] == name && parameter["in"] == "path");
        let schema = contract().resolve(&parameter.unwrap()["schema"]);
        let shown = schema.get("example").or_else(|| schema["examples"].get(0)).unwrap();
        shown.as_str().map_or_else(|| shown.to_string(), |text| text.replace(' ', "%20"))
    });
    format!("{}{}", table::API, segments.collect::<Vec<_>>().join("/"))
}

fn outside(route: &Route) -> String {
    route.path.replace("{file}", "restic-manager-agent-x86_64")
}

/// Of the document's operations; one that the table does not have would be found by `documents`.
fn all() -> Vec<(String, Route)> {
    let inside = table::api().into_iter().map(|route| (example(&route), route));
    inside.chain(table::outside().into_iter().map(|route| (outside(&route), route))).collect()
}

/// Who asks, and how they show who they are.
struct Asker {
    who: String,
    role: Option<Role>,
    header: (&'static str, String),
    by_token: bool,
}

impl Asker {
    fn by_cookie(who: &str, role: Option<Role>, cookie: &str) -> Self {
        Self { who: who.into(), role, header: ("cookie", cookie.into()), by_token: false }
    }

    async fn by_token(house: &House, admin: &str, role: Role) -> Self {
        let who = format!("a token of the role {}", role.as_str());
        let made = house.api_token(admin, role.as_str(), role).await;
        let header = ("authorization", format!("Bearer {}", made.secret));
        Self { who, role: Some(role), header, by_token: true }
    }

    /// What the table says of them and a route, and what was answered.
    fn is_right(&self, route: &Route, status: u16) -> bool {
        let may = route.need.is_none_or(|need| self.role.is_some_and(|role| role.covers(need)));
        let enough = may && !(self.by_token && route.session_only);
        match (enough, self.role) {
            (true, _) => !matches!(status, 401 | 403 | 405 | 500..),
            (false, None) => status == 401,
            (false, Some(_)) => status == 403,
        }
    }
}

async fn askers(house: &House, admin: &str) -> Vec<Asker> {
    let viewer = house.person("vera", Role::Viewer).await;
    let operator = house.person("otto", Role::Operator).await;
    let disabled = house.person("dora", Role::Admin).await;
    let program = house.api_token(&disabled, "doras", Role::Admin).await;
    house.sql("UPDATE people SET disabled_at = 1 WHERE name = 'dora'").await;
    vec![
        Asker::by_cookie("nobody", None, ""),
        Asker::by_cookie("a viewer", Some(Role::Viewer), &viewer),
        Asker::by_cookie("an operator", Some(Role::Operator), &operator),
        Asker::by_cookie("an admin", Some(Role::Admin), admin),
        Asker::by_cookie("a disabled admin", None, &disabled),
        Asker::by_token(house, admin, Role::Viewer).await,
        Asker::by_token(house, admin, Role::Operator).await,
        Asker::by_token(house, admin, Role::Admin).await,
        Asker {
            who: "a token of a disabled admin".into(),
            role: None,
            header: ("authorization", format!("Bearer {}", program.secret)),
            by_token: true,
        },
    ]
}

#[tokio::test]
async fn each_route_lets_in_exactly_whom_the_table_says() {
    let (house, admin) = House::settled().await;
    let askers = askers(&house, &admin).await;
    let mut wrong = Vec::new();
    for (path, route) in all() {
        for asker in &askers {
            if (&route.method, route.path) == (&Method::DELETE, "/session") {
                // It would end the session that the next rounds need.
                continue;
            }
            let (name, value) = &asker.header;
            let call = Call::new(&house, route.method.as_str(), &path).header(name, value);
            let status = call.start().await.status().as_u16();
            if !asker.is_right(&route, status) {
                let (method, who) = (&route.method, &asker.who);
                wrong.push(format!("{method} {path} as {who}: {status}, the table says {:?}", route.need));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Somebody wrote a kind of caller and forgot whom it is for; it would take anybody.
struct Forgotten(Act);

impl Caller for Forgotten {
    fn of(checked: Checked) -> Option<Self> {
        let anyone = Anyone::of(checked)?;
        Some(Self(anyone.act().clone()))
    }

    fn doing(&self) -> &Act {
        &self.0
    }
}

#[tokio::test]
async fn a_route_that_names_no_role_is_for_admins() {
    let (house, admin) = House::settled().await;
    let operator = house.person("otto", Role::Operator).await;
    let forgotten = route(Method::GET, "/forgotten", async |_, Forgotten(_), _| Ok(reply::no_content()));
    assert_eq!(forgotten.need, Some(Role::Admin));
    let site = Site::new(parts(
        &house.directory,
        &house.fleet,
        &house.access,
        PUBLIC_URL,
        Live::fixed(Config::defaults(house.directory.path())),
    ));
    for (cookie, wanted) in [("", 401), (operator.as_str(), 403), (admin.as_str(), 204)] {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", cookie.parse().unwrap());
        let request = Request {
            method: Method::GET,
            path: "/api/v1/forgotten".into(),
            params: Vec::new(),
            query: Query::default(),
            headers,
            client: SocketAddr::from(([127, 0, 0, 1], 50_000)),
            act: site.act([127, 0, 0, 1].into()),
            body: Box::pin(futures_util::stream::empty()),
            upgrade: None,
            body_limit: 0,
        };
        let answer = forgotten.run(site.clone(), request).await;
        let status = answer.map_or_else(|refused| refused.status, |response| response.status().as_u16());
        assert_eq!(status, wanted);
    }
}

#[tokio::test]
async fn what_changes_something_is_nobodys_but_the_doors() {
    let open: Vec<String> = all()
        .into_iter()
        .filter(|(_, route)| route.need.is_none() && route.method != Method::GET)
        .map(|(_, route)| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(
        open,
        [
            "POST /setup/check",
            "POST /setup",
            "POST /session",
            "DELETE /session",
            "POST /session/second-factor",
            "POST /session/passkey/begin",
            "POST /session/passkey",
            "POST /sso/{provider}/start",
            "POST /sso/finish",
            "POST /sso/{provider}/backchannel-logout",
            "POST /invitation/check",
            "POST /invitation"
        ]
    );
    let admins: Vec<String> = all()
        .into_iter()
        .filter(|(_, route)| route.need == Some(Role::Admin))
        .map(|(_, route)| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(
        admins,
        [
            "GET /people",
            "POST /people",
            "GET /people/{person}",
            "PATCH /people/{person}",
            "POST /people/{person}/setup-link",
            "POST /people/{person}/disable",
            "POST /people/{person}/enable",
            "DELETE /people/{person}/sessions",
            "DELETE /people/{person}/factors",
            "POST /fleet/statements",
            "POST /fleet/escrow",
            "DELETE /hosts/{agent}",
            "POST /pending/{agent}/approve",
            "DELETE /pending/{agent}",
            "GET /keys",
            "GET /audit",
            "GET /audit/export",
            "GET /audit/chain"
        ]
    );
}

/// Each of them changes nothing, or now and then alone: whoever adds one says so here, too.
#[test]
fn what_may_leave_no_record_in_the_audit_is_named() {
    let unaudited: Vec<String> = table::api()
        .iter()
        .filter(|route| route.method != Method::GET && !route.audited)
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(
        unaudited,
        [
            "POST /setup/check",
            // A second step may follow, which is recorded.
            "POST /session",
            // Of nobody's session.
            "DELETE /session",
            "POST /session/passkey/begin",
            "POST /account/totp",
            "POST /account/passkeys/begin",
            "POST /sso/{provider}/start",
            "POST /sso/finish",
            // Of somebody who has no session here.
            "POST /sso/{provider}/backchannel-logout",
            "POST /invitation/check",
            "POST /plan/check",
            // The same key once more.
            "POST /account/keys"
        ]
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
