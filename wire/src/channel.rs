//! The channel: Noise_XX_25519_ChaChaPoly_SHA256 with bound keys, and frames cut into its messages. Sans-I/O.
//!
//! Bytes in, bytes and typed events out. Knows the handshake's payloads and the protocol range; must not know sockets,
//! nor what a frame says.

mod error;
mod handshake;
mod noise;
mod transport;

pub use error::ChannelError;
pub use handshake::{
    AgentIntro, Answered, AwaitIdentity, CoordinatorIntro, Initiator, Negotiated, Offered, Responder,
};
pub use transport::{FRAME_LIMIT_BYTES, Frame, MESSAGE_LIMIT_BYTES, Transport};
