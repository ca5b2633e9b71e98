//! States and codes: once, in time, by whoever began, from the provider that was asked.

use std::time::Duration;

use super::*;
use crate::access::Token;

#[tokio::test]
async fn a_state_is_good_once() {
    let house = House::new().await;
    let started = house.start().await;
    let browser = started.browser.expose();
    let (code, state) = house.office.authorise(&started.url, "ann");
    house.finish(&code, &state, browser).await.unwrap();
    assert_eq!(refusal(house.finish(&code, &state, browser).await), Refusal::State);
    let (again, _) = house.office.authorise(&started.url, "ann");
    assert_eq!(refusal(house.finish(&again, &state, browser).await), Refusal::State);
}

#[tokio::test]
async fn a_code_is_good_once_and_for_its_own_sign_in() {
    let house = House::new().await;
    let (one, two) = (house.start().await, house.start().await);
    let (code, state) = house.office.authorise(&one.url, "ann");
    house.finish(&code, &state, one.browser.expose()).await.unwrap();
    // Somebody who saw the code brings it with a state of their own.
    let (fresh, other_state) = house.office.authorise(&two.url, "bob");
    let refused = refusal(house.finish(&code, &other_state, two.browser.expose()).await);
    assert!(matches!(&refused, Refusal::Code { what, .. } if what == "invalid_grant"), "{refused:?}");
    // A code that is fresh, and was made for another's challenge.
    let three = house.start().await;
    let (_, state) = house.office.authorise(&three.url, "eve");
    let refused = refusal(house.finish(&fresh, &state, three.browser.expose()).await);
    assert!(matches!(refused, Refusal::Code { .. }), "{refused:?}");
    assert_eq!(house.people().await.len(), 1);
}

#[tokio::test]
async fn a_state_is_over_after_five_minutes() {
    let house = House::new().await;
    for (seconds, good) in [(299, true), (300, false)] {
        let started = house.start().await;
        let (code, state) = house.office.authorise(&started.url, "ann");
        house.time.advance(Duration::from_secs(seconds));
        let came = house.finish(&code, &state, started.browser.expose()).await;
        assert_eq!(came.is_ok(), good, "{seconds}");
        if !good {
            assert_eq!(refusal(came), Refusal::State);
        }
    }
}

#[tokio::test]
async fn a_state_from_another_browser_signs_nobody_in_and_is_spent() {
    let house = House::new().await;
    let (mine, theirs) = (house.start().await, house.start().await);
    for browser in [Some(theirs.browser.expose()), Some(""), Some("nonsense"), None] {
        let started = house.start().await;
        let (code, state) = house.office.authorise(&started.url, "eve");
        let back = Back { code: &code, state: &state, issuer: None, browser };
        let came = house.sso.finish(&house.act, back, Visitor::default()).await;
        assert_eq!(refusal(came), Refusal::Browser);
        assert_eq!(refusal(house.finish(&code, &state, started.browser.expose()).await), Refusal::State);
    }
    let (code, state) = house.office.authorise(&mine.url, "ann");
    house.finish(&code, &state, mine.browser.expose()).await.unwrap();
}

#[tokio::test]
async fn two_tabs_of_one_browser_can_both_be_on_their_way() {
    let house = House::new().await;
    let one = house.start().await;
    let browser = one.browser.expose();
    let two = house.sso.start(&house.act, "office", None, Some(browser)).await.unwrap();
    assert_eq!(two.browser.expose(), browser);
    for started in [&one, &two] {
        let (code, state) = house.office.authorise(&started.url, "ann");
        house.finish(&code, &state, browser).await.unwrap();
    }
    // What is no cookie of ours is not gone on with.
    let three = house.sso.start(&house.act, "office", None, Some("fixed")).await.unwrap();
    assert_eq!(three.browser.expose().len(), 43);
}

#[tokio::test]
async fn made_up_states_are_refused_and_not_written_down() {
    let house = House::new().await;
    for state in ["", "x", &"a".repeat(43), &"a".repeat(10_000), "'; --"] {
        assert_eq!(refusal(house.finish("code", state, &"a".repeat(43)).await), Refusal::State);
    }
    assert!(house.audit().await.is_empty());
}

#[tokio::test]
async fn an_answer_of_one_provider_does_not_count_for_another() {
    let house = House::new().await;
    let evil = Fake::start(&house.time, 1).await;
    house.reload.take(&config(vec![set_up("office", &house.office), set_up("evil", &evil)]));
    // It sent the browser on to the office, and hopes for the office's code.
    let started = house.start_at("evil").await.unwrap();
    let url = started.url.replace(&evil.issuer, &house.office.issuer);
    let (code, state) = house.office.authorise(&url, "ann");
    let back = Back {
        code: &code,
        state: &state,
        issuer: Some(&house.office.issuer),
        browser: Some(started.browser.expose()),
    };
    let mixed_up = Refusal::MixedUp { provider: "The evil".into() };
    assert_eq!(refusal(house.sso.finish(&house.act, back, Visitor::default()).await), mixed_up);
    assert_eq!(evil.asked("/token"), 0, "the code stays here");
    // Where the office does not name itself, its code is of no use at the other.
    let started = house.start_at("evil").await.unwrap();
    let url = started.url.replace(&evil.issuer, &house.office.issuer);
    let (code, state) = house.office.authorise(&url, "ann");
    assert!(matches!(
        refusal(house.finish(&code, &state, started.browser.expose()).await),
        Refusal::Code { .. }
    ));
    // And a token that the office signed is none of the other's, though both have the same keys.
    evil.manner().id_token = json!({ "iss": house.office.issuer });
    assert!(matches!(refusal(house.sign_in_at("evil", &evil, "ann").await), Refusal::Token { .. }));
    assert!(house.people().await.is_empty());
}

#[tokio::test]
async fn a_provider_that_names_itself_has_to_do_so() {
    let house = House::new().await;
    house.office.manner().description = json!({ "authorization_response_iss_parameter_supported": true });
    assert!(matches!(house.refusal("ann").await, Refusal::MixedUp { .. }));
    let started = house.start().await;
    let (code, state) = house.office.authorise(&started.url, "ann");
    let browser = Some(started.browser.expose());
    let back = Back { code: &code, state: &state, issuer: Some(&house.office.issuer), browser };
    house.sso.finish(&house.act, back, Visitor::default()).await.unwrap();
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_afterwards() {
    let house = House::new().await;
    for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let started = house.sso.start(&house.act, "office", Some(elsewhere), None).await.unwrap();
        let (code, state) = house.office.authorise(&started.url, "ann");
        let finished = house.finish(&code, &state, started.browser.expose()).await.unwrap();
        assert_eq!(finished.return_to, "/");
    }
}

#[tokio::test]
async fn the_database_gives_away_neither_state_nor_nonce_nor_token() {
    let house = House::new().await;
    let started = house.start().await;
    house.sign_in("ann").await.unwrap();
    let url = openidconnect::url::Url::parse(&started.url).unwrap();
    let query: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    let signed = house.office.sign(json!({}), json!({}));
    let secrets = [
        query["state"].as_str(),
        &query["nonce"],
        started.browser.expose(),
        "hush/hush",
        "code-1",
        signed.split('.').next().unwrap(),
    ];
    for file in std::fs::read_dir(house.directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
        }
    }
}

#[tokio::test]
async fn before_the_first_start_is_finished_nobody_comes_by_a_provider() {
    let house = House::built(Settings::default(), false).await;
    let early = AccessError::Sso(SsoError::TooEarly);
    assert_eq!(house.start_at("office").await.err(), Some(early.clone()));
    let back = house.finish("code", Token::new([7; 32]).expose(), Token::new([8; 32]).expose()).await;
    assert_eq!(back.err(), Some(early));
    assert!(!house.store.read(rows::exist).await.unwrap());
}
