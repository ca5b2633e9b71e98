//! Coming by way of a provider, as a browser does it: addresses, cookies, forms.

use wire::view::{SignInWaysView, SignedOutView, SsoFinishView, SsoStartView};

use super::*;
use crate::access::sso_tests::{fake::Fake, set_up};

const SECURE_URL: &str = "https://backup.example.org";

impl House {
    /// Behind TLS, with one provider.
    async fn with_provider() -> (Self, Fake) {
        let house = Self::at(SECURE_URL).await;
        let (role, password) = (Role::Viewer, None);
        let first = rows::NewPerson { name: "first", email: None, role, password, identity: None };
        house.store.write(move |tx| rows::add(tx, &first, NOW)).await.unwrap();
        // Somebody is there, as after a restart.
        let access = open_access(&house.store, &house.fleet, usual(), SECURE_URL).await;
        let house = Self { access, ..house };
        let fake = Fake::start(&house.time, 1).await;
        let mut config = Config::defaults(house.directory.path());
        config.public_url = Some(SECURE_URL.into());
        config.sso = vec![set_up("office", &fake)];
        (house.told(config), fake)
    }

    fn panel_posts(&self, path: &str, body: &serde_json::Value) -> Call<'_> {
        self.post(path, body).header("host", "backup.example.org").header("origin", SECURE_URL)
    }
}

fn cookies(answered: &Answered) -> Vec<String> {
    answered.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

fn value_of(cookie: &str) -> String {
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_browser_goes_there_and_back_and_out_again() {
    let (house, fake) = House::with_provider().await;
    let ways: SignInWaysView = house.get("/api/v1/session/ways").send().await.json();
    assert_eq!((ways.providers[0].id.as_str(), ways.providers[0].name.as_str()), ("office", "The office"));

    let to = serde_json::json!({ "return_to": "/hosts?sort=name" });
    let started = house.panel_posts("/api/v1/sso/office/start", &to).send().await;
    let [cookie] = cookies(&started).try_into().unwrap();
    assert!(cookie.starts_with("__Host-rm_sso="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; Max-Age=300; SameSite=Strict; Secure"), "{cookie}");
    let (code, state) = fake.authorise(&started.json::<SsoStartView>().url, "ann");

    let back = serde_json::json!({ "code": code, "state": state });
    let elsewhere = house.panel_posts("/api/v1/sso/finish", &back).header("origin", "https://evil.example");
    assert_eq!(elsewhere.cookie(&value_of(&cookie)).send().await.code(), ErrorCode::CrossOrigin);
    let finished = house.panel_posts("/api/v1/sso/finish", &back).cookie(&value_of(&cookie)).send().await;
    assert_eq!(finished.status, 201, "{:?}", finished.body);
    let view: SsoFinishView = finished.json();
    assert_eq!((view.me.user.as_str(), view.return_to.as_str()), ("ann", "/hosts?sort=name"));
    let set = cookies(&finished);
    assert!(set.iter().any(|cookie| cookie.starts_with("__Host-rm_sso=;") && cookie.contains("Max-Age=0")));
    let session = set.iter().find(|cookie| cookie.starts_with("__Host-rm_session=")).unwrap();

    let again = house.panel_posts("/api/v1/sso/finish", &back).cookie(&value_of(&cookie)).send().await;
    assert_eq!(again.code(), ErrorCode::SsoRefused);
    let out =
        house.delete("/api/v1/session").header("origin", SECURE_URL).header("host", "backup.example.org");
    let out: SignedOutView = out.cookie(&value_of(session)).send().await.json();
    assert!(out.provider_url.unwrap().starts_with(&format!("{}/end?", fake.issuer)));
}

#[tokio::test]
async fn a_provider_that_is_not_there_and_a_code_without_its_browser_are_refused() {
    let (house, fake) = House::with_provider().await;
    let nothing = serde_json::json!({});
    let unknown = house.panel_posts("/api/v1/sso/elsewhere/start", &nothing).send().await;
    assert_eq!(unknown.code(), ErrorCode::NotFound);
    let started = house.panel_posts("/api/v1/sso/office/start", &nothing).send().await;
    let (code, state) = fake.authorise(&started.json::<SsoStartView>().url, "ann");
    let back = serde_json::json!({ "code": code, "state": state });
    let refused = house.panel_posts("/api/v1/sso/finish", &back).send().await;
    assert_eq!((refused.code(), refused.status.as_u16()), (ErrorCode::SsoRefused, 403));
    assert!(refused.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn a_provider_tells_by_a_form_and_nothing_else() {
    let (house, _) = House::with_provider().await;
    let path = "/api/v1/sso/office/backchannel-logout";
    let told = |kind: &str, body: &str| {
        house.post(path, &()).header("host", "backup.example.org").header("content-type", kind).body(body)
    };
    let form = "application/x-www-form-urlencoded";
    for (kind, body, code) in [
        ("application/json", "{}", ErrorCode::UnsupportedMedia),
        (form, "", ErrorCode::BadRequest),
        (form, "logout_token=nonsense", ErrorCode::BadRequest),
        (form, "logout_token=a&logout_token=b", ErrorCode::InvalidField),
    ] {
        let mut call = told(kind, body);
        // A server has no page that it comes from.
        call.headers.retain(|(name, _)| name != "origin");
        assert_eq!(call.send().await.code(), code, "{body}");
    }
}
