//! When work is due, and that it is asked for then: schedules, catch-up, maintenance.
//!
//! Knows plan, cadences and clocks. Must not know how a job runs; it asks the engine for it.

pub mod due;

mod ticker;

pub use ticker::{Ticker, Timing};
