//! An identity provider on loopback that signs what a test tells it to.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use openidconnect::url::Url;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, sync::Notify};

use crate::world::FakeTime;

pub const CLIENT: &str = "fleet";

/// Cheap to clone. It ends with the test's runtime.
#[derive(Clone)]
pub struct Fake {
    pub issuer: String,
    time: FakeTime,
    manner: Arc<Mutex<Manner>>,
    /// Told of each request that it takes and does not answer.
    pub held: Arc<Notify>,
}

/// How it behaves. Its first key signs.
pub struct Manner {
    pub keys: Vec<(String, SigningKey)>,
    /// Laid over what its description says; null takes away.
    pub description: Value,
    /// Laid over what it signs about a person; null takes away.
    pub id_token: Value,
    pub header: Value,
    /// Makes the whole token from its header and claims, in place of an honest signature.
    pub forge: Option<fn(&Fake, Value, Value) -> String>,
    pub user_info: Value,
    pub ails: Ails,
    /// How often it was asked, by path.
    pub asked: HashMap<String, usize>,
    codes: HashMap<String, Code>,
    pub access_token: String,
    made: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ails {
    Nothing,
    /// It answers with an error of its own.
    Down,
    /// It takes requests and never answers.
    Hangs,
    /// Its answers do not end.
    Endless,
    /// It sends people, and us, elsewhere.
    Redirects,
    Babbles,
}

struct Code {
    nonce: Value,
    challenge: String,
    subject: String,
}

impl Fake {
    pub async fn start(time: &FakeTime, seed: u8) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let manner = Manner {
            keys: vec![("one".into(), key(seed))],
            description: json!({}),
            id_token: json!({}),
            header: json!({}),
            forge: None,
            user_info: json!({}),
            ails: Ails::Nothing,
            asked: HashMap::new(),
            codes: HashMap::new(),
            access_token: "an access token".into(),
            made: 0,
        };
        let fake = Self {
            issuer: format!("http://{address}"),
            time: time.clone(),
            manner: Arc::new(Mutex::new(manner)),
            held: Arc::default(),
        };
        tokio::spawn(fake.clone().serve(listener));
        fake
    }

    pub fn manner(&self) -> MutexGuard<'_, Manner> {
        self.manner.lock().unwrap()
    }

    pub fn asked(&self, path: &str) -> usize {
        self.manner().asked.get(path).copied().unwrap_or(0)
    }

    /// What a person's browser brings back from it: code and state. `url` is where it was sent.
    pub fn authorise(&self, url: &str, subject: &str) -> (String, String) {
        let url = Url::parse(url).unwrap();
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(url.path(), "/authorise");
        assert_eq!((query["client_id"].as_str(), query["response_type"].as_str()), (CLIENT, "code"));
        assert_eq!(query["code_challenge_method"], "S256");
        assert_eq!(query["redirect_uri"], "https://backup.example.org/sso/callback");
        let mut manner = self.manner();
        manner.made += 1;
        let code = format!("code-{}", manner.made);
        let issued = Code {
            nonce: query["nonce"].clone().into(),
            challenge: query["code_challenge"].clone(),
            subject: subject.to_owned(),
        };
        manner.codes.insert(code.clone(), issued);
        (code, query["state"].clone())
    }

    /// Signed with its first key, as an honest provider would.
    pub fn sign(&self, header: Value, claims: Value) -> String {
        let (kid, key) = self.manner().keys[0].clone();
        let header = laid_over(json!({ "alg": "EdDSA", "kid": kid }), &header);
        jwt(&header, &claims, |signed| key.sign(signed).to_bytes().to_vec())
    }

    async fn serve(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let fake = self.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let fake = fake.clone();
                    async move { Ok::<_, Infallible>(fake.answer(request).await) }
                });
                // A connection that breaks off is the asker's business.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let authorised =
            request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let ails = {
            let mut manner = self.manner();
            *manner.asked.entry(path.clone()).or_default() += 1;
            manner.ails
        };
        match ails {
            Ails::Nothing => {}
            Ails::Down => return response(500, "text/html", "<h1>out of order</h1>".into()),
            Ails::Hangs => {
                self.held.notify_one();
                return std::future::pending().await;
            }
            Ails::Endless => return response(200, "application/json", " ".repeat(300 * 1024)),
            Ails::Babbles => return response(200, "application/json", "{\"issuer\": ".into()),
            Ails::Redirects => {
                let mut answer = response(302, "text/html", String::new());
                answer.headers_mut().insert("location", "/elsewhere".parse().unwrap());
                return answer;
            }
        }
        match path.as_str() {
            "/.well-known/openid-configuration" => json_of(&self.description()),
            "/keys" => json_of(&self.shown_keys()),
            "/token" => self.token(authorised.as_deref(), &body),
            "/userinfo" => {
                let manner = self.manner();
                assert_eq!(authorised, Some(format!("Bearer {}", manner.access_token)));
                json_of(&manner.user_info)
            }
            _ => response(404, "text/plain", String::new()),
        }
    }

    fn description(&self) -> Value {
        let at = |path: &str| format!("{}/{path}", self.issuer);
        let description = json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("authorise"),
            "token_endpoint": at("token"),
            "jwks_uri": at("keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA", "RS256", "HS256", "none"],
            "end_session_endpoint": at("end?tenant=1"),
        });
        laid_over(description, &self.manner().description)
    }

    fn shown_keys(&self) -> Value {
        let manner = self.manner();
        let keys = manner.keys.iter().map(|(kid, key)| {
            let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
            json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x })
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }

    fn token(&self, authorised: Option<&str>, body: &[u8]) -> Response<Full<Bytes>> {
        let form: HashMap<_, _> = form_urlencoded::parse(body).into_owned().collect();
        let refused = |error: &str| response(400, "application/json", json!({ "error": error }).to_string());
        if authorised != Some("Basic ZmxlZXQ6aHVzaCUyRmh1c2g=") {
            // `fleet:hush/hush`, each encoded as in a form first.
            return refused("invalid_client");
        }
        let taken = self.manner().codes.remove(&form["code"]);
        let Some(code) = taken else { return refused("invalid_grant") };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
        if challenge != code.challenge || form["redirect_uri"] != "https://backup.example.org/sso/callback" {
            return refused("invalid_grant");
        }
        let now = self.now_s();
        let claims = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": code.subject, "nonce": code.nonce,
            "iat": now, "exp": now + 300, "sid": format!("session of {}", code.subject),
            "preferred_username": code.subject, "email": format!("{}@example.org", code.subject),
            "groups": ["staff"],
        });
        let (claims, header, forge, access_token) = {
            let manner = self.manner();
            let claims = laid_over(claims, &manner.id_token);
            (claims, manner.header.clone(), manner.forge, manner.access_token.clone())
        };
        let id_token = match forge {
            Some(forge) => forge(self, header, claims),
            None => self.sign(header, claims),
        };
        json_of(&json!({
            "access_token": access_token, "token_type": "Bearer", "id_token": id_token, "expires_in": 60,
        }))
    }

    pub fn now_s(&self) -> i64 {
        self.time.now().0 / 1_000
    }
}

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// Any signature over header and claims.
pub fn jwt(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// HMAC-SHA256 (RFC 2104), for whoever passes a public key off as a shared secret.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::new_with_prefix(pad(0x36)).chain_update(message).finalize();
    Sha256::new_with_prefix(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

pub fn laid_over(below: Value, above: &Value) -> Value {
    let (Value::Object(mut below), Value::Object(above)) = (below, above) else {
        panic!("objects are wanted")
    };
    for (name, value) in above {
        if value.is_null() {
            below.remove(name);
        } else {
            below.insert(name.clone(), value.clone());
        }
    }
    Value::Object(Map::from_iter(below))
}

fn json_of(value: &Value) -> Response<Full<Bytes>> {
    response(200, "application/json", value.to_string())
}

fn response(status: u16, kind: &str, body: String) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .body(Full::new(Bytes::from(body)))
        .unwrap()
}
