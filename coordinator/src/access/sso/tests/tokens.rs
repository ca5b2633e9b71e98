//! ID tokens that somebody tampered with: none of them lets anybody in, or leaves anybody behind.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::Signer as _;
use serde_json::Value;
use sha2::{Digest as _, Sha512};

use super::{
    fake::{hmac_sha256, jwt, key, laid_over},
    *,
};

impl House {
    async fn refused_for(&self, word: &str) {
        let refused = self.refusal("ann").await;
        let Refusal::Token { what, .. } = &refused else { panic!("{word}: {refused:?}") };
        assert!(what.contains(word), "{word}: {what}");
        assert!(self.people().await.is_empty(), "{word}");
    }
}

#[tokio::test]
async fn claims_that_are_not_ours_or_not_of_now_are_refused() {
    let house = House::new().await;
    let now = house.office.now_s();
    for (claims, word) in [
        (json!({ "iss": "https://evil.example" }), "issuer"),
        (json!({ "iss": format!("{}/", house.office.issuer) }), "issuer"),
        (json!({ "aud": "other" }), "audience"),
        (json!({ "aud": [] }), "audience"),
        (json!({ "aud": [CLIENT, "other"] }), "several audiences"),
        (json!({ "aud": [CLIENT, "other"], "azp": "other" }), "another client"),
        (json!({ "azp": "other" }), "another client"),
        (json!({ "nonce": "another" }), "nonce"),
        (json!({ "nonce": null }), "nonce"),
        (json!({ "exp": now - 61 }), "time"),
        (json!({ "exp": now - 60 }), "time"),
        (json!({ "iat": now + 61 }), "future"),
        (json!({ "nbf": now + 61 }), "not valid yet"),
        (json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }), "access token"),
    ] {
        house.office.manner().id_token = claims;
        house.refused_for(word).await;
    }
}

#[tokio::test]
async fn clocks_may_be_a_minute_apart_and_others_may_be_named_beside_us() {
    let house = House::new().await;
    let now = house.office.now_s();
    let access_token = house.office.manner().access_token.clone();
    let half = &Sha512::digest(access_token)[..32];
    for claims in [
        json!({ "exp": now - 59 }),
        json!({ "iat": now + 60, "nbf": now + 60 }),
        json!({ "aud": [CLIENT] }),
        json!({ "aud": ["other", CLIENT], "azp": CLIENT }),
        json!({ "at_hash": URL_SAFE_NO_PAD.encode(half) }),
    ] {
        house.office.manner().id_token = claims.clone();
        assert!(house.sign_in("ann").await.is_ok(), "{claims}");
    }
}

#[tokio::test]
async fn a_token_without_expiry_issue_time_or_subject_is_none() {
    let house = House::new().await;
    for missing in ["exp", "iat", "sub", "iss"] {
        house.office.manner().id_token = json!({ missing: null });
        // The library cannot even read it.
        let what = unavailable_because(house.sign_in("ann").await);
        assert!(what.contains("cannot be read"), "{missing}: {what}");
    }
    assert!(house.people().await.is_empty());
}

/// Makes a token of a header and claims.
type Forgery = fn(&Fake, Value, Value) -> String;

fn unsigned(_: &Fake, _: Value, claims: Value) -> String {
    jwt(&json!({ "alg": "none" }), &claims, |_| Vec::new())
}

/// The public key, which everybody has, as if it were a shared secret.
fn by_public_key(fake: &Fake, _: Value, claims: Value) -> String {
    let public = fake.manner().keys[0].1.verifying_key().to_bytes();
    jwt(&json!({ "alg": "HS256", "kid": "one" }), &claims, |signed| hmac_sha256(&public, signed))
}

/// A secret that we do share: still not a way that is taken.
fn by_client_secret(_: &Fake, _: Value, claims: Value) -> String {
    jwt(&json!({ "alg": "HS256" }), &claims, |signed| hmac_sha256(b"hush/hush", signed))
}

fn by_another_key(_: &Fake, _: Value, claims: Value) -> String {
    let header = json!({ "alg": "EdDSA", "kid": "one" });
    jwt(&header, &claims, |signed| key(99).sign(signed).to_bytes().to_vec())
}

fn by_a_key_in_its_header(_: &Fake, _: Value, claims: Value) -> String {
    let x = URL_SAFE_NO_PAD.encode(key(99).verifying_key().as_bytes());
    let header = json!({ "alg": "EdDSA", "jwk": { "kty": "OKP", "crv": "Ed25519", "x": x } });
    jwt(&header, &claims, |signed| key(99).sign(signed).to_bytes().to_vec())
}

fn by_an_unknown_key(_: &Fake, _: Value, claims: Value) -> String {
    let header = json!({ "alg": "EdDSA", "kid": "two" });
    jwt(&header, &claims, |signed| key(99).sign(signed).to_bytes().to_vec())
}

fn changed_afterwards(fake: &Fake, header: Value, claims: Value) -> String {
    let honest = fake.sign(header, claims.clone());
    let (head, rest) = honest.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let claims = laid_over(claims, &json!({ "groups": ["admins"] }));
    format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn of_another_kind(fake: &Fake, _: Value, claims: Value) -> String {
    fake.sign(json!({ "typ": "logout+jwt" }), claims)
}

fn with_demands(fake: &Fake, _: Value, claims: Value) -> String {
    fake.sign(json!({ "crit": ["exp"] }), claims)
}

#[tokio::test]
async fn only_a_signature_by_a_key_that_the_provider_shows_is_one() {
    let house = House::new().await;
    let forgeries: [(Forgery, &str); 9] = [
        (unsigned, "signature"),
        (by_public_key, "signed in a way"),
        (by_client_secret, "signed in a way"),
        (by_another_key, "signature"),
        (by_a_key_in_its_header, "signature"),
        (by_an_unknown_key, "a key that the provider does not show"),
        (changed_afterwards, "signature"),
        (of_another_kind, "JWT type"),
        (with_demands, "critical"),
    ];
    for (forge, word) in forgeries {
        house.office.manner().forge = Some(forge);
        house.refused_for(word).await;
    }
    house.office.manner().forge = None;
    house.sign_in("ann").await.unwrap();
}

#[tokio::test]
async fn a_way_to_sign_that_the_provider_does_not_advertise_is_not_taken() {
    let house = House::new().await;
    house.office.manner().description = json!({ "id_token_signing_alg_values_supported": ["RS256"] });
    house.refused_for("signed in a way").await;
}

/// By the key that the provider had at first, and gave up.
fn by_the_first_key(_: &Fake, _: Value, claims: Value) -> String {
    let header = json!({ "alg": "EdDSA", "kid": "one" });
    jwt(&header, &claims, |signed| key(1).sign(signed).to_bytes().to_vec())
}

#[tokio::test]
async fn new_keys_are_met_without_a_restart_and_old_ones_go() {
    let house = House::new().await;
    house.sign_in("ann").await.unwrap();
    house.office.manner().keys = vec![("two".into(), key(2))];
    house.sign_in("ann").await.unwrap();
    assert_eq!(house.office.asked("/keys"), 2);
    house.office.manner().keys = vec![("three".into(), key(3))];
    for _ in 0..3 {
        let refused = house.refusal("ann").await;
        assert!(refused.to_string().contains("a key that the provider does not show"), "{refused}");
    }
    assert_eq!(house.office.asked("/keys"), 2, "bad tokens do not make us ask without end");
    house.time.advance(std::time::Duration::from_secs(30));
    house.sign_in("ann").await.unwrap();
    assert_eq!(house.office.asked("/keys"), 3);
    house.time.advance(std::time::Duration::from_secs(30));
    house.office.manner().forge = Some(by_the_first_key);
    let refused = house.refusal("ann").await;
    assert!(refused.to_string().contains("a key that the provider does not show"), "{refused}");
}

#[tokio::test]
async fn a_provider_may_change_its_way_to_sign_too() {
    let house = House::new().await;
    house.office.manner().description = json!({ "id_token_signing_alg_values_supported": ["RS256"] });
    house.start().await;
    house.office.manner().description = json!({});
    house.sign_in("ann").await.unwrap();
}
