//! Laws that hold whatever the pattern of sleeps, of waits, and of looks: no instant runs twice, none from before the plan,
//! and what was missed is one run for each cadence and wake.

use wire::plan::MaintenanceTask;

use super::*;

/// A stretch awake, a stretch asleep before it, and whether something holds the cadences during its first half.
#[derive(Clone, Debug)]
struct Stretch {
    asleep_min: i64,
    awake_min: i64,
    look_every_s: i64,
    held: bool,
}

fn stretches() -> impl Strategy<Value = Vec<Stretch>> {
    let stretch = (0..60 * 24 * 9i64, 1..200i64, 7..130i64, any::<bool>());
    let stretch = stretch.prop_map(|(asleep_min, awake_min, look_every_s, held)| Stretch {
        asleep_min,
        awake_min,
        look_every_s,
        held,
    });
    proptest::collection::vec(stretch, 1..12)
}

/// One run that was asked for: whose, of which instant, when, late, in which stretch.
struct Ran {
    of: String,
    due_at: UnixMs,
    at: UnixMs,
    late: bool,
    wake: usize,
}

const SETTLE: i64 = MINUTE;

fn months(plan: Plan, created: UnixMs, stretches: &[Stretch]) -> Vec<Ran> {
    let mut host = Host::new(plan, created);
    let names: Vec<String> = host.tick(created).cadences.into_keys().collect();
    let (mut now, mut ran) = (created, Vec::new());
    for (wake, stretch) in stretches.iter().enumerate() {
        now = now.plus_ms(stretch.asleep_min * MINUTE);
        let (woke, until) = (now, now.plus_ms(stretch.awake_min * MINUTE));
        while now <= until {
            host.history.settling_since = (now.since(woke) < SETTLE).then_some(woke);
            let held = stretch.held && now.since(woke) < stretch.awake_min * MINUTE / 2;
            let all = || names.iter().map(|name| (name.clone(), vec![WaitsFor::MainsPower]));
            host.history.held = if held { all().collect() } else { BTreeMap::new() };
            for due in host.tick(now).due {
                ran.push(Ran { of: due.of.name(), due_at: due.due_at, at: now, late: due.late, wake });
            }
            now = now.plus_ms(stretch.look_every_s * 1000);
        }
    }
    ran
}

fn busy(cron: &str, jitter_s: u32) -> Plan {
    let mut plan = plan(cron, Some("Europe/Berlin"), jitter_s);
    plan.maintenance = Maintenance {
        forget: "*/20 * * * *".parse().ok(),
        prune: "17 */3 * * *".parse().ok(),
        check: "@daily".parse().ok(),
        drill: "0 6 2 * *".parse().ok(),
        ..Maintenance::default()
    };
    plan
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_instant_runs_twice_or_before_its_time(
        stretches in stretches(),
        cron in "([0-5]?[0-9]|\\*/[1-9]) (\\*|[0-9]|\\*/[1-9]) \\* \\* (\\*|[0-6])",
        jitter_s in 0..5000u32,
        // Around a change of the clock, too.
        start in 0..40i64,
    ) {
        let created = at("2027-02-20T12:00:00Z").plus_ms(start * DAY);
        let plan = busy(&cron, jitter_s);
        let ran = months(plan.clone(), created, &stretches);
        for name in ["schedule/s"].into_iter().chain(MaintenanceTask::ALL.map(|task| match task {
            MaintenanceTask::Forget => "maintenance/forget",
            MaintenanceTask::Prune => "maintenance/prune",
            MaintenanceTask::Check => "maintenance/check",
            MaintenanceTask::Drill => "maintenance/drill",
        })) {
            let own: Vec<&Ran> = ran.iter().filter(|ran| ran.of == name).collect();
            prop_assert!(own.windows(2).all(|pair| pair[0].due_at < pair[1].due_at), "{name}: an instant twice");
            prop_assert!(own.iter().all(|ran| ran.due_at > created && ran.due_at <= ran.at), "{name}");
            prop_assert!(own.iter().all(|ran| ran.late == (ran.at.since(ran.due_at) > LATE_MS)), "{name}");
            // What was missed asleep, and what waited, is one run for each wake.
            let missed = |wake| own.iter().filter(|ran| ran.wake == wake && ran.late).count();
            prop_assert!((0..stretches.len()).all(|wake| missed(wake) <= 1), "{name}: more than one catch-up");
        }
        let delay_ms = i64::from(delay_s(&AGENT, &name("s"), jitter_s)) * 1000;
        let crontab = &plan.schedules[&name("s")].cron;
        let berlin = zone("Europe/Berlin").unwrap();
        for one in ran.iter().filter(|ran| ran.of == "schedule/s") {
            let slot = one.due_at.plus_ms(-delay_ms).timestamp().unwrap();
            let just_before = one.due_at.plus_ms(-delay_ms - 1).timestamp().unwrap();
            prop_assert_eq!(crontab.next_after(just_before, &berlin), Some(slot), "an instant of the crontab");
        }
    }
}
