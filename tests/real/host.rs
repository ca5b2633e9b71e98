//! One fleet of one host, ready: a coordinator, an approved agent, a repository, a first backup.

use tests::{
    person::{Person, random_password, simple_plan},
    place::Place,
    programs::{Agent, Coordinator, Program, free_port, newest_restic},
    wait::until,
};
use wire::{
    action::{Action, Outcome},
    id::{AgentId, JobId},
    identity::KeyBinding,
    job::JobState,
    view::JobView,
};

pub struct Host {
    pub place: Place,
    pub port: u16,
    pub coordinator: Coordinator,
    pub person: Person,
    pub agent: Agent,
    pub daemon: Program,
    pub id: AgentId,
    pub binding: KeyBinding,
    pub password: String,
}

impl Host {
    /// A host whose one schedule is `cron`, with the repository ready.
    pub async fn ready(cron: &str) -> Self {
        let place = Place::temporary();
        let port = free_port();
        let coordinator = Coordinator::start(&place, port).await;
        let person = Person::found(&coordinator.url, &coordinator.setup_token()).await;
        let agent = Agent::new(&place);
        prefer_newest_restic(&agent);
        let address = format!("{}#{}", coordinator.url, person.statement.fleet);
        let mut enrol = agent.begin(&["enrol", "--coordinator", &address, "--yes"]);
        let pending = person.pending().await;
        person.approve(&pending, "host-1").await;
        enrol.wait_for_success();
        let daemon = agent.run();
        let password = random_password();
        let secret = person.seal(&pending.binding, "repository/main/password", 1, &password);
        let plan = simple_plan(&place.repository(), &place.files(), cron);
        let outcome = person.set_plan(pending.agent, plan, vec![secret]).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "the plan was refused: {outcome:#?}");
        Self {
            id: pending.agent,
            binding: pending.binding,
            place,
            port,
            coordinator,
            person,
            agent,
            daemon,
            password,
        }
    }

    /// Orders a backup and waits until it is over.
    pub async fn back_up(&mut self) -> JobView {
        let job = self.begin_backup().await;
        self.over(job).await
    }

    /// Orders a backup; the job that it started.
    pub async fn begin_backup(&mut self) -> JobId {
        self.begin_backup_of("default").await
    }

    pub async fn begin_backup_of(&mut self, group: &str) -> JobId {
        let group = group.parse().expect("a name");
        let outcome = self
            .person
            .routine(self.id, Action::Run { groups: vec![group], upload_kib_s: None, download_kib_s: None })
            .await;
        match outcome {
            Outcome::Accepted { jobs, .. } if jobs.len() == 1 => jobs[0],
            other => panic!("one group is one job: {other:#?}"),
        }
    }

    pub async fn over(&mut self, job: JobId) -> JobView {
        until(
            "the job to be over",
            async || {
                self.daemon.assert_alive();
                self.person.job(self.id, job).await
            },
            |seen| seen.state.is_over().then(|| seen.clone()),
        )
        .await
    }

    /// A backup that must succeed.
    pub async fn good_backup(&mut self) -> JobView {
        let job = self.back_up().await;
        assert_eq!(job.state, JobState::Succeeded, "{job:#?}");
        job
    }

    /// restic by hand, with the host's own password.
    pub fn restic(&self, arguments: &[&str]) -> std::process::Output {
        std::process::Command::new(newest_restic())
            .arg("-r")
            .arg(self.place.repository())
            .arg("--no-cache")
            .args(arguments)
            .env("RESTIC_PASSWORD", &self.password)
            .output()
            .expect("restic runs")
    }

    /// The coordinator's own check of every chain. It reads beside a running one.
    pub fn verify(&self) -> std::process::Output {
        verify(&self.place)
    }
}

pub fn verify(place: &Place) -> std::process::Output {
    std::process::Command::new(tests::programs::binary("restic-manager-coordinator"))
        .arg("verify")
        .arg("--data")
        .arg(place.coordinator())
        .output()
        .expect("verify runs")
}

/// The endpoint's own file names the restic to use.
pub fn prefer_newest_restic(agent: &Agent) {
    std::fs::create_dir_all(agent.data()).expect("the agent's directory");
    let file = agent.data().join("agent.toml");
    let text = format!("restic = '{}'\n", newest_restic().display());
    std::fs::write(file, text).expect("agent.toml");
}
