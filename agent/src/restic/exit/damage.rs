//! Which of restic's complaints are about the repository's own bytes, and which about the way to them. Pure.

use crate::restic::output::Transcript;

/// What restic says of bytes that are not what they were, in 0.14 to 0.19.
const DAMAGE: [&str; 14] = [
    "ciphertext verification failed",
    "invalid data returned",
    "ID does not match",
    "does not match ID",
    "Size does not match",
    "unexpected pack id",
    "unexpected file size",
    "unexpected size",
    "not found in repository",
    "not found in index",
    "could not be found",
    "invalid header",
    "decompressing blob",
    "file is too short",
];

/// What servers and networks say. restic tried several times before it gave up.
const TRANSIT: [&str; 20] = [
    "408 Request Timeout",
    "429 Too Many Requests",
    "500 Internal Server Error",
    "502 Bad Gateway",
    "503 Service Unavailable",
    "504 Gateway Timeout",
    "SlowDown",
    "InternalError",
    "context deadline exceeded",
    "context canceled",
    "connection refused",
    "connection reset by peer",
    "connection timed out",
    "no such host",
    "no route to host",
    "network is unreachable",
    "broken pipe",
    "timeout",
    "stream error",
    "x509: ",
];

/// The first complaint that is about the repository's own bytes.
pub fn evidence(said: &Transcript) -> Option<&str> {
    said.told.problems.iter().map(String::as_str).find(|line| is_damage(line))
}

fn is_damage(line: &str) -> bool {
    // 0.14 names the file first, and a file may be called anything: the last words are restic's own.
    let own = match line.strip_prefix("ignoring error for ") {
        Some(rest) => rest.rsplit(": ").next().unwrap_or_default(),
        None => line,
    };
    DAMAGE.iter().any(|word| own.contains(word)) || is_missing(line)
}

/// A pack that an index names and that is not there: `pack a736436d: does not exist`, `ReadFull(<data/4195489460>): open
/// …: no such file or directory`, `Load(<data/…>, 46, 57) failed: …`.
fn is_missing(line: &str) -> bool {
    let is_of_pack = line.starts_with("pack ") || line.contains("(<data/");
    let end = line.trim_end_matches('.');
    let gone = ["does not exist", "no such file or directory", "key does not exist", "404 Not Found"];
    is_of_pack && gone.iter().any(|words| end.ends_with(words))
}

pub fn is_transit(line: &str) -> bool {
    TRANSIT.iter().any(|word| line.contains(word)) || line.ends_with("EOF")
}
