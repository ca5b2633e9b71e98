//! A person at a browser, without the browser: founds the fleet, signs with an operator's key, seals secrets.
//!
//! Does in Rust what the panel does in TypeScript, through the same API.

use getrandom::SysRng;
use rand_core::{Rng as _, UnwrapErr};
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, COOKIE, HeaderValue, ORIGIN, SET_COOKIE},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use wire::{
    action::{Action, Outcome, SealedSecret},
    error::Problem,
    id::{AgentId, Base64Bytes, Hash32, JobId, OrderId, UnixMs},
    identity::{KeyBinding, SigningKey},
    order::Order,
    plan::Plan,
    seal::{BoxContext, SecretSlot, seal},
    trust::{Admission, Coordinator, Kit, Operator, Role, Signed, Statement, Token, TokenSeed},
    view::{
        ApproveRequest, FleetView, HostRow, HostView, JobView, LogView, OrderRequest, OrderView, Page,
        PendingView, PlanView, SetupRequest, SetupView, SnapshotRow, TokenRequest, TokenView,
    },
};

use crate::{http, wait::until};

pub const USER: &str = "ada";
pub const PASSWORD: &str = "correct horse battery";

const HOUR_MS: i64 = 3_600_000;

/// The operating system's randomness.
pub const fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// As the panel makes them: 24 random bytes, URL-safe.
pub fn random_password() -> String {
    let mut bytes = [0; 24];
    rng().fill_bytes(&mut bytes);
    Base64Bytes(bytes.to_vec()).to_string()
}

pub fn now() -> UnixMs {
    jiff::Timestamp::now().into()
}

/// One signed-in person with a device key, and the recovery kit in a drawer.
pub struct Person {
    http: reqwest::Client,
    pub url: String,
    cookie: HeaderValue,
    pub kit: Kit,
    pub key: SigningKey,
    pub statement: Statement,
    /// The statement's exact bytes.
    pub signed: Signed<Statement>,
}

impl Person {
    /// The first start: the first admin, the kit, statement 1.
    pub async fn found(url: &str, setup_token: &str) -> Self {
        let http = http::client();
        let setup: SetupView =
            http.get(format!("{url}/api/v1/setup")).send().await.expect("setup").json().await.expect("JSON");
        assert!(setup.needed, "somebody is there already");
        let kit = Kit::generate(&mut rng());
        let key = SigningKey::generate(&mut rng());
        let statement = Statement {
            fleet: kit.fleet(),
            version: 1,
            previous: Hash32::ZERO,
            issued_at: now(),
            root: kit.root().public().into(),
            recovery: kit.recovery().public(),
            coordinators: vec![Coordinator {
                id: setup.coordinator.id,
                channel: setup.coordinator.channel,
                name: setup.coordinator.name.clone(),
            }],
            operators: vec![Operator {
                key: key.public().into(),
                name: format!("{USER}'s browser"),
                role: Role::Admin,
            }],
        };
        let signed = Signed::sign(&statement, &kit.root()).expect("a statement");
        let cookie = set_up(&http, url, setup_token, &signed).await;
        Self { http, url: url.to_owned(), cookie, kit, key, statement, signed }
    }

    /// The first start once more, at a coordinator that lost its database but not its fleet.
    pub async fn found_again(url: &str, setup_token: &str, before: &Self) -> Self {
        let http = http::client();
        let cookie = set_up(&http, url, setup_token, &before.signed).await;
        Self { http, url: url.to_owned(), cookie, ..before.with_same_keys() }
    }

    /// Somebody with keys of their own, whom no statement of the fleet names.
    pub fn stranger(of: &Self) -> Self {
        Self { key: SigningKey::generate(&mut rng()), ..of.with_same_keys() }
    }

    fn with_same_keys(&self) -> Self {
        Self {
            http: self.http.clone(),
            url: self.url.clone(),
            cookie: self.cookie.clone(),
            kit: Kit::from_seed(self.kit.seed()),
            key: SigningKey::from_seed(&self.key.seed()),
            statement: self.statement.clone(),
            signed: self.signed.clone(),
        }
    }

    /// Signs in again, after the coordinator forgot the session.
    pub async fn sign_in(&mut self) {
        let answer = self
            .http
            .post(format!("{}/api/v1/session", self.url))
            .header(ORIGIN, &self.url)
            .json(&json!({ "user": USER, "password": PASSWORD }))
            .send()
            .await
            .expect("an answer");
        self.cookie = session_cookie(answer).await;
    }

    /// One call; a problem is an error of its own.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Problem> {
        let mut request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.url))
            .header(COOKIE, self.cookie.clone())
            .header(ORIGIN, &self.url);
        if let Some(body) = body {
            let bytes = serde_json::to_vec(body).expect("JSON");
            request = request.header(CONTENT_TYPE, "application/json").body(bytes);
        }
        let answer = request.send().await.expect("the coordinator answers");
        let status = answer.status();
        let bytes = answer.bytes().await.expect("a body");
        if status.is_success() {
            let bytes = if status == StatusCode::NO_CONTENT { b"null".as_slice().into() } else { bytes };
            return Ok(serde_json::from_slice(&bytes)
                .unwrap_or_else(|error| panic!("{path}: {error}: {}", String::from_utf8_lossy(&bytes))));
        }
        Err(serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            panic!("{path}: {status} without a problem ({error}): {}", String::from_utf8_lossy(&bytes))
        }))
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        self.call(Method::GET, path, None::<&()>)
            .await
            .unwrap_or_else(|problem| panic!("GET {path}: {problem:#?}"))
    }

    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> T {
        self.call(Method::POST, path, Some(body))
            .await
            .unwrap_or_else(|problem| panic!("POST {path}: {problem:#?}"))
    }

    pub async fn put_json<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> T {
        self.call(Method::PUT, path, Some(body))
            .await
            .unwrap_or_else(|problem| panic!("PUT {path}: {problem:#?}"))
    }

    /// An answer that goes on, such as events.
    pub async fn listen(
        &self,
        path: &str,
    ) -> impl futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Unpin + use<> {
        let request = self.http.get(format!("{}/api/v1{path}", self.url)).header(COOKIE, self.cookie.clone());
        let answer = request.send().await.expect("the coordinator answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        Box::pin(answer.bytes_stream())
    }

    pub async fn fleet(&self) -> FleetView {
        self.get("/fleet").await
    }

    pub async fn hosts(&self) -> Vec<HostRow> {
        self.get::<Page<HostRow>>("/hosts").await.items
    }

    pub async fn host(&self, agent: AgentId) -> HostView {
        self.get(&format!("/hosts/{agent}")).await
    }

    pub async fn plan(&self, agent: AgentId) -> PlanView {
        self.get(&format!("/hosts/{agent}/plan")).await
    }

    /// Newest first.
    pub async fn jobs(&self, agent: AgentId) -> Vec<JobView> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page: Page<JobView> = self.get(&format!("/hosts/{agent}/jobs?limit=100{cursor}")).await;
            all.extend(page.items);
            match page.next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    pub async fn job(&self, agent: AgentId, job: JobId) -> JobView {
        self.get(&format!("/hosts/{agent}/jobs/{job}")).await
    }

    pub async fn log(&self, agent: AgentId, job: JobId) -> LogView {
        self.get(&format!("/hosts/{agent}/jobs/{job}/log")).await
    }

    pub async fn snapshots(&self, agent: AgentId) -> Vec<SnapshotRow> {
        self.get::<Page<SnapshotRow>>(&format!("/hosts/{agent}/snapshots?limit=200")).await.items
    }

    pub async fn orders(&self, agent: AgentId) -> Vec<OrderView> {
        self.get(&format!("/hosts/{agent}/orders")).await
    }

    /// Waits for a host to announce itself.
    pub async fn pending(&self) -> PendingView {
        until(
            "a host to announce itself",
            async || self.get::<Vec<PendingView>>("/pending").await,
            |all| all.first().cloned(),
        )
        .await
    }

    /// Approves the very fingerprint that was seen.
    pub async fn approve(&self, pending: &PendingView, name: &str) {
        let admission = self.admission(&pending.binding, name);
        let _: Value =
            self.post(&format!("/pending/{}/approve", pending.agent), &ApproveRequest { admission }).await;
    }

    pub fn admission(&self, binding: &KeyBinding, name: &str) -> Signed<Admission> {
        self.tagged_admission(binding, name, &["test".to_owned()])
    }

    pub fn tagged_admission(&self, binding: &KeyBinding, name: &str, tags: &[String]) -> Signed<Admission> {
        let admission = Admission {
            fleet: self.statement.fleet,
            agent_fingerprint: binding.fingerprint(),
            name: name.to_owned(),
            tags: tags.to_vec(),
            issued_at: now(),
            expires_at: now().plus_ms(HOUR_MS),
            replaces: None,
        };
        Signed::sign(&admission, &self.key).expect("an admission")
    }

    /// Seals one secret to one agent.
    pub fn seal(&self, binding: &KeyBinding, slot: &str, revision: u64, value: &str) -> SealedSecret {
        let slot: SecretSlot = slot.parse().expect("a slot");
        let context = BoxContext::to_agent(self.statement.fleet, binding.id, binding.seal, &slot, revision);
        let sealed = seal(&context, value.as_bytes(), &mut rng()).expect("a box");
        SealedSecret { slot, revision, sealed: Base64Bytes(sealed.as_bytes().to_vec()) }
    }

    /// A grave order, signed with this person's device key.
    pub fn order(&self, agent: AgentId, action: Action) -> Signed<Order> {
        Signed::sign(&self.order_document(agent, action), &self.key).expect("an order")
    }

    pub fn order_document(&self, agent: AgentId, action: Action) -> Order {
        Order {
            fleet: self.statement.fleet,
            agent,
            id: OrderId(uuid::Uuid::now_v7()),
            issued_at: now(),
            expires_at: now().plus_ms(24 * HOUR_MS),
            person: USER.to_owned(),
            action,
        }
    }

    /// Puts a grave order in and waits for the agent's word.
    pub async fn grave(&self, agent: AgentId, action: Action) -> Outcome {
        let view = self.put(agent, &OrderRequest::Grave { grave: self.order(agent, action) }).await;
        self.outcome(agent, view.order).await
    }

    /// Puts a routine order in and waits for the agent's word.
    pub async fn routine(&self, agent: AgentId, action: Action) -> Outcome {
        let view = self.put(agent, &OrderRequest::Routine { routine: action }).await;
        self.outcome(agent, view.order).await
    }

    pub async fn put(&self, agent: AgentId, request: &OrderRequest) -> OrderView {
        self.post(&format!("/hosts/{agent}/orders"), request).await
    }

    pub async fn outcome(&self, agent: AgentId, order: OrderId) -> Outcome {
        until(
            "the agent to answer the order",
            async || self.orders(agent).await,
            |all| all.iter().find(|seen| seen.order == order).and_then(|seen| seen.outcome.clone()),
        )
        .await
    }

    /// The plan and the repository password in one order.
    pub async fn set_plan(&self, agent: AgentId, plan: Plan, secrets: Vec<SealedSecret>) -> Outcome {
        let base_revision = self.host(agent).await.plan_revision;
        self.grave(agent, Action::SetPlan { base_revision, plan, secrets, note: None }).await
    }

    /// A token with a plan and a password in it. Returns the seed for the install command.
    pub async fn token(&self, pattern: &str, plan: Option<Plan>, secrets: &[(&str, &str)]) -> TokenSeed {
        let seed = TokenSeed::generate(&mut rng());
        let keys = seed.keys();
        let (fleet, token, recipient) = (self.statement.fleet, keys.token(), keys.seal.public());
        let secrets = secrets.iter().map(|(slot, value)| {
            let slot: SecretSlot = slot.parse().expect("a slot");
            let context = BoxContext::to_token(fleet, token, recipient, &slot);
            let sealed = seal(&context, value.as_bytes(), &mut rng()).expect("a box");
            SealedSecret { slot, revision: 1, sealed: Base64Bytes(sealed.as_bytes().to_vec()) }
        });
        let document = Token {
            fleet,
            token,
            seal: recipient,
            name_pattern: pattern.to_owned(),
            tags: vec!["token".to_owned()],
            uses: 1,
            issued_at: now(),
            expires_at: now().plus_ms(HOUR_MS),
            plan,
            secrets: secrets.collect(),
        };
        let token = Signed::sign(&document, &self.key).expect("a token");
        let _: TokenView = self.post("/tokens", &TokenRequest { token }).await;
        seed
    }
}

async fn set_up(
    http: &reqwest::Client,
    url: &str,
    token: &str,
    statement: &Signed<Statement>,
) -> HeaderValue {
    let request = SetupRequest {
        token: token.to_owned(),
        user: USER.to_owned(),
        password: PASSWORD.to_owned(),
        statement: statement.clone(),
    };
    let request = http.post(format!("{url}/api/v1/setup")).header(ORIGIN, url).json(&request);
    session_cookie(request.send().await.expect("an answer")).await
}

async fn session_cookie(answer: reqwest::Response) -> HeaderValue {
    let status = answer.status();
    let cookie = answer
        .headers()
        .get(SET_COOKIE)
        .and_then(|header| header.to_str().ok())
        .and_then(|header| header.split(';').next())
        .map(str::to_owned);
    let body = answer.text().await.unwrap_or_default();
    let cookie = cookie.unwrap_or_else(|| panic!("no session: {status} {body}"));
    cookie.parse().expect("a cookie")
}

/// A plan with one local repository, one group and one schedule.
pub fn simple_plan(repository: &std::path::Path, files: &std::path::Path, cron: &str) -> Plan {
    serde_json::from_value(json!({
        "repositories": { "main": { "backend": { "kind": "local", "path": repository } } },
        "groups": { "default": { "includes": [files] } },
        "schedules": { "daily": { "cron": cron, "groups": ["default"] } },
    }))
    .expect("a plan")
}
