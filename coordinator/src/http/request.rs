//! What a handler may ask of a request: path parameters, query, body. Whatever is not as it should be becomes a problem
//! that names the part.

use std::{fmt::Display, net::SocketAddr, pin::Pin, str::FromStr, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use hyper::upgrade::OnUpgrade;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use warp::http::{HeaderMap, Method, header};
use wire::error::ErrorCode;

use super::{
    cookie,
    problem::{Refused, bad_request, invalid_field},
};
use crate::{
    access::{KnownDevice, Visitor},
    audit::Act,
    world::World,
};

pub(super) type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>;

/// A body that has not come in this time never will.
const BODY_TIME: Duration = Duration::from_secs(30);
/// Enough for every form; routes that take signed documents say more.
pub(super) const SMALL_BODY_BYTES: usize = 16 * 1024;
/// A plan with its secrets, base64url inside JSON.
pub(super) const SIGNED_BODY_BYTES: usize = 2 * 1024 * 1024;

pub(super) struct Request {
    pub method: Method,
    pub path: String,
    /// Of the route's pattern, by name; filled in when the route is found.
    pub params: Vec<(&'static str, String)>,
    pub query: Query,
    pub headers: HeaderMap,
    /// Who it comes from: of the connection, or as a trusted proxy says.
    pub client: SocketAddr,
    /// Whoever asks, as far as they are known: from where and when.
    pub act: Act,
    pub body: BodyStream,
    pub upgrade: Option<OnUpgrade>,
    pub body_limit: usize,
}

impl Request {
    /// A parameter of the path.
    pub fn param<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Refused> {
        let text = self.params.iter().find(|(found, _)| *found == name).map_or("", |(_, text)| text);
        text.parse().map_err(|error: T::Err| {
            bad_request(
                format!("The address is not valid: {error}."),
                "Go back to the list and open it from there, or copy the whole address again.",
            )
        })
    }

    /// What a session that begins here is remembered by.
    pub fn visitor(&self) -> Visitor {
        Visitor {
            device: self.header(&header::USER_AGENT).map(str::to_owned),
            known: cookie::find_known(&self.headers).map(KnownDevice::shown),
            ..Visitor::default()
        }
    }

    pub fn header(&self, name: &header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Only JSON is taken, and a form of another site cannot say that it is.
    pub fn check_media(&self) -> Result<(), Refused> {
        let media = self.header(&header::CONTENT_TYPE).unwrap_or_default();
        let essence = media.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            return Ok(());
        }
        Err(Refused::new(
            ErrorCode::UnsupportedMedia,
            "The body is not sent as JSON.",
            "Send it with `Content-Type: application/json`.",
        ))
    }

    /// A form as servers send it, read up to the route's limit. For routes that no page of ours calls.
    pub async fn form(&mut self, world: &World) -> Result<Query, Refused> {
        let media = self.header(&header::CONTENT_TYPE).unwrap_or_default();
        let essence = media.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refused::new(
                ErrorCode::UnsupportedMedia,
                "The body is not sent as a form.",
                "Send it with `Content-Type: application/x-www-form-urlencoded`.",
            ));
        }
        let body = self.whole_body(world).await?;
        Ok(Query::parse(&String::from_utf8_lossy(&body)))
    }

    /// The body, read up to the route's limit.
    pub async fn json<T: DeserializeOwned + Serialize>(&mut self, world: &World) -> Result<T, Refused> {
        self.check_media()?;
        parse(&self.whole_body(world).await?)
    }

    async fn whole_body(&mut self, world: &World) -> Result<Bytes, Refused> {
        let limit = self.body_limit;
        if self
            .header(&header::CONTENT_LENGTH)
            .and_then(|length| length.parse().ok())
            .is_some_and(|length: usize| length > limit)
        {
            return Err(too_large(limit));
        }
        world.within(BODY_TIME, collect(&mut self.body, limit)).await.ok_or_else(|| {
            bad_request("The body did not arrive in time.", "Check the connection and send it again.")
        })?
    }
}

async fn collect(body: &mut BodyStream, limit: usize) -> Result<Bytes, Refused> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| {
            bad_request(
                "The connection broke off within the body.",
                "Check the connection and send it again.",
            )
        })?;
        if whole.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

fn too_large(limit: usize) -> Refused {
    Refused::new(
        ErrorCode::TooLarge,
        format!("The body is larger than the {} KiB that are taken here.", limit / 1024),
        "Send less at once.",
    )
}

/// Broken JSON is a bad request; JSON of another shape names the field.
fn parse<T: DeserializeOwned + Serialize>(body: &[u8]) -> Result<T, Refused> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            let field = if path == "." { "(body)".to_owned() } else { path };
            return invalid_field(&field, without_serde(without_place(&inner.to_string())));
        }
        bad_request(format!("The body is not JSON: {inner}."), "Send one JSON object.")
    })?;
    deserializer.end().map_err(|error| {
        bad_request(format!("The body is not JSON: {error}."), "Send one JSON object and nothing after it.")
    })?;
    objects_are_objects(body, &value)?;
    Ok(value)
}

/// A derived reader takes a list's items for the fields of an object, in the order that the program happens to have them.
/// Nobody means that: what is written as an object has to have come as one.
fn objects_are_objects(body: &[u8], read: &impl Serialize) -> Result<(), Refused> {
    let (Ok(came), Ok(read)) = (serde_json::from_slice(body), serde_json::to_value(read)) else {
        return Ok(());
    };
    match list_for_object(&came, &read, String::new()) {
        Some(path) => {
            let field = if path.is_empty() { "(body)" } else { &path };
            Err(invalid_field(field, "must be an object, not a list"))
        }
        None => Ok(()),
    }
}

/// Where a list came and an object was read.
fn list_for_object(came: &Value, read: &Value, path: String) -> Option<String> {
    match (came, read) {
        (Value::Array(_), Value::Object(_)) => Some(path),
        (Value::Object(came), Value::Object(read)) => came.iter().find_map(|(name, came)| {
            let dot = if path.is_empty() { "" } else { "." };
            list_for_object(came, read.get(name)?, format!("{path}{dot}{name}"))
        }),
        (Value::Array(came), Value::Array(read)) => {
            let mut pairs = came.iter().zip(read).enumerate();
            pairs.find_map(|(at, (came, read))| list_for_object(came, read, format!("{path}[{at}]")))
        }
        _ => None,
    }
}

/// Without ` at line 1 column 7`: nobody wrote lines.
fn without_place(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message)
}

/// The query, decoded.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(raw: &str) -> Self {
        Self(form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The one text; an empty one counts as absent, two are one too many.
    pub fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, Refused> {
        let mut values = self.all(name).filter(|value| !value.is_empty());
        let first = values.next();
        if values.next().is_some() {
            return Err(invalid_field(name, "must be given once"));
        }
        Ok(first)
    }

    /// The one value as it came; an empty one is none of a closed kind.
    fn single<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, Refused> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(invalid_field(name, "must be given once"));
        }
        Ok(first)
    }

    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Refused> {
        let Some(text) = self.single(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|error: T::Err| invalid_field(name, error.to_string()))
    }

    /// One of a closed list, as JSON spells it.
    pub fn choice<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Refused> {
        self.single(name)?.map(|text| chosen(name, text)).transpose()
    }

    pub fn choices<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, Refused> {
        self.all(name).map(|text| chosen(name, text)).collect()
    }
}

fn chosen<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Refused> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|error| invalid_field(name, without_serde(&error.to_string())))
}

/// Serde speaks of variants; people who made a filter do not.
fn without_serde(message: &str) -> String {
    message.replacen("unknown variant", "there is no", 1).replacen(", expected", ": use", 1)
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use wire::{job::JobKind, trust::Role};

    use super::*;

    #[derive(Debug, Deserialize, Serialize, PartialEq)]
    struct Form {
        name: String,
        roles: Vec<Role>,
    }

    #[test]
    fn a_body_of_another_shape_names_the_field() {
        let problem = parse::<Form>(br#"{"name":"a","roles":["admin","king"]}"#).unwrap_err();
        assert_eq!((problem.code, problem.fields[0].field.as_str()), (ErrorCode::InvalidField, "roles[1]"));
        assert!(!problem.fields[0].message.contains("line"), "{:?}", problem.fields);
        assert_eq!(parse::<Form>(b"[]").unwrap_err().code, ErrorCode::InvalidField);
        for broken in [&b""[..], b"{", b"{}x", b"\xff", br#"{"name":"a","roles":[]} {}"#] {
            let problem = parse::<Form>(broken).unwrap_err();
            assert!(matches!(problem.code, ErrorCode::BadRequest | ErrorCode::InvalidField), "{problem:?}");
        }
        assert_eq!(parse::<Form>(br#"{"name":"a","roles":[],"more":1}"#).unwrap().name, "a");
    }

    #[test]
    fn a_list_is_no_object() {
        let said =
            |body: &[u8]| parse::<wire::view::TemplateRequest>(body).unwrap_err().fields[0].field.clone();
        assert_eq!(said(br#"{"plan":{"maintenance":[null,null]}}"#), "plan.maintenance");
        assert_eq!(
            said(br#"{"plan":{"groups":{"a":{"includes":["/"],"retry":[]}}}}"#),
            "plan.groups.a.retry"
        );
        assert_eq!(said(b"[{}]"), "(body)");
        assert!(parse::<wire::view::TemplateRequest>(br#"{"plan":{"maintenance":{}}}"#).is_ok());
    }

    #[test]
    fn a_query_is_read_by_name() {
        let query = Query::parse("kind=backup&tag=a&tag=b%20c&empty=&limit=7&kind2=x");
        assert_eq!(query.choice::<JobKind>("kind").unwrap(), Some(JobKind::Backup));
        assert_eq!(query.all("tag").collect::<Vec<_>>(), ["a", "b c"]);
        assert_eq!(query.one("empty").unwrap(), None);
        assert_eq!(query.parsed::<u32>("limit").unwrap(), Some(7));
        assert_eq!(query.parsed::<u32>("empty").unwrap_err().fields[0].field, "empty");
        assert_eq!(query.choices::<JobKind>("empty").unwrap_err().fields[0].field, "empty");
        assert_eq!(query.one("tag").unwrap_err().fields[0].field, "tag");
        assert_eq!(query.choice::<JobKind>("kind2").unwrap_err().code, ErrorCode::InvalidField);
        assert_eq!(Query::parse("limit=x").parsed::<u32>("limit").unwrap_err().fields[0].field, "limit");
    }

    proptest::proptest! {
        #[test]
        fn no_query_and_no_body_breaks_it(raw in ".{0,200}", body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let query = Query::parse(&raw);
            let _ = query.parsed::<u32>("limit");
            let _ = query.choices::<JobKind>("kind");
            let _ = parse::<Form>(&body);
            let _ = parse::<wire::view::OrderRequest>(&body);
            let _ = parse::<wire::view::SetupRequest>(&body);
        }
    }
}
