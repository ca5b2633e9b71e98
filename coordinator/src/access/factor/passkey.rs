//! Passkeys: the ceremonies of WebAuthn, for the one site that the public URL names.
//!
//! Knows challenges and what verifies them. Rows are the store's, tickets another file's. The library draws its challenges
//! from the operating system itself. User verification is always required, so a passkey stands for what one has and what
//! one knows or is.

use webauthn_rs::prelude::{
    AuthenticationResult, CreationChallengeResponse, DiscoverableAuthentication, Passkey,
    PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    RequestChallengeResponse, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use crate::store::{StoreError, passkeys::PasskeyRow, people::Person};

/// A person has no more: each is asked for in one list.
pub const MOST: usize = 20;

/// The site's half of every ceremony.
pub struct Passkeys(Webauthn);

impl Passkeys {
    /// `None` where no browser takes a passkey: for a name, over https, or on this very machine.
    pub fn at(public_url: &str, site_name: &str) -> Option<Self> {
        let url = Url::parse(public_url).ok()?;
        let domain = url.domain()?;
        let here = domain == "localhost" || domain.ends_with(".localhost");
        if url.scheme() != "https" && !here {
            return None;
        }
        WebauthnBuilder::new(domain, &url).and_then(|site| site.rp_name(site_name).build()).ok().map(Self)
    }

    /// What the browser is told, and what is kept until it answers.
    pub fn begin_adding(
        &self,
        person: &Person,
        handle: [u8; 16],
        has: &[PasskeyRow],
    ) -> Result<(serde_json::Value, PasskeyRegistration), WebauthnError> {
        let known = has.iter().map(|row| row.id.clone()).collect();
        let (options, state) = self.0.start_passkey_registration(
            Uuid::from_bytes(handle),
            &person.name,
            &person.name,
            Some(known),
        )?;
        Ok((creation(&options)?, state))
    }

    pub fn finish_adding(
        &self,
        credential: serde_json::Value,
        state: &PasskeyRegistration,
    ) -> Result<Passkey, WebauthnError> {
        let credential: RegisterPublicKeyCredential = read(credential)?;
        self.0.finish_passkey_registration(&credential, state)
    }

    /// For a person who is known: one of theirs.
    pub fn begin_second(
        &self,
        has: &[PasskeyRow],
    ) -> Result<(serde_json::Value, PasskeyAuthentication), WebauthnError> {
        let keys: Vec<Passkey> = has.iter().filter_map(|row| key_of(row).ok()).collect();
        let (options, state) = self.0.start_passkey_authentication(&keys)?;
        Ok((request(&options)?, state))
    }

    pub fn finish_second(
        &self,
        credential: &PublicKeyCredential,
        state: &PasskeyAuthentication,
    ) -> Result<AuthenticationResult, WebauthnError> {
        self.0.finish_passkey_authentication(credential, state)
    }

    /// For nobody yet: whichever passkey the browser has for this site.
    pub fn begin_alone(&self) -> Result<(serde_json::Value, DiscoverableAuthentication), WebauthnError> {
        let (options, state) = self.0.start_discoverable_authentication()?;
        Ok((request(&options)?, state))
    }

    pub fn finish_alone(
        &self,
        credential: &PublicKeyCredential,
        state: DiscoverableAuthentication,
        key: &Passkey,
    ) -> Result<AuthenticationResult, WebauthnError> {
        self.0.finish_discoverable_authentication_v2(credential, state, key)
    }
}

/// What the browser sent.
pub fn credential_of(json: serde_json::Value) -> Result<PublicKeyCredential, WebauthnError> {
    read(json)
}

pub fn key_of(row: &PasskeyRow) -> Result<Passkey, StoreError> {
    serde_json::from_str(&row.credential).map_err(|error| StoreError::unreadable("a passkey", error))
}

pub fn text_of(key: &Passkey) -> Result<String, StoreError> {
    serde_json::to_string(key).map_err(|error| StoreError::Refused(error.to_string()))
}

fn read<T: serde::de::DeserializeOwned>(json: serde_json::Value) -> Result<T, WebauthnError> {
    Ok(serde_json::from_value(json)?)
}

/// Asks for a passkey that knows its person, so that it can be signed in with alone; the library would rather have none.
fn creation(options: &CreationChallengeResponse) -> Result<serde_json::Value, WebauthnError> {
    let mut json = serde_json::to_value(options)?;
    json["publicKey"]["authenticatorSelection"]["residentKey"] = "preferred".into();
    Ok(json)
}

/// Without the library's wish that the browser asks of itself: here a person pressed a button.
fn request(options: &RequestChallengeResponse) -> Result<serde_json::Value, WebauthnError> {
    let mut json = serde_json::to_value(options)?;
    if let Some(all) = json.as_object_mut() {
        all.remove("mediation");
    }
    Ok(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_take_passkeys_for_a_name_over_https_or_on_this_machine() {
        for (url, takes) in [
            ("https://backup.example.org", true),
            ("https://backup.example.org:8443/below", true),
            ("http://localhost:7700", true),
            ("http://panel.localhost:7700", true),
            ("http://backup.example.org", false),
            ("http://127.0.0.1:7700", false),
            ("https://192.0.2.1", false),
            ("https://[2001:db8::1]", false),
            ("nonsense", false),
        ] {
            assert_eq!(Passkeys::at(url, "attic").is_some(), takes, "{url}");
        }
    }
}
