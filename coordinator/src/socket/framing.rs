//! WebSocket framing of the server's side (RFC 6455 §5), for binary messages alone.
//!
//! Our own, because an idle connection is what a coordinator has ten thousand of: it keeps 128 bytes in place and no
//! buffer on the heap, a heartbeat fits into them, and what is larger is read straight into the message.

use std::mem;

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wire::channel::MESSAGE_LIMIT_BYTES;

use super::Stream;

/// Room for two heartbeats with their headers.
const INLINE_BYTES: usize = 128;
/// Flags, length, masking key.
const LONGEST_HEADER: usize = 2 + 8 + 4;
const CONTROL_LIMIT_BYTES: usize = 125;

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    Binary(Vec<u8>),
    /// To be answered with a pong of the same bytes.
    Ping(Vec<u8>),
    /// The other end said goodbye, or is just gone.
    Closed,
}

#[derive(Debug, thiserror::Error)]
pub enum FramingError {
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    #[error("no WebSocket frame: {0}")]
    Protocol(&'static str),
    #[error("a message of more than {MESSAGE_LIMIT_BYTES} bytes")]
    TooLarge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Opcode {
    Continuation = 0,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

#[derive(Clone, Copy, Debug)]
struct Header {
    last: bool,
    opcode: Opcode,
    mask: [u8; 4],
    payload_bytes: usize,
}

/// A frame whose payload is not all there yet.
struct Partial {
    header: Header,
    payload: Vec<u8>,
}

pub struct Framing<S> {
    io: S,
    /// What the HTTP server had read beyond the upgrade.
    already_read: Bytes,
    inline: [u8; INLINE_BYTES],
    filled: usize,
    partial: Option<Box<Partial>>,
    /// The pieces of a message that came so far; more are to follow.
    fragments: Option<Vec<u8>>,
}

impl<S: Stream> Framing<S> {
    pub fn new(io: S, already_read: Bytes) -> Self {
        let already_read = let_go(already_read);
        // An empty one may still hold on to the whole buffer that HTTP read into.
        let already_read = if already_read.is_empty() { Bytes::new() } else { already_read };
        Self { io, already_read, inline: [0; INLINE_BYTES], filled: 0, partial: None, fragments: None }
    }

    /// The next message. May be dropped while it waits: nothing that came is lost.
    pub async fn next(&mut self) -> Result<Message, FramingError> {
        loop {
            if let Some((header, payload)) = self.take_frame()? {
                if let Some(message) = self.message(header, payload)? {
                    return Ok(message);
                }
            } else if !self.fill().await? {
                return Ok(Message::Closed);
            }
        }
    }

    /// A whole frame, if it is there.
    fn take_frame(&mut self) -> Result<Option<(Header, Vec<u8>)>, FramingError> {
        if let Some(partial) = self.partial.take() {
            if partial.payload.len() < partial.header.payload_bytes {
                self.partial = Some(partial);
                return Ok(None);
            }
            let Partial { header, payload } = *partial;
            return Ok(Some((header, unmasked(payload, header.mask))));
        }
        let Some((header, header_bytes)) = header(&self.inline[..self.filled])? else { return Ok(None) };
        let there = &self.inline[header_bytes..self.filled];
        if there.len() < header.payload_bytes {
            let mut payload = Vec::with_capacity(header.payload_bytes);
            payload.extend_from_slice(there);
            self.filled = 0;
            self.partial = Some(Box::new(Partial { header, payload }));
            return Ok(None);
        }
        let payload = there[..header.payload_bytes].to_vec();
        let used = header_bytes + header.payload_bytes;
        self.inline.copy_within(used..self.filled, 0);
        self.filled -= used;
        Ok(Some((header, unmasked(payload, header.mask))))
    }

    /// Reads what there is room for; `false` at the end of the stream.
    async fn fill(&mut self) -> Result<bool, FramingError> {
        if let Some(partial) = &mut self.partial {
            let missing = partial.header.payload_bytes - partial.payload.len();
            if self.already_read.has_remaining() {
                let ready = self.already_read.split_to(missing.min(self.already_read.len()));
                partial.payload.extend_from_slice(&ready);
                self.already_read = let_go(mem::take(&mut self.already_read));
                return Ok(true);
            }
            let mut io = (&mut self.io).take(missing as u64);
            return Ok(io.read_buf(&mut partial.payload).await? > 0);
        }
        let room = &mut self.inline[self.filled..];
        if self.already_read.has_remaining() {
            let ready = self.already_read.split_to(room.len().min(self.already_read.len()));
            room[..ready.len()].copy_from_slice(&ready);
            self.filled += ready.len();
            self.already_read = let_go(mem::take(&mut self.already_read));
            return Ok(true);
        }
        let read = self.io.read(room).await?;
        self.filled += read;
        Ok(read > 0)
    }

    fn message(&mut self, header: Header, payload: Vec<u8>) -> Result<Option<Message>, FramingError> {
        match header.opcode {
            Opcode::Close => Ok(Some(Message::Closed)),
            Opcode::Ping => Ok(Some(Message::Ping(payload))),
            Opcode::Pong => Ok(None),
            Opcode::Binary if self.fragments.is_some() => {
                Err(FramingError::Protocol("a new message began within another"))
            }
            Opcode::Binary if header.last => Ok(Some(Message::Binary(payload))),
            Opcode::Binary => {
                self.fragments = Some(payload);
                Ok(None)
            }
            Opcode::Continuation => {
                let mut whole =
                    self.fragments.take().ok_or(FramingError::Protocol("nothing is to be continued"))?;
                if whole.len() + payload.len() > MESSAGE_LIMIT_BYTES {
                    return Err(FramingError::TooLarge);
                }
                whole.extend_from_slice(&payload);
                if header.last {
                    return Ok(Some(Message::Binary(whole)));
                }
                self.fragments = Some(whole);
                Ok(None)
            }
        }
    }

    pub async fn binary(&mut self, payload: &[u8]) -> Result<(), FramingError> {
        self.send(Opcode::Binary, payload).await
    }

    pub async fn pong(&mut self, payload: &[u8]) -> Result<(), FramingError> {
        self.send(Opcode::Pong, payload).await
    }

    /// Says goodbye with a close code, and ends the stream.
    pub async fn close(&mut self, code: u16) -> Result<(), FramingError> {
        self.send(Opcode::Close, &code.to_be_bytes()).await?;
        Ok(self.io.shutdown().await?)
    }

    async fn send(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), FramingError> {
        let mut frame = Vec::with_capacity(LONGEST_HEADER + payload.len());
        frame.push(0x80 | opcode as u8);
        match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
            (Ok(short @ 0..=125), _) => frame.push(short),
            (_, Ok(medium)) => {
                frame.push(126);
                frame.extend_from_slice(&medium.to_be_bytes());
            }
            _ => return Err(FramingError::TooLarge),
        }
        frame.extend_from_slice(payload);
        self.io.write_all(&frame).await?;
        Ok(self.io.flush().await?)
    }
}

/// A header and its length; `None` while it is not all there.
fn header(bytes: &[u8]) -> Result<Option<(Header, usize)>, FramingError> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    if first & 0x70 != 0 {
        return Err(FramingError::Protocol("reserved bits are set"));
    }
    if second & 0x80 == 0 {
        return Err(FramingError::Protocol("a client's frame is not masked"));
    }
    let last = first & 0x80 != 0;
    let opcode = match first & 0x0f {
        0 => Opcode::Continuation,
        1 => return Err(FramingError::Protocol("text came where bytes belong")),
        2 => Opcode::Binary,
        8 => Opcode::Close,
        9 => Opcode::Ping,
        10 => Opcode::Pong,
        _ => return Err(FramingError::Protocol("an opcode that nobody knows")),
    };
    let (length, rest) = match (second & 0x7f, rest) {
        (126, [a, b, rest @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), rest),
        (127, _) => match rest.split_first_chunk() {
            Some((length, rest)) => (u64::from_be_bytes(*length), rest),
            None => return Ok(None),
        },
        (126, _) => return Ok(None),
        (short, rest) => (u64::from(short), rest),
    };
    let payload_bytes = usize::try_from(length).unwrap_or(usize::MAX);
    if payload_bytes > MESSAGE_LIMIT_BYTES {
        return Err(FramingError::TooLarge);
    }
    let control = matches!(opcode, Opcode::Close | Opcode::Ping | Opcode::Pong);
    if control && (payload_bytes > CONTROL_LIMIT_BYTES || !last) {
        return Err(FramingError::Protocol("a control frame is in pieces or too long"));
    }
    let Some((mask, after)) = rest.split_first_chunk::<4>() else { return Ok(None) };
    Ok(Some((Header { last, opcode, mask: *mask, payload_bytes }, bytes.len() - after.len())))
}

/// Bytes of no length may still hold the HTTP server's whole buffer.
fn let_go(bytes: Bytes) -> Bytes {
    if bytes.is_empty() { Bytes::new() } else { bytes }
}

fn unmasked(mut payload: Vec<u8>, mask: [u8; 4]) -> Vec<u8> {
    for (byte, key) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
    payload
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt as _, StreamExt as _};
    use proptest::prelude::*;
    use tokio_tungstenite::{
        WebSocketStream,
        tungstenite::{Message as Theirs, protocol::Role},
    };

    use super::*;

    /// A frame as a client writes it.
    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            short @ 0..=125 => frame.push(0x80 | u8::try_from(short).unwrap()),
            long => {
                frame.push(0xfe);
                frame.extend_from_slice(&u16::try_from(long).unwrap().to_be_bytes());
            }
        }
        let mask = [7, 0, 255, 13];
        frame.extend_from_slice(&mask);
        frame.extend(unmasked(payload.to_vec(), mask));
        frame
    }

    async fn read_all(bytes: Vec<u8>, chunk: usize) -> (Vec<Message>, Option<FramingError>) {
        let (mut theirs, ours) = tokio::io::duplex(64);
        let cut = bytes.len().min(chunk);
        let mut framing = Framing::new(ours, Bytes::copy_from_slice(&bytes[..cut]));
        let writer = tokio::spawn(async move {
            for part in bytes[cut..].chunks(chunk) {
                if theirs.write_all(part).await.is_err() {
                    return;
                }
            }
        });
        let mut messages = Vec::new();
        let error = loop {
            match framing.next().await {
                Ok(Message::Closed) => break None,
                Ok(message) => messages.push(message),
                Err(error) => break Some(error),
            }
        };
        drop(framing);
        writer.await.unwrap();
        (messages, error)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn messages_come_whole_however_they_are_cut(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..6),
            chunk in 1..200usize,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let mut bytes = Vec::new();
            let mut expected = Vec::new();
            for (n, payload) in payloads.into_iter().enumerate() {
                if n % 2 == 0 {
                    bytes.extend(masked(0x82, &payload));
                } else {
                    // In two pieces, with a ping between them.
                    let (a, b) = payload.split_at(payload.len() / 2);
                    bytes.extend(masked(0x02, a));
                    bytes.extend(masked(0x89, b"?"));
                    bytes.extend(masked(0x80, b));
                    expected.push(Message::Ping(b"?".to_vec()));
                }
                expected.push(Message::Binary(payload));
            }
            let (messages, error) = runtime.block_on(read_all(bytes, chunk));
            prop_assert!(error.is_none(), "{error:?}");
            prop_assert_eq!(messages, expected);
        }

        #[test]
        fn garbage_is_refused_and_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(read_all(bytes, 50));
        }
    }

    #[tokio::test]
    async fn an_independent_client_is_understood_and_understands() {
        let (theirs, ours) = tokio::io::duplex(4096);
        let mut client = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
        let mut server = Framing::new(ours, Bytes::new());
        for size in [0, 1, 125, 126, 127, 4096, 65_535] {
            let payload = vec![0xa5; size];
            let sent = payload.clone();
            let echo = tokio::spawn(async move {
                client.send(Theirs::Binary(sent.into())).await.unwrap();
                let back = client.next().await.unwrap().unwrap();
                (client, back)
            });
            assert_eq!(server.next().await.unwrap(), Message::Binary(payload.clone()));
            server.binary(&payload).await.unwrap();
            let back;
            (client, back) = echo.await.unwrap();
            assert_eq!(back, Theirs::Binary(payload.into()));
        }
        client.send(Theirs::Ping(vec![1, 2].into())).await.unwrap();
        assert_eq!(server.next().await.unwrap(), Message::Ping(vec![1, 2]));
        server.pong(&[1, 2]).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Theirs::Pong(vec![1, 2].into()));
        server.close(4001).await.unwrap();
        let Some(Ok(Theirs::Close(Some(frame)))) = client.next().await else { panic!("no close frame") };
        assert_eq!(u16::from(frame.code), 4001);
    }

    #[tokio::test]
    async fn what_is_too_large_unmasked_or_text_is_refused_by_its_header() {
        let too_large = [&[0x82, 0x80 | 127][..], &100_000_u64.to_be_bytes(), &[0; 4]].concat();
        assert!(matches!(read_all(too_large, 9).await.1, Some(FramingError::TooLarge)));
        let unmasked = vec![0x82, 1, 0];
        assert!(matches!(read_all(unmasked, 9).await.1, Some(FramingError::Protocol(_))));
        assert!(matches!(read_all(masked(0x81, b"text"), 9).await.1, Some(FramingError::Protocol(_))));
    }
}
