//! IANA zone names.
//!
//! Knows: the database bundled into the binary, so that every machine answers alike. Must not know: the host's own zone
//! files or its local zone.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::CronError;
use super::error::clipped;

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone with this IANA name, in any case.
pub fn zone(name: &str) -> Result<TimeZone, CronError> {
    match DATABASE.get(name) {
        Ok(zone) if !zone.is_unknown() => Ok(zone),
        _ => Err(CronError::UnknownZone { name: clipped(name), instead: hint(name) }),
    }
}

/// The zone somebody probably meant: the same city under its region.
fn hint(name: &str) -> String {
    let city = |name: &str| {
        name.rsplit('/').next().unwrap_or(name).trim().replace([' ', '-'], "_").to_ascii_lowercase()
    };
    let wanted = city(name);
    let meant = DATABASE.available().find(|known| !wanted.is_empty() && city(known.as_str()) == wanted);
    match meant {
        Some(known) => format!("write {}", known.as_str()),
        None => "write a region and a city such as Europe/Berlin, or UTC".to_owned(),
    }
}
