//! The file against the ledger: what governs, what is refused and how that is said, and that nothing half-written counts.

mod guarded;
mod telling;

use std::{collections::BTreeMap, fs, time::Duration};

use proptest::{collection::vec, option, prelude::*, sample::select};
use tokio_util::sync::CancellationToken;
use wire::{
    action::{Action, OrderRefusalCode, Outcome},
    journal::PlanBy,
    plan::{
        Backend, Conditions, Group, Hook, Hooks, IoPriority, Limits, Maintenance, Owner, Ping, Plan,
        Presence, Repository, Retention, Retry, Schedule, Ward,
    },
};

use super::{FileTask, Looked, Nudge, Taken, read, write};
use crate::{
    config::Policy,
    desired::{
        Answer,
        rehearsal::{Fleet, Host, START, plan},
    },
    store::plan as ledger,
};

const PLAN: &str = r#"# The web server's own plan.
[repositories.main]
backend = { kind = "local", path = "/srv/repo" }

[groups.default]
includes = ["/etc"] # more to come

[schedules.daily]
cron = "0 2 * * *"
groups = ["default"]
"#;

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9][a-zA-Z0-9._-]{0,8}"
}

fn text() -> impl Strategy<Value = String> {
    // Everything that TOML has to escape, and what it has not.
    "[ -~äöü\u{2028}\t]{1,12}".prop_filter("not blank, no control", |text| {
        !text.trim().is_empty() && !text.contains(|c: char| c.is_control())
    })
}

fn cron() -> impl Strategy<Value = wire::cron::Crontab> {
    select(vec!["0 2 * * *", "@daily", "*/5 * * * mon-fri", "0 4 1,15 * 7"])
        .prop_map(|cron| cron.parse().unwrap())
}

fn retention() -> impl Strategy<Value = Retention> {
    (any::<[u16; 6]>(), option::of("[1-9]{1,3}[ymdh]"), vec("[a-z]{1,6}", 0..3)).prop_map(
        |([last, hourly, daily, weekly, monthly, yearly], keep_within, keep_tags)| Retention {
            keep_last: last.into(),
            keep_hourly: hourly.into(),
            keep_daily: daily.into(),
            keep_weekly: weekly.into(),
            keep_monthly: monthly.into(),
            keep_yearly: yearly.into(),
            keep_within,
            keep_tags,
        },
    )
}

fn hook() -> impl Strategy<Value = Hook> {
    prop_oneof![
        Just(Hook::Inherit),
        Just(Hook::None),
        Just(Hook::Secret),
        text().prop_map(|text| Hook::File(format!("/{text}")))
    ]
}

fn hooks() -> impl Strategy<Value = Hooks> {
    (hook(), hook(), option::of(1..86_400_u32)).prop_map(|(pre, post, timeout_s)| Hooks {
        pre,
        post,
        timeout_s,
    })
}

fn repository() -> impl Strategy<Value = Repository> {
    let backend = prop_oneof![
        text().prop_map(|text| Backend::Local { path: format!("/{text}") }),
        option::of(1..=u16::MAX).prop_map(|port| Backend::Sftp {
            host: "nas".to_owned(),
            port,
            user: "backup".to_owned(),
            path: "repo dir".to_owned()
        }),
        option::of(name()).prop_map(|region| Backend::S3 {
            endpoint: "https://s3.example.org".to_owned(),
            bucket: "b".to_owned(),
            prefix: String::new(),
            region
        }),
    ];
    let ward = (any::<[u8; 32]>(), 0..i64::MAX.unsigned_abs(), name(), retention()).prop_map(
        |(agent, revision, group, retention)| Ward {
            agent: wire::id::AgentId(agent),
            hostname: "web-1".to_owned(),
            revision,
            groups: BTreeMap::from([(group.parse().unwrap(), retention)]),
        },
    );
    let owner =
        any::<[u8; 32]>().prop_map(|id| Owner { agent: wire::id::AgentId(id), name: "nas".to_owned() });
    (backend, any::<bool>(), option::of(owner), vec(ward, 0..2))
        .prop_map(|(backend, append_only, owner, wards)| Repository { backend, append_only, owner, wards })
}

fn maintenance() -> impl Strategy<Value = Maintenance> {
    let cadence = || option::of(cron());
    (cadence(), cadence(), cadence(), cadence(), 0..=100_u8, 1..1000_u32).prop_map(
        |(forget, prune, check, drill, check_read_data_percent, drill_files)| Maintenance {
            forget,
            prune,
            check,
            check_read_data_percent,
            drill,
            drill_files,
            drill_mib: 200,
        },
    )
}

fn group() -> impl Strategy<Value = Group> {
    (vec(text(), 1..3), vec(text(), 0..3), any::<bool>(), retention(), hooks(), (0..20_u32, 1..1800_u32))
        .prop_map(|(includes, excludes, one_file_system, retention, hooks, (max, backoff_s))| Group {
            repository: "main".parse().unwrap(),
            includes: includes.into_iter().map(|path| format!("/{path}")).collect(),
            excludes,
            exclude_if_present: vec![".nobackup".to_owned()],
            one_file_system,
            retention,
            retry: Retry { max, backoff_s },
            hooks,
            copy_to: None,
        })
}

fn schedule() -> impl Strategy<Value = Schedule> {
    (cron(), option::of(Just("Europe/Vienna".to_owned())), any::<[bool; 4]>(), 0..86_400_u32).prop_map(
        |(cron, zone, [enabled, mains_power, unmetered, reachable], jitter_s)| Schedule {
            cron,
            zone,
            enabled,
            groups: vec!["default".parse().unwrap()],
            jitter_s,
            conditions: Conditions { mains_power, unmetered, reachable },
        },
    )
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let limits = (option::of(1..=u32::MAX), option::of(-20..=19_i8), any::<bool>()).prop_map(
        |(upload_kib_s, nice, idle)| Limits {
            upload_kib_s,
            download_kib_s: None,
            nice,
            io: idle.then_some(IoPriority::Idle),
        },
    );
    let maps =
        (repository(), vec((name(), group()), 0..3), vec((name(), schedule()), 0..3), any::<[bool; 3]>());
    (maps, group(), maintenance(), limits, hooks(), any::<bool>()).prop_map(
        |(
            (main, groups, schedules, [start, success, failure]),
            default,
            maintenance,
            limits,
            hooks,
            away,
        )| {
            let mut groups: BTreeMap<_, _> =
                groups.into_iter().map(|(name, group)| (name.parse().unwrap(), group)).collect();
            groups.insert("default".parse().unwrap(), default);
            Plan {
                repositories: BTreeMap::from([("main".parse().unwrap(), main)]),
                groups,
                schedules: schedules.into_iter().map(|(name, one)| (name.parse().unwrap(), one)).collect(),
                maintenance,
                limits,
                hostname: None,
                presence: if away { Presence::Intermittent } else { Presence::AlwaysOn },
                hooks,
                pings: BTreeMap::from([(
                    "main".parse().unwrap(),
                    Ping { start, success, failure, groups: Vec::new() },
                )]),
            }
        },
    )
}

proptest! {
    /// Whatever is valid can be exported, and says the same when it is read.
    #[test]
    fn every_valid_plan_reads_back_as_itself(plan in any_plan()) {
        prop_assume!(plan.validate().is_ok());
        let text = write(&plan).unwrap();
        prop_assert_eq!(read(&text), Ok(plan), "{}", text);
    }
}

#[test]
fn a_cadence_that_never_comes_is_written_so() {
    let mut plan = plan();
    plan.maintenance.prune = None;
    insta::assert_snapshot!(write(&plan).unwrap());
}

#[test]
fn everything_that_is_wrong_is_said_with_line_and_field() {
    let said = |text: &str| match read(text) {
        Ok(plan) => panic!("{plan:?}"),
        Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    };
    let texts = [
        PLAN.replace("cron = \"0 2 * * *\"", "cron = \"0 25 * * *\""),
        PLAN.replace("includes", "inclueds"),
        PLAN.replace("\"/etc\"", "\"etc\", \"/srv\", \"home\"").replace("[\"default\"]", "[\"defualt\"]"),
        PLAN.replace("[\"/etc\"]", "\"/etc\""),
        PLAN.replace("kind = \"local\"", "kind = \"tape\""),
        format!("{PLAN}\n[groups.\"a.b\"]\nincludes = [\"x\"]\n[limits]\nnice = 40\n"),
        PLAN.replace("[schedules.daily]", "[schedules.daily"),
        "# nothing yet\n".to_owned(),
    ];
    insta::assert_snapshot!(texts.map(|text| said(&text)).join("\n---\n"));
}

/// A host whose file is watched; the task ends with it.
struct Watched {
    host: Host,
    nudge: Nudge,
    path: std::path::PathBuf,
    _stop: tokio_util::sync::DropGuard,
}

impl Watched {
    fn new(host: Host) -> Self {
        let path = host.desk.0.plan_file.clone();
        let (task, nudge) = FileTask::new(host.desk.clone());
        let stop = CancellationToken::new();
        tokio::spawn(task.run(stop.clone()));
        Self { host, nudge, path, _stop: stop.drop_guard() }
    }

    /// Time passes until the answer is there.
    async fn look(&self) -> Looked {
        let looking = self.nudge.look();
        tokio::pin!(looking);
        loop {
            // The store is a real thread: while it works, the fake clock should not run away.
            match tokio::time::timeout(Duration::from_millis(1), &mut looking).await {
                Ok(looked) => return looked.expect("the task runs"),
                Err(_) => self.host.time.advance(Duration::from_millis(500)),
            }
        }
    }

    async fn current(&self) -> ledger::LedgerPlan {
        self.host.read(ledger::current).await.expect("there is a plan")
    }
}

async fn order(fleet: &Fleet, host: &Host, number: u64, plan: Plan, base_revision: u64) -> Outcome {
    let action = Action::SetPlan { base_revision, plan, secrets: Vec::new(), note: None };
    let order = fleet.order(host.desk.agent(), action);
    let dispatch = fleet.dispatch(&order, &fleet.admin, number);
    match host.desk.order(&fleet.ledger(), dispatch, START).await {
        Answer::Receipt(receipt) => receipt.outcome,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_saved_file_governs_a_wrong_one_is_refused_and_the_panel_waits() {
    let fleet = Fleet::found();
    let watched = Watched::new(Host::member(&fleet, Policy::default()).await);
    assert_eq!(watched.look().await, Looked::Absent);
    order(&fleet, &watched.host, 1, plan(), 0).await;

    fs::write(&watched.path, PLAN).unwrap();
    assert_eq!(watched.look().await, Looked::Governs(2), "the same plan, but by another word");
    let current = watched.current().await;
    assert_eq!((current.by, &current.plan), (PlanBy::File, &plan()));
    let Outcome::Refused { code, message, hint } = order(&fleet, &watched.host, 2, plan(), 2).await else {
        panic!("an order does not change what the file governs")
    };
    assert_eq!(code, OrderRefusalCode::Policy);
    assert!(message.contains("plan.toml") && hint.contains("plan adopt"), "{message} {hint}");

    fs::write(&watched.path, PLAN.replace("0 2", "0 99")).unwrap();
    let Looked::Refused(problems) = watched.look().await else { panic!("it is not valid") };
    assert_eq!((problems[0].line, problems[0].field.as_str()), (Some(9), "schedules.daily.cron"));
    assert_eq!(watched.current().await.revision, 2, "the old plan stays in force");

    let edited = PLAN.replace("0 2", "0 3");
    fs::write(&watched.path, &edited).unwrap();
    assert_eq!(watched.look().await, Looked::Governs(3));
    assert_eq!(fs::read_to_string(&watched.path).unwrap(), edited, "nobody rewrites the file");
    assert_eq!(watched.look().await, Looked::Governs(3), "and looking again changes nothing");
}

/// An editor truncates, writes the first half, then the rest: each is a valid plan, only the last one counts.
#[tokio::test]
async fn what_is_half_written_never_counts() {
    let fleet = Fleet::found();
    let watched = Watched::new(Host::member(&fleet, Policy::default()).await);
    watched.look().await;
    let half = PLAN.find("[schedules").unwrap();
    let looking = watched.nudge.look();
    tokio::pin!(looking);
    fs::write(&watched.path, &PLAN[..half]).unwrap();
    assert!(read(&PLAN[..half]).is_ok(), "half of it is a plan as well");
    let mut steps = 0;
    let looked = loop {
        if let Ok(looked) = tokio::time::timeout(Duration::from_millis(1), &mut looking).await {
            break looked.unwrap();
        }
        watched.host.time.advance(Duration::from_millis(200));
        steps += 1;
        if steps == 3 {
            fs::write(&watched.path, PLAN).unwrap();
        }
    };
    assert_eq!(looked, Looked::Governs(1));
    assert_eq!(watched.current().await.plan, plan());
}

#[tokio::test]
async fn a_plan_is_given_back_by_adopting_it_or_by_removing_the_file() {
    let fleet = Fleet::found();
    let watched = Watched::new(Host::member(&fleet, Policy::default()).await);
    fs::write(&watched.path, PLAN).unwrap();
    assert_eq!(watched.look().await, Looked::Governs(1));

    let refused = watched.host.desk.adopt_file(None).await.unwrap();
    assert!(matches!(refused, Outcome::Refused { code: OrderRefusalCode::Policy, .. }), "{refused:?}");

    fs::write(&watched.path, PLAN.replace("0 2", "0 3")).unwrap();
    assert_eq!(watched.look().await, Looked::Governs(2));
    fs::rename(&watched.path, watched.path.with_file_name("plan.toml.adopted")).unwrap();
    let adopted = watched.host.desk.adopt_file(Some("back".to_owned())).await.unwrap();
    assert_eq!(adopted, Outcome::Accepted { jobs: Vec::new(), revision: Some(3) });
    let current = watched.current().await;
    assert_eq!((current.by, current.note.as_deref()), (PlanBy::Local, Some("back")));
    assert_eq!(current.plan.schedules.values().next().unwrap().cron.as_str(), "0 3 * * *");
    assert_eq!(watched.look().await, Looked::Absent);
    assert!(matches!(order(&fleet, &watched.host, 1, plan(), 3).await, Outcome::Accepted { .. }));

    fs::write(&watched.path, PLAN).unwrap();
    assert_eq!(watched.look().await, Looked::Governs(5));
    fs::remove_file(&watched.path).unwrap();
    assert_eq!(watched.look().await, Looked::Absent);
    let current = watched.current().await;
    assert_eq!((current.revision, current.by, &current.plan), (6, PlanBy::Local, &plan()));
}

#[tokio::test]
async fn the_same_text_is_no_news() {
    let host = Host::new(7, Policy::default());
    assert_eq!(host.desk.take_file(PLAN.to_owned()).await.unwrap(), Taken::New(1));
    let commented = format!("# a word more\n{PLAN}");
    assert_eq!(host.desk.take_file(commented).await.unwrap(), Taken::Same(1));
    assert_eq!(host.desk.let_go_of_file(None).await.unwrap(), Some(2));
    assert_eq!(host.desk.let_go_of_file(None).await.unwrap(), None);
}

/// The real file system tells: no slow look is needed.
#[tokio::test]
async fn a_save_is_noticed_by_itself() {
    let watched = Watched::new(Host::new(7, Policy::default()));
    watched.look().await;
    // As editors do: a new file in the old one's place.
    let beside = watched.path.with_file_name(".plan.toml.swp");
    fs::write(&beside, PLAN).unwrap();
    fs::rename(&beside, &watched.path).unwrap();
    let mut commits = watched.host.desk.store().commits();
    let began = watched.host.desk.world().monotonic();
    let noticed = async {
        while watched.host.read(ledger::revision).await == 0 {
            // The fake clock goes on in steps too small for the slow look.
            if tokio::time::timeout(Duration::from_millis(5), commits.changed()).await.is_err() {
                watched.host.time.advance(Duration::from_millis(10));
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), noticed).await.expect("the save is noticed");
    let passed = watched.host.desk.world().monotonic().saturating_sub(began);
    assert!(passed < Duration::from_secs(50), "{passed:?}: not told, but found by the slow look");
}
