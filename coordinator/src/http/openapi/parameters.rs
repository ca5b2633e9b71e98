//! Parameters that many routes have: what each means is written once, here.

use serde_json::{Value, json};
use utoipa::openapi::{
    RefOr, Schema,
    path::{Operation, ParameterIn},
};

struct Known {
    name: &'static str,
    /// What it means; a route that says more stands before it.
    about: &'static str,
    /// Where the type has no example of its own.
    example: Option<fn() -> Value>,
}

const fn known(name: &'static str, about: &'static str, example: fn() -> Value) -> Known {
    Known { name, about, example: Some(example) }
}

const fn typed(name: &'static str, about: &'static str) -> Known {
    Known { name, about, example: None }
}

const PATH: &[Known] = &[
    typed("agent", "The host: its agent's id."),
    typed("job", "The job's id."),
    typed("order", "The order's id."),
    known("token", "Which token.", || json!(7)),
    known("person", "The person's number, which stays whatever they are called.", || json!(7)),
    typed("session", "Which session."),
    typed("passkey", "Which passkey."),
    typed("key", "The device's key."),
    known("provider", "The identity provider's id, as the configuration has it.", || json!("company")),
    typed("repository", "The repository's name in the host's plan."),
    known("snapshot", "The snapshot's whole id.", || {
        json!("1111111111111111111111111111111111111111111111111111111111111111")
    }),
    known("revision", "The plan's revision.", || json!(1)),
    known("name", "Its name, whatever its case.", || json!("web servers")),
];

const QUERY: &[Known] = &[
    known("cursor", "`next` of the page before.", || json!("WzE3OTUxODcwNDAwMDAsMV0")),
    known("limit", "How many on one page.", || json!(20)),
    known("q", "", || json!("web")),
    known("tag", "", || json!("prod")),
    known("held", "", || json!(false)),
    known("replaced", "", || json!(true)),
    known("path", "", || json!("/home/ada")),
    known("tree", "", || json!("3ab97b9a38dbb3ba5b0ee2bd4f3f0f2d5f2ae1ff2d2a4bb0c9be0f6f2c0bb6b1")),
    known("name", "", || json!("invoice")),
    known("pattern", "", || json!("*.jpg")),
    known("ignore_case", "", || json!(true)),
    known("group", "", || json!("default")),
    known("older", "", || json!("1111111111111111111111111111111111111111111111111111111111111111")),
    known("newer", "", || json!("2222222222222222222222222222222222222222222222222222222222222222")),
    known("place", "", || json!("1.3")),
    known("days", "", || json!(30)),
    known("after", "", || json!(2_000)),
    known("watch", "", || {
        json!(
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08/0192f0c1-7a3b-7c1e-9f00-3b1f0a2c4d5e"
        )
    }),
    known("expression", "", || json!("0 2 * * *")),
    known("zone", "", || json!("Europe/Berlin")),
    known("n", "", || json!(5)),
    known("actor", "", || json!("alice")),
    known("target_id", "", || json!("7")),
    known("target", "", || json!("web-1")),
    known("since", "", || json!(1_795_187_040_000_i64)),
    known("until", "", || json!(1_795_273_440_000_i64)),
];

const HEADER: &[Known] = &[
    known("If-Match", "The ETag of what was looked at.", || json!("\"1\"")),
    known("If-None-Match", "ETags of what is known already.", || json!("\"1\"")),
];

/// Says of each parameter what it means and what one looks like, unless the route did.
pub(super) fn describe(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let place = match parameter.parameter_in {
            ParameterIn::Path => PATH,
            ParameterIn::Header => HEADER,
            _ => QUERY,
        };
        let Some(known) = place.iter().find(|known| known.name == parameter.name) else { continue };
        let said = [Some(known.about), parameter.description.as_deref()];
        let said: Vec<&str> = said.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        parameter.description = Some(said.join(" "));
        if let (Some(example), Some(RefOr::T(schema))) = (known.example, &mut parameter.schema) {
            show(schema, example());
        }
    }
}

fn show(schema: &mut Schema, example: Value) {
    match schema {
        Schema::Object(object) if object.example.is_none() && object.examples.is_empty() => {
            object.examples.push(example);
        }
        Schema::Array(array) if array.examples.is_empty() => array.examples.push(json!([example])),
        _ => {}
    }
}
