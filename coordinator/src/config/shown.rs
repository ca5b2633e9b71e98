//! The configuration as people read it: every key with its value, and never a secret.

use std::path::Path;

use wire::trust::Role;

use super::{AuditCopy, Config, TlsWanted};

/// Stands where nothing was said and nothing is assumed.
pub const NOTHING: &str = "-";
const HOUR_MS: i64 = 3_600_000;

/// A key and its value in TOML. Of a provider: `sso.<id>.<key>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub path: String,
    pub value: String,
}

impl Config {
    /// In the order of the table of keys, providers last.
    pub fn shown(&self) -> Vec<Shown> {
        let mut all = Vec::new();
        let mut show = |path: &str, value: String| all.push(Shown { path: path.to_owned(), value });
        let (tls, certificate, private_key) = match &self.tls {
            TlsWanted::Plain if self.listen.ip().is_loopback() => ("auto", None, None),
            TlsWanted::Plain => ("off", None, None),
            TlsWanted::SelfMade => ("auto", None, None),
            TlsWanted::Files { certificate, private_key } => ("auto", Some(certificate), Some(private_key)),
        };
        show("listen", text(&self.listen.to_string()));
        show("public_url", self.public_url.as_deref().map_or_else(nothing, text));
        show("name", text(&self.name));
        show("tls", text(tls));
        show("certificate", certificate.map_or_else(nothing, |file| path(file)));
        show("private_key", private_key.map_or_else(nothing, |file| path(file)));
        let binaries: Vec<_> =
            self.agent_binaries.iter().map(|(arch, file)| format!("{arch} = {}", path(file))).collect();
        show("agent_binaries", format!("{{{}}}", binaries.join(", ")));
        show("trusted_proxies", list(self.trusted_proxies.iter().map(ToString::to_string)));
        show("cors_origins", list(self.cors_origins.iter().map(|origin| origin.as_str().to_owned())));
        show("sessions.idle_hours", (self.sessions.idle_ms / HOUR_MS).to_string());
        show("sessions.whole_hours", (self.sessions.whole_ms / HOUR_MS).to_string());
        show("second_factor.required", list(self.second_factor.iter().map(|role| role.as_str().to_owned())));
        show("audit.keep_days", self.audit.keep_days.to_string());
        show(
            "audit.copy",
            match &self.audit.copy {
                None => nothing(),
                Some(AuditCopy::Syslog) => text("syslog"),
                Some(AuditCopy::File(file)) => path(file),
            },
        );
        show("downloads.mib_per_s", self.downloads.mib_per_s.unwrap_or(0).to_string());
        show("downloads.at_once", self.downloads.at_once.to_string());
        for provider in &self.sso {
            let mut show = |key: &str, value| show(&format!("sso.{}.{key}", provider.id), value);
            show("name", text(&provider.name));
            show("issuer", text(&provider.issuer));
            show("client_id", text(&provider.client_id));
            show("client_secret_file", provider.client_secret_file.as_deref().map_or_else(nothing, path));
            show("scopes", list(provider.scopes.iter().cloned()));
            show("role_claim", text(&provider.role_claim));
            show("user_claim", text(&provider.user_claim));
            for role in [Role::Admin, Role::Operator, Role::Viewer] {
                let values = provider.roles.get(&role).into_iter().flatten().cloned();
                show(&format!("roles.{}", role.as_str()), list(values));
            }
        }
        all
    }
}

fn nothing() -> String {
    NOTHING.to_owned()
}

fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn path(path: &Path) -> String {
    text(&path.to_string_lossy())
}

fn list(texts: impl Iterator<Item = String>) -> String {
    format!("[{}]", texts.map(|one| text(&one)).collect::<Vec<_>>().join(", "))
}
