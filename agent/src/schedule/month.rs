//! One month of one agent, in seconds: sleeps, reboots, a change of the clock, a week without any coordinator, two days
//! without the repository. What ran is what a table says that was written before.
//!
//! The clock is the month's own: it goes on only while nothing runs, to the next instant at which anybody wakes. Rows,
//! journal and processes are real; restic is a script.

mod machine;
mod table;

use std::time::Duration;

use wire::{
    frame::Ack,
    id::{CoordinatorId, UnixMs},
    job::Origin,
    journal::Head,
    plan::delay_s,
};

use super::{WaitsFor, due::Of};
use crate::store::{StoreError, journal, outbox};
use machine::{AGENT, Machine};

/// `03-09 12:00` of 2027, in UTC.
fn at(text: &str) -> UnixMs {
    let (day, time) = text.split_once(' ').expect("a day and a time");
    let seconds = if time.len() == 5 { ":00" } else { "" };
    let instant: jiff::Timestamp =
        format!("2027-{day}T{time}{seconds}Z").parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    UnixMs::from(instant)
}

const COORDINATOR: CoordinatorId = CoordinatorId([4; 32]);

/// A coordinator takes what it does not hold yet: how many records came over.
async fn bring_over(machine: &Machine) -> u64 {
    let news = machine
        .store
        .write::<_, StoreError>(|tx| {
            let held = outbox::acknowledged(tx, COORDINATOR)?.map_or(0, |ack| ack.seq);
            let Head { epoch, seq, hash, .. } = journal::head(tx)?;
            outbox::set_acknowledged(tx, COORDINATOR, Some(Ack { epoch, seq, hash }), UnixMs(0))?;
            Ok(seq - held)
        })
        .await;
    news.unwrap()
}

fn waits_for(machine: &Machine, schedule: &str) -> Vec<WaitsFor> {
    let of = Of::Schedule(schedule.parse().unwrap());
    let waiting = machine.waiting.borrow();
    waiting.iter().filter(|one| one.of == of).flat_map(|one| one.waits_for.clone()).collect()
}

/// Everything that happens to the machine in March 2027. Berlin's summer begins on the 28th, New York's on the 14th.
async fn march(mut machine: Machine) -> Machine {
    // A night's sleep, through the backups and what follows them.
    machine.until(at("03-04 20:00")).await;
    machine.sleep_until(at("03-05 08:00"));

    // On battery from Monday to Friday: one run is left of two. It outlasts a reboot, for which nothing else is due.
    machine.until(at("03-08 16:00")).await;
    machine.time.set_mains_power(false);
    machine.until(at("03-09 12:00")).await;
    assert_eq!(waits_for(&machine, "plugged"), [WaitsFor::MainsPower]);
    machine = machine.reboot(at("03-09 12:10")).await;
    machine.until(at("03-10 02:00")).await;
    machine.time.set_metered(true);
    machine.until(at("03-10 09:00")).await;
    assert_eq!(waits_for(&machine, "midweek"), [WaitsFor::UnmeteredNetwork]);
    assert_eq!(waits_for(&machine, "plugged"), [WaitsFor::MainsPower]);
    machine.time.set_metered(false);
    machine.until(at("03-12 06:00")).await;
    machine.time.set_mains_power(true);

    // A week without any coordinator. Nobody here asks for one.
    machine.until(at("03-13 00:00")).await;
    assert!(bring_over(&machine).await > 0);
    machine.until(at("03-19 18:00")).await;
    // A long weekend, asleep.
    machine.sleep_until(at("03-22 06:00"));
    machine.until(at("03-22 07:00")).await;
    assert!(bring_over(&machine).await > 200, "the week is all there");

    // Two days without the repository, and a reboot while retries wait.
    machine.until(at("03-23 12:00")).await;
    machine.nas.go(true);
    machine.until(at("03-25 01:36")).await;
    machine = machine.reboot(at("03-25 01:50")).await;
    machine.until(at("03-25 11:00")).await;
    assert_eq!(waits_for(&machine, "midweek"), [WaitsFor::Repository("main".parse().unwrap())]);
    machine.until(at("03-25 12:00")).await;
    machine.nas.go(false);

    // Asleep for a few minutes, in which the nightly run comes due.
    machine.until(at("03-30 00:25")).await;
    machine.sleep_until(at("03-30 00:33"));
    machine.until(at("04-01 00:00")).await;
    machine
}

#[tokio::test]
async fn a_month_is_what_the_table_says() {
    let delay = Duration::from_secs(delay_s(&AGENT, &"weekly".parse().unwrap(), 3600).into());
    assert!(delay > Duration::from_mins(1), "this host's delay says something: {delay:?}");
    let expected = table::read(include_str!("month/table.txt"), delay);

    let machine = march(Machine::start(at("03-01 00:00")).await).await;
    let jobs = machine.jobs_in_order().await;
    for job in jobs.iter().filter(|job| matches!(job.origin, Origin::Follow { .. })) {
        // What makes a repository and what is read again afterwards follows from the rest.
        assert!(job.state.is_over(), "{job:?}");
    }
    for repository in ["main", "usb"] {
        table::compare(repository, &expected, &jobs);
    }
    machine.store.read(journal::verify).await.unwrap();
}
