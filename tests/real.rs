//! The real binaries with the real restic: what must hold when processes die, networks end and databases are lost.
//!
//! One file per demonstration. Each test has a directory, ports and processes of its own.

#[path = "real/away.rs"]
mod away;
#[path = "real/figures.rs"]
mod figures;
#[path = "real/host.rs"]
mod host;
#[path = "real/kills.rs"]
mod kills;
#[path = "real/story.rs"]
mod story;
#[path = "real/taken_over.rs"]
mod taken_over;
#[path = "real/tampering.rs"]
mod tampering;
#[path = "real/wiped.rs"]
mod wiped;
