//! A whole fleet in one process: the coordinator's own rooms and simulated agents, joined by links in bad weather.
//!
//! The coordinator's clock is turned by the tests; where it falls, chance is seeded and the seed is printed.

// Tests read the clock and sleep between looks; the ban is for the three programs.
#![allow(clippy::disallowed_methods)]

#[path = "fleet/chronicle.rs"]
mod chronicle;
#[path = "fleet/door.rs"]
mod door;
#[path = "fleet/garbage.rs"]
mod garbage;
#[path = "fleet/hall.rs"]
mod hall;
#[path = "fleet/raw.rs"]
mod raw;
#[path = "fleet/size.rs"]
mod size;
#[path = "fleet/storm.rs"]
mod storm;
#[path = "fleet/two_of_one.rs"]
mod two_of_one;
#[path = "fleet/weather.rs"]
mod weather;
