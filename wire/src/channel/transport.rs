//! Frames over an established channel: cut into pieces, each one Noise message, numbered by its nonce.
//!
//! Holds no buffer between frames, so that an idle connection costs its keys alone.

use snow::{HandshakeState, TransportState};

use crate::channel::ChannelError;

/// Type and payload together.
pub const FRAME_LIMIT_BYTES: usize = 4 * 1024 * 1024;
/// No message on the socket is larger (the Noise limit).
pub const MESSAGE_LIMIT_BYTES: usize = 65_535;

const TAG_BYTES: usize = 16;
const FLAG_BYTES: usize = 1;
/// 65,518: what is left of a message beside the tag and the flag.
const PIECE_BYTES: usize = MESSAGE_LIMIT_BYTES - TAG_BYTES - FLAG_BYTES;

const LAST: u8 = 0;
const MORE: u8 = 1;

/// A whole frame as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The flag's place, the type, the payload.
    bytes: Vec<u8>,
}

impl Frame {
    /// The type as sent; `frame::FrameType::from_byte` knows the known ones.
    pub fn kind(&self) -> u8 {
        self.bytes[FLAG_BYTES]
    }

    pub fn payload(&self) -> &[u8] {
        &self.bytes[FLAG_BYTES + 1..]
    }
}

/// An established channel. After any error it is spent: a gap in the nonces cannot be mended.
pub struct Transport {
    /// `None` once an error was met.
    noise: Option<Box<TransportState>>,
    /// The flag's place and the pieces that came of a frame that is not complete; empty between frames.
    partial: Vec<u8>,
}

impl Transport {
    pub(super) fn new(noise: HandshakeState) -> Result<Self, ChannelError> {
        let noise = noise.into_transport_mode().map_err(|_| ChannelError::Spent)?;
        Ok(Self { noise: Some(Box::new(noise)), partial: Vec::new() })
    }

    /// Encrypts a frame and appends its messages to `out`, to be sent in this order.
    pub fn seal_frame(
        &mut self,
        kind: u8,
        payload: &[u8],
        out: &mut Vec<Vec<u8>>,
    ) -> Result<(), ChannelError> {
        if payload.len() >= FRAME_LIMIT_BYTES {
            return Err(ChannelError::FrameTooLarge);
        }
        let noise = self.noise.as_mut().ok_or(ChannelError::Spent)?;
        // The first piece begins with the type, so it has room for one byte of payload less.
        let (mut piece, mut rest) = payload.split_at(payload.len().min(PIECE_BYTES - 1));
        let mut plain = Vec::with_capacity(FLAG_BYTES + 1 + piece.len());
        plain.push(if rest.is_empty() { LAST } else { MORE });
        plain.push(kind);
        loop {
            plain.extend_from_slice(piece);
            let mut message = vec![0; plain.len() + TAG_BYTES];
            if noise.write_message(&plain, &mut message).is_err() {
                self.noise = None;
                return Err(ChannelError::Spent);
            }
            out.push(message);
            if rest.is_empty() {
                return Ok(());
            }
            (piece, rest) = rest.split_at(rest.len().min(PIECE_BYTES));
            plain.clear();
            plain.push(if rest.is_empty() { LAST } else { MORE });
        }
    }

    /// Decrypts a message; the frame that it completes, if it does.
    pub fn open_message(&mut self, message: &[u8]) -> Result<Option<Frame>, ChannelError> {
        let opened = self.open_piece(message);
        if opened.is_err() {
            self.noise = None;
            self.partial = Vec::new();
        }
        opened
    }

    fn open_piece(&mut self, message: &[u8]) -> Result<Option<Frame>, ChannelError> {
        let noise = self.noise.as_mut().ok_or(ChannelError::Spent)?;
        if !(FLAG_BYTES + TAG_BYTES..=MESSAGE_LIMIT_BYTES).contains(&message.len()) {
            return Err(ChannelError::MessageSize { bytes: message.len() });
        }
        let plain_length = message.len() - TAG_BYTES;
        // Each piece is decrypted so that its flag falls on the last byte before it, which is put back afterwards:
        // the frame comes together in one buffer without another copy.
        let before = self.partial.pop();
        let flag_at = self.partial.len();
        if flag_at + plain_length > FLAG_BYTES + FRAME_LIMIT_BYTES {
            return Err(ChannelError::FrameTooLarge);
        }
        self.partial.resize(flag_at + plain_length, 0);
        noise.read_message(message, &mut self.partial[flag_at..]).map_err(|_| ChannelError::Message)?;
        let flag = self.partial[flag_at];
        if let Some(before) = before {
            self.partial[flag_at] = before;
        }
        match flag {
            MORE if plain_length == FLAG_BYTES => Err(ChannelError::EmptyPiece),
            MORE => Ok(None),
            LAST => {
                let bytes = std::mem::take(&mut self.partial);
                if bytes.len() < FLAG_BYTES + 1 {
                    Err(ChannelError::EmptyFrame)
                } else {
                    Ok(Some(Frame { bytes }))
                }
            }
            flag => Err(ChannelError::Piece { flag }),
        }
    }
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport").field("spent", &self.noise.is_none()).finish_non_exhaustive()
    }
}
