//! Laws that hold for every crontab, zone and instant.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wire::cron::{Crontab, zone};

const ZONES: [&str; 10] = [
    "UTC",
    "Africa/Cairo",
    "America/Havana",
    "America/New_York",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
];

fn item(low: u32, high: u32) -> impl Strategy<Value = String> {
    let range = move || (low..=high, low..=high).prop_map(|(a, b)| (a.min(b), a.max(b)));
    prop_oneof![
        4 => (low..=high).prop_map(|n| n.to_string()),
        1 => (1..=high).prop_map(|step| format!("*/{step}")),
        2 => range().prop_map(|(a, b)| format!("{a}-{b}")),
        1 => (range(), 1..=high).prop_map(|((a, b), step)| format!("{a}-{b}/{step}")),
    ]
}

fn field(low: u32, high: u32, star: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        star => Just("*".to_owned()),
        4 => vec(item(low, high), 1..4).prop_map(|items| items.join(",")),
    ]
}

/// Crontabs of every shape that the parser accepts; those whose date never exists are left out.
fn crontab() -> impl Strategy<Value = Crontab> {
    (field(0, 59, 1), field(0, 23, 2), field(1, 31, 4), field(1, 12, 5), field(0, 7, 4))
        .prop_filter_map("a date that never exists", |(minute, hour, day, month, weekday)| {
            format!("{minute} {hour} {day} {month} {weekday}").parse().ok()
        })
}

/// Any instant of the years 1971–2060, half of them within a day of a change of the zone's clock.
fn place() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    let anywhere = 31_536_000_i64..2_840_140_800;
    (select(&ZONES[..]), anywhere, any::<bool>(), -86_400_i64..86_400, 0..1_000_000_000_i32).prop_map(
        |(name, second, near, off, nanosecond)| {
            let zone = zone(name).unwrap();
            let at = Timestamp::new(second, nanosecond).unwrap();
            let change = zone.following(at).next().filter(|_| near).map(|change| change.timestamp());
            let at = change.map_or(at, |change| change + SignedDuration::from_secs(off));
            (zone, at)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn next_is_strictly_after_and_skips_nothing(crontab in crontab(), (zone, after) in place()) {
        if let Some(next) = crontab.next_after(after, &zone) {
            prop_assert!(next > after);
            prop_assert_eq!(crontab.previous_at_or_before(next, after, &zone), Some(next));
            let just_before = next - SignedDuration::from_nanos(1);
            prop_assert_eq!(crontab.previous_at_or_before(just_before, after, &zone), None);
            prop_assert_eq!(crontab.next_after(just_before, &zone), Some(next));
        }
    }

    #[test]
    fn previous_is_the_run_that_next_leads_to(crontab in crontab(), (zone, at) in place()) {
        if let Some(previous) = crontab.previous_at_or_before(at, Timestamp::UNIX_EPOCH, &zone) {
            prop_assert!(previous <= at);
            prop_assert!(crontab.next_after(previous, &zone).is_none_or(|next| next > at));
            let just_before = previous - SignedDuration::from_nanos(1);
            prop_assert_eq!(crontab.next_after(just_before, &zone), Some(previous));
        }
    }

    #[test]
    fn the_next_runs_increase_and_are_the_previous_ones_reversed(crontab in crontab(), (zone, after) in place()) {
        let runs = crontab.next_n(after, &zone, 12);
        prop_assert!(runs.windows(2).all(|pair| pair[0] < pair[1]));
        let mut back = Vec::new();
        let mut at = runs.last().copied();
        while let Some(run) = at.and_then(|at| crontab.previous_at_or_before(at, after, &zone)) {
            back.push(run);
            at = Some(run - SignedDuration::from_nanos(1));
        }
        back.reverse();
        prop_assert_eq!(back, runs);
    }

    /// The distance is reached somewhere, and nothing is nearer, on a clock that never changes.
    #[test]
    fn no_two_runs_are_nearer_than_the_shortest_interval(crontab in crontab(), (_, after) in place()) {
        let shortest = crontab.shortest_interval_s().expect("a crontab runs more than once");
        let runs = crontab.next_n(after, &TimeZone::UTC, 60);
        for pair in runs.windows(2) {
            prop_assert!(pair[1].duration_since(pair[0]).as_secs().unsigned_abs() >= shortest);
        }
    }

    #[test]
    fn a_run_shows_its_fields_unless_the_clock_just_changed(crontab in crontab(), (zone, after) in place()) {
        let Some(run) = crontab.next_after(after, &zone) else { return Ok(()) };
        let second = SignedDuration::from_secs(1);
        if zone.to_offset(run) == zone.to_offset(run - second) {
            let offset = zone.to_offset(run);
            let wall = offset.to_datetime(run).to_zoned(TimeZone::UTC).unwrap().timestamp();
            prop_assert_eq!(crontab.next_after(wall - second, &TimeZone::UTC), Some(wall));
        }
    }

    #[test]
    fn text_and_json_come_back(crontab in crontab()) {
        prop_assert_eq!(&crontab.to_string().parse::<Crontab>().unwrap(), &crontab);
        let json = serde_json::to_string(&crontab).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Crontab>(&json).unwrap(), &crontab);
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_hint(text in prop_oneof![
        "\\PC{0,40}",
        "[-0-9*/,a-zA-Z@#?~LW \t\n]{0,40}",
        "([0-9*/,-]{1,6} ){4}[0-9*/,-]{1,6}",
    ]) {
        match text.parse::<Crontab>() {
            Ok(crontab) => prop_assert!(crontab.next_after(Timestamp::UNIX_EPOCH, &TimeZone::UTC).is_some()),
            Err(error) => prop_assert!(error.to_string().contains("; write "), "{}", error),
        }
    }
}
