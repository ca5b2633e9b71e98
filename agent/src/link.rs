//! The connection to the fleet's coordinator: dialling, handshake, what is not yet acknowledged, orders coming in.
//!
//! Knows frames and time-outs. Decides nothing: documents go to `desired`, facts come out of the journal. Losing the
//! connection at any instant changes nothing that was decided.

mod backoff;
mod clock;
mod dial;
mod keep;
mod open;
mod outbox;
mod pipe;
mod problem;
mod resume;
mod session;
mod state;

pub use keep::{Link, LinkTask, Parts};
pub use open::{dial, inquire};
pub use problem::Problem;
pub use session::End;
pub use state::LinkState;

#[cfg(test)]
mod tests;
