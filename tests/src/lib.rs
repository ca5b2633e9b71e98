//! What whole-system tests share: programs that run, a person who acts through the API, and waiting for values.
//!
//! Knows the binaries' command lines and the API from outside. Must not reach into the programs' rooms.

pub mod attacker;
pub mod bench;
pub mod http;
pub mod person;
pub mod place;
pub mod programs;
pub mod provider;
pub mod simulated;
pub mod wait;
