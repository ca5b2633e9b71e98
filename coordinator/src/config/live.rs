//! The configuration of a coordinator that runs: what holds at this moment, and what a changed file does to it.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Config, KEYS, SSO_KEYS, TlsWanted};

/// What holds now. Cheap to clone; every room that a change concerns is given one.
#[derive(Clone, Debug)]
pub struct Live(watch::Receiver<Arc<Config>>);

impl Live {
    /// One that never changes.
    pub fn fixed(config: Config) -> Self {
        let (_, receiver) = watch::channel(Arc::new(config));
        Self(receiver)
    }

    pub fn now(&self) -> Arc<Config> {
        Arc::clone(&self.0.borrow())
    }

    /// Returns when it is another than when it was asked last; never, when nobody changes it any more.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The other end: takes what a changed file says, as far as that is safe.
#[derive(Debug)]
pub struct Reload(watch::Sender<Arc<Config>>);

/// Keys, by what became of their new values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub now: Vec<String>,
    /// Kept as they were until a restart.
    pub at_restart: Vec<String>,
}

impl Reload {
    pub fn new(config: Config) -> (Self, Live) {
        let (sender, receiver) = watch::channel(Arc::new(config));
        (Self(sender), Live(receiver))
    }

    /// Says which keys have another value now. Whoever holds a [`Live`] is woken when any has.
    pub fn take(&self, new: &Config) -> Taken {
        let before = Arc::clone(&self.0.borrow());
        let (merged, taken) = merge(&before, new);
        if merged != *before {
            self.0.send_replace(Arc::new(merged));
        }
        taken
    }
}

/// What holds after `new` was read: what is safe from it, the rest as before.
fn merge(before: &Config, new: &Config) -> (Config, Taken) {
    let files = |config: &Config| matches!(config.tls, TlsWanted::Files { .. });
    let mut merged = Config {
        data: before.data.clone(),
        listen: before.listen,
        public_url: before.public_url.clone(),
        name: before.name.clone(),
        agent_binaries: before.agent_binaries.clone(),
        // Another certificate is taken; to begin or to end with TLS is another port.
        tls: if files(before) && files(new) { new.tls.clone() } else { before.tls.clone() },
        ..new.clone()
    };
    if !before.is_secure() {
        // They were valid with a public URL that does not hold yet.
        merged.cors_origins.clone_from(&before.cors_origins);
    }
    let now = differences(before, &merged);
    let at_restart = differences(&merged, new);
    (merged, Taken { now, at_restart })
}

/// The keys whose values differ, secrets' among them.
fn differences(one: &Config, other: &Config) -> Vec<String> {
    let (left, right) = (one.shown(), other.shown());
    let missing = |from: &[super::Shown], what: &[super::Shown]| -> Vec<String> {
        what.iter().filter(|shown| !from.contains(shown)).map(|shown| shown.path.clone()).collect()
    };
    let mut paths = missing(&right, &left);
    paths.extend(missing(&left, &right));
    for provider in &one.sso {
        let same = other.sso.iter().find(|same| same.id == provider.id);
        if same.is_some_and(|same| same.client_secret != provider.client_secret) {
            paths.push(format!("sso.{}.client_secret_file", provider.id));
        }
    }
    paths.sort_by_key(|path| (place(path), path.clone()));
    paths.dedup();
    paths
}

/// In the order of the table.
fn place(path: &str) -> usize {
    KEYS.iter().position(|key| key.path == path).unwrap_or(KEYS.len() + SSO_KEYS.len())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(text: &str) -> Config {
        let mut given = super::super::Given::default();
        given.lay_file(text);
        super::super::decide::decide(Path::new("/data"), given, std::collections::BTreeMap::new()).unwrap()
    }

    #[test]
    fn what_is_safe_is_taken_and_the_rest_waits() {
        let (reload, live) = Reload::new(config("name = \"attic\""));
        let taken = reload.take(&config(
            "name = \"cellar\"\nlisten = \"127.0.0.1:1\"\ntrusted_proxies = [\"10.0.0.0/8\"]\n[sessions]\nidle_hours = 1",
        ));
        assert_eq!(taken.now, ["trusted_proxies", "sessions.idle_hours"]);
        assert_eq!(taken.at_restart, ["listen", "name"]);
        let now = live.now();
        assert_eq!((now.name.as_str(), now.sessions.idle_ms), ("attic", 3_600_000));
    }

    #[test]
    fn every_key_is_taken_or_waits_as_the_table_says() {
        let files = "certificate = \"/c\"\nprivate_key = \"/k\"\npublic_url = \"https://a.example\"";
        for key in KEYS {
            let changed = match key.path {
                "listen" => format!("{files}\nlisten = \"127.0.0.1:2\""),
                "public_url" => files.replace("a.example", "b.example"),
                "name" => format!("{files}\nname = \"other\""),
                "tls" => {
                    "public_url = \"https://a.example\"\nlisten = \"0.0.0.0:1\"\ntls = \"off\"".to_owned()
                }
                "certificate" => files.replace("/c", "/c2"),
                "private_key" => files.replace("/k", "/k2"),
                "agent_binaries" => format!("{files}\n[agent_binaries]\nx86_64 = \"/a\""),
                "trusted_proxies" => format!("{files}\ntrusted_proxies = [\"::1\"]"),
                "cors_origins" => format!("{files}\ncors_origins = [\"https://c.example\"]"),
                "sessions.idle_hours" => format!("{files}\n[sessions]\nidle_hours = 2"),
                "sessions.whole_hours" => format!("{files}\n[sessions]\nwhole_hours = 200"),
                "second_factor.required" => format!("{files}\n[second_factor]\nrequired = [\"admin\"]"),
                "audit.keep_days" => format!("{files}\n[audit]\nkeep_days = 40"),
                "audit.copy" => format!("{files}\n[audit]\ncopy = \"syslog\""),
                "downloads.mib_per_s" => format!("{files}\n[downloads]\nmib_per_s = 0"),
                "downloads.at_once" => format!("{files}\n[downloads]\nat_once = 1"),
                other => panic!("no change is known for {other}"),
            };
            let (reload, _live) = Reload::new(config(files));
            let taken = reload.take(&config(&changed));
            let list = if key.live { taken.now } else { taken.at_restart };
            assert!(list.iter().any(|path| path == key.path), "{}: {list:?}", key.path);
        }
    }

    #[tokio::test]
    async fn whoever_holds_it_is_woken_by_a_change_and_by_nothing_else() {
        let (reload, mut live) = Reload::new(config(""));
        assert_eq!(reload.take(&config("# the same\n")), Taken::default());
        assert!(!live.0.has_changed().unwrap());
        reload.take(&config("[audit]\nkeep_days = 31"));
        live.changed().await;
        assert_eq!(live.now().audit.keep_days, 31);
    }

    #[test]
    fn a_client_secret_that_changed_is_taken_and_only_its_key_is_told() {
        let provider = "[[sso]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a\"\nclient_id = \"c\"\n[sso.roles]\nadmin = [\"x\"]";
        let with = |secret: &str| {
            let mut config = config(provider);
            config.sso[0].client_secret = Some(wire::seal::Secret::new(secret));
            config
        };
        let (reload, live) = Reload::new(with("before"));
        let taken = reload.take(&with("after"));
        assert_eq!(taken.now, ["sso.a.client_secret_file"]);
        assert_eq!(live.now().sso[0].client_secret.as_ref().unwrap().expose(), b"after");
        let gone = reload.take(&config(""));
        assert!(gone.now.contains(&"sso.a.issuer".to_owned()) && live.now().sso.is_empty(), "{gone:?}");
    }

    #[test]
    fn a_foreign_panel_waits_for_the_public_url_that_it_needs() {
        let (reload, live) = Reload::new(config(""));
        let taken = reload
            .take(&config("public_url = \"https://a.example\"\ncors_origins = [\"https://c.example\"]"));
        assert_eq!(taken.at_restart, ["public_url", "cors_origins"]);
        assert!(live.now().cors_origins.is_empty());
    }
}
