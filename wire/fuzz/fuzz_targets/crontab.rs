//! Crontab expressions: whatever parses has a next run that comes later, and finding it takes no time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::cron::{Crontab, zone};

fuzz_target!(|text: &str| {
    let Ok(crontab) = text.parse::<Crontab>() else { return };
    let berlin = zone("Europe/Berlin").expect("the zones are built in");
    let after = wire::id::UnixMs(1_795_187_040_000).timestamp().expect("it is in the calendar");
    if let Some(next) = crontab.next_after(after, &berlin) {
        assert!(next > after);
    }
    let _ = crontab.shortest_interval_s();
});
