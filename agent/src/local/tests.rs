//! The control socket, both ends, also where its path is too long for a socket's name.

use std::fs;

use tokio_util::sync::CancellationToken;
use wire::{
    action::{Action, OrderRefusalCode},
    frame::Live,
    id::{FleetId, UnixMs},
    job::{JobState, LogLine, LogStream, Origin},
    journal::{Local, PlanBy, RecordBody as _},
    plan::Plan,
    question::End,
};

use super::*;
use crate::{
    config::Policy,
    desired::{
        Machine,
        file::FileTask,
        rehearsal::{Fleet, Host, START, plan},
    },
    link::{self, Link},
    store::{jobs, journal, logs, plan as ledger},
};

fn link(host: &Host) -> (Link, crate::link::LinkTask) {
    Link::new(link::Parts { desk: host.desk.clone(), machine: Machine::Same, coordinator: None })
}

fn parts(host: &Host, link: Link) -> super::Parts {
    let (_, file) = FileTask::new(host.desk.clone());
    let waiting = tokio::sync::watch::Sender::default().subscribe();
    super::Parts { link, desk: host.desk.clone(), file, started_at: UnixMs(5), waiting }
}

#[tokio::test]
async fn a_running_agent_tells_its_state_and_none_is_told_from_one_that_died() {
    let host = Host::new(7, Policy::default());
    let directory = tempfile::tempdir().unwrap();
    let long = directory.path().join("a-directory-whose-name-is-long-enough".repeat(4));
    fs::create_dir(&long).unwrap();
    for path in [directory.path().join("agent.sock"), long.join("agent.sock")] {
        assert!(Client::connect(&path).await.unwrap().is_none(), "nobody is there yet");
        let (link, _task) = link(&host);
        let stop = CancellationToken::new();
        let serving = serve(&path, parts(&host, link), stop.clone());
        let mut client = Client::connect(&path).await.unwrap().expect("somebody is there");
        client.ask(&Ask::State).await.unwrap();
        let told = client.told().await.unwrap().unwrap();
        assert!(
            matches!(told, Tell::State { link: LinkState::NotEnrolled, started_at: UnixMs(5), .. }),
            "{told:?}"
        );
        assert_eq!(client.told().await.unwrap(), None);
        drop(serving);
        stop.cancel();
        assert!(!path.exists());
    }
    // One that was killed leaves its socket behind.
    let path = directory.path().join("left.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(Client::connect(&path).await.unwrap().is_none());
}

#[tokio::test]
async fn an_enrolment_is_followed_to_its_end_and_nonsense_is_refused() {
    let host = Host::new(7, Policy::default());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sock");
    let (link, task) = link(&host);
    let stop = CancellationToken::new();
    let running = tokio::spawn(task.run(stop.clone(), false));
    let _serving = serve(&path, parts(&host, link), stop.clone());
    let ask = async |ask: Ask| {
        let mut client = Client::connect(&path).await.unwrap().unwrap();
        client.ask(&ask).await.unwrap();
        (client.told().await.unwrap(), client)
    };
    let enrol = |address: &str, token: Option<&str>| Ask::Enrol {
        address: address.to_owned(),
        fleet: FleetId([3; 32]),
        token: token.map(|text| TokenText(text.to_owned())),
    };
    let (told, _) = ask(enrol("ftp://x", None)).await;
    assert!(matches!(told, Some(Tell::Refused { .. })), "{told:?}");
    let (told, _) = ask(enrol("http://127.0.0.1:1", Some("rmt_short"))).await;
    assert!(matches!(told, Some(Tell::Refused { .. })), "{told:?}");
    let (told, mut client) = ask(enrol("http://127.0.0.1:1", None)).await;
    let Some(Tell::State { link: LinkState::Connecting { .. }, .. }) = told else { panic!("{told:?}") };
    let told = client.told().await.unwrap();
    let Some(Tell::State { link: LinkState::Waiting { .. }, .. }) = told else { panic!("{told:?}") };
    stop.cancel();
    assert_eq!(client.told().await.unwrap(), None, "an agent that stops hangs up");
    running.await.unwrap();
}

#[test]
fn a_token_does_not_show() {
    let ask = Ask::Enrol {
        address: String::new(),
        fleet: FleetId([3; 32]),
        token: Some(TokenText("rmt_secret".to_owned())),
    };
    assert!(!format!("{ask:?}").contains("secret"));
}

/// Asks once; the answer.
async fn once(path: &std::path::Path, ask: Ask) -> Tell {
    let mut client = Client::connect(path).await.unwrap().unwrap();
    client.ask(&ask).await.unwrap();
    client.told().await.unwrap().expect("an answer")
}

/// A host whose socket is served; it ends with the value.
struct Served {
    host: Host,
    path: std::path::PathBuf,
    _directory: tempfile::TempDir,
    _stop: tokio_util::sync::DropGuard,
    _serving: Serving,
}

impl Served {
    fn new(host: Host) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent.sock");
        let (link, _task) = link(&host);
        let stop = CancellationToken::new();
        let serving = serve(&path, parts(&host, link), stop.clone());
        Self { host, path, _directory: directory, _stop: stop.drop_guard(), _serving: serving }
    }

    async fn once(&self, ask: Ask) -> Tell {
        once(&self.path, ask).await
    }
}

#[tokio::test]
async fn a_person_at_the_terminal_gives_a_plan_a_secret_and_work() {
    let served = Served::new(Host::new(7, Policy::default()));
    let set = |base_revision, plan: &Plan| Ask::SetPlan { base_revision, plan: plan.clone(), note: None };
    let told = served.once(set(0, &plan())).await;
    assert_eq!(told, Tell::Done { jobs: Vec::new(), revision: Some(1) });
    let told = served.once(set(0, &plan())).await;
    assert!(matches!(told, Tell::Refused { .. }), "on an old revision: {told:?}");
    assert_eq!(served.host.read(ledger::current).await.unwrap().by, PlanBy::Local);

    let secret = |slot: &str, value: &str| Ask::SetSecret {
        slot: slot.parse().unwrap(),
        value: SecretText::new(value),
    };
    assert_eq!(
        served.once(secret("repository/main/password", "one")).await,
        Tell::Done { jobs: Vec::new(), revision: Some(1) }
    );
    for (slot, value) in
        [("repository/main/password", ""), ("repository/main/login", "no JSON"), ("ping/x", "ftp://x")]
    {
        let told = served.once(secret(slot, value)).await;
        let Tell::Refused { message, .. } = &told else { panic!("{told:?}") };
        assert!(value.is_empty() || !message.contains(value), "{message}");
    }
    let told = served.once(secret("repository/main/admin", r#"{"user":"a","password":"b"}"#)).await;
    assert!(
        matches!(&told, Tell::Refused { hint, .. } if hint.contains("repository/NAME/login")),
        "{told:?}"
    );
    let mut keeper = plan();
    keeper.groups.clear();
    keeper.schedules.clear();
    let told = served.once(set(1, &keeper)).await;
    assert_eq!(told, Tell::Done { jobs: Vec::new(), revision: Some(2) });
    let told = served.once(secret("repository/main/admin", r#"{"user":"a","password":"b"}"#)).await;
    assert!(matches!(&told, Tell::Refused { .. }), "nor does a keeper, which has no groups: {told:?}");
    let told = served.once(set(2, &plan())).await;
    assert_eq!(told, Tell::Done { jobs: Vec::new(), revision: Some(3) });
    let rows = served.host.read(|connection| journal::after(connection, 1, 0, 100)).await;
    let local: Vec<_> = rows.iter().filter(|row| row.kind == "local").collect();
    assert_eq!(local.len(), 1);
    let said = Local::from_bytes(local[0].body.as_ref().unwrap()).unwrap();
    assert!(matches!(said, Local::SecretSet { revision: 1, .. }), "{said:?}");

    let run = || Ask::Work {
        action: Action::Run {
            groups: vec!["default".parse().unwrap()],
            upload_kib_s: None,
            download_kib_s: None,
        },
    };
    let Tell::Done { jobs, .. } = served.once(run()).await else { panic!("it is begun") };
    let open = served.host.read(jobs::open).await;
    assert_eq!((open[0].id, &open[0].origin), (jobs[0], &Origin::Local));
    let again = served.once(run()).await;
    assert_eq!(again, Tell::Done { jobs: jobs.clone(), revision: None }, "the same work is the same job");
    let cancel = Ask::Work { action: Action::Cancel { job: jobs[0] } };
    assert!(matches!(served.once(cancel).await, Tell::Done { .. }));
    let forbidden = Ask::Work { action: Action::Retire { agent: served.host.desk.agent() } };
    assert!(matches!(served.once(forbidden).await, Tell::Refused { .. }), "that is the fleet's to say");
}

/// What a host without a fleet was given is escrowed once it knows whose recovery key to use.
#[tokio::test]
async fn a_secret_that_was_typed_before_the_fleet_was_known_is_escrowed_then() {
    let fleet = Fleet::found();
    let served = Served::new(Host::new(7, Policy::default()));
    let value = SecretText::new("typed");
    served.once(Ask::SetSecret { slot: "repository/main/password".parse().unwrap(), value }).await;
    let escrows = async || {
        let rows = served.host.read(|connection| journal::after(connection, 1, 0, 100)).await;
        rows.iter().filter(|row| row.kind == "escrow").count()
    };
    assert_eq!(escrows().await, 0);
    served.host.meet(&fleet).await;
    assert_eq!(escrows().await, 1);
    served
        .once(Ask::SetSecret { slot: "ping/x".parse().unwrap(), value: SecretText::new("https://x") })
        .await;
    assert_eq!(escrows().await, 2);
}

/// Lines from the store and lines that come live, each once and in order, then the end.
#[tokio::test]
async fn a_job_is_followed_to_its_end_without_a_line_lost_or_doubled() {
    let served = Served::new(Host::new(7, Policy::default()));
    served.once(Ask::SetPlan { base_revision: 0, plan: plan(), note: None }).await;
    let groups = vec!["default".parse().unwrap()];
    let action = Action::Run { groups, upload_kib_s: None, download_kib_s: None };
    let Tell::Done { jobs: begun, .. } = served.once(Ask::Work { action }).await else {
        panic!("it is begun")
    };
    let job = begun[0];
    let line = |n: u64| LogLine { n, at: START, stream: LogStream::Stdout, text: format!("line {n}") };
    let store = served.host.desk.store();
    let write = async |from: u64, to: u64| {
        let lines: Vec<LogLine> = (from..to).map(line).collect();
        store.write(move |tx| logs::append_chunk(tx, job, &lines, START)).await.unwrap();
    };
    write(0, 3).await;

    let mut client = Client::connect(&served.path).await.unwrap().unwrap();
    client.ask(&Ask::Follow { jobs: begun.clone() }).await.unwrap();
    let mut seen = Vec::new();
    let mut next = async |seen: &mut Vec<u64>| match client.told().await.unwrap().unwrap() {
        Tell::Live { live: Live::Log { lines, .. } } => {
            seen.extend(lines.iter().map(|line| line.n));
            None
        }
        Tell::Live { live } => panic!("{live:?}"),
        other => Some(other),
    };
    while seen.len() < 3 {
        assert_eq!(next(&mut seen).await, None);
    }
    let engine = served.host.desk.engine().unwrap();
    assert!(engine.is_watched(job), "somebody watches: what comes is shown live");
    let live = |from: u64, to: u64| engine.show(Live::Log { job, lines: (from..to).map(line).collect() });
    live(3, 5);
    while seen.len() < 5 {
        assert_eq!(next(&mut seen).await, None);
    }
    // These do not follow the last ones: what lies between is written first.
    live(7, 9);
    write(3, 9).await;
    while seen.len() < 9 {
        assert_eq!(next(&mut seen).await, None);
    }
    write(9, 10).await;
    let ending = jobs::Ending::bare(JobState::Succeeded, None);
    store.write(move |tx| jobs::finish(tx, job, &ending, START)).await.unwrap();
    let over = loop {
        if let Some(other) = next(&mut seen).await {
            break other;
        }
    };
    assert_eq!(over, Tell::Over { job, state: JobState::Succeeded });
    assert_eq!(seen, (0..10).collect::<Vec<_>>());
    assert_eq!(client.told().await.unwrap(), None);
    assert!(!engine.is_watched(job));
}

#[tokio::test]
async fn a_question_is_answered_line_by_line_to_its_end() {
    let served = Served::new(Host::new(7, Policy::default()));
    let question = Question::Find {
        repository: "main".parse().unwrap(),
        pattern: "x".to_owned(),
        ignore_case: false,
        group: None,
    };
    let mut client = Client::connect(&served.path).await.unwrap().unwrap();
    client.ask(&Ask::Question { question }).await.unwrap();
    let told = client.told().await.unwrap();
    let Some(Tell::Answer { line: AnswerLine::End(End::Failed { code, message, .. }) }) = told else {
        panic!("{told:?}")
    };
    assert_eq!(code, OrderRefusalCode::NotFound, "{message}");
    assert_eq!(client.told().await.unwrap(), None);
}
