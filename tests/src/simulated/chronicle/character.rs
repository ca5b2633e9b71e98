//! What kind of host somebody is: its size and growth, its plan, its machine, and with whom it shares a repository.

use serde_json::{Value, json};
use wire::{
    host::{HostFacts, PolicyFacts},
    id::AgentId,
    plan::{Owner, Plan},
};

use super::super::Dice;

/// Hosts of one kind back up alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calling {
    Web,
    Database,
    Mail,
    Files,
    Build,
    /// Comes and goes.
    Laptop,
}

const RESTICS: [&str; 7] = ["0.14.0", "0.16.4", "0.17.3", "0.18.0", "0.18.0", "0.19.1", "0.19.1"];
const ZONES: [&str; 4] = ["Europe/Berlin", "Europe/Lisbon", "America/New_York", "Asia/Tokyo"];
const CALLINGS: [Calling; 6] =
    [Calling::Web, Calling::Database, Calling::Mail, Calling::Files, Calling::Build, Calling::Laptop];

/// Of this many consecutive hosts, the first three share one repository.
const NEIGHBOURS: usize = 50;
const SHARERS: usize = 3;

#[derive(Clone, Debug)]
pub struct Character {
    pub number: usize,
    pub calling: Calling,
    pub name: String,
    pub tags: Vec<String>,
    /// What its repository held a year ago.
    pub first_bytes: u64,
    /// How much it grows in a day, in parts of a million.
    pub growth_ppm: u64,
    pub restic: &'static str,
    pub zone: &'static str,
    /// A whole number that hosts of one shared repository have in common.
    pub shared: Option<usize>,
}

impl Character {
    pub fn of(number: usize, dice: &mut Dice) -> Self {
        let calling = CALLINGS[number % CALLINGS.len()];
        let (word, site) = (calling.word(), *dice.pick(&["berlin", "lyon", "porto", "oslo", "remote"]));
        // From a few MiB to some TiB: over six orders of magnitude.
        let magnitude = dice.between(21..=42);
        Self {
            number,
            calling,
            name: format!("{word}-{number:05}"),
            tags: vec![
                word.to_owned(),
                site.to_owned(),
                (*dice.pick(&["prod", "prod", "staging"])).to_owned(),
            ],
            first_bytes: (1 << magnitude) + dice.between(0..=(1 << magnitude)),
            growth_ppm: dice.between(0..=6_000),
            restic: dice.pick::<&str>(&RESTICS),
            zone: dice.pick::<&str>(&ZONES),
            shared: (number % NEIGHBOURS < SHARERS).then_some(number / NEIGHBOURS),
        }
    }

    /// The first host of a group that shares a repository.
    pub const fn first_of(group: usize) -> usize {
        group * NEIGHBOURS
    }

    pub fn facts(&self, dice: &mut Dice) -> HostFacts {
        let systems = match self.calling {
            Calling::Laptop => &["Fedora Linux 43", "Ubuntu 24.04.3 LTS", "Debian GNU/Linux 13"][..],
            _ => &["Debian GNU/Linux 12", "Debian GNU/Linux 13", "AlmaLinux 9.6", "Ubuntu 22.04.5 LTS"][..],
        };
        HostFacts {
            hostname: self.name.clone(),
            os: "linux".into(),
            os_version: (*dice.pick(systems)).into(),
            arch: if dice.one_in(6) { "aarch64" } else { "x86_64" }.into(),
            agent_version: if dice.one_in(20) { "0.0.9" } else { env!("CARGO_PKG_VERSION") }.into(),
            restic_version: (!self.number.is_multiple_of(199)).then(|| self.restic.into()),
            restic_can: Vec::new(),
            zone: self.zone.into(),
            policy: PolicyFacts { refuse_hooks: dice.one_in(12), ..PolicyFacts::default() },
        }
    }

    /// Its plan. Of hosts that share a repository each may name the one who looks after it; in one such group of four
    /// they do not agree.
    pub fn plan(&self, own: AgentId, first_of_group: AgentId) -> Plan {
        let mut plan: Plan = serde_json::from_value(json!({
            "repositories": { "main": { "backend": self.backend() } },
            "groups": self.groups(),
            "schedules": self.schedules(),
            "presence": if self.calling == Calling::Laptop { "intermittent" } else { "always_on" },
            "limits": { "upload_kib_s": (self.calling == Calling::Laptop).then_some(2048) },
        }))
        .expect("the plan has the plan's shape");
        if let Some(group) = self.shared {
            let agent = if group.is_multiple_of(4) { own } else { first_of_group };
            let first = Self::first_of(group);
            let name = if agent == own {
                self.name.clone()
            } else {
                format!("{}-{first:05}", CALLINGS[first % 6].word())
            };
            for repository in plan.repositories.values_mut() {
                repository.owner = Some(Owner { agent, name: name.clone() });
            }
        }
        plan
    }

    pub fn groups_named(&self) -> &'static [&'static str] {
        match self.calling {
            Calling::Web => &["default", "sites"],
            Calling::Database => &["default", "databases"],
            Calling::Mail => &["default", "mail"],
            Calling::Files => &["default", "shares", "archive"],
            Calling::Build | Calling::Laptop => &["default"],
        }
    }

    fn backend(&self) -> Value {
        let path = self.shared.map_or_else(|| self.name.clone(), |group| format!("site-{group}"));
        match self.number % 7 {
            0..=2 => json!({ "kind": "rest", "url": "https://backup.example.org:8000", "path": path }),
            3 | 4 => {
                json!({ "kind": "s3", "endpoint": "https://s3.example.org", "bucket": "fleet", "prefix": path })
            }
            5 => {
                json!({ "kind": "sftp", "host": "vault.example.org", "user": "backup", "path": format!("/srv/{path}") })
            }
            _ => json!({ "kind": "local", "path": format!("/mnt/backup/{path}") }),
        }
    }

    fn groups(&self) -> Value {
        let mut groups = serde_json::Map::new();
        for name in self.groups_named() {
            groups.insert((*name).to_owned(), match *name {
                "databases" => json!({ "includes": ["/var/backups/postgresql"], "retention": { "keep_hourly": 24, "keep_daily": 14 } }),
                "mail" => json!({ "includes": ["/var/vmail"], "exclude_if_present": [".nobackup"] }),
                "sites" => json!({ "includes": ["/srv/www"], "excludes": ["/srv/www/*/cache"] }),
                "shares" => json!({ "includes": ["/srv/shares"] }),
                "archive" => json!({ "includes": ["/srv/archive"], "retention": { "keep_daily": 0, "keep_weekly": 0, "keep_monthly": 24 } }),
                _ => json!({ "includes": ["/etc", "/home", "/root"], "excludes": ["/home/*/.cache", "*.tmp"] }),
            });
        }
        Value::Object(groups)
    }

    fn schedules(&self) -> Value {
        let all = self.groups_named();
        match self.calling {
            Calling::Database => json!({
                "nightly": { "cron": "0 2 * * *", "groups": all, "jitter_s": 3600 },
                "by-day": { "cron": "30 8-18/2 * * mon-fri", "groups": ["databases"], "jitter_s": 600 },
            }),
            Calling::Laptop => json!({
                "noon": { "cron": "0 12 * * *", "groups": all, "jitter_s": 1800, "conditions": { "mains_power": true } },
            }),
            _ => json!({ "nightly": { "cron": "0 2 * * *", "groups": all, "jitter_s": 3600 } }),
        }
    }
}

impl Calling {
    const fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Database => "db",
            Self::Mail => "mail",
            Self::Files => "files",
            Self::Build => "build",
            Self::Laptop => "desk",
        }
    }
}
