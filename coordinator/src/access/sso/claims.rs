//! What a provider says of a person, and what that makes of them here. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use wire::trust::Role;

/// A person's claims. Those of the ID token were signed; userinfo adds what is missing there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    pub fn new(id_token: Map<String, Value>) -> Self {
        Self(id_token)
    }

    /// What was said already stays.
    pub fn add(&mut self, user_info: Map<String, Value>) {
        for (name, value) in user_info {
            if self.get(&name).is_none_or(Value::is_null) {
                self.0.insert(name, value);
            }
        }
    }

    /// By its whole name, or else by a path into it: some providers nest (`realm_access.roles`), others have dots in their
    /// names (`https://example.org/groups`).
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).or_else(|| {
            let (first, rest) = name.split_once('.')?;
            rest.split('.').try_fold(self.0.get(first)?, |value, step| value.get(step))
        })
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    /// A text, several, or several in one that commas divide. Anything else is none.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let mut values: Vec<&str> = match self.get(name) {
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            // The whole text too: a group may have a comma in its name.
            Some(Value::String(text)) if text.contains(',') => {
                [text.trim()].into_iter().chain(text.split(',').map(str::trim)).collect()
            }
            Some(Value::String(text)) => vec![text.trim()],
            _ => Vec::new(),
        };
        values.retain(|value| !value.is_empty());
        values
    }

    /// The highest role that a value of the claim gives. To the letter: groups are somebody else's names.
    pub fn role(&self, claim: &str, roles: &BTreeMap<Role, Vec<String>>) -> Option<Role> {
        let said = self.values(claim);
        let given = |values: &Vec<String>| values.iter().any(|value| said.contains(&value.as_str()));
        roles.iter().filter(|(_, values)| given(values)).map(|(role, _)| *role).max()
    }

    /// An address to be shown and written to, as far as it looks like one.
    pub fn email(&self) -> Option<&str> {
        self.text("email").filter(|email| {
            email.len() <= 254 && email.contains('@') && !email.chars().any(|c| c.is_control() || c == ' ')
        })
    }

    /// Whether the provider says that more than a password was shown (RFC 8176).
    pub fn proves_second_factor(&self) -> bool {
        let methods = self.values("amr");
        let has = |names: &[&str]| names.iter().any(|name| methods.contains(name));
        has(&["mfa"])
            || (has(&["pwd", "pin"]) && has(&["otp", "hwk", "swk", "sc", "sms", "tel", "fpt", "face"]))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        let Value::Object(map) = value else { panic!("{value}") };
        Claims::new(map)
    }

    fn roles() -> BTreeMap<Role, Vec<String>> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        BTreeMap::from([
            (Role::Admin, texts(&["backup-admins", "Domain Admins, EMEA"])),
            (Role::Operator, texts(&["ops"])),
            (Role::Viewer, texts(&["staff", "ops"])),
        ])
    }

    #[test]
    fn a_role_comes_from_a_text_an_array_or_a_list_and_the_highest_wins() {
        for (groups, role) in [
            (json!("ops"), Some(Role::Operator)),
            (json!("staff"), Some(Role::Viewer)),
            (json!(["staff", "backup-admins", "ops"]), Some(Role::Admin)),
            (json!("staff, backup-admins"), Some(Role::Admin)),
            (json!("staff,ops"), Some(Role::Operator)),
            (json!("Domain Admins, EMEA"), Some(Role::Admin)),
            (json!(["Domain Admins, EMEA"]), Some(Role::Admin)),
            // In an array a comma divides nothing.
            (json!(["staff,backup-admins"]), None),
            (json!(["BACKUP-ADMINS", " ops"]), None),
            (json!([1, null, {"ops": true}, ["ops"]]), None),
            (json!({"ops": "ops"}), None),
            (json!(true), None),
            (json!(null), None),
            (json!(""), None),
            (json!([]), None),
        ] {
            assert_eq!(claims(json!({ "groups": groups })).role("groups", &roles()), role, "{groups}");
        }
        assert_eq!(claims(json!({})).role("groups", &roles()), None);
    }

    #[test]
    fn a_claim_is_found_by_its_name_or_by_a_path() {
        let claims = claims(json!({
            "realm_access": { "roles": ["ops"] },
            "https://example.org/groups": "staff",
            "a.b": "whole",
            "a": { "b": "nested" },
        }));
        assert_eq!(claims.values("realm_access.roles"), ["ops"]);
        assert_eq!(claims.values("https://example.org/groups"), ["staff"]);
        assert_eq!(claims.text("a.b"), Some("whole"));
        assert_eq!(claims.text("realm_access.roles.0"), None);
    }

    #[test]
    fn what_was_signed_wins_over_userinfo() {
        let mut claims = claims(json!({ "groups": "staff", "email": null }));
        let Value::Object(more) = json!({ "groups": "backup-admins", "email": "a@example.org" }) else {
            panic!()
        };
        claims.add(more);
        assert_eq!(claims.role("groups", &roles()), Some(Role::Viewer));
        assert_eq!(claims.email(), Some("a@example.org"));
    }

    #[test]
    fn a_second_factor_is_believed_when_it_is_named() {
        for (amr, proved) in [
            (json!(["pwd"]), false),
            (json!(["pwd", "mfa"]), true),
            (json!(["pwd", "otp"]), true),
            (json!(["otp"]), false),
            (json!("mfa"), true),
            (json!(null), false),
        ] {
            assert_eq!(claims(json!({ "amr": amr })).proves_second_factor(), proved, "{amr}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_claim_breaks_it(name in "[a-z.]{0,12}", text in ".{0,40}") {
            let claims = claims(json!({ "groups": text, "a": { "b": [text] } }));
            let _ = (claims.values(&name), claims.role(&name, &roles()), claims.email());
        }
    }
}
