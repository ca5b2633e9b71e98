//! The agent: backs up one host with restic, alone, and reports in a signed journal.
//!
//! Rooms import rightward only: link → desired → schedule → run → restic; `config`, `store` and `world` are floors;
//! `app` and `cli` wire them.

pub mod answer;
pub mod app;
pub mod cli;
pub mod config;
pub mod desired;
pub mod link;
pub mod local;
pub mod reach;
pub mod restic;
pub mod run;
pub mod schedule;
pub mod store;
pub mod world;
