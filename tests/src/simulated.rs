//! Agents without machines: they speak the real protocol over a real WebSocket and make their histories up.
//!
//! Built of wire's own types alone, by the document, so that a coordinator meets somebody who is not the agent crate.
//! Light enough for ten thousand in one process. Must not know the programs' rooms, nor what a test wants of them.

mod agent;
mod answers;
mod chronicle;
mod dice;
mod history;
mod journal;
mod line;
mod session;

pub use agent::Agent;
pub use answers::Answers;
pub use chronicle::{Calling, Cast, Character, Chronicle};
pub use dice::Dice;
pub use history::{History, made_up_plan};
pub use journal::{Entry, Epoch, Journal, Resume};
pub use line::{Line, LineError, Socket, connect, over, upgrade};
pub use session::{Ended, IN_FLIGHT, Session};
