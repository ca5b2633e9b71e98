//! Keeps secrets out of what restic says: they should not be there, and this makes sure.

use serde_json::Value;
use wire::{
    job::{JobResult, Reason},
    seal::Secret,
};

use crate::restic::command::Access;

/// Shorter ones would blot out ordinary words; a password of three letters protects nothing anyway.
const SHORTEST: usize = 4;

/// The secrets of one job, in every spelling that a program might print.
pub struct Scrub(Vec<Secret>);

impl Scrub {
    pub fn new(access: &Access) -> Self {
        let login = access.login.as_ref().map(|login| &login.password);
        let secrets = [&access.password].into_iter().chain(login).chain(access.environment.values());
        let mut spellings = Vec::new();
        for secret in secrets {
            let Some(text) = secret.expose_text() else { continue };
            // As it is, in a URL, and within JSON or a quoted Go string.
            let quoted = Value::from(text).to_string();
            let quoted = quoted.trim_matches('"').to_owned();
            for spelling in [text.to_owned(), crate::restic::command::percent(text), quoted] {
                if spelling.len() >= SHORTEST {
                    spellings.push(Secret::new(spelling.into_bytes()));
                }
            }
        }
        Self(spellings)
    }

    /// Of two jobs' places at once.
    pub fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }

    /// What a job found is in restic's words too.
    pub fn result(&self, result: &JobResult) -> Option<JobResult> {
        let mut value = serde_json::to_value(result).ok()?;
        self.clean_strings(&mut value);
        serde_json::from_value(value).ok()
    }

    pub fn clean(&self, text: String) -> String {
        self.0.iter().filter_map(Secret::expose_text).fold(text, |text, secret| {
            if text.contains(secret) { text.replace(secret, "**redacted**") } else { text }
        })
    }

    /// A reason quotes restic. It is cleaned after it was found: a password may be a word of restic's own.
    pub fn reason(&self, reason: Reason) -> Reason {
        let Ok(mut value) = serde_json::to_value(&reason) else { return reason };
        self.clean_strings(&mut value);
        serde_json::from_value(value)
            .unwrap_or(Reason::Internal { message: "restic's words held a secret".to_owned() })
    }

    fn clean_strings(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.clean(std::mem::take(text)),
            Value::Array(values) => values.iter_mut().for_each(|value| self.clean_strings(value)),
            // These words are ours.
            Value::Object(fields) => fields
                .iter_mut()
                .filter(|(name, _)| !matches!(name.as_str(), "code" | "of" | "change"))
                .for_each(|(_, value)| self.clean_strings(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wire::plan::Backend;

    use super::*;
    use crate::restic::command::Login;

    #[test]
    fn every_spelling_of_every_secret_is_blotted_out() {
        let access = Access {
            backend: Backend::Local { path: "/x".to_owned() },
            password: Secret::new("p@ss \"word"),
            login: Some(Login { user: "u".to_owned(), password: Secret::new("lo/gin") }),
            environment: BTreeMap::from([("K".to_owned(), Secret::new("keykey"))]),
        };
        let scrub = Scrub::new(&access);
        let text = r#"p@ss "word, p%40ss%20%22word, "p@ss \"word", lo/gin lo%2Fgin keykey, word"#;
        assert_eq!(
            scrub.clean(text.to_owned()),
            r#"**redacted**, **redacted**, "**redacted**", **redacted** **redacted** **redacted**, word"#
        );
        assert_eq!(scrub.clean("nothing".to_owned()), "nothing");
    }

    #[test]
    fn a_reason_keeps_its_kind_whatever_the_secret_is() {
        let access = Access {
            backend: Backend::Local { path: "/x".to_owned() },
            password: Secret::new("restic"),
            login: None,
            environment: BTreeMap::new(),
        };
        let reason = Reason::Restic { exit: Some(1), message: "restic says restic".to_owned() };
        let message = "**redacted** says **redacted**".to_owned();
        assert_eq!(Scrub::new(&access).reason(reason), Reason::Restic { exit: Some(1), message });
        let items = vec!["/home/restic".to_owned()];
        let cleaned = Scrub::new(&access).reason(Reason::UnreadableItems { items, more: 2 });
        assert_eq!(
            cleaned,
            Reason::UnreadableItems { items: vec!["/home/**redacted**".to_owned()], more: 2 }
        );
    }

    #[test]
    fn a_tiny_secret_does_not_blot_out_the_log() {
        let access = Access {
            backend: Backend::Local { path: "/x".to_owned() },
            password: Secret::new("a"),
            login: None,
            environment: BTreeMap::new(),
        };
        assert_eq!(Scrub::new(&access).clean("a backup".to_owned()), "a backup");
    }
}
