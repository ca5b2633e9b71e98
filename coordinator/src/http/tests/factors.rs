//! Second factors and passkeys, as a browser meets them.

use serde_json::{Value, json};
use wire::{
    id::Base64Bytes,
    view::{Factor, PasskeyChallengeView, RecoveryCodesView, SecondFactorView, SignInWaysView, TotpView},
};

use super::*;
use crate::access::authenticator::Authenticator;

/// A name, so that browsers take passkeys for it.
const NAMED: &str = "http://localhost:7700";

impl House {
    /// Alice, the first admin, where these settings count. Her cookie.
    async fn strict(settings: Settings) -> (Self, String) {
        let house = Self::at(NAMED).await;
        let (sender, receiver) = tokio::sync::watch::channel(Arc::new(settings));
        let access = open_access(&house.store, &house.fleet, receiver, NAMED).await;
        let http = site(
            &house.directory,
            &house.fleet,
            &access,
            NAMED,
            Live::fixed(Config::defaults(house.directory.path())),
        );
        // What was decided stays so.
        drop(sender);
        let house = Self { http, access, ..house };
        let cookie = house.set_up().await.cookie();
        (house, cookie)
    }

    async fn named() -> (Self, String) {
        Self::strict(Settings::default()).await
    }

    /// A code generator for whose cookie this is: what computes its codes, and the answer that confirmed it.
    async fn add_totp(&self, cookie: &str) -> (totp_rs::Totp, Answered) {
        let new: TotpView =
            self.post("/api/v1/account/totp", &confirm(PASSWORD)).cookie(cookie).send().await.json();
        assert!(new.uri.starts_with("otpauth://totp/attic:alice?secret="), "{}", new.uri);
        let secret = totp_rs::Secret::try_from_base32(&new.secret).unwrap();
        let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        let code = json!({ "code": self.code(&totp) });
        let answered = self.post("/api/v1/account/totp/confirm", &code).cookie(cookie).send().await;
        self.time.advance(Duration::from_secs(30));
        (totp, answered)
    }

    fn code(&self, totp: &totp_rs::Totp) -> String {
        totp.generate(u64::try_from(self.time.now().0 / 1_000).unwrap()).to_string()
    }

    async fn add_passkey(&self, cookie: &str, device: &mut Authenticator) -> Answered {
        let begun =
            self.post("/api/v1/account/passkeys/begin", &confirm(PASSWORD)).cookie(cookie).send().await;
        let PasskeyChallengeView { ticket, options } = begun.json();
        assert_eq!(options["publicKey"]["rp"], json!({ "name": "attic", "id": "localhost" }));
        assert_eq!(options["publicKey"]["authenticatorSelection"]["residentKey"], "preferred");
        assert_eq!(options["publicKey"]["authenticatorSelection"]["userVerification"], "required");
        let made = json!({ "ticket": ticket, "name": "laptop", "credential": device.make(&options) });
        self.post("/api/v1/account/passkeys", &made).cookie(cookie).send().await
    }

    async fn show(&self, proof: &Value) -> Answered {
        self.post("/api/v1/session/second-factor", proof).send().await
    }

    async fn ticket(&self) -> SecondFactorView {
        let answered = self.sign_in("alice", PASSWORD).await;
        assert_eq!(answered.status, 202, "{:?}", answered.body);
        assert!(!answered.headers.contains_key("set-cookie"), "nobody is in yet");
        answered.json()
    }

    async fn may_read(&self, cookie: &str) -> bool {
        self.get("/api/v1/hosts").cookie(cookie).send().await.status == 200
    }
}

impl Call<'_> {
    fn saying(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(serde_json::to_vec(body).unwrap())
    }
}

fn confirm(password: &str) -> Value {
    json!({ "password": password })
}

#[tokio::test]
async fn a_password_and_a_code_sign_in_and_a_password_alone_does_not() {
    let (house, cookie) = House::named().await;
    let (totp, answered) = house.add_totp(&cookie).await;
    assert_eq!(answered.status, 201);
    let codes = answered.json::<RecoveryCodesView>().codes;
    assert_eq!(codes.len(), 10);
    assert!(!answered.headers.contains_key("set-cookie"), "the session may do what it might before");

    let SecondFactorView { ticket, factors, recovery, passkey } = house.ticket().await;
    assert_eq!((factors.as_slice(), recovery, passkey), (&[Factor::Totp][..], true, None));
    // A ticket is no session.
    for name in ["rm_session", "__Host-rm_session"] {
        assert!(!house.may_read(&format!("{name}={ticket}")).await);
    }
    let wrong = house.show(&json!({ "ticket": ticket, "code": "000000" })).await;
    assert_eq!((wrong.code(), wrong.status.as_u16()), (ErrorCode::WrongFactor, 401));
    for vague in [
        json!({ "ticket": ticket }),
        json!({ "ticket": ticket, "code": house.code(&totp), "recovery_code": codes[0] }),
    ] {
        assert_eq!(house.show(&vague).await.code(), ErrorCode::BadRequest);
    }
    let answered = house.show(&json!({ "ticket": ticket, "code": house.code(&totp) })).await;
    assert_eq!(answered.status, 201);
    assert!(!answered.json::<MeView>().must_add_factor);
    assert!(house.may_read(&answered.cookie()).await);
    let answered = house.show(&json!({ "ticket": ticket, "code": house.code(&totp) })).await;
    assert_eq!(answered.code(), ErrorCode::WrongFactor);

    let ticket = house.ticket().await.ticket;
    let answered = house.show(&json!({ "ticket": ticket, "recovery_code": codes[0] })).await;
    assert_eq!(answered.status, 201);
    // The cookie of before is replaced, and its session over.
    let ticket = house.ticket().await.ticket;
    let body = json!({ "ticket": ticket, "recovery_code": codes[1] });
    let replaced = answered.cookie();
    let answered = house.post("/api/v1/session/second-factor", &body).cookie(&replaced).send().await;
    assert!(!house.may_read(&replaced).await && house.may_read(&answered.cookie()).await);
}

#[tokio::test]
async fn a_role_that_takes_a_factor_has_its_account_alone_until_one_is_added() {
    let settings = Settings { factor_required: vec![Role::Admin], ..Settings::default() };
    let (house, cookie) = House::strict(settings).await;
    let me = house.get("/api/v1/session").cookie(&cookie).send().await;
    assert!(me.json::<MeView>().must_add_factor);
    assert_eq!(house.get("/api/v1/hosts").cookie(&cookie).send().await.code(), ErrorCode::FactorNeeded);

    let (_, answered) = house.add_totp(&cookie).await;
    let raised = answered.cookie();
    assert_ne!(raised, cookie);
    assert!(house.may_read(&raised).await && !house.may_read(&cookie).await);
    let call = Call::new(&house, "DELETE", "/api/v1/account/totp").saying(&confirm(PASSWORD));
    assert_eq!(call.cookie(&raised).send().await.code(), ErrorCode::Conflict);
    // A viewer is asked for none.
    let vera = house.person("vera", Role::Viewer).await;
    assert!(house.may_read(&vera).await);
}

#[tokio::test]
async fn nobody_brings_a_sessions_key_along() {
    let (house, _) = House::named().await;
    let planted = format!("rm_session={}", "a".repeat(43));
    let body = json!({ "user": "alice", "password": PASSWORD });
    let answered = house.post("/api/v1/session", &body).cookie(&planted).send().await;
    assert_eq!(answered.status, 201);
    assert_ne!(answered.cookie(), planted);
    assert!(!house.may_read(&planted).await && house.may_read(&answered.cookie()).await);
}

#[tokio::test]
async fn a_borrowed_session_changes_no_factor_without_the_password() {
    let (house, cookie) = House::named().await;
    house.add_totp(&cookie).await;
    for (method, path) in [
        ("POST", "/api/v1/account/totp"),
        ("DELETE", "/api/v1/account/totp"),
        ("POST", "/api/v1/account/passkeys/begin"),
        ("DELETE", "/api/v1/account/passkeys/AbCd"),
        ("POST", "/api/v1/account/recovery-codes"),
    ] {
        for body in [json!({}), confirm("wrong horse battery")] {
            let answered = Call::new(&house, method, path).saying(&body).cookie(&cookie).send().await;
            assert_eq!(answered.code(), ErrorCode::WrongCredentials, "{method} {path}");
            house.time.advance(Duration::from_secs(30));
        }
    }
    let answered = Call::new(&house, "DELETE", "/api/v1/account/totp").saying(&confirm(PASSWORD));
    assert_eq!(answered.cookie(&cookie).send().await.status, 204);
    assert_eq!(house.sign_in("alice", PASSWORD).await.status, 201, "one factor is enough again");
}

#[tokio::test]
async fn a_passkey_signs_in_by_itself_and_after_a_password() {
    let (house, cookie) = House::named().await;
    assert!(house.get("/api/v1/session/ways").send().await.json::<SignInWaysView>().passkeys);
    let mut device = Authenticator::at(NAMED);
    let answered = house.add_passkey(&cookie, &mut device).await;
    assert_eq!(answered.status, 201);
    assert_eq!(answered.json::<RecoveryCodesView>().codes.len(), 10);

    let begin = async || house.post("/api/v1/session/passkey/begin", &json!({})).send().await;
    let PasskeyChallengeView { ticket, options } = begin().await.json();
    assert_eq!(options["publicKey"]["allowCredentials"], json!([]), "it says nobody's");
    let shown = json!({ "ticket": ticket, "credential": device.show(&options) });
    let answered = house.post("/api/v1/session/passkey", &shown).send().await;
    assert_eq!(answered.status, 201);
    assert!(house.may_read(&answered.cookie()).await);
    let again = house.post("/api/v1/session/passkey", &shown).send().await;
    assert_eq!(again.code(), ErrorCode::WrongFactor);

    let second = house.ticket().await;
    let shown = device.show(&second.passkey.unwrap());
    let answered = house.show(&json!({ "ticket": second.ticket, "passkey": shown })).await;
    assert_eq!(answered.status, 201);

    // A page elsewhere that relays the challenge gets an answer that says where it was given.
    let PasskeyChallengeView { ticket, options } = begin().await.json();
    let mut lured = device.clone();
    lured.origin = "http://localhost:7701".into();
    let shown = json!({ "ticket": ticket, "credential": lured.show(&options) });
    assert_eq!(house.post("/api/v1/session/passkey", &shown).send().await.code(), ErrorCode::WrongFactor);

    let id: Base64Bytes = serde_json::from_value(device.show(&options)["rawId"].clone()).unwrap();
    let path = format!("/api/v1/account/passkeys/{id}");
    let remove = async |path: &str| {
        Call::new(&house, "DELETE", path).saying(&confirm(PASSWORD)).cookie(&cookie).send().await
    };
    assert_eq!(remove(&path).await.status, 204);
    assert_eq!(remove(&path).await.code(), ErrorCode::NotFound);
    assert_eq!(house.sign_in("alice", PASSWORD).await.status, 201);
}

#[tokio::test]
async fn where_browsers_take_no_passkeys_nobody_is_offered_one() {
    let (house, cookie) = House::settled().await;
    assert!(!house.get("/api/v1/session/ways").send().await.json::<SignInWaysView>().passkeys);
    let answered = house.post("/api/v1/session/passkey/begin", &json!({})).send().await;
    assert_eq!(answered.code(), ErrorCode::Conflict);
    let begun = house.post("/api/v1/account/passkeys/begin", &confirm(PASSWORD)).cookie(&cookie).send().await;
    assert_eq!(begun.code(), ErrorCode::Conflict);
    assert!(begun.problem().hint.contains("https"), "{:?}", begun.problem());
}

#[tokio::test]
async fn a_browser_is_known_again_and_a_wait_is_told_in_words() {
    let (house, _) = House::named().await;
    let answered = house.sign_in("alice", PASSWORD).await;
    let cookies: Vec<&str> =
        answered.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let known = cookies.iter().find(|cookie| cookie.starts_with("rm_known=")).unwrap();
    assert!(known.contains("HttpOnly; Max-Age=34560000; SameSite=Strict"), "{known}");
    let known = known.split(';').next().unwrap().to_owned();
    while house.sign_in("alice", "wrong").await.status == 401 {}
    assert_eq!(house.sign_in("alice", PASSWORD).await.status, 429);
    let body = json!({ "user": "alice", "password": PASSWORD });
    assert_eq!(house.post("/api/v1/session", &body).cookie(&known).send().await.status, 201);
    // It signs in nobody.
    assert!(!house.may_read(&known).await);
    let session = known.replace("rm_known", "rm_session");
    assert!(!house.may_read(&session).await);

    house.time.advance(Duration::from_hours(1));
    house.add_totp(&house.sign_in("alice", PASSWORD).await.cookie()).await;
    let mut refused = None;
    for _ in 0..3 {
        let ticket = house.ticket().await.ticket;
        for _ in 0..5 {
            let answered = house.show(&json!({ "ticket": ticket, "code": "000000" })).await;
            if answered.status == 429 {
                refused = Some(answered.problem());
            }
        }
    }
    let problem = refused.expect("ten wrong codes are enough");
    assert_eq!(
        (problem.retry_after_s, problem.hint.as_str()),
        (Some(300), "Wait 5 minutes, then try again.")
    );
}
