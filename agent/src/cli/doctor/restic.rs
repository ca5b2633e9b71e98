//! Is there a restic, which one, and what can it not do?

use wire::job::JobKind;

use super::{Finding, Subject};
use crate::{config::Config, restic::binary, run::Launcher, world::World};

pub async fn examine(world: &World, config: &Config) -> Vec<Finding> {
    match binary::find(world, &Launcher::Direct, config.restic.as_deref(), None).await {
        Err(reason) => {
            let explained = reason.explain();
            vec![Finding::problem(Subject::Restic, explained.message, explained.hint)]
        }
        Ok(found) => {
            let what = format!("restic {} at {}", found.features.version, found.path.display());
            let mut findings = vec![Finding::ok(Subject::Restic, what)];
            let mut lacks: Vec<_> =
                JobKind::ALL.into_iter().flat_map(|kind| found.features.lacks(kind)).collect();
            lacks.sort_by(|a, b| (&a.needed, &a.what).cmp(&(&b.needed, &b.what)));
            lacks.dedup();
            for lack in lacks {
                findings.push(Finding::warning(
                    Subject::Restic,
                    format!("this restic does not say or do {}", lack.what),
                    format!("Install restic {} or newer, if that is missed.", lack.needed),
                ));
            }
            findings
        }
    }
}
