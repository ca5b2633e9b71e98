//! What is due, over clocks that run, jump, sleep and change for the summer.

mod maintenance;
mod owed;
mod sleeps;

use proptest::prelude::*;
use wire::{
    cron::Crontab,
    id::{GroupName, RepositoryName},
    job::JobKind,
    plan::{Backend, Group, Maintenance, Repository, Retention},
};

use super::*;

const AGENT: AgentId = AgentId([7; 32]);
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn at(text: &str) -> UnixMs {
    UnixMs::from(text.parse::<Timestamp>().unwrap())
}

fn name(text: &str) -> ScheduleName {
    text.parse().unwrap()
}

fn group() -> Group {
    serde_json::from_str(r#"{"includes":["/home"]}"#).unwrap()
}

fn plan(cron: &str, zone: Option<&str>, jitter_s: u32) -> Plan {
    let (main, default): (RepositoryName, GroupName) = ("main".parse().unwrap(), "default".parse().unwrap());
    let schedule = Schedule {
        cron: cron.parse().unwrap(),
        zone: zone.map(str::to_owned),
        enabled: true,
        groups: vec![default.clone()],
        jitter_s,
        conditions: wire::plan::Conditions::default(),
    };
    Plan {
        repositories: BTreeMap::from([(main, Repository::new(Backend::Local { path: "/r".to_owned() }))]),
        groups: BTreeMap::from([(default, group())]),
        schedules: BTreeMap::from([(name("s"), schedule)]),
        maintenance: never(),
        ..Plan::default()
    }
}

/// Each kind of maintenance is switched on where a test is about it.
fn never() -> Maintenance {
    Maintenance { forget: None, prune: None, check: None, drill: None, ..Maintenance::default() }
}

/// A host that is asked again and again, and does what it is told.
struct Host {
    plan: Plan,
    history: History,
    zone: TimeZone,
    runs: Vec<(UnixMs, bool)>,
}

impl Host {
    fn new(plan: Plan, plan_at: UnixMs) -> Self {
        let history = History { plan_at, ..History::default() };
        Self { plan, history, zone: TimeZone::UTC, runs: Vec::new() }
    }

    fn tick(&mut self, now: UnixMs) -> Decision {
        let decision = due(&self.plan, &self.history, AGENT, now, &self.zone);
        self.history.cadences = decision.cadences.clone();
        self.runs.extend(decision.due.iter().map(|due| (due.due_at, due.late)));
        decision
    }

    /// Ticks every minute, from and to included.
    fn live(&mut self, from: UnixMs, to: UnixMs) {
        let mut now = from;
        while now <= to {
            self.tick(now);
            now = now.plus_ms(MINUTE);
        }
    }

    fn took(&mut self) -> Vec<(String, bool)> {
        std::mem::take(&mut self.runs).into_iter().map(|(at, late)| (at.to_string(), late)).collect()
    }
}

fn on_time(runs: &[&str]) -> Vec<(String, bool)> {
    runs.iter().map(|run| ((*run).to_owned(), false)).collect()
}

#[test]
fn a_daily_run_is_due_once_and_on_time() {
    let start = at("2026-11-20T12:00:00Z");
    let mut host = Host::new(plan("0 2 * * *", None, 0), start);
    host.live(start, start.plus_ms(2 * DAY));
    assert_eq!(host.took(), on_time(&["2026-11-21T02:00:00Z", "2026-11-22T02:00:00Z"]));
    assert_eq!(host.tick(start.plus_ms(2 * DAY)).next, Some(at("2026-11-23T02:00:00Z")));
}

#[test]
fn what_is_due_names_its_work_and_origin() {
    let start = at("2026-11-20T12:00:00Z");
    let mut plan = plan("30 12 * * *", None, 0);
    plan.groups.insert("more".parse().unwrap(), group());
    let schedule = plan.schedules.get_mut(&name("s")).unwrap();
    schedule.groups.extend(["more".parse().unwrap(), "gone".parse().unwrap()]);
    let mut host = Host::new(plan, start);
    let decision = host.tick(start.plus_ms(31 * MINUTE));
    let due = &decision.due[0];
    assert_eq!(due.origin(), Origin::Schedule { schedule: name("s"), due_at: at("2026-11-20T12:30:00Z") });
    let groups: Vec<_> =
        due.work.iter().map(|(subject, _)| subject.group.clone().unwrap().to_string()).collect();
    assert_eq!(groups, ["default", "more"]);
    assert!(due.work.iter().all(|(subject, _)| subject.kind == JobKind::Backup));
}

#[test]
fn a_month_asleep_is_one_run() {
    let start = at("2026-11-20T12:00:00Z");
    let mut host = Host::new(plan("0 * * * *", None, 0), start);
    host.live(start, start.plus_ms(HOUR));
    assert_eq!(host.took(), on_time(&["2026-11-20T13:00:00Z"]));
    let back = at("2026-12-20T09:17:00Z");
    host.history.settling_since = Some(back);
    let waiting = host.tick(back).waiting;
    assert!(host.took().is_empty(), "the machine has not settled");
    let nine = at("2026-12-20T09:00:00Z");
    let settling = vec![WaitsFor::Settling];
    assert_eq!(waiting, [Waiting { of: Of::Schedule(name("s")), due_at: nine, waits_for: settling }]);
    host.history.settling_since = None;
    host.live(back, back.plus_ms(HOUR));
    let caught = ("2026-12-20T09:00:00Z".to_owned(), true);
    assert_eq!(host.took(), [caught, ("2026-12-20T10:00:00Z".to_owned(), false)]);
}

#[test]
fn while_a_missed_run_waits_a_new_one_takes_its_place() {
    let start = at("2026-11-20T12:00:00Z");
    let mut host = Host::new(plan("0 * * * *", None, 0), start);
    host.history.settling_since = Some(at("2026-11-20T15:50:00Z"));
    host.live(at("2026-11-20T15:50:00Z"), at("2026-11-20T16:10:00Z"));
    assert_eq!(host.took(), on_time(&["2026-11-20T16:00:00Z"]));
}

#[test]
fn a_few_minutes_late_is_still_on_time() {
    let start = at("2026-11-20T12:00:00Z");
    let mut host = Host::new(plan("0 13 * * *", None, 0), start);
    host.tick(at("2026-11-20T13:05:00Z"));
    assert_eq!(host.took(), on_time(&["2026-11-20T13:00:00Z"]));
    let mut host = Host::new(plan("0 13 * * *", None, 0), start);
    host.tick(at("2026-11-20T13:05:01Z"));
    assert_eq!(host.took(), [("2026-11-20T13:00:00Z".to_owned(), true)]);
}

#[test]
fn creating_editing_and_unpausing_is_not_a_miss() {
    let created = at("2026-11-20T12:00:00Z");
    let mut host = Host::new(plan("0 11 * * *", None, 0), created);
    host.tick(created);
    assert!(host.took().is_empty());
    // Edited to a time that passed today.
    host.plan = plan("30 11 * * *", None, 0);
    host.history.plan_at = created.plus_ms(MINUTE);
    host.tick(created.plus_ms(2 * MINUTE));
    assert!(host.took().is_empty());
    // Paused for a week, and back.
    host.plan.schedules.get_mut(&name("s")).unwrap().enabled = false;
    host.live(at("2026-11-21T11:00:00Z"), at("2026-11-21T12:00:00Z"));
    assert!(host.took().is_empty() && host.history.cadences.is_empty());
    host.plan.schedules.get_mut(&name("s")).unwrap().enabled = true;
    host.history.plan_at = at("2026-11-28T12:00:00Z");
    host.tick(at("2026-11-28T12:00:30Z"));
    assert!(host.took().is_empty());
    // An edit that leaves the crontab alone loses nothing.
    host.plan.schedules.get_mut(&name("s")).unwrap().conditions.mains_power = true;
    host.history.plan_at = at("2026-11-29T11:31:00Z");
    host.tick(at("2026-11-29T11:32:00Z"));
    assert_eq!(host.took(), on_time(&["2026-11-29T11:30:00Z"]));
}

#[test]
fn jitter_is_the_hosts_own_and_always_the_same() {
    let start = at("2026-11-20T12:00:00Z");
    let plan = plan("0 2 * * *", None, 3600);
    let delay = i64::from(delay_s(&AGENT, &name("s"), 3600)) * 1000;
    assert!(delay > MINUTE, "this host's delay says something: {delay}");
    let mut host = Host::new(plan, start);
    assert_eq!(host.tick(start).next, Some(at("2026-11-21T02:00:00Z").plus_ms(delay)));
    host.live(at("2026-11-21T00:00:00Z"), at("2026-11-23T00:00:00Z"));
    let expected: Vec<_> = ["2026-11-21T02:00:00Z", "2026-11-22T02:00:00Z"]
        .map(|slot| (at(slot).plus_ms(delay), false))
        .to_vec();
    assert_eq!(host.runs, expected);
    let schedule = host.plan.schedules[&name("s")].clone();
    let shown = next_runs(AGENT, &name("s"), &schedule, at("2026-11-21T02:00:30Z"), &TimeZone::UTC, 2);
    assert_eq!(shown, [expected[0].0, expected[1].0]);
}

#[test]
fn summer_time_loses_and_doubles_nothing() {
    let mut host = Host::new(plan("30 2 * * *", Some("Europe/Berlin"), 0), at("2026-03-28T00:00:00Z"));
    host.live(at("2026-03-28T00:00:00Z"), at("2026-03-30T12:00:00Z"));
    // 02:30 does not exist on the 29th: it runs at the first instant after the gap.
    let spring = ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"];
    assert_eq!(host.took(), on_time(&spring));
    let mut host = Host::new(plan("30 2 * * *", Some("Europe/Berlin"), 0), at("2026-10-24T12:00:00Z"));
    host.live(at("2026-10-24T12:00:00Z"), at("2026-10-26T12:00:00Z"));
    assert_eq!(host.took(), on_time(&["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]));
}

#[test]
fn the_hosts_own_zone_counts_where_the_plan_names_none() {
    let mut host = Host::new(plan("0 2 * * *", None, 0), at("2026-11-20T12:00:00Z"));
    host.zone = zone("America/New_York").unwrap();
    host.live(at("2026-11-21T00:00:00Z"), at("2026-11-21T12:00:00Z"));
    assert_eq!(host.took(), on_time(&["2026-11-21T07:00:00Z"]));
}

#[test]
fn a_clock_set_back_repeats_nothing_and_does_not_stop() {
    let start = at("2026-11-20T12:00:00Z");
    let mut host = Host::new(plan("0 * * * *", None, 0), start);
    host.live(start, at("2026-11-20T13:01:00Z"));
    assert_eq!(host.runs.len(), 1);
    // A little: the run of 13:00 is not repeated.
    host.live(at("2026-11-20T12:58:00Z"), at("2026-11-20T13:30:00Z"));
    assert_eq!(host.runs.len(), 1);
    // A battery that forgot the year: the next hour of that year runs.
    host.runs.clear();
    host.live(at("2026-01-01T00:10:00Z"), at("2026-01-01T01:10:00Z"));
    assert_eq!(host.took(), on_time(&["2026-01-01T01:00:00Z"]));
    // And when the clock is right again, it is one catch-up.
    host.tick(at("2026-11-20T15:20:00Z"));
    assert_eq!(host.took(), [("2026-11-20T15:00:00Z".to_owned(), true)]);
}

/// The machine came up a moment after the instant: its network may not be there yet.
#[test]
fn what_was_due_just_before_the_machine_woke_waits_until_it_has_settled() {
    let start = at("2026-11-20T12:00:00Z");
    let mut host = Host::new(plan("0 13 * * *", None, 0), start);
    host.history.settling_since = Some(at("2026-11-20T13:01:00Z"));
    assert_eq!(host.tick(at("2026-11-20T13:01:10Z")).waiting.len(), 1);
    host.history.settling_since = None;
    host.tick(at("2026-11-20T13:02:00Z"));
    assert_eq!(host.took(), on_time(&["2026-11-20T13:00:00Z"]));
    // What comes due while it settles is no miss.
    host.history.settling_since = Some(at("2026-11-21T12:59:50Z"));
    host.tick(at("2026-11-21T13:00:00Z"));
    assert_eq!(host.took(), on_time(&["2026-11-21T13:00:00Z"]));
}

#[test]
fn what_is_held_waits_and_is_then_one_run() {
    let start = at("2026-11-20T12:00:00Z");
    let mut host = Host::new(plan("0 * * * *", None, 0), start);
    let mains = vec![WaitsFor::MainsPower];
    host.history.held.insert("schedule/s".to_owned(), mains.clone());
    let waiting = host.tick(at("2026-11-20T13:00:00Z")).waiting;
    let due_at = at("2026-11-20T13:00:00Z");
    assert_eq!(waiting, [Waiting { of: Of::Schedule(name("s")), due_at, waits_for: mains }]);
    host.live(at("2026-11-20T13:01:00Z"), at("2026-11-20T16:30:00Z"));
    assert!(host.took().is_empty());
    host.history.held.clear();
    host.live(at("2026-11-20T16:30:00Z"), at("2026-11-20T17:10:00Z"));
    assert_eq!(
        host.took(),
        [("2026-11-20T16:00:00Z".to_owned(), true), ("2026-11-20T17:00:00Z".to_owned(), false)]
    );
    // Within minutes it is the run of its instant.
    host.history.held.insert("schedule/s".to_owned(), vec![WaitsFor::UnmeteredNetwork]);
    host.live(at("2026-11-20T17:59:00Z"), at("2026-11-20T18:03:00Z"));
    host.history.held.clear();
    host.tick(at("2026-11-20T18:04:00Z"));
    assert_eq!(host.took(), on_time(&["2026-11-20T18:00:00Z"]));
}

#[test]
fn what_a_run_waits_for_is_said_in_words() {
    let all = [
        WaitsFor::Settling,
        WaitsFor::MainsPower,
        WaitsFor::UnmeteredNetwork,
        WaitsFor::Repository("main".parse().unwrap()),
    ];
    let words = all.map(|it| format!("waits for {it}"));
    assert_eq!(
        words,
        [
            "waits for the machine to settle",
            "waits for mains power",
            "waits for a network that is not metered",
            "waits for repository main to answer",
        ]
    );
}

#[test]
fn an_empty_plan_is_never_due() {
    let mut host = Host::new(Plan::default(), at("2026-11-20T12:00:00Z"));
    for day in 0..60 {
        let decision = host.tick(at("2026-11-20T12:00:00Z").plus_ms(day * DAY));
        assert_eq!((decision.due, decision.waiting), (Vec::new(), Vec::new()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the ticks fall, each run of the crontab while the host is awake happens once, at its instant or after,
    /// and none that is not in the crontab.
    #[test]
    fn every_run_happens_once(gaps in proptest::collection::vec(1..280i64, 10..120), cron in "[0-5]?[0-9] (\\*|[0-9]|\\*/[1-9]) \\* \\* \\*") {
        let start = at("2026-11-20T12:00:00Z");
        let mut host = Host::new(plan(&cron, None, 0), start);
        let mut now = start;
        for gap in gaps {
            now = now.plus_ms(gap * 1000);
            let before = host.runs.len();
            host.tick(now);
            for (due_at, late) in &host.runs[before..] {
                prop_assert!(*due_at <= now && !late);
            }
        }
        let crontab: Crontab = cron.parse().unwrap();
        let mut expected = Vec::new();
        let mut slot = crontab.next_after(start.timestamp().unwrap(), &TimeZone::UTC).unwrap();
        while UnixMs::from(slot) <= now {
            expected.push(UnixMs::from(slot));
            slot = crontab.next_after(slot, &TimeZone::UTC).unwrap();
        }
        let ran: Vec<UnixMs> = host.runs.iter().map(|(at, _)| *at).collect();
        prop_assert_eq!(ran, expected);
    }

    /// A clock that is set back by less than five minutes, again and again: one instant of the crontab is never run
    /// twice, and `next` is ahead.
    #[test]
    fn no_run_is_doubled_by_a_clock_that_wanders(steps in proptest::collection::vec(-240..100_000i64, 1..60), jitter_s in 0..7200u32) {
        let mut host = Host::new(plan("*/7 * * * *", None, jitter_s), at("2026-11-20T12:00:00Z"));
        let mut furthest = at("2026-11-20T12:00:00Z");
        for step in steps {
            let now = furthest.plus_ms(step * 1000);
            furthest = furthest.max(now);
            let decision = host.tick(now);
            prop_assert!(decision.next.is_some_and(|next| next > now));
        }
        let mut slots: Vec<UnixMs> = host.runs.iter().map(|(at, _)| *at).collect();
        let count = slots.len();
        slots.dedup();
        prop_assert_eq!(slots.len(), count);
        prop_assert!(slots.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
