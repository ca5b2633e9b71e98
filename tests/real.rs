//! The real binaries with the real restic: what must hold when processes die, networks end and databases are lost.
//!
//! One file per demonstration. Each test has a directory, ports and processes of its own.

#[path = "real/away.rs"]
mod away;
#[path = "real/configuration.rs"]
mod configuration;
#[path = "real/escrowed.rs"]
mod escrowed;
#[path = "real/figures.rs"]
mod figures;
#[path = "real/getting_back.rs"]
mod getting_back;
#[path = "real/host.rs"]
mod host;
#[path = "real/kills.rs"]
mod kills;
#[path = "real/people.rs"]
mod people;
#[path = "real/restored.rs"]
mod restored;
#[path = "real/set_back.rs"]
mod set_back;
#[path = "real/sso.rs"]
mod sso;
#[path = "real/story.rs"]
mod story;
#[path = "real/taken_over.rs"]
mod taken_over;
#[path = "real/tampering.rs"]
mod tampering;
#[path = "real/wiped.rs"]
mod wiped;
