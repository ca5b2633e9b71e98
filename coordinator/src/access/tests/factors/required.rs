//! Roles that a password, or a provider, is not enough for.

use super::*;

#[tokio::test]
async fn where_the_role_takes_a_factor_the_last_one_stays_and_the_first_opens_the_rest() {
    let house = house_with(Settings { factor_required: vec![Role::Admin], ..Settings::default() }).await;
    let begun = house.set_up().await;
    assert!(begun.session.lacks_factor);
    let new = house.access.begin_totp(&house.act, &begun.session, Some(secret(PASSWORD))).await.unwrap();
    let generator = Generator(new.secret.expose_text().unwrap().to_owned());
    let code = secret(&generator.code(house.time.now()));
    let raised = house.access.confirm_totp(&house.act, &begun.session, code).await.unwrap();
    // It may do more than before, so whoever saw the old cookie has nothing.
    let token = raised.token.unwrap();
    assert_eq!(house.by_cookie(begun.token.expose()).await.unwrap(), None);
    let session = house.by_cookie(token.expose()).await.unwrap().unwrap();
    assert!(!session.lacks_factor);
    assert_eq!(session.id, begun.session.id, "it is the same session");

    let remove = async || house.access.remove_totp(&house.act, &session, Some(secret(PASSWORD))).await;
    assert_eq!(refused(remove().await), FactorError::LastFactor { role: Role::Admin });
    let mut device = Authenticator::at(PUBLIC_URL);
    assert!(house.add_passkey(&session, &mut device).await.codes.is_empty(), "the codes of before count");
    remove().await.unwrap();
    assert_eq!(refused(remove().await), FactorError::NoGenerator);
    // No longer required: the last one may go, and the recovery codes go with it.
    house.settings.send_replace(Arc::default());
    let id = session.person;
    let passkey = house.store.read(move |c| factors::passkeys(c, id)).await.unwrap().remove(0);
    assert_eq!(passkey.name, "laptop");
    house.access.remove_passkey(&house.act, &session, passkey.id, Some(secret(PASSWORD))).await.unwrap();
    assert_eq!(house.store.read(move |c| factors::recovery_codes(c, id)).await.unwrap(), 0);
    house.sign_in("alice", PASSWORD).await.unwrap();
    let refusal = house.access.make_recovery_codes(&house.act, &session, Some(secret(PASSWORD))).await;
    assert_eq!(refused(refusal), FactorError::NoFactor);
}

#[tokio::test]
async fn who_comes_by_a_provider_shows_the_factor_that_the_role_takes_and_does_not_go_around_it() {
    let house = house_with(Settings { factor_required: vec![Role::Operator], ..Settings::default() }).await;
    house.set_up().await;
    house
        .sql("INSERT INTO people (name, role, issuer, subject, created_at) VALUES ('olga', 'operator', 'i', 's', 0),
                  ('vera', 'viewer', 'i', 't', 0)")
        .await;
    let come = async |name: &'static str, proved| {
        let (access, act) = (house.access.clone(), house.act.clone());
        let visitor = Visitor { proved, ..Visitor::default() };
        let came = house.store.write(move |tx| {
            let person = people::by_name(tx, name)?.expect("was added");
            access.let_in(tx, &act, &person, visitor)
        });
        came.await.unwrap()
    };
    let SignedIn::Begun(begun) = come("olga", false).await else { panic!("there is nothing to show yet") };
    assert!(begun.session.lacks_factor);
    // Another session that was there before, and never showed anything.
    let SignedIn::Begun(before) = come("olga", false).await else { panic!("there is nothing to show yet") };
    let new = house.access.begin_totp(&house.act, &begun.session, None).await.unwrap();
    let generator = Generator(new.secret.expose_text().unwrap().to_owned());
    let code = secret(&generator.code(house.time.now()));
    house.access.confirm_totp(&house.act, &begun.session, code).await.unwrap();
    house.time.advance(STEP);
    for change in [
        house.access.begin_totp(&house.act, &before.session, None).await.err(),
        house.access.remove_totp(&house.act, &before.session, None).await.err(),
        house.access.begin_passkey(&house.act, &before.session, None).await.err(),
        house.access.make_recovery_codes(&house.act, &before.session, None).await.err(),
    ] {
        assert_eq!(change, Some(FactorError::ProveFirst.into()));
    }
    let SignedIn::Second(second) = come("olga", false).await else { panic!("she has a factor") };
    let code = generator.code(house.time.now());
    assert!(!house.show_code(second.ticket.expose(), &code).await.unwrap().session.lacks_factor);
    // What she showed to the provider is enough, and so is the provider for a role that takes none here.
    assert!(matches!(come("olga", true).await, SignedIn::Begun(_)));
    assert!(matches!(come("vera", false).await, SignedIn::Begun(_)));
}

#[tokio::test]
async fn who_has_no_password_here_changes_factors_right_after_the_provider_vouched_for_them() {
    let house = house().await;
    house.set_up().await;
    house.sql("INSERT INTO people (name, role, issuer, subject, created_at) VALUES ('vera', 'viewer', 'i', 's', 0)").await;
    let come = async || {
        let (access, act) = (house.access.clone(), house.act.clone());
        let came = house.store.write(move |tx| {
            let vera = people::by_name(tx, "vera")?.expect("was added");
            access.let_in(tx, &act, &vera, Visitor::default())
        });
        let SignedIn::Begun(begun) = came.await.unwrap() else { panic!("nothing more is asked for") };
        begun.session
    };
    let borrowed = come().await;
    house.access.begin_totp(&house.act, &borrowed, None).await.unwrap();
    house.time.advance(Duration::from_mins(15));
    for refusal in [
        refused(house.access.begin_totp(&house.act, &borrowed, None).await),
        refused(house.access.begin_passkey(&house.act, &borrowed, None).await),
        refused(house.access.remove_totp(&house.act, &borrowed, None).await),
        refused(house.access.make_recovery_codes(&house.act, &borrowed, None).await),
    ] {
        assert_eq!(refusal, FactorError::SignInAgain);
    }
    house.access.begin_totp(&house.act, &come().await, None).await.unwrap();
}
