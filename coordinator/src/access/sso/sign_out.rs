//! Signing out: here and at the provider, whoever of the two begins.

use std::time::Duration;

use openidconnect::url::Url;
use wire::view::{Actor, AuditAction, TargetKind};

use super::{
    Sso, SsoError,
    logout::{self, Whom},
};
use crate::{
    access::{AccessError, Session},
    audit::{Act, Entry},
    store::{
        StoreError,
        people::Identity,
        sessions::{self, ProviderSession},
        sso_states,
    },
    vault::Place,
};

/// Signing out here does not wait longer for a provider that has to be asked first where it signs out.
const PATIENCE: Duration = Duration::from_secs(3);

impl Sso {
    /// Ends the session here. Where the browser ends the provider's too, when it began this one and has a place for that.
    pub async fn sign_out(&self, act: &Act, session: &Session) -> Result<Option<String>, StoreError> {
        let key = session.key;
        let access = &self.0.access;
        let tie = access.0.store.read(move |connection| sessions::provider_of(connection, &key)).await?;
        access.sign_out(act, session).await?;
        match tie {
            Some(tie) => Ok(self.end_session(session, &tie).await.map(Into::into)),
            None => Ok(None),
        }
    }

    async fn end_session(&self, session: &Session, tie: &ProviderSession) -> Option<Url> {
        let set_up = self.set_up(&tie.provider).ok()?;
        let asked = self.0.access.0.world.within(PATIENCE, self.provider(&set_up)).await;
        let provider = match asked {
            Some(Ok(provider)) => provider,
            _ => self.0.providers.last_known(&set_up.id)?,
        };
        let mut url = provider.end_session()?.clone();
        let hint = tie
            .id_token
            .as_ref()
            .and_then(|sealed| self.0.access.0.vault.open(Place::IdToken(session.person.0), sealed).ok());
        let hint = hint.as_ref().and_then(|hint| std::str::from_utf8(hint).ok());
        let mut query = url.query_pairs_mut();
        if let Some(hint) = hint {
            query.append_pair("id_token_hint", hint);
        }
        query.append_pair("client_id", &set_up.client_id);
        query.append_pair("post_logout_redirect_uri", &format!("{}/sign-in", self.0.public_url));
        drop(query);
        Some(url)
    }

    /// A provider tells that somebody signed out there. How many sessions that ended here.
    pub async fn signed_out_there(
        &self,
        act: &Act,
        provider: &str,
        token: &str,
    ) -> Result<usize, AccessError> {
        let set_up = self.set_up(provider)?;
        let provider = self.provider(&set_up).await?;
        let now = self.now();
        let refused = |what| AccessError::Sso(SsoError::LogoutToken(what));
        let checked = self.check(&provider, |provider| logout::verify(provider, token, now)).await?;
        let told = checked.map_err(|what| {
            tracing::warn!(provider = set_up.id, what, "a logout token was refused");
            refused(what)
        })?;
        let (access, act) = (self.0.access.clone(), act.by(Actor::Nobody { name: set_up.id.clone() }));
        self.0
            .access
            .0
            .store
            .write(move |tx| {
                if !sso_states::take_logout(tx, &told.name, told.stale_at, now)? {
                    return Err(refused("it was used before".to_owned()));
                }
                let (sid, subject) = match told.whom {
                    Whom::Session { sid, subject } => (Some(sid), subject),
                    Whom::Person { subject } => (None, Some(subject)),
                };
                let identity = subject.map(|subject| Identity { issuer: set_up.issuer.clone(), subject });
                let ended = sessions::remove_of_provider(tx, &set_up.id, sid.as_deref(), identity.as_ref())?;
                for (session, name) in &ended {
                    let entry = Entry::new(AuditAction::ProviderSignOut);
                    act.record(tx, entry.on(TargetKind::Session, session, name.as_str()))?;
                }
                if !ended.is_empty() {
                    access.sessions_changed(tx);
                }
                Ok(ended.len())
            })
            .await
    }
}
