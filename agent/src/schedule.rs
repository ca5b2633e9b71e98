//! When work is due, and that it is asked for then: schedules, catch-up, maintenance, and what a due run waits for.
//!
//! Knows plan, cadences and clocks. Must not know how a job runs; it asks the engine for it.

pub mod clock;
pub mod due;

#[cfg(test)]
mod month;
mod obstacles;
mod ticker;

pub use due::{Waiting, WaitsFor};
pub use ticker::{Ticker, Timing};
