//! Signing in by way of an identity provider: OpenID Connect's code flow with PKCE, state and nonce.
//!
//! Knows what a provider must prove before it is believed, and what its people become here. Must not know HTTP's side of
//! it: pages, cookies and forms. Nothing waits for a provider but whoever wants to come by it.

mod claims;
mod error;
mod fetch;
mod finish;
mod join;
mod logout;
mod provider;
mod return_to;
mod sign_out;
mod start;
mod token;

pub use error::{Refusal, SsoError};
pub use finish::{Back, Finished};
pub use start::Started;

use std::sync::Arc;

use openidconnect::RedirectUrl;
use wire::{id::UnixMs, view::ProviderView};

use super::{Access, AccessError};
use crate::config::{Live, SsoProvider};
use fetch::Fetch;
use provider::{Provider, Providers, unavailable};
use token::TokenProblem;

/// Cheap to clone.
#[derive(Clone)]
pub struct Sso(Arc<Inner>);

struct Inner {
    access: Access,
    config: Live,
    fetch: Fetch,
    providers: Providers,
    /// Where the panel is, without a slash at the end.
    public_url: String,
}

impl Sso {
    /// Asks nobody yet: a provider that is down when we start stops nothing.
    pub fn new(access: Access, config: Live, public_url: &str) -> Self {
        let fetch = Fetch::new(access.0.world.clone());
        let providers = Providers::default();
        let public_url = public_url.trim_end_matches('/').to_owned();
        Self(Arc::new(Inner { access, config, fetch, providers, public_url }))
    }

    /// Those that the sign-in page offers, in the order of the configuration.
    pub fn providers(&self) -> Vec<ProviderView> {
        let config = self.0.config.now();
        let view = |set_up: &SsoProvider| ProviderView { id: set_up.id.clone(), name: set_up.name.clone() };
        config.sso.iter().map(view).collect()
    }

    fn now(&self) -> UnixMs {
        self.0.access.0.world.now()
    }

    fn after_setup(&self) -> Result<(), SsoError> {
        if self.0.access.setup_needed() { Err(SsoError::TooEarly) } else { Ok(()) }
    }

    fn set_up(&self, id: &str) -> Result<SsoProvider, SsoError> {
        let config = self.0.config.now();
        let found = config.sso.iter().find(|set_up| set_up.id == id);
        found.cloned().ok_or_else(|| SsoError::NoSuchProvider(id.chars().take(40).collect()))
    }

    async fn provider(&self, set_up: &SsoProvider) -> Result<Arc<Provider>, SsoError> {
        self.0.providers.get(&self.0.fetch, set_up, self.now()).await
    }

    /// Where providers send people back to: a page of the panel.
    fn redirect(&self, set_up: &SsoProvider) -> Result<RedirectUrl, SsoError> {
        RedirectUrl::new(format!("{}/sso/callback", self.0.public_url))
            .map_err(|error| unavailable(set_up, format!("the public URL here is none: {error}")))
    }

    /// Holds a token against what is known of the provider, and once more against what it says now where that is too old.
    async fn check<T>(
        &self,
        provider: &Arc<Provider>,
        verify: impl Fn(&Provider) -> Result<T, TokenProblem>,
    ) -> Result<Result<T, String>, SsoError> {
        let problem = match verify(provider) {
            Err(TokenProblem::Unknown(what)) => what,
            decided => return Ok(decided.map_err(TokenProblem::into_words)),
        };
        match self.0.providers.renewed(&self.0.fetch, provider, self.now()).await? {
            Some(renewed) => Ok(verify(&renewed).map_err(TokenProblem::into_words)),
            None => Ok(Err(problem.to_owned())),
        }
    }
}

impl From<Refusal> for AccessError {
    fn from(refusal: Refusal) -> Self {
        Self::Sso(SsoError::Refused(refusal))
    }
}

#[cfg(test)]
pub(crate) mod tests;
