//! Each rule of crontab(5), one table per rule, and the wording of every refusal.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use wire::cron::{CronError, Crontab, Field, zone};

fn crontab(text: &str) -> Crontab {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn utc(civil: &str) -> Timestamp {
    civil.parse::<DateTime>().unwrap().to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// The next runs in UTC, as `MM-DD HH:MM`.
fn runs(text: &str, after: &str, n: usize) -> Vec<String> {
    let shown = |run: Timestamp| run.to_zoned(TimeZone::UTC).strftime("%m-%d %H:%M").to_string();
    crontab(text).next_n(utc(after), &TimeZone::UTC, n).into_iter().map(shown).collect()
}

/// `left` and `right` are two ways to write one schedule.
fn assert_same(left: &str, right: &str) {
    for start in ["2026-01-01T00:00", "2028-02-28T23:59:59", "2026-12-31T12:34:56"] {
        let next = |text| crontab(text).next_n(utc(start), &TimeZone::UTC, 300);
        assert_eq!(next(left), next(right), "{left:?} and {right:?} from {start}");
    }
}

#[test]
fn two_ways_to_write_one_schedule() {
    let table = [
        // Names, in any case, alone, in lists and in ranges.
        ("0 0 1 jan *", "0 0 1 1 *"),
        ("0 0 1 JAN,Dec *", "0 0 1 1,12 *"),
        ("0 0 1 feb-apr *", "0 0 1 2-4 *"),
        ("0 0 * * sun", "0 0 * * 0"),
        ("0 0 * * MON-fri", "0 0 * * 1-5"),
        ("0 0 * * mon-5/2", "0 0 * * 1,3,5"),
        // Sunday is 0 and 7.
        ("0 0 * * 7", "0 0 * * 0"),
        ("0 0 * * 0,7", "0 0 * * 0"),
        ("0 0 * * 5-7", "0 0 * * 0,5,6"),
        ("0 0 * * 1-7/3", "0 0 * * 0,1,4"),
        ("0 0 * * 1-7/2", "0 0 * * 0,1,3,5"),
        // Steps start at the low bound of the range, and may exceed it.
        ("*/20 * * * *", "0,20,40 * * * *"),
        ("*/25 * * * *", "0,25,50 * * * *"),
        ("10-40/15 * * * *", "10,25,40 * * * *"),
        ("*/60 * * * *", "0 * * * *"),
        ("*/500 */24 * * *", "0 0 * * *"),
        ("0 0 */10 * *", "0 0 1,11,21,31 * *"),
        ("0 0 1 */5 *", "0 0 1 1,6,11 *"),
        // Lists may overlap and repeat; leading zeros are numbers; blanks are free.
        ("1,1,0-2 05 * * *", "0,1,2 5 * * *"),
        ("  0\t 0   *  * *  ", "0 0 * * *"),
        // A range of one is that one.
        ("5-5 3-3 * * *", "5 3 * * *"),
        // Nicknames.
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
        // A date that never exists leaves the weekday.
        ("0 0 31 2 1", "0 0 * 2 1"),
        // `0-7` names every day, but does not start with `*`: either day suffices, so the date does not matter.
        ("0 0 13 * 0-7", "0 0 * * *"),
    ];
    for (left, right) in table {
        assert_same(left, right);
    }
}

#[test]
fn either_day_suffices_when_both_restrict() {
    // 2026-11-13 is a Friday; Mondays are 2, 9, 16, 23 and 30.
    assert_eq!(
        runs("0 12 13,20 * mon", "2026-11-01T00:00", 7),
        [
            "11-02 12:00",
            "11-09 12:00",
            "11-13 12:00",
            "11-16 12:00",
            "11-20 12:00",
            "11-23 12:00",
            "11-30 12:00"
        ]
    );
}

#[test]
fn a_day_field_that_starts_with_a_star_does_not_restrict() {
    // Either rule off: both must hold. `*/2` is the odd days, and only those that are Mondays.
    assert_eq!(runs("0 0 */2 * 1", "2026-11-01T00:00", 3), ["11-09 00:00", "11-23 00:00", "12-07 00:00"]);
    // `*/5` is Sunday and Friday: Friday the 13th of November 2026, then two Sundays.
    assert_eq!(runs("0 0 13 * */5", "2026-11-01T00:00", 3), ["11-13 00:00", "12-13 00:00", "06-13 00:00"]);
    assert_eq!(runs("0 0 *,13 * 1", "2026-11-01T00:00", 2), ["11-02 00:00", "11-09 00:00"]);
    // A star further on is no star in this sense.
    assert_eq!(runs("0 0 13,* * 1", "2026-11-01T00:00", 2), ["11-02 00:00", "11-03 00:00"]);
}

#[test]
fn rare_dates_are_found() {
    let table = [
        ("0 0 29 2 *", "2026-01-01T00:00", "2028-02-29T00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00", "2032-02-29T00:00"),
        ("0 0 29 2 */7", "2032-03-01T00:00", "2060-02-29T00:00"),
        ("59 23 31 12 *", "2026-12-31T23:59", "2027-12-31T23:59"),
    ];
    for (text, after, expected) in table {
        assert_eq!(crontab(text).next_after(utc(after), &TimeZone::UTC), Some(utc(expected)), "{text}");
    }
}

#[test]
fn the_years_end_with_2100() {
    let daily = crontab("@daily");
    assert_eq!(daily.next_after(utc("2100-12-30T00:00"), &TimeZone::UTC), Some(utc("2100-12-31T00:00")));
    assert_eq!(daily.next_after(utc("2100-12-31T00:00"), &TimeZone::UTC), None);
    assert_eq!(daily.next_after(Timestamp::MAX, &TimeZone::UTC), None);
    assert_eq!(daily.next_after(Timestamp::MIN, &TimeZone::UTC), Some(Timestamp::UNIX_EPOCH));
    let just_before_1970 = Timestamp::UNIX_EPOCH - jiff::SignedDuration::from_nanos(1);
    assert_eq!(daily.next_after(just_before_1970, &TimeZone::UTC), Some(Timestamp::UNIX_EPOCH));
    assert_eq!(daily.previous_at_or_before(just_before_1970, Timestamp::MIN, &TimeZone::UTC), None);
    let last = daily.previous_at_or_before(Timestamp::MAX, Timestamp::MIN, &TimeZone::UTC);
    assert_eq!(last, Some(utc("2100-12-31T00:00")));
    assert_eq!(daily.previous_at_or_before(Timestamp::MIN, Timestamp::MIN, &TimeZone::UTC), None);
}

#[test]
fn the_bounds_of_a_search_are_strict_after_and_inclusive_at() {
    let daily = crontab("30 6 * * *");
    let run = utc("2026-11-20T06:30");
    let nanosecond = jiff::SignedDuration::from_nanos(1);
    let next = |after| daily.next_after(after, &TimeZone::UTC);
    let previous = |at, not_before| daily.previous_at_or_before(at, not_before, &TimeZone::UTC);
    assert_eq!(next(run - nanosecond), Some(run));
    assert_eq!(next(run), Some(utc("2026-11-21T06:30")));
    assert_eq!(previous(run, run - nanosecond), Some(run));
    assert_eq!(previous(run, run), None);
    assert_eq!(previous(run - nanosecond, utc("2026-11-19T06:30")), None);
    assert_eq!(previous(run - nanosecond, utc("2026-11-19T06:29")), Some(utc("2026-11-19T06:30")));
    assert_eq!(previous(run, utc("2026-11-21T00:00")), None, "an empty window");
}

#[test]
fn shortest_intervals() {
    const HOUR: u64 = 3_600;
    let table = [
        ("* * * * *", 60),
        ("*/15 * * * *", 900),
        ("0,50 * * * *", 600),
        ("@hourly", HOUR),
        ("30 */6 * * *", 6 * HOUR),
        // Steps that do not divide the day are shortest around midnight.
        ("0 */7 * * *", 3 * HOUR),
        ("50 23 * * *", 24 * HOUR),
        ("10,20 0,23 * * *", 600),
        ("5 0,23 * * *", HOUR),
        ("@daily", 24 * HOUR),
        ("0 3 * * mon,wed,sat", 48 * HOUR),
        ("@weekly", 7 * 24 * HOUR),
        ("@monthly", 28 * 24 * HOUR),
        ("0 0 31 * *", 31 * 24 * HOUR),
        ("0 0 29,30 1 *", 24 * HOUR),
        ("@yearly", 365 * 24 * HOUR),
        ("0 0 29 2 *", 1_461 * 24 * HOUR),
        // The end of one month and the beginning of the next; a date beside a weekday.
        ("0 0 1,31 * *", 24 * HOUR),
        ("0 0 13 * fri", 24 * HOUR),
        ("0 0 29 2 */7", 10_227 * 24 * HOUR),
    ];
    for (text, expected) in table {
        assert_eq!(crontab(text).shortest_interval_s(), Some(expected), "{text}");
    }
}

#[test]
fn text_survives_and_decides_equality() {
    let written = crontab(" 0   2 * *\tMon ");
    assert_eq!(written.to_string(), "0 2 * * Mon");
    assert_eq!(written, crontab("0 2 * * Mon"));
    assert_ne!(written, crontab("0 2 * * 1"), "the author's words count");
    assert_eq!(format!("{written:?}"), "Crontab(\"0 2 * * Mon\")");
    assert_eq!(serde_json::to_string(&written).unwrap(), "\"0 2 * * Mon\"");
    assert_eq!(serde_json::from_str::<Crontab>("\"@daily\"").unwrap(), crontab("@daily"));
    let refused = serde_json::from_str::<Crontab>("\"0 24 * * *\"").unwrap_err().to_string();
    let expected = "hour: \"24\" is out of range; write an hour from 0 to 23 (midnight is 0)";
    assert!(refused.starts_with(expected), "{refused}");
}

#[test]
fn a_crontab_is_shared_between_threads_cheaply() {
    fn assert_shared<T: Send + Sync + Clone + 'static>() {}
    assert_shared::<Crontab>();
    assert_eq!(size_of::<Crontab>(), size_of::<usize>());
}

#[test]
fn refusals_name_the_place_the_text_and_what_to_write() {
    let minute = "write a minute from 0 to 59";
    let day = "write a day from 1 to 31";
    let month = "write a month from 1 to 12, or jan to dec";
    let weekday = "write a day from 0 to 7 (0 and 7 are Sunday), or sun to sat";
    let foreign = "uses a sign of other schedulers that crontab does not have";
    let all_five =
        "write all five, with * where any value will do, for example \"0 2 * * *\" for two in the morning";
    let only_five = "write only those five: no seconds, no year, no user and no command";
    let five = "a crontab has five fields (minute, hour, day of month, month, day of week), but";
    let table = [
        ("", format!("{five} \"\" has 0; {all_five}")),
        ("0 2 * *", format!("{five} \"0 2 * *\" has 4; {all_five}")),
        ("0 0 2 * * *", format!("{five} \"0 0 2 * * *\" has 6; {only_five}")),
        ("@daily root", format!("{five} \"@daily root\" has 2; {all_five}")),
        ("60 * * * *", format!("minute: \"60\" is out of range; {minute}")),
        ("-5 * * * *", format!("minute: \"-5\" has a range with an open end; {minute}")),
        ("5- * * * *", format!("minute: \"5-\" has a range with an open end; {minute}")),
        ("1, * * * *", format!("minute: \"1,\" has an empty item in its list; {minute} between the commas")),
        ("ten * * * *", format!("minute: \"ten\" is not a number; {minute}")),
        ("1.5 * * * *", format!("minute: \"1.5\" is not a number; {minute}")),
        ("*5 * * * *", format!("minute: \"*5\" has a * that does not stand alone; {minute}")),
        ("*-5 * * * *", format!("minute: \"*-5\" has a * that does not stand alone; {minute}")),
        ("99999999999 * * * *", format!("minute: \"99999999999\" is out of range; {minute}")),
        ("5/15 * * * *", "minute: \"5/15\" has a step without a range; write 5-59/15".to_owned()),
        ("0 0 * * 2/2", "day of week: \"2/2\" has a step without a range; write 2-6/2".to_owned()),
        (
            "*/0 * * * *",
            "minute: \"*/0\" has no usable step; write a whole number from 1 after the slash, for example */2"
                .to_owned(),
        ),
        (
            "*/ * * * *",
            "minute: \"*/\" has no usable step; write a whole number from 1 after the slash, for example */2"
                .to_owned(),
        ),
        ("0 22-2 * * *", "hour: \"22-2\" runs backwards; write two ranges: 22-23,0-2".to_owned()),
        ("0 0 0 * *", format!("day of month: \"0\" is out of range; {day}")),
        ("0 0 L * *", format!("day of month: \"L\" {foreign}; {day}")),
        ("0 0 15W * *", format!("day of month: \"15W\" {foreign}; {day}")),
        ("0 0 ? * 1", format!("day of month: \"?\" {foreign}; write * for any value")),
        ("0~30 0 * * *", format!("minute: \"0~30\" {foreign}; {minute}; to spread runs, set the schedule's jitter")),
        ("0 0 1 13 *", format!("month: \"13\" is out of range; {month}")),
        ("0 0 1 January *", "month: \"January\" has a name that is not three letters; write jan".to_owned()),
        ("0 0 1 foo *", format!("month: \"foo\" is neither a number nor a name; {month}")),
        ("0 0 * * 8", format!("day of week: \"8\" is out of range; {weekday}")),
        ("0 0 * * Friday", "day of week: \"Friday\" has a name that is not three letters; write fri".to_owned()),
        ("0 0 * * 5#2", format!("day of week: \"5#2\" {foreign}; {weekday}")),
        ("0 0 * * sat-sun", "day of week: \"sat-sun\" runs backwards; write 6-7 (7 is Sunday too)".to_owned()),
        ("0 0 * * fri-mon", "day of week: \"fri-mon\" runs backwards; write two ranges: 5-6,0-1".to_owned()),
        (
            "0 0 30 2 *",
            "day of month \"30\" with month \"2\" never happens: no such date exists; write a day the month has (at \
             most 29 in February, 30 in April, June, September and November)"
                .to_owned(),
        ),
        (
            "@reboot",
            "\"@reboot\" is not a time; write a time such as @daily: what was missed while the machine was off is \
             caught up after it starts"
                .to_owned(),
        ),
        (
            "@Daily",
            "\"@Daily\" is not a crontab nickname; write @hourly, @daily, @midnight, @weekly, @monthly, @yearly or \
             @annually, or five fields"
                .to_owned(),
        ),
    ];
    for (text, expected) in table {
        let error = text.parse::<Crontab>().expect_err(text);
        assert_eq!(error.to_string(), expected, "{text:?}");
    }
}

/// What a hint says to write is accepted, and means what was meant.
#[test]
fn hints_can_be_followed() {
    let table = [("5/15 * * * *", "5-59/15"), ("0 22-2 * * *", "22-23,0-2"), ("0 0 * * sat-sun", "6-7")];
    for (refused, hint) in table {
        let error = refused.parse::<Crontab>().expect_err(refused);
        assert!(error.to_string().contains(hint), "{error}");
        let CronError::Field { field, text, .. } = error else {
            panic!("{refused:?} is a fault of one field")
        };
        let mended = refused.replace(&text, hint);
        assert!(mended.parse::<Crontab>().is_ok(), "{field}: {mended}");
    }
    assert_eq!(
        Field::ALL.map(|field| field.to_string()),
        ["minute", "hour", "day of month", "month", "day of week"]
    );
}

#[test]
fn dates_that_never_exist_are_refused_only_when_nothing_else_runs() {
    for never in ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30-31 feb *", "0 0 31 2 */2"] {
        let error = never.parse::<Crontab>().expect_err(never);
        assert!(matches!(error, CronError::NeverHappens { .. }), "{never:?}: {error}");
    }
    for sometimes in ["0 0 30 2,3 *", "0 0 29,30 2 *", "0 0 31 2 1", "0 0 */31 2 *"] {
        assert!(
            crontab(sometimes).next_after(utc("2026-01-01T00:00"), &TimeZone::UTC).is_some(),
            "{sometimes}"
        );
    }
}

#[test]
fn a_long_text_is_refused_and_quoted_briefly() {
    let list = vec!["7"; 600].join(",");
    let error = format!("{list} * * * *").parse::<Crontab>().unwrap_err();
    assert!(matches!(error, CronError::TooLong { length: 1207, limit: 1024 }), "{error}");
    let error = format!("{} * * * *", "é".repeat(300)).parse::<Crontab>().unwrap_err().to_string();
    assert!(error.starts_with("minute: \"éé") && error.contains("é…\" is not a number"), "{error}");
    // All values of all fields, one by one, still fit.
    let every = |low: u32, high: u32| (low..=high).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let spelled = [every(0, 59), every(0, 23), every(1, 31), every(1, 12), every(0, 7)].join(" ");
    assert_same(&spelled, "* * * * *");
}

#[test]
fn zones_come_from_the_bundled_database() {
    for name in ["Europe/Berlin", "america/new_york", "UTC", "Etc/GMT-2", "Asia/Kathmandu"] {
        let found = zone(name).unwrap_or_else(|error| panic!("{error}"));
        assert!(found.iana_name().is_some_and(|known| known.eq_ignore_ascii_case(name)), "{found:?}");
    }
    let table = [
        ("Berlin", "the time zone \"Berlin\" is not in the IANA database; write Europe/Berlin"),
        ("US/New York", "the time zone \"US/New York\" is not in the IANA database; write America/New_York"),
        (
            "",
            "the time zone \"\" is not in the IANA database; write a region and a city such as Europe/Berlin, or UTC",
        ),
        (
            "+02:00",
            "the time zone \"+02:00\" is not in the IANA database; write a region and a city such as Europe/Berlin, \
             or UTC",
        ),
    ];
    for (name, expected) in table {
        assert_eq!(zone(name).expect_err(name).to_string(), expected);
    }
    assert!(zone("Etc/Unknown").is_err() && zone("../../etc/passwd").is_err());
}
