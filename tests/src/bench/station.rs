//! A coordinator, a person and an enrolled agent, all real, for what is measured on one host.

use std::{fs, os::unix::fs::DirBuilderExt as _, path::Path};

use wire::{
    action::{Action, Outcome, SealedSecret},
    id::{GroupName, JobId},
    plan::Plan,
    snapshot::RepositoryReadiness,
    view::{JobView, OrderRequest, PendingView},
};

use crate::{
    person::{Person, random_password},
    place::Place,
    programs::{Agent, Coordinator, Program, free_port},
    wait::{until, until_within},
};

/// How long a job may take on a machine that does nothing else.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(10);

pub struct Station {
    pub coordinator: Coordinator,
    pub person: Person,
    pub agent: Agent,
    pub daemon: Program,
    pub host: PendingView,
}

/// A coordinator whose first admin is there.
pub async fn founded(place: &Place) -> (Coordinator, Person) {
    let coordinator = Coordinator::start(place, free_port()).await;
    let person = Person::found(&coordinator.url, &coordinator.setup_token()).await;
    (coordinator, person)
}

impl Station {
    /// The agent uses this restic, and does not wait for the machine to settle.
    pub async fn start(place: &Place, restic: &Path) -> Self {
        let (coordinator, person) = founded(place).await;
        fs::DirBuilder::new()
            .mode(0o700)
            .recursive(true)
            .create(place.agent())
            .expect("the agent's directory");
        let config = format!("restic = {:?}\nsettle_s = 0\n", restic.display().to_string());
        fs::write(place.agent().join("agent.toml"), config).expect("the agent's own file");
        let agent = Agent::new(place);
        let address = format!("{}#{}", coordinator.url, person.fleet().await.fleet);
        let mut enrol = agent.begin(&["enrol", "--coordinator", &address, "--yes"]);
        let host = person.pending().await;
        person.approve(&host, "bench").await;
        enrol.wait_for_success();
        let daemon = agent.run();
        Self { coordinator, person, agent, daemon, host }
    }

    /// Gives a plan with a password for each of its repositories, and waits until all are ready and nothing runs.
    pub async fn plan(&mut self, plan: Plan) {
        let secrets: Vec<SealedSecret> = plan
            .repositories
            .keys()
            .map(|name| {
                let slot = format!("repository/{name}/password");
                self.person.seal(&self.host.binding, &slot, 1, &random_password())
            })
            .collect();
        let repositories = plan.repositories.len();
        let outcome = self.person.set_plan(self.host.agent, plan, secrets).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "the plan was refused: {outcome:#?}");
        until_within(
            "all repositories to be ready and all jobs to be over",
            PATIENCE,
            async || {
                self.daemon.assert_alive();
                let host = self.person.host(self.host.agent).await;
                let ready = |readiness| readiness == RepositoryReadiness::Ready;
                let ready = host.repositories.iter().filter(|one| ready(one.readiness)).count();
                (ready, host.row.active_jobs)
            },
            |seen| (*seen == (repositories, 0)).then_some(()),
        )
        .await;
    }

    /// Orders a backup of one group. Answers with the job that it began.
    pub async fn order(&self, group: &GroupName) -> JobId {
        let routine = Action::Run { groups: vec![group.clone()], upload_kib_s: None, download_kib_s: None };
        let view = self.person.put(self.host.agent, &OrderRequest::Routine { routine }).await;
        match self.person.outcome(self.host.agent, view.order).await {
            Outcome::Accepted { jobs, .. } => *jobs.first().expect("one job for one group"),
            refused @ Outcome::Refused { .. } => panic!("the run was refused: {refused:#?}"),
        }
    }

    /// Waits for a job's end, looking seldom so as not to disturb it.
    pub async fn finished(&mut self, job: JobId) -> JobView {
        let agent = self.host.agent;
        let view = until_within(
            "the job to end",
            PATIENCE,
            async || {
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                self.daemon.assert_alive();
                self.person.job(agent, job).await
            },
            |view| view.state.is_over().then(|| view.clone()),
        )
        .await;
        // What follows a job must not run into what is measured next.
        until(
            "follow-up jobs to be over",
            async || self.person.host(agent).await.row.active_jobs,
            |jobs| (*jobs == 0).then_some(()),
        )
        .await;
        view
    }
}
