//! The words that agent, coordinator and panel share.
//!
//! Knows: formats, their exact bytes, and the rules that make them valid. Must not know: files, sockets, clocks,
//! runtimes. `now` and entropy always arrive as arguments.

pub mod action;
pub mod channel;
pub mod cron;
pub mod domain;
pub mod error;
pub mod frame;
pub mod host;
pub mod id;
pub mod identity;
pub mod job;
pub mod journal;
pub mod order;
pub mod path;
pub mod plan;
pub mod quantity;
pub mod question;
pub mod restore;
pub mod role;
pub mod seal;
pub mod snapshot;
pub mod trust;
pub mod view;
