//! From what was said to what holds. All problems are told at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use toml::Value;

use super::{
    AuditSettings, Config, DownloadSettings, Flags, Origin, Problem, SessionTimes, SsoProvider, Tls,
    TlsWanted, WebOrigin,
    given::{self, Given},
    settings, sso,
};

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7700);
const DEFAULT_NAME: &str = "coordinator";
/// Ten years.
const MOST_HOURS: u32 = 87_600;
const MOST_DAYS: u32 = 36_500;
/// Faster than any network that somebody would bound.
const MOST_MIB_PER_S: u32 = 100_000;
/// Each holds some MiB in memory while its reader is slow.
const MOST_AT_ONCE: u32 = 64;

impl Given {
    pub(super) fn lay_flags(&mut self, flags: &Flags) {
        let shown = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        self.lay_flag("listen", "--listen", flags.listen.map(|listen| listen.to_string()));
        self.lay_flag("public_url", "--public-url", flags.public_url.clone());
        self.lay_flag("name", "--name", flags.name.clone());
        self.lay_flag("tls", "--tls", flags.tls.map(Tls::as_str));
        self.lay_flag("certificate", "--certificate", shown(&flags.certificate));
        self.lay_flag("private_key", "--private-key", shown(&flags.private_key));
    }
}

impl Tls {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Off => "off",
        }
    }
}

/// `binaries` are the flags': they are added to those of the file.
pub(super) fn decide(
    data: &Path,
    mut given: Given,
    binaries: BTreeMap<String, PathBuf>,
) -> Result<Config, Vec<Problem>> {
    let listen = given.take("listen", |value, _| address(given::text(value)?)).unwrap_or(DEFAULT_LISTEN);
    let public_url = given.take("public_url", |value, _| settings::public_url(given::text(value)?));
    let name = given.take("name", |value, _| settings::name(given::text(value)?));
    let tls = tls(&mut given, listen, data);
    let mut agent_binaries =
        given.take("agent_binaries", |value, origin| table_of_paths(value, origin, data)).unwrap_or_default();
    agent_binaries.extend(binaries);
    let trusted_proxies = given.take("trusted_proxies", |value, _| given::texts(value, settings::network));
    let second_factor = given.take("second_factor.required", |value, _| {
        given::texts(value, settings::role).map(|roles| BTreeSet::from_iter(roles).into_iter().collect())
    });
    let config = Config {
        data: data.to_owned(),
        listen,
        cors_origins: cors_origins(&mut given, public_url.as_deref()),
        public_url,
        name: name.unwrap_or_else(|| DEFAULT_NAME.to_owned()),
        tls,
        agent_binaries,
        trusted_proxies: trusted_proxies.unwrap_or_default(),
        sessions: sessions(&mut given),
        second_factor: second_factor.unwrap_or_default(),
        sso: providers(&mut given, data),
        audit: audit(&mut given),
        downloads: downloads(&mut given),
    };
    if given.problems.is_empty() {
        return Ok(config);
    }
    let mut problems = given.problems;
    problems.sort_by_key(|problem| match problem.origin {
        Origin::File(line) => line,
        Origin::Environment(_) | Origin::Flag(_) => usize::MAX,
    });
    Err(problems)
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("`{text}` is no address to listen on: write one such as 0.0.0.0:443"))
}

fn tls(given: &mut Given, listen: SocketAddr, data: &Path) -> TlsWanted {
    let wanted = given.take("tls", |value, _| match given::text(value)? {
        "auto" => Ok(Tls::Auto),
        "off" => Ok(Tls::Off),
        other => Err(format!("`{other}` is no choice: use auto or off")),
    });
    let mut file = |key| given.take(key, |value, origin| given::path(value, origin, data));
    match (file("certificate"), file("private_key"), wanted.unwrap_or_default()) {
        (Some(certificate), Some(private_key), _) => TlsWanted::Files { certificate, private_key },
        (None, None, Tls::Auto) if !listen.ip().is_loopback() => TlsWanted::SelfMade,
        (None, None, Tls::Auto | Tls::Off) => TlsWanted::Plain,
        (certificate, ..) => {
            let half = if certificate.is_some() { "certificate" } else { "private_key" };
            if let Some(origin) = given.origin(half) {
                let what = "a certificate and its private key belong together: give both or none";
                given.problem(origin, format!("`{half}`: {what}"));
            }
            TlsWanted::Plain
        }
    }
}

fn table_of_paths(value: &Value, origin: &Origin, data: &Path) -> Result<BTreeMap<String, PathBuf>, String> {
    let Some(table) = value.as_table() else {
        return Err(
            "a table of architectures and paths is wanted, such as x86_64 = \"/usr/lib/agent\"".to_owned()
        );
    };
    table.iter().map(|(arch, path)| Ok((arch.clone(), given::path(path, origin, data)?))).collect()
}

/// The session's cookie then goes to other sites' pages, and browsers send such a one over TLS alone.
fn cors_origins(given: &mut Given, public_url: Option<&str>) -> Vec<WebOrigin> {
    given
        .take("cors_origins", |value, _| {
            let origins = given::texts(value, settings::web_origin)?;
            let secure = public_url.is_some_and(|url| url.starts_with("https://"));
            if origins.is_empty() || secure {
                return Ok(origins);
            }
            Err("a panel that is served from elsewhere needs TLS here: set `public_url` to an address with https://"
                .to_owned())
        })
        .unwrap_or_default()
}

fn sessions(given: &mut Given) -> SessionTimes {
    let mut hours = |key| given.take(key, |value, _| given::number(value, 1, MOST_HOURS));
    let (idle, whole) = (hours("sessions.idle_hours"), hours("sessions.whole_hours"));
    let (idle, whole) =
        (idle.unwrap_or(settings::DEFAULT_IDLE_HOURS), whole.unwrap_or(settings::DEFAULT_WHOLE_HOURS));
    if idle > whole {
        let origin = given.origin("sessions.idle_hours").or_else(|| given.origin("sessions.whole_hours"));
        if let Some(origin) = origin {
            let what = format!(
                "a session cannot be idle for {idle} hours when it ends after {whole}: lower `sessions.idle_hours` or raise `sessions.whole_hours`"
            );
            given.problem(origin, what);
        }
    }
    SessionTimes::of_hours(idle, whole)
}

fn audit(given: &mut Given) -> AuditSettings {
    let days =
        given.take("audit.keep_days", |value, _| given::number(value, settings::LEAST_KEEP_DAYS, MOST_DAYS));
    let copy = given.take("audit.copy", |value, _| settings::audit_copy(given::text(value)?));
    AuditSettings { keep_days: days.unwrap_or(settings::DEFAULT_KEEP_DAYS), copy }
}

fn downloads(given: &mut Given) -> DownloadSettings {
    let rate = given.take("downloads.mib_per_s", |value, _| given::number(value, 0, MOST_MIB_PER_S));
    let at_once = given.take("downloads.at_once", |value, _| given::number(value, 1, MOST_AT_ONCE));
    let usual = DownloadSettings::default();
    DownloadSettings {
        mib_per_s: rate.map_or(usual.mib_per_s, |rate| (rate > 0).then_some(rate)),
        at_once: at_once.unwrap_or(usual.at_once),
    }
}

fn providers(given: &mut Given, data: &Path) -> Vec<SsoProvider> {
    let mut all: Vec<SsoProvider> = Vec::new();
    for (at, origin) in given.providers().into_iter().enumerate() {
        let Some(provider) = sso::provider(given, at, &origin, data) else { continue };
        if all.iter().any(|other| other.id == provider.id) {
            given.problem(origin, format!("two providers have the id `{}`: give each its own", provider.id));
        }
        all.push(provider);
    }
    all
}
