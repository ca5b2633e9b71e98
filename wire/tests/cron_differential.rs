//! Every answer of croniter, an independent implementation, to thousands of random crontabs, compared with ours.
//!
//! The corpus is made by `cron_oracle.py` beside this file, which also says how to make a fresh one; name that in
//! `CRON_CORPUS` to compare with it instead.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use wire::cron::{CronError, Crontab};

const COMMITTED: &str = include_str!("../fixtures/cron/oracle.txt");
const YEARS_SEARCHED: i64 = 50;
/// 2101-01-01, where our years end.
const HORIZON: Timestamp = Timestamp::constant(4_133_980_800, 0);

/// The table of what may differ, why, and what is still required of the case. Anything else fails the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Explained {
    /// croniter accepts a date that no year has, and then finds nothing in fifty years.
    /// Required: we refuse it as such when it is read, and croniter found nothing in either direction.
    NeverHappens,
    /// croniter drops a day field that lists every day when the other one has a `*` anywhere; in Vixie cron only a `*`
    /// at the beginning counts, so both restrict, either suffices, and every day runs.
    /// Required: our answers are those of the same crontab with `*` for both day fields.
    StarNotFirst,
    /// The `cron` crate ends with the year 2100. Required: agreement up to there.
    AfterOurYears,
}

struct Case<'a> {
    start: Timestamp,
    previous: Option<Timestamp>,
    next: Vec<Timestamp>,
    text: &'a str,
}

impl<'a> Case<'a> {
    fn read(line: &'a str) -> Self {
        let [start, previous, next, text] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("four columns expected: {line:?}")
        };
        let start: i64 = start.parse().unwrap();
        let minute = start.div_euclid(60);
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let previous = (previous != "-").then(|| at(minute - previous.parse::<i64>().unwrap()));
        let gaps = next.split(' ').filter(|gap| *gap != "-").map(|gap| gap.parse::<i64>().unwrap());
        let next = gaps
            .scan(minute, |minute, gap| {
                *minute += gap;
                Some(at(*minute))
            })
            .collect();
        Self { start: Timestamp::from_second(start).unwrap(), previous, next, text }
    }

    fn ours(&self, crontab: &Crontab) -> (Option<Timestamp>, Vec<Timestamp>) {
        let oldest = self.start - (YEARS_SEARCHED * 366 * 24).hours();
        (
            crontab.previous_at_or_before(self.start, oldest, &TimeZone::UTC),
            crontab.next_n(self.start, &TimeZone::UTC, self.next.len()),
        )
    }

    /// `Ok(None)` when the answers are equal.
    fn compare(&self) -> Result<Option<Explained>, String> {
        let crontab: Crontab = match self.text.parse() {
            Ok(crontab) => crontab,
            Err(CronError::NeverHappens { .. }) if self.next.is_empty() && self.previous.is_none() => {
                return Ok(Some(Explained::NeverHappens));
            }
            Err(error) => return Err(format!("{:?} is refused: {error}", self.text)),
        };
        let (previous, next) = self.ours(&crontab);
        // We begin in 1970; what croniter finds before is not compared.
        let theirs = self.previous.filter(|run| *run >= Timestamp::UNIX_EPOCH);
        if previous == theirs && next == self.next && !next.is_empty() {
            return Ok(None);
        }
        let within = self.next.iter().take_while(|run| **run < HORIZON);
        if previous == theirs && within.clone().count() < self.next.len() && next.iter().eq(within) {
            return Ok(Some(Explained::AfterOurYears));
        }
        if let Some(every_day) = self.every_day_instead()
            && self.ours(&every_day) == (previous, next.clone())
        {
            return Ok(Some(Explained::StarNotFirst));
        }
        Err(format!(
            "{:?} from {}: next {next:?}, croniter {:?}; previous {previous:?}, croniter {theirs:?}",
            self.text, self.start, self.next
        ))
    }

    /// The crontab with both day fields open, when both restrict and one has a `*` further on.
    fn every_day_instead(&self) -> Option<Crontab> {
        let [minute, hour, day, month, weekday] = self.text.split(' ').collect::<Vec<_>>()[..] else {
            return None;
        };
        let both_restrict = !day.starts_with('*') && !weekday.starts_with('*');
        let star_later = day.contains('*') || weekday.contains('*');
        (both_restrict && star_later).then(|| format!("{minute} {hour} * {month} *").parse().unwrap())
    }
}

#[test]
fn croniter_agrees_with_every_answer() {
    let fresh = std::env::var_os("CRON_CORPUS").map(|path| {
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    });
    let corpus = fresh.as_deref().unwrap_or(COMMITTED);
    let cases: Vec<_> = corpus.lines().filter(|line| !line.starts_with('#')).map(Case::read).collect();
    assert!(cases.len() >= 10_000, "a corpus of {} cases is too small to say anything", cases.len());

    let mut explained: BTreeMap<Explained, Vec<&str>> = BTreeMap::new();
    let mut different = Vec::new();
    for case in &cases {
        match case.compare() {
            Ok(None) => {}
            Ok(Some(reason)) => explained.entry(reason).or_default().push(case.text),
            Err(difference) => different.push(difference),
        }
    }
    let runs: usize = cases.iter().map(|case| case.next.len() + usize::from(case.previous.is_some())).sum();
    println!("{} cases, {runs} answers, {} unexplained", cases.len(), different.len());
    for (reason, texts) in &explained {
        println!("{reason:?}: {}, such as {:?}", texts.len(), texts[0]);
    }
    let first = different[..different.len().min(20)].join("\n");
    assert!(different.is_empty(), "{} of {} differ:\n{first}", different.len(), cases.len());
    // Explanations are for corners: were one to grow, it would hide a fault.
    let most = explained.values().map(Vec::len).max().unwrap_or(0);
    assert!(most * 50 < cases.len(), "{most} cases are too many for one explanation");
}
