//! The certified identity provider of npm as a child process, and a browser without a window that walks through it.

use std::{collections::BTreeMap, path::Path, process::Command, time::Duration};

use reqwest::{
    Client, Method, Response, StatusCode, Url,
    header::{COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE},
    redirect::Policy,
};
use serde_json::{Value, json};
use wire::{
    error::{ErrorCode, Problem},
    view::{SignedOutView, SsoFinishRequest, SsoFinishView, SsoStartView},
};

use crate::{http, place::Place, programs::Program, wait::until};

/// What the client at the provider and the coordinator share.
pub const CLIENT_SECRET: &str = "hush, hush: nobody else/knows";

/// A running provider with its people.
pub struct Provider {
    pub program: Program,
    pub issuer: String,
}

impl Provider {
    /// `more` is laid over what `tests/browser/provider.mjs` is told.
    ///
    /// # Panics
    /// When the panel's packages are not installed.
    pub async fn start(place: &Place, port: u16, panel: &str, more: Value) -> Self {
        let mut told = json!({
            "port": port,
            "panel": panel,
            "secret": CLIENT_SECRET,
            "users": {
                "alice": { "groups": ["backup-admins"], "email": "alice@example.test", "preferred_username": "alice" },
                "bob": { "groups": ["staff", "other"], "email": "bob@example.test", "preferred_username": "bob" },
                "carol": { "groups": ["canteen"], "email": "carol@example.test", "preferred_username": "carol" },
            },
        });
        if let (Value::Object(told), Value::Object(more)) = (&mut told, more) {
            told.extend(more);
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/provider.mjs");
        let mut command = Command::new("node");
        command.arg(script).env("PROVIDER", told.to_string());
        let mut program = Program::start("the provider", command, place.root().join("provider.log"));
        let issuer = format!("http://127.0.0.1:{port}");
        let http = http::client();
        until(
            "the provider to answer",
            async || {
                program.assert_alive();
                let description = format!("{issuer}/.well-known/openid-configuration");
                http.get(description).send().await.map(|answer| answer.status())
            },
            |seen| seen.as_ref().ok().filter(|status| status.is_success()).map(|_| ()),
        )
        .await;
        Self { program, issuer }
    }
}

/// A browser: it keeps cookies by host and port, and follows redirects until they lead to the panel.
pub struct Browser {
    http: Client,
    panel: String,
    jars: BTreeMap<String, BTreeMap<String, String>>,
}

impl Browser {
    pub fn new(panel: &str) -> Self {
        let http = http::client_builder().redirect(Policy::none()).build().expect("a client");
        Self { http, panel: panel.to_owned(), jars: BTreeMap::new() }
    }

    /// The same browser, as if it had never been at the panel.
    #[must_use]
    pub fn without_cookies_of_the_panel(&self) -> Self {
        let panel = Url::parse(&self.panel).expect("an address").authority().to_owned();
        let mut jars = self.jars.clone();
        jars.remove(&panel);
        Self { http: self.http.clone(), panel: self.panel.clone(), jars }
    }

    /// From the sign-in page to the provider, as `subject`, and back.
    pub async fn sign_in(&mut self, provider: &str, subject: &str) -> Result<SsoFinishView, Problem> {
        let back = self.visit(provider, subject).await?;
        let request = SsoFinishRequest {
            code: back.get("code").cloned().unwrap_or_else(|| panic!("no code: {back:?}")),
            state: back["state"].clone(),
            iss: back.get("iss").cloned(),
        };
        self.api(Method::POST, "/sso/finish", Some(json!(request))).await
    }

    /// What stands in the address that the provider sends back to.
    pub async fn visit(
        &mut self,
        provider: &str,
        subject: &str,
    ) -> Result<BTreeMap<String, String>, Problem> {
        let start = json!({ "return_to": "/hosts" });
        let SsoStartView { url } =
            self.api(Method::POST, &format!("/sso/{provider}/start"), Some(start)).await?;
        let mut url = Url::parse(&url).expect("an address");
        url.query_pairs_mut().append_pair("login_hint", subject);
        let callback = format!("{}/sso/callback", self.panel);
        for _ in 0..10 {
            if url.as_str().starts_with(&callback) {
                return Ok(url.query_pairs().into_owned().collect());
            }
            let answer = self.send(Method::GET, &url, None, None).await;
            url = self.next(&url, answer).await;
        }
        panic!("it goes round in circles: {url}");
    }

    async fn next(&self, from: &Url, answer: Response) -> Url {
        let Some(location) = answer.headers().get(LOCATION).cloned() else {
            panic!("{from} leads nowhere: {} {}", answer.status(), answer.text().await.unwrap_or_default());
        };
        from.join(location.to_str().expect("text")).expect("an address")
    }

    /// Signs out here, then says yes at the provider. Where the provider sends back to.
    pub async fn sign_out(&mut self) -> Option<Url> {
        let out: SignedOutView = self.api(Method::DELETE, "/session", None).await.expect("signed out");
        let url = Url::parse(&out.provider_url?).expect("an address");
        let page = self.send(Method::GET, &url, None, None).await.text().await.expect("a page");
        let xsrf = page.split("name=\"xsrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let xsrf = xsrf.unwrap_or_else(|| panic!("the provider does not ask: {page}"));
        let confirm = url.join("/session/end/confirm").expect("an address");
        let form = format!("xsrf={xsrf}&logout=yes");
        let kind = "application/x-www-form-urlencoded";
        let answer = self.send(Method::POST, &confirm, Some((kind, form)), None).await;
        Some(self.next(&confirm, answer).await)
    }

    /// One call of the panel's API. Where it says to wait, that is done.
    pub async fn api<T: serde::de::DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, Problem> {
        loop {
            match self.once(method.clone(), path, body.clone()).await {
                Err(Problem { code: ErrorCode::TooManyRequests, retry_after_s: Some(seconds), .. }) => {
                    tokio::time::sleep(Duration::from_secs(seconds.into())).await;
                }
                answered => return answered,
            }
        }
    }

    async fn once<T: serde::de::DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, Problem> {
        let url = Url::parse(&format!("{}/api/v1{path}", self.panel)).expect("an address");
        let body = body.map(|body| ("application/json", body.to_string()));
        let origin = self.panel.clone();
        let answer = self.send(method, &url, body, Some(&origin)).await;
        let status = answer.status();
        let bytes = answer.bytes().await.expect("a body");
        let shown = || format!("{status} {}", String::from_utf8_lossy(&bytes));
        if status.is_success() {
            return Ok(serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{error}: {}", shown())));
        }
        Err(serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{error}: {}", shown())))
    }

    async fn send(
        &mut self,
        method: Method,
        url: &Url,
        body: Option<(&str, String)>,
        origin: Option<&str>,
    ) -> Response {
        let host = url.authority().to_owned();
        let jar = self.jars.entry(host.clone()).or_default();
        let cookies =
            jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut request = self.http.request(method, url.clone()).header(COOKIE, cookies);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        if let Some((kind, body)) = body {
            request = request.header("content-type", kind).body(body);
        }
        let answer = request.send().await.expect("an answer");
        assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{url}");
        self.keep(&host, answer.headers());
        answer
    }

    fn keep(&mut self, host: &str, headers: &HeaderMap) {
        let jar = self.jars.entry(host.to_owned()).or_default();
        for cookie in headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().expect("text");
            let (name, value) =
                text.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            let gone = value.is_empty() || text.contains("Max-Age=0") || text.contains("01 Jan 1970");
            if gone {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
