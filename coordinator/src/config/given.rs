//! What was said, before it is understood: values by key, each with the place that it came from.
//!
//! Knows the file's syntax, the environment and which of them wins. Must not know what a value means.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::Deserialize as _;
use toml::{
    Spanned, Value,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::keys::{self, KEYS, Known, SSO, Shape};

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A line of `coordinator.toml`, from 1.
    File(usize),
    Environment(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(line) => write!(f, "coordinator.toml, line {line}"),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// One thing that is not as it must be. `Display` says where, what, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub origin: Origin,
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.what)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Said {
    pub value: Value,
    pub origin: Origin,
}

/// Values by key. What is laid over it later wins.
#[derive(Debug, Default)]
pub(super) struct Given {
    values: BTreeMap<String, Said>,
    /// Where each provider begins.
    providers: Vec<Origin>,
    pub problems: Vec<Problem>,
}

impl Given {
    pub fn lay_file(&mut self, text: &str) {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let origin = Origin::File(line(text, error.span().map_or(0, |span| span.start)));
            self.problem(origin, error.message().to_owned());
        }
        if errors.is_empty() {
            let place = |span: std::ops::Range<usize>| Origin::File(line(text, span.start));
            self.lay_table("", "", table.get_ref(), &place);
        }
    }

    /// Of all variables those that are ours.
    pub fn lay_environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix(keys::ENVIRONMENT) else { continue };
            if keys::NO_KEYS.contains(&name.as_str()) {
                continue;
            }
            let origin = Origin::Environment(name.clone());
            let path = rest.to_ascii_lowercase().replace("__", ".");
            if path == SSO {
                self.lay_providers_of_environment(&text, origin);
            } else if let Some(key) = KEYS.iter().find(|key| key.path == path) {
                match of_environment(key.shape, &text) {
                    Ok(value) => self.set(key.path, value, origin),
                    Err(what) => self.problem(origin, what),
                }
            } else {
                let nearest = keys::nearest(&path).map(|path| keys::variable(&path));
                self.problem(origin, unknown("no setting of this name", nearest));
            }
        }
    }

    pub fn lay_flag(&mut self, path: &'static str, flag: &'static str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.set(path, Value::String(value.into()), Origin::Flag(flag));
        }
    }

    fn lay_providers_of_environment(&mut self, text: &str, origin: Origin) {
        self.providers.clear();
        self.values.retain(|path, _| !path.starts_with("sso["));
        match DeValue::parse(text) {
            Ok(value) => self.lay_providers(&value, &|_| origin.clone()),
            Err(error) => self.problem(origin, format!("not TOML: {}", error.message())),
        }
    }

    /// `path` is how people write it (`sso[0].id`), `schema` what it is (`sso.id`).
    fn lay_table(
        &mut self,
        path: &str,
        schema: &str,
        table: &DeTable<'_>,
        place: &dyn Fn(std::ops::Range<usize>) -> Origin,
    ) {
        for (name, value) in table {
            let origin = place(name.span());
            let below = |above: &str| match above {
                "" => name.get_ref().to_string(),
                above => format!("{above}.{}", name.get_ref()),
            };
            let (path, schema) = (below(path), below(schema));
            match (keys::known(&schema), value.get_ref()) {
                (Some(Known::Key), _) => match Value::deserialize(ValueDeserializer::from(value.clone())) {
                    Ok(value) => self.set(&path, value, origin),
                    Err(error) => self.problem(origin, format!("`{path}`: {}", error.message())),
                },
                (Some(Known::Section), DeValue::Table(inner)) => {
                    self.lay_table(&path, &schema, inner, place);
                }
                (Some(Known::Section), _) => {
                    self.problem(origin, format!("`{path}` is a section: write [{path}] and its keys below"));
                }
                (Some(Known::Providers), _) => self.lay_providers(value, place),
                (None, _) => {
                    let nearest = keys::nearest(&schema).map(|nearest| match path.split_once('.') {
                        // Of the same provider.
                        Some((provider, _)) if provider.contains('[') => nearest.replacen(SSO, provider, 1),
                        _ => nearest,
                    });
                    self.problem(origin, unknown(&format!("there is no key `{path}`"), nearest));
                }
            }
        }
    }

    fn lay_providers(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        place: &dyn Fn(std::ops::Range<usize>) -> Origin,
    ) {
        let wrong = "providers are a list: write [[sso]] before the keys of each";
        let Some(all) = value.get_ref().as_array() else {
            return self.problem(place(value.span()), wrong.to_owned());
        };
        for one in all {
            let origin = place(one.span());
            match one.get_ref().as_table() {
                Some(table) => {
                    let path = format!("{SSO}[{}]", self.providers.len());
                    self.providers.push(origin);
                    self.lay_table(&path, SSO, table, place);
                }
                None => self.problem(origin, wrong.to_owned()),
            }
        }
    }

    fn set(&mut self, path: &str, value: Value, origin: Origin) {
        self.values.insert(path.to_owned(), Said { value, origin });
    }

    pub fn problem(&mut self, origin: Origin, what: String) {
        self.problems.push(Problem { origin, what });
    }

    pub fn providers(&self) -> Vec<Origin> {
        self.providers.clone()
    }

    pub fn origin(&self, path: &str) -> Option<Origin> {
        self.values.get(path).map(|said| said.origin.clone())
    }

    /// The value as `parse` understands it. `None` when it was not said, or when `parse` has something against it.
    pub fn take<T>(
        &mut self,
        path: &str,
        parse: impl FnOnce(&Value, &Origin) -> Result<T, String>,
    ) -> Option<T> {
        let said = self.values.get(path)?.clone();
        match parse(&said.value, &said.origin) {
            Ok(value) => Some(value),
            Err(what) => {
                self.problem(said.origin, format!("`{path}`: {what}"));
                None
            }
        }
    }
}

fn unknown(what: &str, nearest: Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("{what}; did you mean `{nearest}`?"),
        None => format!("{what}; docs/COORDINATOR.md lists them all"),
    }
}

fn line(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

fn of_environment(shape: Shape, text: &str) -> Result<Value, String> {
    let written = |text: &str| {
        let value = ValueDeserializer::parse(text).and_then(Value::deserialize);
        value.map_err(|error| format!("not TOML: {}", error.message()))
    };
    match shape {
        Shape::Text => Ok(Value::String(text.to_owned())),
        // What is no number is told so by whoever wants one.
        Shape::Number => {
            Ok(text.trim().parse().map_or_else(|_| Value::String(text.to_owned()), Value::Integer))
        }
        Shape::List if text.trim_start().starts_with('[') => written(text),
        Shape::List => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Ok(Value::Array(parts.map(|part| Value::String(part.to_owned())).collect()))
        }
        Shape::Table => written(text),
    }
}

/// A text; anything else is told what it is.
pub(super) fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("a text in quotes is wanted, this is {}", kind(value)))
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "one text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

pub(super) fn texts<T>(value: &Value, each: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let Some(all) = value.as_array() else {
        return Err(format!("a list of texts is wanted, this is {}", kind(value)));
    };
    all.iter().map(|one| each(text(one)?)).collect()
}

pub(super) fn number(value: &Value, least: u32, most: u32) -> Result<u32, String> {
    let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("a whole number from {least} to {most} is wanted"))
}

/// A path in the file is meant from the file's own directory, on the command line from where one is.
pub(super) fn path(value: &Value, origin: &Origin, data: &std::path::Path) -> Result<PathBuf, String> {
    let path = text(value)?;
    if path.is_empty() {
        return Err("it is empty: write a path, or leave the key out".to_owned());
    }
    Ok(match origin {
        Origin::File(_) => data.join(path),
        _ => PathBuf::from(path),
    })
}
