//! Is there a coordinator, is it the pinned fleet's, and does it answer?

use rusqlite::Connection;
use wire::identity::Fingerprint;

use super::{Finding, Running, Subject};
use crate::{
    link::LinkState,
    store::{StoreError, trust},
};

pub fn examine(connection: &Connection, running: Option<&Running>) -> Result<Vec<Finding>, StoreError> {
    let Some(pin) = trust::pin(connection)? else {
        return Ok(vec![Finding::ok(
            Subject::Coordinator,
            "this host belongs to no fleet: it backs up alone, by its own plan",
        )]);
    };
    let mut findings = Vec::new();
    let fleet = Fingerprint::of_fleet(&pin.fleet);
    let statements = trust::statements(connection)?.len();
    let pinned = format!("pinned to the fleet {fleet} ({statements} statements)");
    findings.push(Finding::ok(Subject::Coordinator, pinned));
    if pin.retired_at.is_some() {
        findings.push(Finding::warning(
            Subject::Coordinator,
            "this host has left the fleet: it backs up, and nobody watches over it",
            "Run `enrol` to join anew, or remove the agent if backups are not wanted.",
        ));
        return Ok(findings);
    }
    if pin.member.is_none() {
        findings.push(Finding::warning(
            Subject::Coordinator,
            "this host is not approved yet",
            "Approve it in the panel; where the hour is over, run `enrol` again.",
        ));
    }
    if let Some(running) = running {
        findings.push(link(&running.link));
    }
    Ok(findings)
}

fn link(state: &LinkState) -> Finding {
    let summary = state.summary();
    match state {
        LinkState::Live { .. } => Finding::ok(Subject::Coordinator, summary),
        LinkState::NotEnrolled | LinkState::Connecting { .. } | LinkState::Pending { .. } => {
            Finding::warning(Subject::Coordinator, summary, "Run `doctor` again in a minute.")
        }
        LinkState::Waiting { .. } => Finding::warning(
            Subject::Coordinator,
            summary,
            "Backups go on; see that the address is right and that the coordinator runs. It is tried again by itself.",
        ),
        LinkState::Stopped { problem, hint, .. } => {
            Finding::problem(Subject::Coordinator, format!("not connected: {problem}"), hint.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::doctor::Level,
        config::Policy,
        desired::rehearsal::{Fleet, Host, START},
    };

    async fn found(host: &Host) -> Vec<Finding> {
        host.read(|connection| examine(connection, None)).await
    }

    fn worst(findings: &[Finding]) -> Option<Level> {
        findings.iter().map(|finding| finding.level).max()
    }

    #[tokio::test]
    async fn a_fleet_is_told_from_none_from_a_wait_and_from_a_farewell() {
        let fleet = Fleet::found();
        let alone = Host::new(7, Policy::default());
        assert_eq!(worst(&found(&alone).await), Some(Level::Ok));
        alone.meet(&fleet).await;
        let pending = found(&alone).await;
        assert!(
            pending[0].what.contains("SHA256:") && pending[1].what.contains("not approved"),
            "{pending:?}"
        );
        let host = Host::member(&fleet, Policy::default()).await;
        assert_eq!(worst(&found(&host).await), Some(Level::Ok));
        host.desk.store().write(|tx| trust::set_retired(tx, START)).await.unwrap();
        let left = found(&host).await;
        assert!(left.iter().any(|finding| finding.what.contains("has left the fleet")), "{left:?}");
    }

    #[test]
    fn only_a_connection_that_nobody_mends_by_waiting_is_a_problem() {
        let level = |state: LinkState| link(&state).level;
        let address = || "https://backup.example.org".to_owned();
        assert_eq!(level(LinkState::Connecting { address: address() }), Level::Warning);
        let waiting =
            LinkState::Waiting { address: address(), problem: "refused".to_owned(), retry_at: START };
        assert_eq!(level(waiting), Level::Warning, "backups go on without it");
        let stopped = LinkState::Stopped { problem: "x".to_owned(), hint: "do y".to_owned(), code: None };
        assert_eq!((link(&stopped).level, link(&stopped).hint.as_str()), (Level::Problem, "do y"));
    }
}
