//! Asking a provider over HTTP: no redirects, ten seconds, so many bytes, and nothing of it in an error but what went wrong.
//!
//! The only place of the coordinator that opens a connection to somewhere else. Must not know what is asked.

use std::{error::Error as _, fmt::Write as _, pin::Pin, sync::Arc, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use rustls::{ClientConfig, RootCertStore};

use crate::world::World;

/// For a whole answer. Somebody sits before the page and waits.
const TIME: Duration = Duration::from_secs(10);
/// The largest documents are key sets of some ten kilobytes.
const MOST_BYTES: usize = 256 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// In the network's words.
    #[error("{0}")]
    Failed(String),
    #[error("no whole answer came within {} seconds", TIME.as_secs())]
    TooSlow,
    #[error("the answer is larger than {} KiB", MOST_BYTES / 1024)]
    TooLarge,
}

/// Cheap to clone; connections are kept for a while and used again.
#[derive(Clone)]
pub struct Fetch {
    client: reqwest::Client,
    world: World,
}

impl Fetch {
    pub fn new(world: World) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .tls_backend_preconfigured(tls())
            .user_agent(concat!("restic-manager-coordinator/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("a client of constants and a ready TLS configuration can be built");
        Self { client, world }
    }

    pub async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        self.world.within(TIME, self.answer(request)).await.unwrap_or(Err(FetchError::TooSlow))
    }

    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let (head, body) = request.into_parts();
        let mut response = self
            .client
            .request(head.method, head.uri.to_string())
            .headers(head.headers)
            .body(body)
            .send()
            .await
            .map_err(failed)?;
        let mut whole = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if whole.len() + chunk.len() > MOST_BYTES {
                return Err(FetchError::TooLarge);
            }
            whole.extend_from_slice(&chunk);
        }
        let mut answer = http::Response::new(whole);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Fetch {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// The authorities that browsers know, and those that this machine was given besides: a provider in the house may have
/// its certificate from there. `SSL_CERT_FILE` names another file.
fn tls() -> ClientConfig {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let of_machine = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(of_machine.certs);
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The innermost cause says most: `connection refused`, not that a request could not be sent. Never the address: its
/// query may hold what is nobody's business.
fn failed(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let mut text = String::new();
    let mut source = error.source();
    while let Some(cause) = source {
        text.clear();
        let _ = write!(text, "{cause}");
        source = cause.source();
    }
    FetchError::Failed(if text.is_empty() { error.to_string() } else { text })
}
