//! Passkeys: both ceremonies with an authenticator that is honest, and with ones that are not.

use super::*;

type Spoil = fn(&mut Authenticator);

#[tokio::test]
async fn a_passkey_is_a_second_factor_and_a_way_in_by_itself() {
    let house = house().await;
    let begun = house.set_up().await;
    let mut device = Authenticator::at(PUBLIC_URL);
    assert_eq!(house.add_passkey(&begun.session, &mut device).await.codes.len(), 10);

    let second = house.asked().await;
    assert_eq!(second.factors, [Factor::Passkey]);
    let shown = device.show(&second.passkey.unwrap());
    let begun = house.show(second.ticket.expose(), Proof::Passkey(shown)).await.unwrap();
    assert_eq!(begun.session.user, "alice");
    assert!(!house.alone(&mut device).await.unwrap().session.lacks_factor);
    let id = begun.session.person;
    let passkeys = house.store.read(move |c| factors::passkeys(c, id)).await.unwrap();
    assert_eq!(passkeys[0].used_at, Some(house.time.now()));

    house.disable_alice().await;
    let refusal = house.alone(&mut device).await.err();
    assert_eq!(refusal, Some(AccessError::Disabled { user: "alice".into() }));
}

#[tokio::test]
async fn nobody_goes_around_a_provider_by_a_passkey() {
    let house = house_with(Settings { factor_required: vec![Role::Operator], ..Settings::default() }).await;
    house.set_up().await;
    house
        .sql("INSERT INTO people (name, role, issuer, subject, created_at) VALUES ('olga', 'operator', 'i', 's', 0)")
        .await;
    let come = async || {
        let (access, act) = (house.access.clone(), house.act.clone());
        let came = house.store.write(move |tx| {
            let olga = people::by_name(tx, "olga")?.expect("was added");
            access.let_in(tx, &act, &olga, Visitor::default())
        });
        came.await.unwrap()
    };
    let SignedIn::Begun(begun) = come().await else { panic!("there is nothing to show yet") };
    let mut device = Authenticator::at(PUBLIC_URL);
    house.add_passkey(&begun.session, &mut device).await;
    assert_eq!(refused(house.alone(&mut device).await), FactorError::Vouched);
    let last = house.recorded().await.pop().unwrap();
    assert_eq!((last.action, last.actor.name()), (AuditAction::SignInRefused, "olga"));
    // After the provider, it is the second factor.
    let SignedIn::Second(second) = come().await else { panic!("the provider alone let her in") };
    let shown = device.show(&second.passkey.unwrap());
    let begun = house.show(second.ticket.expose(), Proof::Passkey(shown)).await.unwrap();
    assert_eq!(begun.session.user, "olga");
}

#[tokio::test]
async fn a_passkey_of_another_site_or_one_that_nobody_unlocked_is_not_taken() {
    let house = house().await;
    let begun = house.set_up().await;
    let mut device = Authenticator::at(PUBLIC_URL);
    house.add_passkey(&begun.session, &mut device).await;
    let spoils: [Spoil; 5] = [
        |device| device.origin = "https://backup.example.org.evil.example".into(),
        |device| device.origin = "https://evil.example".into(),
        |device| device.origin = "http://backup.example.org".into(),
        |device| device.rp = Some("evil.example".into()),
        |device| device.verified = false,
    ];
    for spoil in spoils {
        let mut spoilt = device.clone();
        spoil(&mut spoilt);
        assert_eq!(refused(house.alone(&mut spoilt).await), FactorError::WrongPasskey);
        let second = house.asked().await;
        let shown = spoilt.show(&second.passkey.unwrap());
        let refusal = house.show(second.ticket.expose(), Proof::Passkey(shown)).await;
        assert_eq!(refused(refusal), FactorError::WrongPasskey);
        // Nor is one made there.
        let (ticket, options) =
            house.access.begin_passkey(&house.act, &begun.session, Some(secret(PASSWORD))).await.unwrap();
        let made = spoilt.make(&options);
        let refusal = house.access.add_passkey(&house.act, &begun.session, ticket.expose(), "x", made).await;
        assert_eq!(refused(refusal), FactorError::WrongPasskey);
        house.time.advance(Duration::from_mins(5));
    }
    let refusals = house.recorded().await;
    let refusals = refusals.iter().filter(|body| body.action == AuditAction::SignInRefused);
    assert!(refusals.clone().count() >= 10 && refusals.clone().all(|body| body.actor.name() == "alice"));
    house.alone(&mut device).await.unwrap();
}

#[tokio::test]
async fn a_passkeys_answer_is_good_for_its_own_challenge_once() {
    let house = house().await;
    let begun = house.set_up().await;
    let mut device = Authenticator::at(PUBLIC_URL);
    house.add_passkey(&begun.session, &mut device).await;
    let sign_in = async |ticket: &Token, shown| {
        house.access.passkey_sign_in(&house.act, ticket.expose(), shown, Visitor::default()).await
    };
    let (ticket, options) = house.access.begin_passkey_sign_in(&house.act).unwrap();
    let shown = device.show(&options);
    let (a, b) = tokio::join!(sign_in(&ticket, shown.clone()), sign_in(&ticket, shown.clone()));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(refused(sign_in(&ticket, shown.clone()).await), FactorError::TicketOver);
    let (ticket, _) = house.access.begin_passkey_sign_in(&house.act).unwrap();
    assert_eq!(refused(sign_in(&ticket, shown).await), FactorError::WrongPasskey);
    // A counter that stands still: somebody copied the device.
    let mut copy = device.clone();
    house.alone(&mut device).await.unwrap();
    assert_eq!(refused(house.alone(&mut copy).await), FactorError::WrongPasskey);
    // A changed signature, a changed person, no passkey of ours.
    for change in ["signature", "userHandle", "authenticatorData", "clientDataJSON"] {
        let (ticket, options) = house.access.begin_passkey_sign_in(&house.act).unwrap();
        let mut shown = device.show(&options);
        let text = shown["response"][change].as_str().unwrap().to_owned();
        let flipped = if text.starts_with('A') { "B" } else { "A" };
        shown["response"][change] = format!("{flipped}{}", &text[1..]).into();
        assert_eq!(refused(sign_in(&ticket, shown).await), FactorError::WrongPasskey, "{change}");
        house.time.advance(Duration::from_mins(1));
    }
    let mut stranger = Authenticator::at(PUBLIC_URL);
    let (_, options) =
        house.access.begin_passkey(&house.act, &begun.session, Some(secret(PASSWORD))).await.unwrap();
    stranger.make(&options);
    stranger.make(&options);
    assert_eq!(refused(house.alone(&mut stranger).await), FactorError::WrongPasskey);
}

#[tokio::test]
async fn a_passkey_is_added_by_the_session_that_asked_and_belongs_to_one_person() {
    let house = house().await;
    let begun = house.set_up().await;
    house.sql("INSERT INTO people (name, role, password, created_at) SELECT 'bob', 'viewer', password, 0 FROM people")
        .await;
    let bob = house.sign_in("bob", PASSWORD).await.unwrap();
    let mut device = Authenticator::at(PUBLIC_URL);
    let (ticket, options) =
        house.access.begin_passkey(&house.act, &begun.session, Some(secret(PASSWORD))).await.unwrap();
    let made = device.make(&options);
    let add = async |session: &Session, ticket: &Token, name: &str, made| {
        house.access.add_passkey(&house.act, session, ticket.expose(), name, made).await
    };
    assert_eq!(refused(add(&bob.session, &ticket, "x", made.clone()).await), FactorError::TicketOver);
    assert_eq!(
        refused(add(&begun.session, &ticket, "x", made).await),
        FactorError::TicketOver,
        "it was shown"
    );

    house.add_passkey(&begun.session, &mut device.clone()).await;
    let (ticket, options) =
        house.access.begin_passkey(&house.act, &bob.session, Some(secret(PASSWORD))).await.unwrap();
    let copy = device.clone().make(&options);
    assert_eq!(refused(add(&bob.session, &ticket, "x", copy).await), FactorError::PasskeyKnown);
    for name in ["", "  ", "a\nb", &"x".repeat(65)] {
        let refusal = add(&bob.session, &ticket, name, serde_json::json!({})).await.err();
        assert!(matches!(refusal, Some(AccessError::Invalid(_))), "{name:?}");
    }
    let foreign = house.store.read(|c| factors::passkeys(c, people::by_name(c, "alice")?.unwrap().id)).await;
    let Base64Bytes(id) = foreign.unwrap().remove(0).id;
    let refusal =
        house.access.remove_passkey(&house.act, &bob.session, Base64Bytes(id), Some(secret(PASSWORD))).await;
    assert_eq!(refused(refusal), FactorError::NoSuchPasskey);
}

#[tokio::test]
async fn nothing_that_a_browser_can_send_breaks_a_ceremony() {
    let house = house().await;
    let begun = house.set_up().await;
    let mut device = Authenticator::at(PUBLIC_URL);
    house.add_passkey(&begun.session, &mut device).await;
    for junk in [
        serde_json::json!(null),
        serde_json::json!([]),
        serde_json::json!({ "id": "", "rawId": "", "type": "public-key", "response": {} }),
        serde_json::json!({ "id": "a", "rawId": "!", "type": "x", "response": { "clientDataJSON": "e30" } }),
        serde_json::json!({ "id": "a", "rawId": "YQ", "type": "public-key", "response": {
            "authenticatorData": "", "clientDataJSON": "", "signature": "" } }),
        serde_json::json!({ "id": "a", "rawId": "YQ", "type": "public-key", "response": {
            "attestationObject": "o2NmbXQ", "clientDataJSON": "e30" } }),
    ] {
        let (ticket, _) = house.access.begin_passkey_sign_in(&house.act).unwrap();
        let refusal =
            house.access.passkey_sign_in(&house.act, ticket.expose(), junk.clone(), Visitor::default()).await;
        assert_eq!(refused(refusal), FactorError::WrongPasskey, "{junk}");
        let (ticket, _) =
            house.access.begin_passkey(&house.act, &begun.session, Some(secret(PASSWORD))).await.unwrap();
        let refusal =
            house.access.add_passkey(&house.act, &begun.session, ticket.expose(), "x", junk.clone()).await;
        assert_eq!(refused(refusal), FactorError::WrongPasskey, "{junk}");
        house.time.advance(Duration::from_mins(1));
    }
}
