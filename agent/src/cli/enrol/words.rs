//! What `enrol` says. Pure, so that the wording is tested.

use wire::{id::FleetId, identity::Fingerprint};

use crate::{config::Address, link::LinkState};

pub const NOBODY_APPROVED: &str = "nobody approved this host within an hour. Nothing is lost: run the same command again when somebody is there";
pub const START_THE_SERVICE: &str = "\
Now start the agent, if the installer does not do it for you:
  systemctl enable --now restic-manager-agent
";

/// Who announces itself to whom.
pub fn banner(address: &Address, fleet: FleetId, own: &Fingerprint, token: bool) -> String {
    let fleet = Fingerprint::of_fleet(&fleet);
    let next = if token {
        "It enrols with a token: nobody has to approve it."
    } else {
        "Compare it with the one in the panel under \"Pending hosts\", then approve it there.\nIt waits here for one hour; Ctrl-C ends the wait."
    };
    format!(
        "\nThis host's fingerprint\n\n    {own}\n    {}\n\nFor the fleet\n\n    {fleet}\n    {}\n    at {address}\n\n{next}\n\n",
        own.words().join(" "),
        fleet.words().join(" "),
    )
}

/// Without a fingerprint in the command.
pub fn question(address: &Address, fleet: FleetId) -> String {
    let fleet = Fingerprint::of_fleet(&fleet);
    format!(
        "\nThe coordinator at {address} belongs to the fleet\n\n    {fleet}\n    {}\n\nCompare these words with the \
         ones on the panel's \"Add host\" page. If somebody stands between,\nthey differ. Are they the same? [y/N] ",
        fleet.words().join(" "),
    )
}

/// A change, as it is told; nothing for those that a person need not know of.
pub fn progress(state: &LinkState) -> Option<String> {
    Some(match state {
        LinkState::NotEnrolled | LinkState::Stopped { .. } => return None,
        LinkState::Connecting { address } => format!("Connecting to {address} …\n"),
        LinkState::Pending { coordinator, collides_with, .. } => {
            let collision = collides_with.as_ref().map_or_else(String::new, |other| {
                format!(
                    "Note: the fleet already has a host named {other}. If that is this machine, approve this one as \
                     its replacement;\nif not, give it another name when approving.\n"
                )
            });
            format!("Announced to {coordinator}. Waiting to be approved …\n{collision}")
        }
        LinkState::Live { name, approved_by, coordinator, .. } => {
            let by = approved_by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
            format!("Approved{by}: this host is {name}, connected to {coordinator}.\n")
        }
        LinkState::Waiting { problem, .. } => {
            format!("Not connected: {problem}\nTrying again until it works …\n")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::id::UnixMs;

    #[test]
    fn what_a_person_reads_while_enrolling() {
        let address = Address::parse("https://backup.example.org:8443").unwrap();
        let (fleet, own) = (FleetId([3; 32]), Fingerprint([0xc4; 32]));
        let at = || address.to_string();
        let coordinator = || "backup".to_owned();
        let states = [
            LinkState::Connecting { address: at() },
            LinkState::Waiting {
                address: at(),
                problem: "the connection is refused".to_owned(),
                retry_at: UnixMs(0),
            },
            LinkState::Pending {
                address: at(),
                coordinator: coordinator(),
                expires_at: UnixMs(0),
                collides_with: Some("web-1".to_owned()),
            },
            LinkState::Live {
                address: at(),
                coordinator: coordinator(),
                name: "web-1".to_owned(),
                approved_by: Some("Ada".to_owned()),
                since: UnixMs(0),
            },
        ];
        let told: Vec<String> = states.iter().filter_map(progress).collect();
        insta::assert_snapshot!(
            [
                banner(&address, fleet, &own, false),
                banner(&address, fleet, &own, true),
                question(&address, fleet),
                told.concat(),
            ]
            .join("=====\n")
        );
    }
}
