//! The whole site in one process: a real database, a real fleet, hyper's own service; time is turned by hand.

mod accounts;
mod api_tokens;
mod audit;
mod bad_input;
mod complete;
mod contract;
mod documents;
mod downloads;
mod elsewhere;
mod factors;
mod full_disk;
mod invitations;
mod kept_out;
mod keys;
mod listening;
mod member;
mod people;
mod problems;
mod proxies;
mod recovery;
mod roles;
mod roles_page;
mod secrets;
mod sockets;
mod sso;
mod team;
mod templates;
mod upkeep;
mod views;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::service::Service as _;
use serde::de::DeserializeOwned;
use warp::http::{HeaderMap, StatusCode};
use wire::{
    error::{ErrorCode, Problem},
    id::{Hash32, OperatorKey, RootKey, UnixMs},
    identity::{CoordinatorKeys, SigningKey},
    trust::{Coordinator, Kit, Operator, Role, Signed, Statement},
    view::{MeView, SetupRequest},
};

use super::{Http, Parts, *};
use crate::{
    access::{Means, Settings},
    config::{Config, Live},
    dist::Served,
    fleet::About,
    store::{Store, people as rows},
    vault::Vault,
    world::FakeTime,
};
use contract::{Asked, contract};

const NOW: UnixMs = UnixMs(1_795_187_040_000);
const PASSWORD: &str = "correct horse battery";
const PUBLIC_URL: &str = "http://127.0.0.1:7700";

/// A coordinator without a network.
struct House {
    http: Http,
    access: Access,
    store: Store,
    fleet: Fleet,
    time: FakeTime,
    keys: CoordinatorKeys,
    operator: SigningKey,
    directory: tempfile::TempDir,
}

struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answered {
    fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {} {}", self.status, String::from_utf8_lossy(&self.body))
        })
    }

    fn problem(&self) -> Problem {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{:?}", self.body);
        let problem: Problem = self.json();
        assert_eq!(problem.status, self.status.as_u16());
        problem
    }

    fn code(&self) -> ErrorCode {
        self.problem().code
    }

    /// The session's cookie as a browser would send it back.
    fn cookie(&self) -> String {
        self.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    }
}

impl House {
    async fn new() -> Self {
        Self::at(PUBLIC_URL).await
    }

    async fn at(public_url: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (world, time) = World::fake(NOW, 1);
        let store = Store::open(&directory.path().join("coordinator.db")).unwrap();
        let keys = CoordinatorKeys::generate(&mut world.rng());
        let about = About {
            keys: keys.clone(),
            name: "attic".into(),
            public_url: public_url.to_owned(),
            version: "1.2.3".into(),
            statements_file: None,
        };
        let fleet = Fleet::open(world.clone(), store.clone(), about).await.unwrap();
        let access = open_access(&store, &fleet, usual(), public_url).await;
        std::fs::write(directory.path().join("agent"), b"an agent's bytes").unwrap();
        let live = Live::fixed(Config::defaults(directory.path()));
        let http = site(&directory, &fleet, &access, public_url, live);
        let operator = SigningKey::from_seed(&[42; 32]);
        Self { http, access, store, fleet, time, keys, operator, directory }
    }

    /// The same house after a restart that met another set of people.
    fn with(self, access: Access) -> Self {
        let live = Live::fixed(Config::defaults(self.directory.path()));
        let http = site(&self.directory, &self.fleet, &access, PUBLIC_URL, live);
        Self { http, access, ..self }
    }

    /// The same house, told otherwise.
    fn told(self, config: Config) -> Self {
        let public_url = config.public_url.clone().unwrap_or_else(|| PUBLIC_URL.to_owned());
        let http = site(&self.directory, &self.fleet, &self.access, &public_url, Live::fixed(config));
        Self { http, ..self }
    }

    /// Somebody is admin, and the fleet is founded. Their cookie.
    async fn settled() -> (Self, String) {
        let house = Self::new().await;
        let cookie = house.set_up().await.cookie();
        (house, cookie)
    }

    async fn set_up(&self) -> Answered {
        let token = self.access.offer_setup().await.unwrap().unwrap();
        let answered = self.post("/api/v1/setup", &self.setup_request(token.expose())).send().await;
        assert_eq!(answered.status, 201, "{:?}", answered.body);
        answered
    }

    fn setup_request(&self, token: &str) -> SetupRequest {
        SetupRequest {
            token: token.to_owned(),
            user: "alice".into(),
            password: PASSWORD.into(),
            statement: self.first_statement(),
        }
    }

    fn first_statement(&self) -> Signed<Statement> {
        let kit = Kit::from_seed(&[7; 32]);
        let statement = Statement {
            fleet: kit.fleet(),
            version: 1,
            previous: Hash32::ZERO,
            issued_at: NOW,
            root: RootKey::from(kit.root().public()),
            recovery: kit.recovery().public(),
            coordinators: vec![Coordinator {
                id: self.keys.id(),
                channel: self.keys.channel_key(),
                name: "attic".into(),
            }],
            operators: vec![Operator {
                key: OperatorKey::from(self.operator.public()),
                name: "alice".into(),
                role: Role::Admin,
            }],
        };
        Signed::sign(&statement, &kit.root()).unwrap()
    }

    /// Another person of this role, signed in.
    async fn person(&self, name: &'static str, role: Role) -> String {
        // Everybody has Alice's password: one hash is enough for a test.
        let added = self.store.write(move |tx| {
            let alice = rows::by_name(tx, "alice")?.unwrap().id;
            let hash = rows::password(tx, alice)?;
            let password = hash.as_deref();
            rows::add(tx, &rows::NewPerson { name, email: None, role, password, identity: None }, NOW)
        });
        added.await.unwrap().unwrap();
        let answered = self.sign_in(name, PASSWORD).await;
        assert_eq!(answered.json::<MeView>().role, role);
        answered.cookie()
    }

    async fn sign_in(&self, user: &str, password: &str) -> Answered {
        let body = serde_json::json!({ "user": user, "password": password });
        self.post("/api/v1/session", &body).send().await
    }

    fn get(&self, path: &str) -> Call<'_> {
        Call::new(self, "GET", path)
    }

    fn delete(&self, path: &str) -> Call<'_> {
        Call::new(self, "DELETE", path)
    }

    fn put(&self, path: &str, body: &impl serde::Serialize) -> Call<'_> {
        let call = self.post(path, body);
        Call { method: "PUT".into(), ..call }
    }

    fn post(&self, path: &str, body: &impl serde::Serialize) -> Call<'_> {
        let call = Call::new(self, "POST", path).header("content-type", "application/json");
        call.body(serde_json::to_vec(body).unwrap())
    }
}

fn usual() -> tokio::sync::watch::Receiver<Arc<Settings>> {
    tokio::sync::watch::channel(Arc::default()).1
}

/// As a restart opens it.
async fn open_access(
    store: &Store,
    fleet: &Fleet,
    settings: tokio::sync::watch::Receiver<Arc<Settings>>,
    public_url: &str,
) -> Access {
    let (world, vault) = (fleet.world(), Vault::new(fleet.keys(), fleet.world().clone()));
    let means = Means { name: "attic".into(), public_url: public_url.to_owned(), vault };
    Access::open(store.clone(), world.clone(), settings, means).await.unwrap()
}

fn site(directory: &tempfile::TempDir, fleet: &Fleet, access: &Access, public_url: &str, live: Live) -> Http {
    Http::new(parts(directory, fleet, access, public_url, live))
}

fn parts(
    directory: &tempfile::TempDir,
    fleet: &Fleet,
    access: &Access,
    public_url: &str,
    live: Live,
) -> Parts {
    let served = Served {
        public_url: public_url.to_owned(),
        version: "1.2.3".into(),
        binaries: vec![("x86_64".into(), directory.path().join("agent"))],
        own_certificate: None,
    };
    Parts {
        fleet: fleet.clone(),
        access: access.clone(),
        sso: Sso::new(access.clone(), live.clone(), public_url),
        audit: Audit::new(fleet.keys().clone()),
        dist: Dist::new(served),
        world: fleet.world().clone(),
        public_url: public_url.to_owned(),
        agent_door: sockets::echo(),
        live,
    }
}

/// A request in the making: a browser's, on the panel's own page.
struct Call<'a> {
    house: &'a House,
    peer: SocketAddr,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl<'a> Call<'a> {
    fn new(house: &'a House, method: &str, path: &str) -> Self {
        let headers = vec![("host".into(), "127.0.0.1:7700".into()), ("origin".into(), PUBLIC_URL.into())];
        let peer = SocketAddr::from(([127, 0, 0, 1], 50_000));
        Self { house, peer, method: method.into(), path: path.into(), headers, body: Vec::new() }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.into(), value.into()));
        self
    }

    fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn request(&self) -> hyper::Request<Full<Bytes>> {
        let mut request = hyper::Request::builder().method(self.method.as_str()).uri(self.path.as_str());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(Bytes::from(self.body.clone()))).unwrap()
    }

    /// The answer as it begins; its body may go on for ever.
    async fn start(self) -> Response {
        let request = self.request();
        let asked = self.asked();
        let response = self.house.http.service(self.peer).call(request).await.unwrap();
        contract().check_head(&asked, response.status(), response.headers());
        if response.status().as_u16() < 400 || self.method == "HEAD" {
            return response;
        }
        // A problem has an end, and is held against the document whoever asked.
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        contract().check_body(&asked, head.status, &head.headers, &body);
        Response::from_parts(head, reply::bytes(body.to_vec()).into_body())
    }

    async fn send(self) -> Answered {
        let asked = self.asked();
        let (head, body) = self.start().await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        contract().check_body(&asked, head.status, &head.headers, &body);
        Answered { status: head.status, headers: head.headers, body }
    }

    fn asked(&self) -> Asked {
        Asked::new(&self.method, &self.path, &self.body)
    }
}
