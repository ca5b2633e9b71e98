//! The machine's own log service: RFC 5424 messages over its local socket, one datagram for each record.

use std::{
    io,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    time::Duration,
};

use wire::{id::CoordinatorId, view::AuditBody};

use super::Written;
use crate::{
    audit::{chain::word, export},
    store::audit::AuditRow,
};

const SOCKET: &str = "/dev/log";
/// Facility 10 (security and authorisation), severity 5 (notice).
const PRIORITY: u8 = 10 * 8 + 5;
const APP: &str = "restic-manager-coordinator";
/// A service that takes nothing for so long is tried again later.
const PATIENCE: Duration = Duration::from_secs(2);
/// No message is longer: services cut what is, and a cut line is of no use. Such a record goes without its body.
const MESSAGE_BYTES: usize = 64 * 1024;

pub(super) struct Syslog {
    socket: PathBuf,
    open: Option<UnixDatagram>,
    host: String,
}

impl Syslog {
    pub fn local() -> Self {
        Self::at(Path::new(SOCKET))
    }

    pub fn at(socket: &Path) -> Self {
        Self { socket: socket.to_owned(), open: None, host: host() }
    }

    pub fn write(&mut self, id: CoordinatorId, rows: &[AuditRow]) -> Written {
        for (sent, row) in rows.iter().enumerate() {
            if let Err(error) = self.send(message(id, row, &self.host).as_bytes()) {
                self.open = None;
                let place = self.socket.display();
                return Written(sent, Err(io::Error::new(error.kind(), format!("{place}: {error}"))));
            }
        }
        Written(rows.len(), Ok(()))
    }

    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let socket = match &self.open {
            Some(socket) => socket,
            None => self.open.insert(connected(&self.socket)?),
        };
        match socket.send(message) {
            // The service was started anew: its socket is another one.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotConnected) =>
            {
                self.open.insert(connected(&self.socket)?).send(message).map(|_| ())
            }
            done => done.map(|_| ()),
        }
    }
}

fn connected(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.connect(path)?;
    Ok(socket)
}

/// `<PRI>1 TIME HOST APP PID ACTION - {line}`.
fn message(id: CoordinatorId, row: &AuditRow, host: &str) -> String {
    let body: Option<AuditBody> = serde_json::from_str(&row.body).ok();
    let (time, action) = body
        .map_or_else(|| ("-".to_owned(), "-".to_owned()), |body| (body.at.to_string(), word(&body.action)));
    let head = format!("<{PRIORITY}>1 {time} {host} {APP} {} {action} - ", std::process::id());
    let whole = head.clone() + export::ndjson(id, row).trim_end();
    if whole.len() <= MESSAGE_BYTES {
        return whole;
    }
    let bare = AuditRow { body: String::new(), ..row.clone() };
    head + export::ndjson(id, &bare).trim_end()
}

/// As it calls itself, where that can stand in a message's head.
fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let plain = !name.is_empty() && name.len() <= 255 && name.chars().all(|c| c.is_ascii_graphic());
    if plain { name } else { "-".to_owned() }
}

#[cfg(test)]
mod tests {
    use wire::id::{Hash32, Signature64};

    use super::*;
    use crate::store::audit::Link;

    fn row(body: &str) -> AuditRow {
        let link = Link { seq: 7, hash: Hash32([1; 32]) };
        AuditRow { link, signature: Signature64([2; 64]), body: body.to_owned() }
    }

    const BODY: &str = r#"{"at":1795187040000,"actor":{"kind":"console"},"action":"person_disable"}"#;

    #[test]
    fn a_message_is_one_of_rfc_5424_and_carries_the_record() {
        let text = message(CoordinatorId([3; 32]), &row(BODY), "attic");
        let mut parts = text.splitn(8, ' ');
        assert_eq!(parts.next(), Some("<85>1"));
        assert_eq!(parts.next(), Some("2026-11-20T15:04:00Z"));
        assert_eq!(parts.next(), Some("attic"));
        assert_eq!(parts.next(), Some(APP));
        assert_eq!(parts.next(), Some(std::process::id().to_string().as_str()));
        assert_eq!(parts.next(), Some("person_disable"));
        assert_eq!(parts.next(), Some("-"));
        let line: wire::view::AuditLine = serde_json::from_str(parts.next().unwrap()).unwrap();
        assert_eq!((line.seq, line.body.as_str()), (7, BODY));
        assert!(!text.contains('\n'));
    }

    #[test]
    fn a_record_that_no_message_holds_goes_without_its_body() {
        let text = message(CoordinatorId([3; 32]), &row(&"x".repeat(100_000)), "attic");
        assert!(text.len() < 1_000 && text.contains("\"seq\":7"), "{text}");
    }
}
