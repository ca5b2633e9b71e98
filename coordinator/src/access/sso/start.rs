//! To a provider: the address that the browser goes to, and what is remembered of it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    AuthenticationFlow, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, Scope, core::CoreResponseType,
};
use serde::{Deserialize, Serialize};
use wire::id::Hash32;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{Sso, return_to};
use crate::{
    access::{AccessError, Token},
    audit::Act,
    store::{
        StoreError,
        sso_states::{self, SsoState},
    },
    vault::Place,
};

/// Whoever needs longer begins anew.
const STATE_MS: i64 = 5 * 60_000;

/// Somebody is on their way to a provider.
pub struct Started {
    /// Where the browser goes.
    pub url: String,
    /// What it is known by when it comes back: its cookie.
    pub browser: Token,
}

/// What is remembered meanwhile, sealed.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Pending {
    pub nonce: String,
    pub verifier: String,
    pub return_to: String,
}

impl Sso {
    /// `browser`: what its cookie holds already, when another of its tabs is on the way too.
    pub async fn start(
        &self,
        act: &Act,
        provider: &str,
        return_to: Option<&str>,
        browser: Option<&str>,
    ) -> Result<Started, AccessError> {
        let access = &self.0.access;
        access.0.throttle.check(None, act.address())?;
        self.after_setup()?;
        let set_up = self.set_up(provider)?;
        let provider = self.provider(&set_up).await?;
        let world = &access.0.world;
        let random = || URL_SAFE_NO_PAD.encode(Zeroizing::new(world.seed()));
        let pending = Pending {
            nonce: random(),
            verifier: random(),
            return_to: return_to::checked(return_to).to_owned(),
        };
        let state = Token::new(world.seed());
        let browser = browser.and_then(Token::of_text).unwrap_or_else(|| Token::new(world.seed()));
        let verifier = PkceCodeVerifier::new(pending.verifier.clone());
        let (csrf, nonce) = (CsrfToken::new(state.expose().to_owned()), Nonce::new(pending.nonce.clone()));
        let client = provider.client(self.redirect(&set_up)?);
        let (url, _, _) = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || csrf,
                move || nonce,
            )
            // The library adds openid by itself.
            .add_scopes(set_up.scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        self.remember(state.key(), set_up.id, browser.key(), &pending).await?;
        Ok(Started { url: url.into(), browser })
    }

    async fn remember(
        &self,
        state: Hash32,
        provider: String,
        browser: Hash32,
        pending: &Pending,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_vec(pending)
            .map(Zeroizing::new)
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        let secret = self.0.access.0.vault.close(Place::SsoState(state), &text);
        let now = self.now();
        let row = SsoState { provider, browser, secret, expires_at: now.plus_ms(STATE_MS) };
        self.0.access.0.store.write(move |tx| sso_states::add(tx, &state, &row, now)).await
    }
}
