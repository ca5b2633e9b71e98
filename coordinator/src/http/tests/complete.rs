//! What the document has to say of every route of the table, whoever adds the next one.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use wire::error::ErrorCode;

use super::contract::{Contract, contract, operations};
use crate::http::{openapi, route::Route, table};

/// Everything that is missing, said at once.
fn each(look: impl Fn(&Contract, &Route, &Value, &mut Vec<String>)) {
    let contract = contract();
    let operations = operations(&contract.document);
    let mut missing = Vec::new();
    for route in table::api() {
        let name = format!("{} {}", route.method, route.path);
        let mut here = Vec::new();
        look(contract, &route, &operations[&name], &mut here);
        missing.extend(here.into_iter().map(|what| format!("{name}: {what}")));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

fn is_said(text: &Value) -> bool {
    text.as_str().is_some_and(|text| text.len() > 5)
}

#[test]
fn every_operation_says_what_it_is_for_and_who_may() {
    assert_eq!(contract().document["openapi"], "3.1.0");
    let tags: BTreeSet<&str> = contract().document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|tag| is_said(&tag["description"]))
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    each(|_, route, operation, missing| {
        if !is_said(&operation["summary"]) {
            missing.push("a summary: the first line of the handler's comment".into());
        }
        if !operation["tags"][0].as_str().is_some_and(|tag| tags.contains(tag)) {
            missing.push("a tag that openapi.rs describes".into());
        }
        let who = route.need.map_or("Needs no session", |role| role.as_str());
        if !operation["description"].as_str().unwrap().contains(who) {
            missing.push(format!("who may: {who}"));
        }
        let schemes: Vec<&str> = operation["security"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|needs| needs.as_object().unwrap().keys().map(String::as_str))
            .collect();
        let wanted: &[&str] = match (route.need.is_some(), route.session_only) {
            (false, _) => &[],
            (true, true) => &["session"],
            (true, false) => &["session", "api_token"],
        };
        if schemes != wanted {
            missing.push(format!("how one shows who one is: {schemes:?}"));
        }
    });
}

#[test]
fn operations_have_names_of_their_own() {
    let operations = operations(&contract().document);
    let ids: BTreeSet<&str> =
        operations.values().map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), operations.len());
}

#[test]
fn every_parameter_says_what_it_means_what_shape_it_has_and_what_one_looks_like() {
    each(|contract, route, operation, missing| {
        let mut in_path: Vec<&str> = route
            .path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let (schema, list) = match contract.resolve(&parameter["schema"]) {
                list if list["type"] == "array" => (contract.resolve(&list["items"]), list),
                schema => (schema, schema),
            };
            if !is_said(&parameter["description"]) {
                missing.push(format!("what `{name}` means: its attribute or openapi/parameters.rs"));
            }
            let bounded =
                ["pattern", "format", "enum", "maxLength", "oneOf"].iter().any(|key| !schema[*key].is_null());
            if parameter["in"] == "path" {
                in_path.retain(|wanted| *wanted != name);
                if parameter["required"] != true || !(bounded || schema["type"] == "integer") {
                    missing.push(format!(
                        "what `{name}` may be: a type of wire, or a pattern or maximum length"
                    ));
                }
            }
            let shown = [schema, list].into_iter().any(|schema| {
                ["example", "examples", "enum", "oneOf"].iter().any(|key| !schema[*key].is_null())
            });
            if !(shown || schema["type"] == "boolean") {
                missing.push(format!("what `{name}` looks like: its attribute or openapi/parameters.rs"));
            }
        }
        missing.extend(in_path.into_iter().map(|name| format!("the parameter `{name}` of its path")));
    });
}

#[test]
fn every_body_and_every_answer_has_a_schema_and_an_example_that_holds() {
    each(|contract, _, operation, missing| {
        let answers = operation["responses"].as_object().unwrap();
        let good = answers.keys().filter(|status| status.starts_with('2')).count();
        if good == 0 {
            missing.push("an answer when all is well".into());
        }
        let mut parts = vec![("its body".to_owned(), &operation["requestBody"]["content"])];
        for (status, answer) in answers {
            let answer = contract.resolve(answer);
            if !is_said(&answer["description"]) {
                missing.push(format!("what {status} means"));
            }
            if matches!(status.as_str(), "200" | "201") && !answer["content"].is_object() {
                missing.push(format!("what {status} carries"));
            }
            parts.push((format!("its answer {status}"), &answer["content"]));
        }
        for (what, contents) in parts {
            for (media, content) in contents.as_object().into_iter().flatten() {
                if !content["schema"].is_object() {
                    missing.push(format!("a schema of {what} as {media}"));
                    continue;
                }
                let many = content["examples"].as_object().into_iter().flatten();
                let mut examples: Vec<&Value> = many.map(|(_, example)| &example["value"]).collect();
                examples.extend(content.get("example"));
                if examples.is_empty() {
                    missing.push(format!("an example of {what} as {media}: openapi/examples.rs"));
                }
                for example in examples {
                    let problems = contract.problems(&content["schema"], example);
                    missing.extend(problems.into_iter().map(|it| format!("a true example of {what}: {it}")));
                }
            }
        }
    });
}

#[test]
fn every_operation_lists_the_problems_that_follow_from_its_shape_and_from_its_row() {
    each(|contract, route, operation, missing| {
        let item = openapi::document().paths.paths.get(route.path).unwrap();
        let all = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
        let mut all = all.into_iter().flatten();
        let typed = all.find(|one| one.operation_id.as_deref() == operation["operationId"].as_str());
        for code in openapi::refusals::of(route, typed.unwrap()) {
            let answer = contract.resolve(&operation["responses"][code.status().to_string()]);
            let spelled = json!(code);
            let narrowed = &answer["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"];
            let listed = narrowed["code"]["enum"].as_array().is_some_and(|codes| codes.contains(&spelled));
            if !listed {
                missing.push(format!("the problem {spelled}"));
            }
        }
        for always in ["500", "503"] {
            if !operation["responses"][always].is_object() {
                missing.push(format!("{always}, which anything may answer"));
            }
        }
        if !operation["responses"]["default"].is_null() {
            missing.push("no default: whatever is not listed is not answered".into());
        }
    });
}

#[test]
fn every_code_is_in_the_list_of_all() {
    let schema = &contract().document["components"]["schemas"]["ErrorCode"];
    let mut found = Vec::new();
    gather(schema, &mut found);
    let all: BTreeSet<String> =
        ErrorCode::ALL.iter().map(|code| json!(code).as_str().unwrap().to_owned()).collect();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), all);
}

/// The values of an enumeration, however its schema groups them.
fn gather(schema: &Value, into: &mut Vec<String>) {
    let values = schema["enum"].as_array().into_iter().flatten();
    into.extend(values.filter_map(Value::as_str).map(str::to_owned));
    schema["oneOf"].as_array().into_iter().flatten().for_each(|one| gather(one, into));
}
