//! The identity providers that people may sign in with, as they are set up.

use std::{collections::BTreeMap, fs, path::PathBuf};

use wire::{seal::Secret, trust::Role};

use super::given::{self, Given, Origin};

/// What is asked of a provider when nothing else is said.
pub(super) const DEFAULT_SCOPES: [&str; 4] = ["openid", "profile", "email", "groups"];
pub(super) const DEFAULT_ROLE_CLAIM: &str = "groups";
pub(super) const DEFAULT_USER_CLAIM: &str = "preferred_username";
/// More than any provider makes; a file that is larger is another one.
const MOST_SECRET_BYTES: usize = 4_096;

/// One OpenID Connect provider. `Debug` does not show the client's secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoProvider {
    /// Stands in addresses: 1 to 40 of a–z, 0–9 and -. No two are the same.
    pub id: String,
    /// What the button says.
    pub name: String,
    /// Exactly as the provider names itself.
    pub issuer: String,
    pub client_id: String,
    pub client_secret_file: Option<PathBuf>,
    /// What the file holds, without the line's end.
    pub client_secret: Option<Secret>,
    /// `openid` is always among them.
    pub scopes: Vec<String>,
    /// The claim that roles follow from.
    pub role_claim: String,
    /// The claim that the user name is taken from.
    pub user_claim: String,
    /// Values of the role claim, by the role that they give. At least one.
    pub roles: BTreeMap<Role, Vec<String>>,
}

/// The provider that begins at `origin`; what is wrong with it is added to the problems of `given`.
pub(super) fn provider(
    given: &mut Given,
    at: usize,
    origin: &Origin,
    data: &std::path::Path,
) -> Option<SsoProvider> {
    let key = |name: &str| format!("{}[{at}].{name}", super::keys::SSO);
    let id = wanted(given, origin, &key("id"), slug);
    let name = wanted(given, origin, &key("name"), super::settings::name);
    let issuer = wanted(given, origin, &key("issuer"), issuer);
    let client_id = wanted(given, origin, &key("client_id"), some_text);
    let secret_key = key("client_secret_file");
    let file = given.take(&secret_key, |value, origin| given::path(value, origin, data));
    let client_secret = file.as_ref().and_then(|file| match secret(file) {
        Ok(secret) => Some(secret),
        Err(what) => {
            let origin = given.origin(&secret_key).unwrap_or_else(|| origin.clone());
            given.problem(origin, format!("`{secret_key}`: {what}"));
            None
        }
    });
    let scopes = given.take(&key("scopes"), |value, _| {
        let scopes = given::texts(value, some_text)?;
        let has_openid = scopes.iter().any(|scope| scope == "openid");
        if has_openid { Ok(scopes) } else { Err("openid must be among them".to_owned()) }
    });
    let claim = |given: &mut Given, name: &str, default: &str| {
        let said = given.take(&key(name), |value, _| some_text(given::text(value)?));
        said.unwrap_or_else(|| default.to_owned())
    };
    let (role_claim, user_claim) =
        (claim(given, "role_claim", DEFAULT_ROLE_CLAIM), claim(given, "user_claim", DEFAULT_USER_CLAIM));
    let mut roles = BTreeMap::new();
    for role in [Role::Admin, Role::Operator, Role::Viewer] {
        let path = key(&format!("roles.{}", role.as_str()));
        let values = given.take(&path, |value, _| given::texts(value, some_text)).unwrap_or_default();
        if !values.is_empty() {
            roles.insert(role, values);
        }
    }
    if roles.is_empty() {
        let what = format!(
            "`{}`: nobody could sign in: name at least one value of `{role_claim}` for a role",
            key("roles")
        );
        given.problem(origin.clone(), what);
    }
    Some(SsoProvider {
        id: id?,
        name: name?,
        issuer: issuer?,
        client_id: client_id?,
        client_secret_file: file,
        client_secret,
        scopes: scopes.unwrap_or_else(|| DEFAULT_SCOPES.map(str::to_owned).to_vec()),
        role_claim,
        user_claim,
        roles,
    })
}

fn wanted<T>(
    given: &mut Given,
    origin: &Origin,
    path: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    if given.origin(path).is_none() {
        given.problem(origin.clone(), format!("`{path}` is missing"));
    }
    given.take(path, |value, _| parse(given::text(value)?))
}

fn slug(text: &str) -> Result<String, String> {
    let fits = (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no id: use 1 to 40 of a–z, 0–9 and -"))
    }
}

fn some_text(text: &str) -> Result<String, String> {
    let fits = !text.trim().is_empty() && text.len() <= 1_000 && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("it is empty, too long or not printable".to_owned()) }
}

/// Kept as it was written: it is compared with what the provider says, to the letter.
fn issuer(text: &str) -> Result<String, String> {
    let url = super::settings::address(text)?;
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    let local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| {
        authority.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    });
    if url.starts_with("http://") && !local {
        return Err(format!(
            "`{text}` is not reached over TLS, so anybody on the way could sign in: write https://"
        ));
    }
    Ok(text.to_owned())
}

fn secret(file: &std::path::Path) -> Result<Secret, String> {
    let shown = file.display();
    let bytes = fs::read(file)
        .map(zeroize::Zeroizing::new)
        .map_err(|error| format!("{shown} cannot be read: {error}"))?;
    let length = bytes.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
    if length == 0 || length > MOST_SECRET_BYTES || std::str::from_utf8(&bytes).is_err() {
        return Err(format!("{shown} does not hold a client secret: it must be one line of text"));
    }
    Ok(Secret::new(&bytes[..length]))
}
