//! What a change of the clock does to a run: nothing lost, nothing doubled.
//!
//! Tables show the rule where a person can check it; the laws run over every change of many zones, with expectations
//! computed from `jiff`'s view of each single local time instead of from stretches between changes.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use wire::cron::{Crontab, zone};

/// Changes by 20 and 30 minutes, an hour, two, three and a whole day; at midnight, at noon, and across it.
const ZONES: [&str; 24] = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "America/Asuncion",
    "America/Caracas",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/St_Johns",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/Moscow",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Pacific/Chatham",
];

fn crontab(text: &str) -> Crontab {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Runs in `(from, to]`, forwards; and checks that backwards gives the same.
fn runs(crontab: &Crontab, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let forwards: Vec<_> =
        std::iter::successors(crontab.next_after(from, zone), |last| crontab.next_after(*last, zone))
            .take_while(|run| *run <= to)
            .collect();
    let second = SignedDuration::from_secs(1);
    let earlier = |at: Timestamp| crontab.previous_at_or_before(at, from, zone);
    let mut backwards: Vec<_> =
        std::iter::successors(earlier(to), |last| earlier(last.checked_sub(second).unwrap())).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards, "{crontab} in {zone:?}: forwards and backwards");
    forwards
}

/// All changes of offset between two years.
fn changes(zone: &TimeZone, from_year: i16, to_year: i16) -> Vec<Timestamp> {
    let start = Date::constant(from_year, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let mut offset = zone.to_offset(start);
    zone.following(start)
        .take_while(|change| change.timestamp().to_zoned(TimeZone::UTC).year() <= to_year)
        .filter(|change| std::mem::replace(&mut offset, change.offset()) != change.offset())
        .map(|change| change.timestamp())
        .collect()
}

/// The first instant that shows `civil` or, when the clock skips it, the first instant after the gap.
fn first_instant(civil: DateTime, zone: &TimeZone) -> Timestamp {
    let mut civil = civil;
    loop {
        let ambiguous = zone.to_ambiguous_timestamp(civil);
        if !matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
            return ambiguous.earlier().unwrap();
        }
        // Every change since 1970 lies on half a minute.
        civil += 30.seconds();
    }
}

fn exists(date: Date, zone: &TimeZone) -> bool {
    first_instant(date.to_datetime(Time::midnight()), zone).to_zoned(zone.clone()).date() == date
}

/// A daily time runs once each local day that exists, at its first instant, over every change of every listed zone.
#[test]
fn a_daily_time_runs_once_each_local_day() {
    for name in ZONES {
        let zone = zone(name).unwrap();
        for change in changes(&zone, 1970, 2040) {
            // Local times around the change: on the walls before it and after it, and at midnight.
            let before = (change - 1.second()).to_zoned(zone.clone()).datetime();
            let after = change.to_zoned(zone.clone()).datetime();
            let times = [
                before.time(),
                after.time(),
                (before + 15.minutes()).time(),
                (after - 15.minutes()).time(),
                (after + 29.minutes()).time(),
                Time::midnight(),
                Time::constant(23, 59, 0, 0),
            ];
            for time in BTreeSet::from(times.map(|time| (time.hour(), time.minute()))) {
                assert_once_each_day(&zone, change, time);
            }
        }
    }
}

fn assert_once_each_day(zone: &TimeZone, change: Timestamp, (hour, minute): (i8, i8)) {
    let first = change.to_zoned(zone.clone()).date() - 3.days();
    let days: Vec<Date> = (0..7).map(|n| first + n.days()).collect();
    let at = |date: Date| first_instant(date.at(hour, minute, 0, 0), zone);
    let expected: Vec<_> = days.iter().filter(|date| exists(**date, zone)).map(|date| at(*date)).collect();
    let window = (at(days[0]) - 1.second(), at(days[6]));
    let text = format!("{minute} {hour} * * *");
    assert_eq!(
        runs(&crontab(&text), zone, window.0, window.1),
        expected,
        "{text} in {zone:?} around {change}"
    );
}

/// Every hour: each real minute that shows the chosen one runs, and nothing else where changes are whole hours. Where
/// they are not, a gap never makes the wait longer than an hour, and at most one run is added, at its end.
#[test]
fn an_hourly_schedule_follows_real_hours() {
    for name in ZONES {
        let zone = zone(name).unwrap();
        for change in changes(&zone, 1973, 2040) {
            let before = zone.to_offset(change - 1.second()).seconds();
            let moved = zone.to_offset(change).seconds() - before;
            for minute in [0, 10, 30, 59] {
                let window = (change - 5.hours(), change + 5.hours());
                let actual = runs(&crontab(&format!("{minute} * * * *")), &zone, window.0, window.1);
                let shown = |at: &Timestamp| i32::from(at.to_zoned(zone.clone()).minute()) == minute;
                let mut expected: Vec<_> = (1..=600).map(|n| window.0 + n.minutes()).filter(shown).collect();
                let place = expected.partition_point(|run| *run < change);
                let wait = expected[place].as_second() - expected[place - 1].as_second();
                if moved > 0 && wait > 3_600 {
                    assert_ne!(moved % 3_600, 0, "{name}: a whole-hour gap keeps real hours");
                    expected.insert(place, change);
                }
                assert_eq!(actual, expected, "minute {minute} in {name} around {change}");
                if moved % 3_600 == 0 {
                    assert!(actual.windows(2).all(|pair| pair[1].as_second() - pair[0].as_second() == 3_600));
                }
            }
        }
    }
}

/// Local runs of a day, as the clock shows them with the offset.
fn shown(text: &str, name: &str, from: &str, hours: i64) -> Vec<String> {
    let zone = zone(name).unwrap();
    let from = first_instant(from.parse().unwrap(), &zone) - 1.second();
    let runs = runs(&crontab(text), &zone, from, from + 1.second() + hours.hours());
    runs.into_iter().map(|run| run.to_zoned(zone.clone()).strftime("%d %H:%M %:z").to_string()).collect()
}

#[test]
fn the_gap_in_berlin() {
    // 2026-03-29: 02:00 +01:00 becomes 03:00 +02:00.
    let table: [(&str, &[&str]); 8] = [
        ("30 2 * * *", &["29 03:00 +02:00"]),
        ("0 3 * * *", &["29 03:00 +02:00"]),
        ("15,45 2 * * *", &["29 03:00 +02:00"]),
        ("30 2,3 * * *", &["29 03:00 +02:00", "29 03:30 +02:00"]),
        ("0 */2 * * *", &["29 00:00 +01:00", "29 03:00 +02:00", "29 04:00 +02:00"]),
        ("30 * * * *", &["29 00:30 +01:00", "29 01:30 +01:00", "29 03:30 +02:00", "29 04:30 +02:00"]),
        ("30 0-23 * * *", &["29 00:30 +01:00", "29 01:30 +01:00", "29 03:30 +02:00", "29 04:30 +02:00"]),
        ("59 1 * * *", &["29 01:59 +01:00"]),
    ];
    for (text, expected) in table {
        assert_eq!(shown(text, "Europe/Berlin", "2026-03-29T00:00", 4), expected, "{text}");
    }
}

#[test]
fn the_fold_in_berlin() {
    // 2026-10-25: 03:00 +02:00 becomes 02:00 +01:00.
    let table: [(&str, &[&str]); 6] = [
        ("30 2 * * *", &["25 02:30 +02:00"]),
        ("0 3 * * *", &["25 03:00 +01:00"]),
        ("15,45 2 * * *", &["25 02:15 +02:00", "25 02:45 +02:00"]),
        ("0 */2 * * *", &["25 00:00 +02:00", "25 02:00 +02:00", "25 04:00 +01:00"]),
        (
            "30 * * * *",
            &["25 00:30 +02:00", "25 01:30 +02:00", "25 02:30 +02:00", "25 02:30 +01:00", "25 03:30 +01:00"],
        ),
        (
            "*/30 1-3 * * *",
            &[
                "25 01:00 +02:00",
                "25 01:30 +02:00",
                "25 02:00 +02:00",
                "25 02:30 +02:00",
                "25 03:00 +01:00",
                "25 03:30 +01:00",
            ],
        ),
    ];
    for (text, expected) in table {
        assert_eq!(shown(text, "Europe/Berlin", "2026-10-25T00:00", 5), expected, "{text}");
    }
}

/// A start inside the second pass of a fold must not bring back what the first pass already ran.
#[test]
fn asking_inside_the_repeated_hour() {
    let berlin = zone("Europe/Berlin").unwrap();
    let second_pass: Timestamp = "2026-10-25T02:10:00+01:00".parse().unwrap();
    let next = crontab("30 2 * * *").next_after(second_pass, &berlin).unwrap();
    assert_eq!(next.to_string(), "2026-10-26T01:30:00Z");
    let next = crontab("* 2 * * *").next_after(second_pass, &berlin).unwrap();
    assert_eq!(next.to_string(), "2026-10-26T01:00:00Z");
    let next = crontab("30 * * * *").next_after(second_pass, &berlin).unwrap();
    assert_eq!(next.to_string(), "2026-10-25T01:30:00Z");
}

/// Looking back from the second pass, a run of the first one is earlier though its wall time is later.
#[test]
fn looking_back_from_the_repeated_hour() {
    let cairo = zone("Africa/Cairo").unwrap();
    let second_pass: Timestamp = "2026-10-29T23:10:00+02:00".parse().unwrap();
    for text in ["30 23 * * *", "30 23 29 10 *", "30 * 29 10 *"] {
        let previous =
            crontab(text).previous_at_or_before(second_pass, Timestamp::UNIX_EPOCH, &cairo).unwrap();
        assert_eq!(previous.to_string(), "2026-10-29T20:30:00Z", "{text}");
    }
}

#[test]
fn other_clocks() {
    let table: [(&str, &str, &str, i64, &[&str]); 10] = [
        // Lord Howe moves by half an hour: 2026-10-04 02:00 becomes 02:30, and an hour of waiting is not exceeded.
        (
            "0 * * * *",
            "Australia/Lord_Howe",
            "2026-10-04T01:00",
            2,
            &["04 01:00 +10:30", "04 02:30 +11:00", "04 03:00 +11:00"],
        ),
        (
            "30 * * * *",
            "Australia/Lord_Howe",
            "2026-10-04T01:00",
            2,
            &["04 01:30 +10:30", "04 02:30 +11:00", "04 03:30 +11:00"],
        ),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-04T01:00", 2, &["04 02:30 +11:00"]),
        // Cairo skips the first hour of a Friday, and repeats the last of a Thursday.
        ("@daily", "Africa/Cairo", "2026-04-23T12:00", 24, &["24 01:00 +03:00"]),
        ("30 0 24 4 *", "Africa/Cairo", "2026-04-23T12:00", 24, &["24 01:00 +03:00"]),
        ("30 23 * * thu", "Africa/Cairo", "2026-10-29T12:00", 24, &["29 23:30 +03:00"]),
        (
            "30 * 29 10 *",
            "Africa/Cairo",
            "2026-10-29T22:00",
            24,
            &["29 22:30 +03:00", "29 23:30 +03:00", "29 23:30 +02:00"],
        ),
        // Troll moves by two hours, 01:00 to 03:00.
        ("30 1,2 * * *", "Antarctica/Troll", "2026-03-29T00:00", 4, &["29 03:00 +02:00"]),
        // Samoa had no 30 December 2011. A daily run is not doubled on the 31st; a yearly one of the 30th is not lost.
        ("0 2 * * *", "Pacific/Apia", "2011-12-29T00:00", 48, &["29 02:00 -10:00", "31 02:00 +14:00"]),
        ("0 2 30 12 *", "Pacific/Apia", "2011-12-29T00:00", 48, &["31 00:00 +14:00"]),
    ];
    for (text, name, from, hours, expected) in table {
        assert_eq!(shown(text, name, from, hours), expected, "{text} in {name}");
    }
}

/// A zone given by rule instead of by table, as a host may have it.
#[test]
fn a_posix_zone_behaves_alike() {
    let berlin = zone("Europe/Berlin").unwrap();
    let posix = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let fixed = TimeZone::fixed(jiff::tz::offset(2));
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for text in ["30 2 * * *", "*/20 * * * *", "0 */2 * * *", "0 0 29 2 *"] {
        let crontab = crontab(text);
        assert_eq!(crontab.next_n(start, &posix, 900), crontab.next_n(start, &berlin, 900), "{text}");
        assert_eq!(crontab.next_n(start, &fixed, 9).len(), 9, "{text}");
    }
}
