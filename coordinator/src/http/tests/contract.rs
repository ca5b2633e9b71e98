//! Every answer of every test is held against the document: its status and media type, its body's schema, its problem's
//! code; and what was taken is held against what the document says is taken.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, LazyLock, Mutex},
};

use jsonschema::Validator;
use serde_json::{Value, json};
use warp::http::{HeaderMap, StatusCode, header};
use wire::error::ErrorCode;

use crate::http::{openapi, reply, route::Route, table};

/// The document, with its schemas compiled as they are needed.
pub(super) struct Contract {
    pub document: Value,
    routes: Vec<Route>,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

/// What was asked, as far as the document speaks of it.
pub(super) struct Asked {
    method: String,
    path: String,
    query: Vec<String>,
    body: Vec<u8>,
}

impl Asked {
    pub fn new(method: &str, uri: &str, body: &[u8]) -> Self {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let query = query.split('&').filter_map(|pair| pair.split('=').next());
        let query = query.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        // What a GET answers, a HEAD answers without its body.
        let method = if method == "HEAD" { "GET" } else { method };
        Self { method: method.into(), path: path.into(), query, body: body.to_vec() }
    }
}

pub(super) fn contract() -> &'static Contract {
    static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract {
        document: serde_json::to_value(openapi::document()).unwrap(),
        routes: table::api(),
        compiled: Mutex::default(),
    });
    &CONTRACT
}

/// `METHOD path` → operation.
pub(super) fn operations(document: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.insert(format!("{} {path}", method.to_uppercase()), operation.clone());
        }
    }
    all
}

impl Contract {
    /// What a reference leads to, or the value itself.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).expect(reference),
            None => value,
        }
    }

    pub fn problems(&self, schema: &Value, value: &Value) -> Vec<String> {
        let key = schema.to_string();
        let known = self.compiled.lock().unwrap().get(&key).cloned();
        let validator = known.unwrap_or_else(|| {
            let whole = json!({ "allOf": [schema], "components": self.document["components"] });
            let options = jsonschema::draft202012::options().should_validate_formats(true);
            let made = Arc::new(options.build(&whole).unwrap());
            self.compiled.lock().unwrap().insert(key, Arc::clone(&made));
            made
        });
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// The operation that answers, by its name; none where the table has no such route.
    fn operation(&self, asked: &Asked) -> Option<(String, &Value)> {
        let path = asked.path.strip_prefix(table::API)?;
        let route = self
            .routes
            .iter()
            .find(|route| route.method.as_str() == asked.method && route.matches(path).is_some())?;
        let operation = &self.document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
        Some((format!("{} {}", route.method, route.path), operation))
    }

    /// The status is one of the operation's, and its media type one of that answer's.
    pub fn check_head(&self, asked: &Asked, status: StatusCode, headers: &HeaderMap) {
        let Some((name, operation)) = self.operation(asked) else { return };
        let answer = self.answer(&name, operation, status);
        let media = media(headers);
        let documented = answer["content"].as_object();
        let known = documented.map_or(media.is_empty(), |all| all.contains_key(&media));
        assert!(known, "{name} answers {status} as {media:?}, which the document does not say");
    }

    /// The body is what the schema of this answer says; a problem's code is one that the operation lists.
    pub fn check_body(&self, asked: &Asked, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
        let media = media(headers);
        let Some((name, operation)) = self.operation(asked) else {
            if media == "application/problem+json" {
                let schema = json!({ "$ref": "#/components/schemas/Problem" });
                self.assert_valid(&asked.path, &schema, &serde_json::from_slice(body).unwrap());
            }
            return;
        };
        let schema = &self.answer(&name, operation, status)["content"][&media]["schema"];
        let values: Vec<Value> = match media.as_str() {
            "application/json" | "application/problem+json" => vec![serde_json::from_slice(body).unwrap()],
            "application/x-ndjson" => {
                let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                lines.take(100).map(|line| serde_json::from_slice(line).unwrap()).collect()
            }
            _ => Vec::new(),
        };
        let said = format!("{name} answers {status}");
        for value in &values {
            self.assert_valid(&said, schema, value);
        }
        if status.is_success() {
            self.check_taken(&name, operation, asked);
        }
    }

    /// Whoever reads the document has to be able to ask the same: parameters and body are documented.
    fn check_taken(&self, name: &str, operation: &Value, asked: &Asked) {
        for query in &asked.query {
            let mut known = operation["parameters"].as_array().into_iter().flatten();
            let found = known.any(|parameter| parameter["in"] == "query" && parameter["name"] == *query);
            assert!(found, "{name} was asked with `{query}`, which the document does not know");
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_object() {
            self.assert_valid(
                &format!("{name} takes"),
                schema,
                &serde_json::from_slice(&asked.body).unwrap(),
            );
        }
    }

    /// One event of the stream, which has no end to wait for.
    pub fn check_event(&self, event: &Value) {
        let answer = &self.document["paths"]["/events"]["get"]["responses"]["200"];
        let schema = &answer["content"]["text/event-stream"]["schema"];
        assert!(schema.is_object(), "the document says what an event is");
        self.assert_valid("an event", schema, event);
    }

    fn answer<'a>(&'a self, name: &str, operation: &'a Value, status: StatusCode) -> &'a Value {
        let answer = &operation["responses"][status.as_str()];
        assert!(answer.is_object(), "{name} answers {status}, which the document does not list");
        self.resolve(answer)
    }

    pub fn assert_valid(&self, what: &str, schema: &Value, value: &Value) {
        let problems = self.problems(schema, value);
        assert!(
            problems.is_empty(),
            "{what}: what the document does not say (a problem's code is listed by `.refuses` in the table): \
             {problems:#?}\n{value:#}"
        );
    }
}

/// Without parameters; empty where there is none.
fn media(headers: &HeaderMap) -> String {
    let media = headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap());
    media.split(';').next().unwrap_or_default().trim().to_owned()
}

/// A check that holds everything would hold nothing.
#[test]
#[should_panic(expected = "which the document does not list")]
fn a_status_that_is_not_listed_is_found() {
    let asked = Asked::new("GET", "/api/v1/fleet/tiles", b"");
    contract().check_head(&asked, StatusCode::IM_A_TEAPOT, &HeaderMap::new());
}

#[test]
#[should_panic(expected = "what the document does not say")]
fn a_code_that_is_not_listed_is_found() {
    let asked = Asked::new("GET", "/api/v1/fleet/tiles", b"");
    let refused = crate::http::problem::Refused::new(ErrorCode::SetupClosed, "It is.", "Sign in.");
    let (head, _) = reply::problem(&refused).into_parts();
    let body = serde_json::to_vec(&*refused).unwrap();
    contract().check_body(&asked, head.status, &head.headers, &body);
}

#[test]
#[should_panic(expected = "what the document does not say")]
fn an_answer_of_another_shape_is_found() {
    let asked = Asked::new("GET", "/api/v1/fleet/tiles", b"");
    let (head, _) = reply::json(&json!({ "hosts": "many" })).unwrap().into_parts();
    contract().check_body(&asked, head.status, &head.headers, br#"{"hosts":"many"}"#);
}

#[test]
#[should_panic(expected = "which the document does not know")]
fn a_filter_that_is_not_documented_is_found() {
    let asked = Asked::new("GET", "/api/v1/fleet/tiles?colour=blue", b"");
    let operation = &contract().document["paths"]["/fleet/tiles"]["get"];
    contract().check_taken("GET /fleet/tiles", operation, &asked);
}
