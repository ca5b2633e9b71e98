//! What a provider says of itself: found when it is first needed, kept for an hour, asked again when a key is new.
//!
//! A provider that is down stops nobody but those who want to sign in with it, and is asked again soon.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use openidconnect::{
    AdditionalProviderMetadata, AuthType, ClientId, ClientSecret, DiscoveryError, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IssuerUrl, JsonWebKeySet, ProviderMetadata, RedirectUrl, TokenUrl,
    UserInfoUrl,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod, CoreGrantType,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
    url::Url,
};
use serde::{Deserialize, Serialize};
use wire::id::UnixMs;

use super::{
    error::SsoError,
    fetch::{Fetch, FetchError},
};
use crate::config::SsoProvider;

/// How long what a provider says of itself is believed.
const KNOWN_MS: i64 = 60 * 60_000;
/// After a failure nobody asks again for so long: a page that is reloaded does not become a storm.
const REST_MS: i64 = 5_000;
/// A token with an unknown key makes us ask again, but not more often than this: anybody can make one.
const RENEWAL_MS: i64 = 30_000;

/// What can be verified here; whatever a provider advertises beyond it is not taken. Never `none`, never a shared secret.
const ASYMMETRIC: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What is read of the discovery document besides what OpenID Connect Discovery itself names.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Further {
    /// OpenID Connect RP-Initiated Logout 1.0.
    end_session_endpoint: Option<Url>,
    /// RFC 9207.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Further {}

type Metadata = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

pub(super) type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider as it was set up and as it says it is.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    pub set_up: SsoProvider,
    metadata: Metadata,
}

impl Provider {
    /// What speaks to its endpoints, as the client that we are registered as there.
    pub fn client(&self, redirect: RedirectUrl) -> Client {
        let secret = self.set_up.client_secret.as_ref().and_then(|secret| secret.expose_text());
        let secret = secret.map(|secret| ClientSecret::new(secret.to_owned()));
        CoreClient::from_provider_metadata(self.metadata.clone(), self.client_id(), secret)
            .set_redirect_uri(redirect)
            .set_auth_type(self.auth_type())
    }

    pub fn client_id(&self) -> ClientId {
        ClientId::new(self.set_up.client_id.clone())
    }

    pub fn issuer(&self) -> &IssuerUrl {
        self.metadata.issuer()
    }

    pub fn keys(&self) -> &JsonWebKeySet<CoreJsonWebKey> {
        self.metadata.jwks()
    }

    /// In which of its ways tokens may be signed.
    pub fn algorithms(&self) -> Vec<CoreJwsSigningAlgorithm> {
        let advertised = self.metadata.id_token_signing_alg_values_supported();
        ASYMMETRIC.into_iter().filter(|algorithm| advertised.contains(algorithm)).collect()
    }

    pub fn user_info(&self) -> Option<&Url> {
        self.metadata.userinfo_endpoint().map(UserInfoUrl::url)
    }

    pub fn end_session(&self) -> Option<&Url> {
        self.metadata.additional_metadata().end_session_endpoint.as_ref()
    }

    /// Whether its answers name their issuer, so that one without is somebody else's.
    pub fn names_itself(&self) -> bool {
        self.metadata.additional_metadata().authorization_response_iss_parameter_supported
    }

    /// Basic where nothing is said (OpenID Connect Discovery 1.0, section 3).
    fn auth_type(&self) -> AuthType {
        match self.metadata.token_endpoint_auth_methods_supported() {
            Some(methods)
                if methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                    && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic) =>
            {
                AuthType::RequestBody
            }
            _ => AuthType::BasicAuth,
        }
    }

    /// Over TLS the issuer was asked; what it points at must not fall back behind that.
    fn insecure_endpoint(&self) -> Option<&Url> {
        let endpoints = [
            Some(self.metadata.authorization_endpoint().url()),
            self.metadata.token_endpoint().map(TokenUrl::url),
            Some(self.metadata.jwks_uri().url()),
            self.user_info(),
            self.end_session(),
        ];
        let secure = self.metadata.issuer().url().scheme() == "https";
        endpoints
            .into_iter()
            .flatten()
            .find(|url| !(url.scheme() == "https" || (url.scheme() == "http" && !secure)))
    }
}

/// The providers that were asked so far, by their ids.
#[derive(Default)]
pub(super) struct Providers(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Slot>>>>);

#[derive(Default)]
struct Slot {
    known: Option<Arc<Provider>>,
    /// When it was asked.
    at: Option<UnixMs>,
    /// When it was asked because of a token that did not fit.
    renewed_at: Option<UnixMs>,
    failed: Option<(UnixMs, String)>,
}

impl Slot {
    fn fresh(&self, set_up: &SsoProvider, now: UnixMs) -> Option<Arc<Provider>> {
        let young = self.at.is_some_and(|at| (0..KNOWN_MS).contains(&now.since(at)));
        self.known.as_ref().filter(|known| young && known.set_up == *set_up).map(Arc::clone)
    }
}

impl Providers {
    fn slot(&self, id: &str) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(id.to_owned()).or_default())
    }

    /// As it is known, or as it says just now. Those who come while it is being asked wait for the same answer.
    pub async fn get(
        &self,
        fetch: &Fetch,
        set_up: &SsoProvider,
        now: UnixMs,
    ) -> Result<Arc<Provider>, SsoError> {
        let slot = self.slot(&set_up.id);
        let mut slot = slot.lock().await;
        if let Some(known) = slot.fresh(set_up, now) {
            return Ok(known);
        }
        if let Some((at, what)) = &slot.failed
            && (0..REST_MS).contains(&now.since(*at))
        {
            return Err(unavailable(set_up, what.clone()));
        }
        match discover(fetch, set_up).await {
            Ok(provider) => {
                let provider = Arc::new(provider);
                (slot.known, slot.at, slot.failed) = (Some(Arc::clone(&provider)), Some(now), None);
                Ok(provider)
            }
            Err(what) => {
                tracing::warn!(
                    provider = set_up.id,
                    issuer = set_up.issuer,
                    what,
                    "a provider cannot be asked"
                );
                slot.failed = Some((now, what.clone()));
                Err(unavailable(set_up, what))
            }
        }
    }

    /// As it says now, its keys with it, where that may differ from what was known `before`. `None`: it was asked a moment
    /// ago, and asking again would not help.
    pub async fn renewed(
        &self,
        fetch: &Fetch,
        before: &Arc<Provider>,
        now: UnixMs,
    ) -> Result<Option<Arc<Provider>>, SsoError> {
        let slot = self.slot(&before.set_up.id);
        let mut slot = slot.lock().await;
        if let Some(known) = slot.fresh(&before.set_up, now)
            && !Arc::ptr_eq(&known, before)
        {
            // Somebody else met the new key first.
            return Ok(Some(known));
        }
        if slot.renewed_at.is_some_and(|at| (0..RENEWAL_MS).contains(&now.since(at))) {
            return Ok(None);
        }
        slot.renewed_at = Some(now);
        let provider =
            discover(fetch, &before.set_up).await.map_err(|what| unavailable(&before.set_up, what))?;
        let provider = Arc::new(provider);
        (slot.known, slot.at) = (Some(Arc::clone(&provider)), Some(now));
        Ok(Some(provider))
    }

    /// As it was known last, however long ago. Nobody is asked, and whoever is asking is not waited for.
    pub fn last_known(&self, id: &str) -> Option<Arc<Provider>> {
        let slot = self.slot(id);
        let slot = slot.try_lock().ok()?;
        slot.known.as_ref().map(Arc::clone)
    }
}

pub(super) fn unavailable(set_up: &SsoProvider, what: String) -> SsoError {
    SsoError::Unavailable { provider: set_up.name.clone(), what }
}

async fn discover(fetch: &Fetch, set_up: &SsoProvider) -> Result<Provider, String> {
    let issuer = IssuerUrl::new(set_up.issuer.clone()).map_err(|error| error.to_string())?;
    let metadata = Metadata::discover_async(issuer, fetch).await.map_err(|error| said(&error))?;
    let provider = Provider { set_up: set_up.clone(), metadata };
    if provider.metadata.token_endpoint().is_none() {
        return Err("it names no token endpoint".to_owned());
    }
    if let Some(url) = provider.insecure_endpoint() {
        return Err(format!("its endpoint {} is not reached over TLS", without_query(url)));
    }
    if provider.algorithms().is_empty() {
        return Err("it signs in no way that can be verified here".to_owned());
    }
    Ok(provider)
}

fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.to_string()
}

/// In one line; bodies that it sent are left out.
fn said(error: &DiscoveryError<FetchError>) -> String {
    match error {
        DiscoveryError::Request(error) => error.to_string(),
        DiscoveryError::Parse(error) => format!("its description cannot be read: {error}"),
        DiscoveryError::Response(_, _, what)
        | DiscoveryError::Validation(what)
        | DiscoveryError::Other(what) => what.clone(),
        other => other.to_string(),
    }
}
