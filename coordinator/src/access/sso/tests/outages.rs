//! Providers that are down, slow, or talk nonsense: they stop those who want to come by them, and nobody else.

use std::time::Duration;

use super::{fake::Ails, *};

#[tokio::test]
async fn a_provider_that_is_down_is_told_and_asked_again_after_a_rest() {
    let house = House::new().await;
    house.office.manner().ails = Ails::Down;
    let what = unavailable_because(house.start_at("office").await);
    assert!(what.contains("500"), "{what}");
    house.office.manner().ails = Ails::Nothing;
    unavailable_because(house.start_at("office").await);
    assert_eq!(house.office.asked("/.well-known/openid-configuration"), 1, "it has its rest");
    house.time.advance(Duration::from_secs(5));
    house.sign_in("ann").await.unwrap();
}

#[tokio::test]
async fn nobody_there_is_told_in_the_networks_words() {
    let house = House::new().await;
    let mut gone = set_up("gone", &house.office);
    gone.issuer = "http://127.0.0.1:1".into();
    house.reload.take(&config(vec![gone]));
    let what = unavailable_because(house.start_at("gone").await);
    assert!(what.to_lowercase().contains("refused"), "{what}");
    assert!(matches!(
        house.start_at("office").await,
        Err(AccessError::Sso(SsoError::NoSuchProvider(id))) if id == "office"
    ));
}

#[tokio::test]
async fn a_provider_that_hangs_is_given_up_after_ten_seconds() {
    let house = House::new().await;
    house.office.manner().ails = Ails::Hangs;
    let (sso, act) = (house.sso.clone(), house.act.clone());
    let waiting = tokio::spawn(async move { sso.start(&act, "office", None, None).await.map(|_| ()) });
    house.office.held.notified().await;
    house.time.advance(Duration::from_secs(10));
    let what = unavailable_because(waiting.await.unwrap());
    assert!(what.contains("10 seconds"), "{what}");
}

#[tokio::test]
async fn answers_without_end_elsewhere_or_of_another_kind_are_not_taken() {
    let house = House::new().await;
    for (ails, word) in
        [(Ails::Endless, "larger than 256 KiB"), (Ails::Redirects, "302"), (Ails::Babbles, "cannot be read")]
    {
        house.office.manner().ails = ails;
        let what = unavailable_because(house.start_at("office").await);
        assert!(what.contains(word), "{word}: {what}");
        house.time.advance(Duration::from_secs(5));
    }
    assert_eq!(house.office.asked("/elsewhere"), 0);
}

#[tokio::test]
async fn a_description_of_another_provider_or_without_what_is_needed_is_not_taken() {
    let house = House::new().await;
    for (description, word) in [
        (json!({ "issuer": "https://evil.example" }), "unexpected issuer"),
        (json!({ "token_endpoint": null }), "no token endpoint"),
        (json!({ "id_token_signing_alg_values_supported": ["HS256", "none"] }), "signs in no way"),
        (json!({ "token_endpoint": "file:///etc/passwd" }), "not reached over TLS"),
        (json!({ "jwks_uri": null }), "cannot be read"),
    ] {
        house.office.manner().description = description;
        let what = unavailable_because(house.start_at("office").await);
        assert!(what.contains(word), "{word}: {what}");
        house.time.advance(Duration::from_secs(5));
    }
}

#[tokio::test]
async fn one_that_fails_on_the_way_back_lets_nobody_in() {
    let house = House::new().await;
    let started = house.start().await;
    let (code, state) = house.office.authorise(&started.url, "ann");
    house.office.manner().ails = Ails::Down;
    unavailable_because(house.finish(&code, &state, started.browser.expose()).await);
    assert!(house.people().await.is_empty());
    let endpoint = format!("{}/nowhere", house.office.issuer);
    house.office.manner().ails = Ails::Nothing;
    house.office.manner().description = json!({ "userinfo_endpoint": endpoint });
    house.time.advance(Duration::from_hours(1));
    let what = unavailable_because(house.sign_in("ann").await);
    assert!(what.contains("userinfo") && what.contains("404"), "{what}");
}

#[tokio::test]
async fn what_it_says_of_itself_is_believed_for_an_hour() {
    let house = House::new().await;
    let asked = || house.office.asked("/.well-known/openid-configuration");
    for _ in 0..3 {
        house.start().await;
    }
    assert_eq!(asked(), 1);
    house.time.advance(Duration::from_hours(1));
    house.start().await;
    assert_eq!(asked(), 2);
    // A configuration that was changed is asked for anew.
    let mut changed = set_up("office", &house.office);
    changed.name = "Another".into();
    house.reload.take(&config(vec![changed]));
    house.start().await;
    assert_eq!(asked(), 3);
    assert_eq!(house.sso.providers()[0].name, "Another");
}

#[tokio::test]
async fn a_wrong_client_secret_is_told_as_what_the_provider_calls_it() {
    let house = House::new().await;
    let mut wrong = set_up("office", &house.office);
    wrong.client_secret = Some(Secret::new("guess"));
    house.reload.take(&config(vec![wrong]));
    let refused = house.refusal("ann").await;
    assert!(matches!(&refused, Refusal::Code { what, .. } if what == "invalid_client"), "{refused:?}");
}
