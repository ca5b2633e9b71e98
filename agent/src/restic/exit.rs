//! What restic's end means. Success is believed only when exit code, summary and errors agree.
//!
//! Pure: takes the exit and the transcript, returns a verdict. Codes are restic's own (`restic help`, exit status): 0, 1,
//! 3 some items unreadable, 10 no repository, 11 locked, 12 wrong password, 130 interrupted; 0.14 says 1 to nearly all
//! of them, so its words count too. What is unknown is a failure.

mod damage;
mod restored;

use std::time::Duration;

use wire::{
    id::UnixMs,
    job::{JobState, Reason},
};

pub use restored::{has_no_snapshot, restore, restored};

use super::output::Transcript;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Code(i32),
    Signal(i32),
}

impl Exit {
    pub const fn code(self) -> Option<i32> {
        match self {
            Self::Code(code) => Some(code),
            Self::Signal(_) => None,
        }
    }
}

/// How a run ended, and why it is not a plain success.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub state: JobState,
    pub reason: Option<Reason>,
}

impl Verdict {
    pub const SUCCESS: Self = Self { state: JobState::Succeeded, reason: None };

    pub const fn failed(reason: Reason) -> Self {
        Self { state: JobState::Failed, reason: Some(reason) }
    }

    pub const fn incomplete(reason: Reason) -> Self {
        Self { state: JobState::Incomplete, reason: Some(reason) }
    }
}

/// The end of a backup. `now` dates a lock.
pub fn backup(exit: Exit, said: &Transcript, now: UnixMs) -> Verdict {
    let snapshot =
        said.summary.as_ref().and_then(|summary| summary.snapshot_id.as_deref()).filter(|id| !id.is_empty());
    match (exit, snapshot) {
        (Exit::Code(0 | 3), Some(_)) => {
            incompleteness(exit, said).map_or(Verdict::SUCCESS, Verdict::incomplete)
        }
        (Exit::Code(0), None) => Verdict::failed(contradiction(
            "restic ended with success, but named no snapshot: nothing was saved as far as can be told",
        )),
        (Exit::Code(_) | Exit::Signal(_), Some(id)) => {
            let failure = failure(exit, said, now);
            // The snapshot is there, yet restic itself calls the run a failure: believe the worse of the two.
            match failure {
                Reason::Restic { message, .. } => Verdict::failed(contradiction(&format!(
                    "restic named the snapshot {id}, but ended with {}: {message}",
                    spoken(exit)
                ))),
                reason => Verdict::failed(reason),
            }
        }
        (_, None) => Verdict::failed(failure(exit, said, now)),
    }
}

/// What is missing from a snapshot that was made. 0.14 and 0.18 end with 0 when one of several paths is not there.
pub fn incompleteness(exit: Exit, said: &Transcript) -> Option<Reason> {
    if !said.unreadable.is_empty() {
        let items = said.unreadable.iter().chain(&said.missing).cloned().collect();
        return Some(Reason::UnreadableItems { items, more: said.unreadable_more });
    }
    if !said.missing.is_empty() {
        return Some(Reason::MissingPaths { paths: said.missing.clone() });
    }
    (exit != Exit::Code(0)).then(|| Reason::Restic { exit: exit.code(), message: said.complaint() })
}

/// The end of forget.
pub fn forget(exit: Exit, said: &Transcript, now: UnixMs) -> Verdict {
    if said.not_removed == 0 {
        return other(exit, said, now);
    }
    // Also where restic ends with 0: 0.18 on a server that only appends.
    let message = format!(
        "{} snapshots could not be removed: {}",
        said.not_removed,
        said.tail.iter().find(|line| line.contains("failed: ")).cloned().unwrap_or_default()
    );
    Verdict::failed(if is_forbidden(&said.tail.join("\n")) {
        Reason::Forbidden { message }
    } else {
        Reason::Restic { exit: exit.code(), message }
    })
}

/// The end of prune. A server that only appends lets it write, and then refuses to remove what became useless.
pub fn prune(exit: Exit, said: &Transcript, now: UnixMs) -> Verdict {
    // Also where restic ends with 0. Its own lock is another matter: each server lets that go.
    let refused =
        said.tail.iter().find(|line| line.starts_with("Remove(<") && !line.starts_with("Remove(<lock/"));
    match refused {
        Some(line) if is_forbidden(line) => Verdict::failed(Reason::AppendOnly),
        Some(line) if exit == Exit::Code(0) && line.contains("failed: ") => Verdict::failed(contradiction(
            &format!("restic ended with success, but could not remove: {line}"),
        )),
        _ => other(exit, said, now),
    }
}

/// The end of check: whether the repository is damaged, or could not be looked at.
pub fn check(exit: Exit, said: &Transcript, now: UnixMs) -> Verdict {
    let Some(first) = said.told.problems.first() else { return other(exit, said, now) };
    let found_damage = said.tail.iter().any(|line| line == "Fatal: repository contains errors");
    let is_damaged = || {
        damage::evidence(said).is_some() || !said.told.problems.iter().any(|line| damage::is_transit(line))
    };
    match exit {
        // What it says besides is no damage: a retry that worked out, a cache that it cannot write.
        Exit::Code(0) => Verdict::SUCCESS,
        Exit::Code(1) if found_damage && is_damaged() => {
            Verdict::failed(Reason::Damaged { problems: said.told.problem_count(), first: first.clone() })
        }
        // A server that went away in the middle damages nothing.
        Exit::Code(1) if found_damage => Verdict::failed(on_the_way(exit, said, now)),
        _ => Verdict::failed(failure(exit, said, now)),
    }
}

/// Why a run failed that could not do with some things what it should. restic's last word is only how many there were.
fn on_the_way(exit: Exit, said: &Transcript, now: UnixMs) -> Reason {
    let known = |reason: &Reason| {
        matches!(reason, Reason::Unreachable { .. } | Reason::Certificate { .. } | Reason::NoSpace { .. })
    };
    let mut by_line = said.told.problems.iter().filter_map(|line| by_words(line, &[], now).filter(known));
    by_line.next().unwrap_or_else(|| match (failure(exit, said, now), said.told.problems.first()) {
        (Reason::Restic { exit, message }, Some(first)) => {
            Reason::Restic { exit, message: format!("{message}: {first}") }
        }
        (reason, _) => reason,
    })
}

/// Whether restic tries again and again what no repetition can mend. It names what it tried first: a backup's own files
/// may be called whatever they like.
pub fn is_hopeless(line: &str) -> bool {
    const TRIED: [&str; 5] = ["Save(<", "Load(<", "Stat(<", "Remove(<", "List("];
    TRIED.iter().any(|tried| line.starts_with(tried))
        && line.contains("returned error, retrying after")
        && (is_certificate(line) || is_forbidden(line) || has_no_bucket(line))
}

/// The end of everything whose success is its exit code and a document that the caller reads.
pub fn other(exit: Exit, said: &Transcript, now: UnixMs) -> Verdict {
    match exit {
        Exit::Code(0) => Verdict::SUCCESS,
        _ => Verdict::failed(failure(exit, said, now)),
    }
}

/// restic had to be stopped: what it said meanwhile may tell why it never ended.
pub fn stalled(exit: Exit, said: &Transcript, message: String) -> Reason {
    if let Some(line) = said.tail.iter().rev().find(|line| is_certificate(line)) {
        return Reason::Certificate { message: line.clone() };
    }
    if let Some(line) = said.tail.iter().rev().find(|line| is_hopeless(line)) {
        let missing = has_no_bucket(line);
        return if missing { Reason::RepositoryMissing } else { Reason::Forbidden { message: line.clone() } };
    }
    match said.tail.iter().rev().find(|line| is_unreachable(line)) {
        Some(line) => Reason::Unreachable {
            address: address_in(line),
            message: format!("{message}; it last said: {line}"),
        },
        None => Reason::Restic { exit: exit.code(), message },
    }
}

/// `init` on a repository that is there already.
pub fn is_already_initialised(said: &Transcript) -> bool {
    said.complaint().contains("config file already exists")
}

/// Why a run failed, by code where the version has one, else by restic's own words.
pub fn failure(exit: Exit, said: &Transcript, now: UnixMs) -> Reason {
    let message = said.complaint();
    match exit {
        Exit::Code(10) => return Reason::RepositoryMissing,
        Exit::Code(11) => return locked(&message, now),
        Exit::Code(12) => return Reason::WrongPassword,
        _ => {}
    }
    let by_words = || by_words(&message, &said.missing, now);
    by_helper(&message, said, exit).or_else(by_words).unwrap_or_else(|| Reason::Restic {
        exit: exit.code(),
        message: if message.is_empty() {
            format!("it printed no reason and ended with {}", spoken(exit))
        } else {
            message
        },
    })
}

/// restic reaches some places through ssh or rclone, which say why before restic says that it failed.
fn by_helper(message: &str, said: &Transcript, exit: Exit) -> Option<Reason> {
    let last = |prefix: &str| said.tail.iter().rev().find_map(|line| line.strip_prefix(prefix));
    if message.contains("error talking HTTP to rclone") {
        let message = format!("rclone: {}", last("rclone: ")?);
        return Some(Reason::Restic { exit: exit.code(), message });
    }
    if !message.contains("unable to start the sftp session") {
        return None;
    }
    let Some(line) = last("subprocess ssh: ") else { return ended_unsaid(message) };
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    let message = line.to_owned();
    if has(&["Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED"]) {
        let what = "ssh does not know the server's host key, or another one than the server shows";
        return Some(Reason::Certificate { message: format!("{what} ({message})") });
    }
    if has(&["Permission denied"]) {
        return Some(Reason::Forbidden { message });
    }
    let at = line.split_once("connect to host ").or_else(|| line.split_once("resolve hostname "));
    let address = at.map(|(_, rest)| rest.split([':', ' ']).next().unwrap_or_default().to_owned())?;
    Some(Reason::Unreachable { address, message })
}

/// restic may end before it passed on what ssh said: then the host is named, and where to look.
fn ended_unsaid(message: &str) -> Option<Reason> {
    if !message.contains("unexpected EOF") && !message.contains("error receiving version packet") {
        return None;
    }
    let (_, place) = message.split_once("sftp://")?;
    let authority = place.split('/').next().unwrap_or_default();
    let address = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned();
    let said = "ssh ended before the session began, and restic did not pass on why: log in once by hand, as root \
                at this host, to see what ssh says";
    Some(Reason::Unreachable { address, message: said.to_owned() })
}

fn by_words(message: &str, missing: &[String], now: UnixMs) -> Option<Reason> {
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&["wrong password or no key found"]) {
        return Some(Reason::WrongPassword);
    }
    if has(&["unable to create lock in backend: repository is already locked"]) {
        return Some(locked(message, now));
    }
    if has(&["all target directories/files do not exist", "all source directories/files do not exist"]) {
        return Some(Reason::NothingToBackUp { paths: missing.to_vec() });
    }
    if has(&["no space left on device", "507 Insufficient Storage", "disk quota exceeded"]) {
        return Some(Reason::NoSpace { message: message.to_owned() });
    }
    if is_certificate(message) {
        return Some(Reason::Certificate { message: message.to_owned() });
    }
    if is_unreachable(message) {
        return Some(Reason::Unreachable { address: address_in(message), message: message.to_owned() });
    }
    if is_forbidden(message) {
        return Some(Reason::Forbidden { message: message.to_owned() });
    }
    let config = has(&["unable to open config file", "unable to open repository"]);
    let gone = has(&["no such file or directory", "does not exist", "NoSuchKey", "file not found"])
        || has_no_bucket(message);
    (config && gone).then_some(Reason::RepositoryMissing)
}

/// Go's crypto/x509: expired or not yet valid, signed by an unknown authority, not valid for this name.
fn is_certificate(message: &str) -> bool {
    message.contains("x509: ")
}

/// S3 says it in a code or in words.
fn has_no_bucket(message: &str) -> bool {
    message.contains("NoSuchBucket") || message.contains("The specified bucket does not exist")
}

fn is_unreachable(message: &str) -> bool {
    [
        "connection refused",
        "no such host",
        "i/o timeout",
        "network is unreachable",
        "no route to host",
        "connection timed out",
        "TLS handshake timeout",
        "connection reset by peer",
        "Temporary failure in name resolution",
        "Could not resolve hostname",
    ]
    .iter()
    .any(|word| message.contains(word))
}

fn is_forbidden(message: &str) -> bool {
    [
        "401 Unauthorized",
        "403 Forbidden",
        "AccessDenied",
        "Access Denied",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided",
        "The request signature we calculated does not match",
        "permission denied",
        "Permission denied (publickey",
    ]
    .iter()
    .any(|word| message.contains(word))
}

/// `dial tcp 127.0.0.1:8131: connect: …`
fn address_in(message: &str) -> String {
    let after = message.split_once("dial tcp ").map(|(_, rest)| rest);
    let name = message.split_once("lookup ").map(|(_, rest)| rest);
    let end =
        |text: &str| text.split([' ', '\n']).next().unwrap_or_default().trim_end_matches(':').to_owned();
    after.filter(|text| !text.starts_with("lookup ")).or(name).map(end).unwrap_or_default()
}

/// `… already locked [exclusively] by PID 11533 on otherhost by root (UID 0, GID 0)
///  lock was created at 2026-11-20 13:24:12 (3.119478796s ago)`
fn locked(message: &str, now: UnixMs) -> Reason {
    let owner = between(message, " on ", " by ");
    let pid = between(message, "by PID ", " ").and_then(|pid| pid.parse().ok());
    let age = between(message, "lock was created at ", "\n")
        .as_deref()
        .or_else(|| message.split_once("lock was created at ").map(|(_, rest)| rest))
        .and_then(|line| between(line, "(", " ago)"))
        .and_then(|age| go_duration(&age));
    let since = age.and_then(|age| i64::try_from(age.as_millis()).ok()).map(|ms| now.plus_ms(-ms));
    Reason::Locked { owner, pid, since }
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found.to_owned())
}

/// Go's `Duration.String`: `1h2m3.5s`, `839.677131ms`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let value: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| at + digits);
        total += value
            * match &rest[digits..unit_end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "µs" | "us" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    Duration::try_from_secs_f64(total).ok()
}

fn contradiction(message: &str) -> Reason {
    Reason::Contradiction { message: message.to_owned() }
}

pub fn spoken(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
    }
}

#[cfg(test)]
mod tests;
