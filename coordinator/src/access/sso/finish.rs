//! Back from a provider: the state that was given out, the code for tokens, what they say, and who that is here.

use openidconnect::{
    AccessToken, AuthorizationCode, HttpRequest, Nonce, OAuth2TokenResponse as _, PkceCodeVerifier,
    RequestTokenError, TokenResponse as _,
    core::{CoreErrorResponseType, CoreIdToken, CoreTokenResponse},
    http::{self, Method, StatusCode, header},
};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;
use wire::id::Hash32;
use zeroize::Zeroizing;

use super::{
    Sso, SsoError,
    claims::Claims,
    error::Refusal,
    fetch::FetchError,
    join::{self, Comer, Joined},
    provider::{Provider, unavailable},
    start::Pending,
    token::{self, Verified},
};
use crate::{
    access::{AccessError, SignedIn, Visitor, session::key_of_text},
    audit::Act,
    config::SsoProvider,
    store::{people::Identity, sso_states},
    vault::Place,
};

/// Of what a provider says in an error, so much is passed on.
const ERROR_CHARS: usize = 200;
/// Longer ones than these are no codes.
const MOST_CODE_BYTES: usize = 8 * 1024;

/// What a provider gave the browser.
#[derive(Clone, Copy)]
pub struct Back<'a> {
    pub code: &'a str,
    pub state: &'a str,
    /// Who says so (RFC 9207), where it is said.
    pub issuer: Option<&'a str>,
    /// The cookie of whoever brings it.
    pub browser: Option<&'a str>,
}

/// Somebody came back and is let in, once they have shown what their role takes besides.
pub struct Finished {
    pub signed_in: SignedIn,
    /// A path of the panel.
    pub return_to: String,
}

/// Somebody for whom a provider vouches.
struct Came {
    provider: SsoProvider,
    subject: String,
    claims: Claims,
    id_token: Zeroizing<String>,
    return_to: String,
}

impl Sso {
    pub async fn finish(&self, act: &Act, back: Back<'_>, visitor: Visitor) -> Result<Finished, AccessError> {
        let access = &self.0.access;
        access.0.throttle.check(None, act.address())?;
        self.after_setup()?;
        match self.come_back(back).await {
            Ok(came) => self.let_in(act, came, visitor).await,
            Err(refused) => {
                // A state that is nobody's tells of nobody: anyone can make one up.
                if let AccessError::Sso(SsoError::Refused(why)) = &refused
                    && *why != Refusal::State
                {
                    access.refuse_sign_in(act, None, &refused, None).await?;
                }
                Err(refused)
            }
        }
    }

    async fn come_back(&self, back: Back<'_>) -> Result<Came, AccessError> {
        let (set_up, pending) = self.recall(back).await?;
        if back.issuer.is_some_and(|issuer| issuer != set_up.issuer) {
            return Err(Refusal::MixedUp { provider: set_up.name }.into());
        }
        let provider = self.provider(&set_up).await?;
        if back.issuer.is_none() && provider.names_itself() {
            return Err(Refusal::MixedUp { provider: set_up.name }.into());
        }
        let given = self.exchange(&provider, back.code, &pending.verifier).await?;
        let refused =
            |what: String| AccessError::from(Refusal::Token { provider: set_up.name.clone(), what });
        let id_token =
            given.id_token().ok_or_else(|| refused("there is no ID token in its answer".to_owned()))?;
        let Verified { subject, claims } = self
            .verified(&provider, id_token, &pending.nonce, given.access_token())
            .await?
            .map_err(refused)?;
        let mut claims = Claims::new(claims);
        if let Some(more) = self.user_info(&provider, given.access_token(), &subject).await? {
            claims.add(more);
        }
        let (id_token, return_to) = (Zeroizing::new(id_token.to_string()), pending.return_to.clone());
        Ok(Came { provider: set_up, subject, claims, id_token, return_to })
    }

    /// What was remembered under the state, for the browser that began it and for nobody else; once.
    async fn recall(&self, back: Back<'_>) -> Result<(SsoProvider, Pending), AccessError> {
        let key = key_of_text(back.state).ok_or(Refusal::State)?;
        let now = self.now();
        let taken = self.0.access.0.store.write(move |tx| sso_states::take(tx, &key, now)).await?;
        let state = taken.ok_or(Refusal::State)?;
        let browser = back.browser.and_then(key_of_text).unwrap_or(Hash32::ZERO);
        if !bool::from(browser.0.ct_eq(&state.browser.0)) {
            return Err(Refusal::Browser.into());
        }
        // Another key file, or a provider that the configuration does not name any more: as if it had never begun.
        let secret =
            self.0.access.0.vault.open(Place::SsoState(key), &state.secret).map_err(|_| Refusal::State)?;
        let pending = serde_json::from_slice(&secret).map_err(|_| Refusal::State)?;
        let set_up = self.set_up(&state.provider).map_err(|_| Refusal::State)?;
        Ok((set_up, pending))
    }

    async fn exchange(
        &self,
        provider: &Provider,
        code: &str,
        verifier: &str,
    ) -> Result<CoreTokenResponse, AccessError> {
        let set_up = &provider.set_up;
        let refused = |what: String| Refusal::Code { provider: set_up.name.clone(), what };
        if code.is_empty() || code.len() > MOST_CODE_BYTES {
            return Err(refused("it is none".to_owned()).into());
        }
        let client = provider.client(self.redirect(set_up)?);
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| unavailable(set_up, error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
        let answered = request.request_async(&self.0.fetch).await;
        answered.map_err(|error| match error {
            RequestTokenError::ServerResponse(said) => {
                let description =
                    said.error_description().map(|text| format!(": {text}")).unwrap_or_default();
                let what = printable(&format!("{}{description}", error_name(said.error())));
                tracing::warn!(provider = set_up.id, what, "a provider does not take its code");
                refused(what).into()
            }
            RequestTokenError::Request(error) => unavailable(set_up, error.to_string()).into(),
            RequestTokenError::Parse(error, _) => {
                unavailable(set_up, printable(&format!("its tokens cannot be read: {error}"))).into()
            }
            RequestTokenError::Other(what) => unavailable(set_up, printable(&what)).into(),
        })
    }

    async fn verified(
        &self,
        provider: &std::sync::Arc<Provider>,
        id_token: &CoreIdToken,
        nonce: &str,
        access: &AccessToken,
    ) -> Result<Result<Verified, String>, SsoError> {
        let (nonce, now) = (Nonce::new(nonce.to_owned()), self.now());
        self.check(provider, |provider| token::verify(provider, id_token, &nonce, access, now)).await
    }

    /// What the provider tells besides, where it has a place for that. It must be about the same person.
    async fn user_info(
        &self,
        provider: &Provider,
        access: &AccessToken,
        subject: &str,
    ) -> Result<Option<Map<String, Value>>, AccessError> {
        let set_up = &provider.set_up;
        let Some(endpoint) = provider.user_info() else { return Ok(None) };
        let broken = |what: String| AccessError::from(unavailable(set_up, format!("userinfo: {what}")));
        let request = bearer(endpoint.as_str(), access).map_err(|error| broken(error.to_string()))?;
        let answer =
            self.0.fetch.ask(request).await.map_err(|error: FetchError| broken(error.to_string()))?;
        if answer.status() != StatusCode::OK {
            return Err(broken(format!("HTTP status {}", answer.status())));
        }
        let claims: Map<String, Value> = serde_json::from_slice(answer.body())
            .map_err(|_| broken("it is no JSON object (signed answers are not understood)".to_owned()))?;
        if claims.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(Refusal::OtherSubject { provider: set_up.name.clone() }.into());
        }
        Ok(Some(claims))
    }

    async fn let_in(&self, act: &Act, came: Came, visitor: Visitor) -> Result<Finished, AccessError> {
        let Came { provider, subject, claims, id_token, return_to } = came;
        let identity = Identity { issuer: provider.issuer.clone(), subject };
        let comer = Comer { identity, claims, id_token, visitor };
        let (access, act) = (self.0.access.clone(), act.clone());
        let store = &self.0.access.0.store;
        let joined = store.write(move |tx| join::join(&access, tx, &act, &provider, comer)).await?;
        match joined {
            Joined::In(signed_in) => Ok(Finished { signed_in, return_to }),
            Joined::Out(refusal) => Err(refusal.into()),
        }
    }
}

fn bearer(endpoint: &str, access: &AccessToken) -> Result<HttpRequest, http::Error> {
    http::Request::builder()
        .method(Method::GET)
        .uri(endpoint)
        .header(header::ACCEPT, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", access.secret()))
        .body(Vec::new())
}

fn error_name(error: &CoreErrorResponseType) -> String {
    serde_json::to_value(error).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// One line that nobody can break.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(ERROR_CHARS).collect()
}
