//! Who asks: a person by their session, or a program by a token that a person made.

use wire::{
    id::{Hash32, UnixMs},
    trust::Role,
    view::Actor,
};

use super::{
    Access, Session,
    session::{TOUCH_MS, key_of_text},
};
use crate::store::{StoreError, people::PersonId, sessions};

/// As the database has them at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub person: PersonId,
    /// The person's name; of a token, its maker's.
    pub user: String,
    pub role: Role,
    pub by: By,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    Session(Session),
    Token { id: u32, key: Hash32, name: String, expires_at: Option<UnixMs> },
}

impl Identity {
    pub fn session(&self) -> Option<&Session> {
        match &self.by {
            By::Session(session) => Some(session),
            By::Token { .. } => None,
        }
    }

    /// As the audit names them.
    pub fn actor(&self) -> Actor {
        let (name, role) = (self.user.clone(), self.role);
        match &self.by {
            By::Session(_) => Actor::Person { name, role },
            By::Token { name: token, .. } => Actor::Token { token: token.clone(), name, role },
        }
    }

    fn of_session(session: Session) -> Self {
        Self {
            person: session.person,
            user: session.user.clone(),
            role: session.role,
            by: By::Session(session),
        }
    }
}

impl Access {
    /// Whose session this cookie's value stands for, with the role that its person has now.
    pub async fn by_cookie(&self, cookie: &str) -> Result<Option<Identity>, StoreError> {
        let session = match key_of_text(cookie) {
            Some(key) => self.session_by_key(key, true).await?,
            None => None,
        };
        Ok(session.map(Identity::of_session))
    }

    /// The same once more, for whoever keeps an answer open. Looking is not using.
    pub async fn still(&self, identity: &Identity) -> Result<Option<Identity>, StoreError> {
        match &identity.by {
            By::Session(session) => {
                Ok(self.session_by_key(session.key, false).await?.map(Identity::of_session))
            }
            By::Token { key, .. } => self.token_by_key(*key, false).await,
        }
    }

    async fn session_by_key(&self, key: Hash32, used: bool) -> Result<Option<Session>, StoreError> {
        let Some(row) = self.0.store.read(move |connection| sessions::find(connection, &key)).await? else {
            return Ok(None);
        };
        let now = self.0.world.now();
        let coarse = now.since(row.held.used_at) >= TOUCH_MS;
        let session = Session::of(key, row, &self.settings(), now);
        if used && coarse && session.is_some() {
            let store = self.0.store.clone();
            // Nobody waits for it, and a full disk must not sign people out.
            tokio::spawn(async move { store.write(move |tx| sessions::touch(tx, &key, now)).await });
        }
        Ok(session)
    }
}
