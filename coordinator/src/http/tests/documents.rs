//! The OpenAPI document: complete, well formed, and true of what is really answered.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{contract::operations, *};
use crate::http::{openapi, table};

pub(super) fn document() -> Value {
    serde_json::to_value(openapi::document()).unwrap()
}

#[test]
fn the_table_and_the_document_name_the_same_routes() {
    let documented: BTreeSet<String> = operations(&document()).into_keys().collect();
    let routed: BTreeSet<String> =
        table::api().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(documented, routed);
    assert_eq!(routed.len(), table::api().len(), "a route stands twice in the table");
}

/// `RM_UPDATE=1` writes it anew.
#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let mut wanted = serde_json::to_string_pretty(&document()).unwrap();
    wanted.push('\n');
    if std::env::var_os("RM_UPDATE").is_some() {
        std::fs::write(&path, wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/openapi.json is not what the handlers say any more.\n\
         Run: RM_UPDATE=1 cargo nextest run -p restic-manager-coordinator the_committed_document"
    );
}

/// Every schema that stands in place.
fn schemas<'a>(value: &'a Value, into: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            into.extend(map.get("schema"));
            map.values().for_each(|value| schemas(value, into));
        }
        Value::Array(list) => list.iter().for_each(|value| schemas(value, into)),
        _ => {}
    }
}

/// The schema of OpenAPI documents leaves schemas to JSON Schema's own.
#[test]
fn it_is_an_openapi_document_and_its_schemas_are_json_schemas() {
    let document = document();
    let official: Value =
        serde_json::from_str(include_str!("fixtures/openapi-3.1.schema.json")).expect("JSON");
    let validator = jsonschema::draft202012::options().build(&official).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    let broken = json!({ "openapi": "3.1.0", "info": { "title": "x" }, "paths": {} });
    assert!(!validator.is_valid(&broken), "the schema refuses something at all");

    let mut all: Vec<&Value> = document["components"]["schemas"].as_object().unwrap().values().collect();
    schemas(&document["paths"], &mut all);
    schemas(&document["components"]["responses"], &mut all);
    assert!(all.len() > 100);
    for schema in all {
        if let Err(error) = jsonschema::draft202012::meta::validate(schema) {
            panic!("{error}\n{schema:#}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                into.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, into));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, into)),
            _ => {}
        }
    }
    let document = document();
    let mut all = Vec::new();
    references(&document, &mut all);
    assert!(all.len() > 50);
    for reference in all {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

pub(super) fn assert_valid_answer(operation: &str, answered: &Answered) {
    assert_eq!(answered.status, 200, "{operation}: {:?}", answered.body);
    assert_valid(&document(), operation, "200", &answered.json());
}

/// Holds a value against the schema of an operation's successful answer.
pub(super) fn assert_valid(document: &Value, operation: &str, status: &str, value: &Value) {
    let schema =
        &operations(document)[operation]["responses"][status]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{operation} documents no {status}");
    let whole = json!({ "allOf": [schema], "components": document["components"] });
    let validator = jsonschema::draft202012::new(&whole).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{operation}: {problems:#?}\n{value:#}");
}

#[tokio::test]
async fn what_is_really_answered_is_what_the_document_says() {
    let document = document();
    let house = House::new().await;
    let setup: Value = house.get("/api/v1/setup").send().await.json();
    assert_valid(&document, "GET /setup", "200", &setup);
    let answered = house.set_up().await;
    assert_valid(&document, "POST /setup", "201", &answered.json());
    let cookie = answered.cookie();
    assert_valid(&document, "POST /session", "201", &house.sign_in("alice", PASSWORD).await.json());
    assert_valid(&document, "POST /tokens", "201", &house.make_token(&cookie, 1).await.json());
    for path in [
        "/setup",
        "/session",
        "/fleet",
        "/fleet/tiles",
        "/fleet/install",
        "/hosts",
        "/pending",
        "/tokens",
        "/templates",
        "/keys",
        "/account/keys",
        "/audit",
        "/audit?order=asc&limit=1",
        "/audit/chain",
        "/cron?expression=0+2+*+*+*&zone=Europe/Berlin",
        "/cron?expression=nonsense",
        "/openapi.json",
    ] {
        let answered = house.get(&format!("/api/v1{path}")).cookie(&cookie).send().await;
        assert_eq!(answered.status, 200, "{path}: {:?}", answered.body);
        let operation = format!("GET {}", path.split('?').next().unwrap());
        assert_valid(&document, &operation, "200", &answered.json());
    }
    let check = json!({ "plan": { "groups": { "a": { "includes": ["relative"] } } } });
    let answered = house.post("/api/v1/plan/check", &check).cookie(&cookie).send().await;
    assert_valid(&document, "POST /plan/check", "200", &answered.json());
}

#[tokio::test]
async fn a_problem_is_what_the_document_says() {
    let document = document();
    let house = House::new().await;
    let schema = json!({ "$ref": "#/components/schemas/Problem", "components": document["components"] });
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let token = house.access.offer_setup().await.unwrap().unwrap();
    let weak = SetupRequest { password: "short".into(), ..house.setup_request(token.expose()) };
    for answered in [
        house.get("/api/v1/hosts").send().await,
        house.post("/api/v1/setup", &weak).send().await,
        house.get("/api/v1/nothing").send().await,
    ] {
        let value: Value = answered.json();
        assert!(validator.is_valid(&value), "{value:#}");
    }
    assert!(!validator.is_valid(&json!({ "code": "no_such_code" })), "the schema refuses something at all");
}
