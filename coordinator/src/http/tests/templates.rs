//! Templates through the API: kept, listed, replaced, removed.

use serde_json::{Value, json};
use wire::view::TemplateView;

use super::{documents::assert_valid_answer, *};

fn plan(path: &str) -> Value {
    json!({ "plan": {
        "repositories": { "main": { "backend": { "kind": "local", "path": "/srv/backup" } } },
        "groups": { "default": { "includes": [path] } },
    } })
}

async fn names(house: &House, cookie: &str) -> Vec<String> {
    let list = house.get("/api/v1/templates").cookie(cookie).send().await;
    assert_valid_answer("GET /templates", &list);
    list.json::<Vec<TemplateView>>().into_iter().map(|template| template.name).collect()
}

#[tokio::test]
async fn a_template_is_kept_under_its_name_whatever_its_case() {
    let (house, admin) = House::settled().await;
    let otto = house.person("otto", Role::Operator).await;
    let vera = house.person("vera", Role::Viewer).await;
    let path = "/api/v1/templates/Web%20servers%20%2B%20more=1&2";
    let kept = house.put(path, &plan("/var/www")).cookie(&otto).send().await;
    assert_valid_answer("PUT /templates/{name}", &kept);
    let kept: TemplateView = kept.json();
    assert_eq!(
        (kept.name.as_str(), kept.made_by.as_str(), kept.changed_at),
        ("Web servers + more=1&2", "otto", NOW)
    );
    assert_eq!(
        house.put("/api/v1/templates/a", &plan("/a")).cookie(&vera).send().await.code(),
        ErrorCode::Forbidden
    );

    house.time.advance(Duration::from_secs(1));
    let again = house.put("/api/v1/templates/ÄRZTE", &plan("/a")).cookie(&admin).send().await;
    assert_eq!(again.status, 200, "{:?}", again.body);
    let again = house.put("/api/v1/templates/%C3%A4rzte", &plan("/b")).cookie(&admin).send().await;
    assert_eq!(again.status, 200, "{:?}", again.body);
    assert_eq!(names(&house, &vera).await, ["Web servers + more=1&2", "ärzte"]);

    let gone = house.delete("/api/v1/templates/web%20SERVERS%20%2B%20more=1&2").cookie(&otto).send().await;
    assert_eq!(gone.status, 204);
    assert_eq!(names(&house, &vera).await, ["ärzte"]);
    assert_eq!(house.delete(path).cookie(&otto).send().await.code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn one_that_cannot_be_followed_is_not_kept() {
    let (house, admin) = House::settled().await;
    let wrong = house.put("/api/v1/templates/web", &plan("relative")).cookie(&admin).send().await.problem();
    assert_eq!(
        (wrong.code, wrong.fields[0].field.as_str()),
        (ErrorCode::InvalidField, "groups.default.includes[0]")
    );
    for name in ["%20", "a%0Ab", &"x".repeat(65)] {
        let wrong = house.put(&format!("/api/v1/templates/{name}"), &plan("/a")).cookie(&admin).send().await;
        assert_eq!(wrong.problem().fields[0].field, "name", "{name}");
    }
    let wrong = house.put("/api/v1/templates/web", &json!({ "plan": 7 })).cookie(&admin).send().await;
    assert_eq!(wrong.code(), ErrorCode::InvalidField);
    assert!(names(&house, &admin).await.is_empty());
}

#[tokio::test]
async fn a_change_that_was_made_on_another_version_changes_nothing() {
    let (house, admin) = House::settled().await;
    let otto = house.person("otto", Role::Operator).await;
    let path = "/api/v1/templates/web";
    let put = |of: &str| house.put(path, &plan(of)).cookie(&admin);
    let tag = |kept: &TemplateView| format!("\"{}\"", kept.changed_at.0);
    let first = put("/a").header("if-none-match", "*").send().await;
    let first_tag = tag(&first.json());
    assert_eq!(first.headers["etag"], first_tag.as_str());
    assert_eq!(put("/b").header("if-none-match", "*").send().await.code(), ErrorCode::Conflict);
    // A colleague is quicker, within the same millisecond.
    let second = house.put(path, &plan("/c")).cookie(&otto).header("if-match", &first_tag).send().await;
    let second_tag = tag(&second.json());
    assert_ne!(first_tag, second_tag);
    let stale = put("/d").header("if-match", &first_tag).send().await.problem();
    assert!(stale.code == ErrorCode::Stale && stale.detail.contains("changed by otto"), "{stale:?}");
    let delete = |tag: &str| house.delete(path).cookie(&admin).header("if-match", tag);
    assert_eq!(delete(&first_tag).send().await.code(), ErrorCode::Stale);
    assert_eq!(delete("x").send().await.code(), ErrorCode::Stale);
    let list = house.get("/api/v1/templates").cookie(&admin).send().await;
    assert_eq!(tag(&list.json::<Vec<TemplateView>>()[0]), second_tag);
    assert_eq!(delete(&second_tag).send().await.status, 204);
    assert_eq!(put("/d").header("if-match", &second_tag).send().await.code(), ErrorCode::Stale);
    assert_eq!(put("/d").send().await.status, 200, "who says nothing replaces whatever is there");
}
