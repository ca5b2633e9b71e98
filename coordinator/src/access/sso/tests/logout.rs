//! Signing out, begun here and begun there.

use std::{collections::HashMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::Signer as _;
use openidconnect::url::Url;
use serde_json::Value;

use super::{
    fake::{Ails, hmac_sha256, jwt, key, laid_over},
    *,
};

#[tokio::test]
async fn signing_out_goes_on_at_the_provider() {
    let house = House::new().await;
    let begun = let_in(house.sign_in("ann").await.unwrap());
    let url = house.sso.sign_out(&house.act, &begun.session).await.unwrap().unwrap();
    assert_eq!(house.session(&begun).await, None);
    let url = Url::parse(&url).unwrap();
    assert!(url.as_str().starts_with(&format!("{}/end?tenant=1&", house.office.issuer)), "{url}");
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["client_id"], CLIENT);
    assert_eq!(query["post_logout_redirect_uri"], "https://backup.example.org/sign-in");
    let payload = URL_SAFE_NO_PAD.decode(query["id_token_hint"].split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(claims["sub"], "ann");
}

#[tokio::test]
async fn a_provider_that_has_no_place_for_it_or_is_gone_keeps_nobody_signed_in() {
    let house = House::new().await;
    house.office.manner().description = json!({ "end_session_endpoint": null });
    let begun = let_in(house.sign_in("ann").await.unwrap());
    assert_eq!(house.sso.sign_out(&house.act, &begun.session).await.unwrap(), None);
    assert_eq!(house.session(&begun).await, None);

    let begun = let_in(house.sign_in("ann").await.unwrap());
    house.office.manner().ails = Ails::Hangs;
    house.time.advance(Duration::from_hours(1));
    let (sso, act, session) = (house.sso.clone(), house.act.clone(), begun.session.clone());
    let leaving = tokio::spawn(async move { sso.sign_out(&act, &session).await });
    house.office.held.notified().await;
    assert_eq!(house.session(&begun).await, None, "it is over before the provider is asked");
    house.time.advance(Duration::from_secs(3));
    leaving.await.unwrap().unwrap();
}

impl House {
    /// An honest logout token, with `claims` laid over it.
    fn logout_claims(&self, claims: &Value) -> Value {
        let now = self.office.now_s();
        let honest = json!({
            "iss": self.office.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "one",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} }, "sub": "ann",
        });
        laid_over(honest, claims)
    }

    fn logout_token(&self, claims: &Value) -> String {
        self.office.sign(json!({ "typ": "logout+jwt" }), self.logout_claims(claims))
    }

    async fn told(&self, token: &str) -> Result<usize, String> {
        match self.sso.signed_out_there(&self.act, "office", token).await {
            Ok(ended) => Ok(ended),
            Err(AccessError::Sso(SsoError::LogoutToken(what))) => Err(what),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_logout_there_ends_that_session_or_all_of_that_person() {
    let house = House::new().await;
    let (one, two) =
        (let_in(house.sign_in("ann").await.unwrap()), let_in(house.sign_in("ann").await.unwrap()));
    house.office.manner().id_token = json!({ "sid": "another" });
    let (three, bob) =
        (let_in(house.sign_in("ann").await.unwrap()), let_in(house.sign_in("bob").await.unwrap()));

    let of_bob = json!({ "sid": "session of ann", "sub": "bob", "jti": "a" });
    assert_eq!(house.told(&house.logout_token(&of_bob)).await, Ok(0), "both must fit");
    let by_sid = json!({ "sid": "session of ann", "sub": null, "jti": "b" });
    assert_eq!(house.told(&house.logout_token(&by_sid)).await, Ok(2));
    for begun in [&one, &two] {
        assert_eq!(house.session(begun).await, None);
    }
    assert!(house.session(&three).await.is_some());
    let mut changes = house.sso.0.access.changes();
    changes.mark_unchanged();
    assert_eq!(house.told(&house.logout_token(&json!({ "jti": "c" }))).await, Ok(1));
    assert!(changes.has_changed().unwrap());
    assert_eq!(house.session(&three).await, None);
    assert!(house.session(&bob).await.is_some());
    let audit = house.audit().await;
    assert_eq!(audit.iter().filter(|action| *action == "provider_sign_out").count(), 3);
}

#[tokio::test]
async fn a_logout_token_counts_once_and_soon() {
    let house = House::new().await;
    let token = house.logout_token(&json!({}));
    house.sign_in("ann").await.unwrap();
    assert_eq!(house.told(&token).await, Ok(1));
    let again = let_in(house.sign_in("ann").await.unwrap());
    assert_eq!(house.told(&token).await, Err("it was used before".into()));
    let held_back = house.logout_token(&json!({ "jti": "two", "exp": null }));
    house.time.advance(Duration::from_mins(6));
    assert_eq!(house.told(&held_back).await, Err("it is too old".into()));
    assert_eq!(house.told(&token).await, Err("it is too old".into()));
    assert!(house.session(&again).await.is_some());
}

#[tokio::test]
async fn a_logout_token_of_any_wrong_kind_signs_nobody_out() {
    let house = House::new().await;
    let begun = let_in(house.sign_in("ann").await.unwrap());
    let now = house.office.now_s();
    for (claims, word) in [
        (json!({ "iss": "https://evil.example" }), "another issuer"),
        (json!({ "aud": "other" }), "another client"),
        (json!({ "aud": ["other"] }), "another client"),
        (json!({ "aud": null }), "aud"),
        (json!({ "iat": now + 61 }), "future"),
        (json!({ "iat": null }), "iat"),
        (json!({ "iat": i64::MAX }), "future"),
        (json!({ "exp": now - 60 }), "too old"),
        (json!({ "events": null }), "events"),
        (json!({ "events": {} }), "no logout"),
        (json!({ "events": { "http://schemas.openid.net/event/backchannel-logout": true } }), "no logout"),
        (json!({ "nonce": "n" }), "nonce"),
        (json!({ "jti": null }), "jti"),
        (json!({ "jti": "" }), "jti"),
        (json!({ "sub": null }), "whom"),
    ] {
        let refused = house.told(&house.logout_token(&claims)).await.unwrap_err();
        assert!(refused.contains(word), "{word}: {refused}");
    }
    let claims = house.logout_claims(&json!({}));
    let sign = |seed: u8| move |signed: &[u8]| key(seed).sign(signed).to_bytes().to_vec();
    let public = key(1).verifying_key().to_bytes();
    let eddsa = |more: Value| laid_over(json!({ "alg": "EdDSA", "kid": "one" }), &more);
    for (token, word) in [
        (jwt(&json!({ "alg": "none" }), &claims, |_| Vec::new()), "signed in a way"),
        (jwt(&json!({ "alg": "HS256" }), &claims, |signed| hmac_sha256(&public, signed)), "signed in a way"),
        (jwt(&eddsa(json!({})), &claims, sign(9)), "signature"),
        (jwt(&eddsa(json!({ "alg": "RS256" })), &claims, sign(1)), "a key that the provider does not show"),
        (jwt(&eddsa(json!({ "kid": "two" })), &claims, sign(1)), "a key that the provider does not show"),
        (jwt(&eddsa(json!({ "typ": "at+jwt" })), &claims, sign(1)), "something else"),
        (jwt(&eddsa(json!({ "crit": ["x"] })), &claims, sign(1)), "understood"),
        ("not a token".into(), "no token"),
        ("a.b".into(), "no token"),
        (String::new(), "no token"),
    ] {
        let refused = house.told(&token).await.unwrap_err();
        assert!(refused.contains(word), "{word}: {refused}");
    }
    assert!(house.session(&begun).await.is_some());
    assert_eq!(house.told(&house.logout_token(&json!({}))).await, Ok(1), "none of them spent its name");
}

#[tokio::test]
async fn a_provider_ends_no_session_that_another_began() {
    let house = House::new().await;
    let other = Fake::start(&house.time, 2).await;
    let mut renamed = set_up("other", &other);
    renamed.user_claim = "email".into();
    house.reload.take(&config(vec![set_up("office", &house.office), renamed]));
    let begun = let_in(house.sign_in_at("other", &other, "ann").await.unwrap());
    assert_eq!(house.told(&house.logout_token(&json!({}))).await, Ok(0));
    let by_sid = json!({ "sid": "session of ann", "jti": "two", "sub": null });
    assert_eq!(house.told(&house.logout_token(&by_sid)).await, Ok(0));
    assert!(house.session(&begun).await.is_some());
}
