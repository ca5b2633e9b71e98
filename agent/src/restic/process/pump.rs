//! From a pipe to lines: any bytes, of any length, become bounded text.

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader},
    sync::mpsc,
};
use wire::job::LogStream;

use super::Printed;

/// The longest line that is kept whole. A list of snapshots is one line: this holds more than 50,000 of them.
const LINE_LIMIT_BYTES: usize = 64 * 1024 * 1024;
/// Errors are lines for people; twice the longest path, escaped, fits.
const ERROR_LIMIT_BYTES: usize = 64 * 1024;
const BUFFER_BYTES: usize = 16 * 1024;
/// What is taken from a pipe at once where it is no lines: as much as Linux lets it hold.
const PIECE_BYTES: usize = 64 * 1024;

/// Everything as it comes.
pub async fn bytes(pipe: Option<impl AsyncRead + Unpin>, to: mpsc::Sender<Vec<u8>>) {
    let Some(mut pipe) = pipe else { return };
    loop {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        match pipe.read_buf(&mut piece).await {
            // A pipe that breaks has ended.
            Ok(0) | Err(_) => return,
            Ok(_) if to.send(piece).await.is_err() => return,
            Ok(_) => {}
        }
    }
}

pub async fn lines(pipe: Option<impl AsyncRead + Unpin>, stream: LogStream, to: mpsc::Sender<Printed>) {
    let Some(pipe) = pipe else { return };
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, pipe);
    let mut line = Vec::new();
    let limit = if stream == LogStream::Stderr { ERROR_LIMIT_BYTES } else { LINE_LIMIT_BYTES };
    loop {
        let (used, ended) = match reader.fill_buf().await {
            // A pipe that breaks has ended.
            Ok([]) | Err(_) => break,
            Ok(bytes) => {
                let end = bytes.iter().position(|byte| *byte == b'\n');
                let part = &bytes[..end.unwrap_or(bytes.len())];
                // What is too long is cut: what follows is read and thrown away.
                let room = limit.saturating_sub(line.len());
                line.extend_from_slice(&part[..part.len().min(room)]);
                (end.map_or(bytes.len(), |end| end + 1), end.is_some())
            }
        };
        reader.consume(used);
        if ended && !send(&to, stream, &mut line).await {
            return;
        }
    }
    if !line.is_empty() {
        send(&to, stream, &mut line).await;
    }
}

/// False when nobody listens any more.
async fn send(to: &mpsc::Sender<Printed>, stream: LogStream, line: &mut Vec<u8>) -> bool {
    let text = match String::from_utf8(std::mem::take(line)) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    };
    to.send(Printed { stream, text }).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pumped(bytes: &'static [u8]) -> Vec<String> {
        let (to, mut from) = mpsc::channel(16);
        lines(Some(bytes), LogStream::Stdout, to).await;
        let mut texts = Vec::new();
        while let Some(line) = from.recv().await {
            texts.push(line.text);
        }
        texts
    }

    #[tokio::test]
    async fn any_bytes_become_lines() {
        assert_eq!(pumped(b"one\ntwo\n\nlast").await, ["one", "two", "", "last"]);
        assert_eq!(pumped(b"bad \xff\xfe utf-8\n").await, ["bad \u{fffd}\u{fffd} utf-8"]);
        assert!(pumped(b"").await.is_empty());
    }

    #[tokio::test]
    async fn an_error_without_end_is_cut() {
        let (to, mut from) = mpsc::channel(16);
        let bytes: &'static [u8] = [vec![b'x'; ERROR_LIMIT_BYTES * 2], b"\nnext\n".to_vec()].concat().leak();
        lines(Some(bytes), LogStream::Stderr, to).await;
        assert_eq!(from.recv().await.unwrap().text.len(), ERROR_LIMIT_BYTES);
        assert_eq!(from.recv().await.unwrap().text, "next");
    }

    #[tokio::test]
    async fn a_line_larger_than_the_buffer_stays_one_line() {
        let long: &'static [u8] = vec![b'x'; BUFFER_BYTES * 3 + 7].leak();
        assert_eq!(pumped(long).await, [String::from_utf8(long.to_vec()).unwrap()]);
    }
}
