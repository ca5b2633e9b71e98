//! Signing in by a passkey alone.

use crate::{
    access::{Access, AccessError, Begun, Token, Visitor, session::key_of_text},
    audit::Act,
    store::{
        StoreError,
        people::{self, PersonId},
    },
};

use super::{
    FactorError,
    passkey::{credential_of, text_of},
    second::{Shown, ShownPasskey, refused},
};

impl Access {
    /// A challenge for whichever passkey the browser has for this site.
    pub fn begin_passkey_sign_in(&self, act: &Act) -> Result<(Token, serde_json::Value), AccessError> {
        let inner = &self.0;
        inner.throttle.check(None, act.address())?;
        let (options, state) = inner.factors.passkeys()?.begin_alone().map_err(refused)?;
        let ticket = Token::new(inner.world.seed());
        inner.factors.challenges.put(ticket.key(), None, state, inner.world.now());
        Ok((ticket, options))
    }

    /// Signs in by a passkey alone: it was unlocked by its person, so it is both factors. Nobody goes around a provider by
    /// one: it alone knows whether they are still its person, and with which role.
    pub async fn passkey_sign_in(
        &self,
        act: &Act,
        ticket: &str,
        credential: serde_json::Value,
        visitor: Visitor,
    ) -> Result<Begun, AccessError> {
        let inner = &self.0;
        inner.throttle.check(None, act.address())?;
        let state = key_of_text(ticket)
            .and_then(|key| inner.factors.challenges.take(&key, inner.world.now()))
            .ok_or(FactorError::TicketOver)?
            .into_what();
        let site = inner.factors.passkeys()?;
        let credential = credential_of(credential).map_err(refused)?;
        let known = self.passkey(credential.get_credential_id()).await;
        let (row, mut key) = match known {
            Err(refusal @ AccessError::Factor(_)) => {
                self.refuse_sign_in(act, None, &refusal, None).await?;
                return Err(refusal);
            }
            known => known?,
        };
        let ours = credential.get_user_unique_id() == Some(&inner.vault.handle(row.person.0)[..]);
        let result = site.finish_alone(&credential, state, &key).map_err(refused);
        let shown = match result {
            Ok(result) if ours && result.user_verified() => {
                key.update_credential(&result);
                Ok(Shown::Passkey(ShownPasskey { credential: text_of(&key)?, row: row.clone() }))
            }
            Ok(_) => Err(FactorError::WrongPasskey.into()),
            Err(refusal) => Err(refusal),
        };
        let begun = match shown {
            Ok(shown) => self.begin_by_passkey(act, row.person, shown, visitor).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal @ (AccessError::Factor(_) | AccessError::Disabled { .. })) = &begun {
            let name = self.name_of(row.person).await?;
            self.refuse_sign_in(act, name.as_deref(), refusal, None).await?;
        }
        begun
    }

    async fn begin_by_passkey(
        &self,
        act: &Act,
        id: PersonId,
        shown: Shown,
        visitor: Visitor,
    ) -> Result<Begun, AccessError> {
        let (access, act) = (self.clone(), act.clone());
        let visitor = Visitor { proved: true, ..visitor };
        self.0
            .store
            .write(move |tx| {
                let person = people::by_id(tx, id)?.ok_or(FactorError::WrongPasskey)?;
                access.use_up(tx, &act, &person, shown)?;
                if person.disabled_at.is_some() {
                    return Err(AccessError::Disabled { user: person.name });
                }
                if person.identity.is_some() {
                    return Err(FactorError::Vouched.into());
                }
                access.begin_in(tx, &act, &person, visitor)
            })
            .await
    }

    async fn name_of(&self, id: PersonId) -> Result<Option<String>, StoreError> {
        let person = self.0.store.read(move |connection| people::by_id(connection, id)).await?;
        Ok(person.map(|person| person.name))
    }
}
