//! The proofs of wire's trust, sealing, channel, journal and orders: laws, attacks, golden messages, error texts.
//!
//! One binary, so that it links once. `cast` is the little fleet they all play in.

mod cast;
mod channel_attacks;
mod channel_frames;
mod error_texts;
mod from_panel;
mod golden;
mod golden_recovery;
mod golden_writer;
mod identity;
mod journal_bodies;
mod journal_laws;
mod membership;
mod orders;
mod plans;
mod raw_noise;
mod sealing;
mod statements;
mod streaming;
