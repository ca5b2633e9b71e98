//! What bodies and answers look like: one real value per type of the API, so that an example cannot say what the types do
//! not. A test holds each against its schema, and fails when a route's type has none.

mod access;
mod account;
mod cast;
mod fleet;
mod host;
mod people;
mod recovery;
mod work;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{Content, Ref, RefOr, Response, Schema, path::Operation, schema::ArrayItems},
};
use wire::view::Page;

/// By the name that a type has among the document's schemas.
pub(super) struct Examples(BTreeMap<String, Value>);

fn of<T: ToSchema + Serialize>(value: &T) -> (String, Value) {
    (T::name().into_owned(), serde_json::to_value(value).unwrap_or_default())
}

/// Every example. A new type of the API adds its own to the room that it belongs to.
pub(super) fn all() -> Examples {
    let rooms = [
        access::all(),
        account::all(),
        people::all(),
        fleet::all(),
        host::all(),
        work::all(),
        recovery::all(),
    ];
    Examples(rooms.into_iter().flatten().collect())
}

impl Examples {
    fn named(&self, name: &str) -> Option<Value> {
        if let Some(item) = name.strip_prefix("Page_") {
            let page =
                Page { items: vec![self.named(item)?], next: Some(cast::CURSOR.to_owned()), total: None };
            return serde_json::to_value(page).ok();
        }
        self.0.get(name).cloned()
    }

    fn of(&self, schema: &RefOr<Schema>) -> Option<Value> {
        match schema {
            RefOr::Ref(Ref { ref_location, .. }) => self.named(ref_location.rsplit('/').next()?),
            RefOr::T(Schema::Array(list)) => match &list.items {
                ArrayItems::RefOrSchema(item) => Some(Value::Array(vec![self.of(item)?])),
                ArrayItems::False => None,
            },
            RefOr::T(_) => None,
        }
    }

    fn fill(&self, content: &mut Content) {
        if content.example.is_none() && content.examples.is_empty() {
            content.example = content.schema.as_ref().and_then(|schema| self.of(schema));
        }
    }
}

/// Puts an example beside the schema of each body and each answer.
pub(super) fn show(operation: &mut Operation, examples: &Examples) {
    let body = operation.request_body.iter_mut().filter_map(owned).flat_map(|body| body.content.values_mut());
    body.filter_map(owned).for_each(|content| examples.fill(content));
    let answers = operation.responses.responses.values_mut().filter_map(owned);
    let contents = answers.flat_map(|answer: &mut Response| answer.content.values_mut());
    contents.filter_map(owned).for_each(|content| examples.fill(content));
}

/// What stands here itself, and is not a reference to a part.
fn owned<T>(part: &mut RefOr<T>) -> Option<&mut T> {
    match part {
        RefOr::T(it) => Some(it),
        RefOr::Ref(_) => None,
    }
}
