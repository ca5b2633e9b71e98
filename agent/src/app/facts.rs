//! What this host is: asked of the operating system and of restic, for the journal and the fleet page.

use std::fs;

use wire::host::HostFacts;

use crate::{
    config::Config,
    restic::binary::{self, Binary},
    run::Launcher,
    world::World,
};

/// `known` is the restic of the last time: one that is still the same file is not asked again.
pub async fn gather(
    world: &World,
    launcher: &Launcher,
    config: &Config,
    known: &mut Option<Binary>,
) -> HostFacts {
    *known = binary::find(world, launcher, config.restic.as_deref(), known.as_ref()).await.ok();
    HostFacts {
        hostname: hostname(),
        os: std::env::consts::OS.to_owned(),
        os_version: fs::read_to_string("/etc/os-release").map(|text| pretty_name(&text)).unwrap_or_default(),
        arch: std::env::consts::ARCH.to_owned(),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        restic_version: known.as_ref().map(|found| found.features.version.to_string()),
        restic_can: known.as_ref().map(|found| found.features.names()).unwrap_or_default(),
        zone: world.zone().iana_name().unwrap_or("UTC").to_owned(),
        policy: config.policy.facts(),
    }
}

/// As uname(2) says it.
pub fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// os-release(5): `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"`.
fn pretty_name(text: &str) -> String {
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or_default();
    value.trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_name_is_read_with_or_without_quotes() {
        assert_eq!(
            pretty_name("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            "Debian GNU/Linux 12 (bookworm)"
        );
        assert_eq!(pretty_name("PRETTY_NAME=Alpine"), "Alpine");
        assert_eq!(pretty_name(""), "");
    }
}
