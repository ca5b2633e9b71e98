//! How restic is told to start ssh for an SFTP destination: it must never ask anybody, and must notice when the other end
//! is gone. Whom it trusts and which key it shows is root's own ssh configuration.

use wire::plan::Backend;

use crate::restic::feature::{Feature, Features};

const NEVER_ASK: &str =
    "-o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=30 -o ServerAliveCountMax=10";

/// Arguments of restic, in front of others. `from` is the other repository of a copy.
pub(super) fn options(backend: &Backend, from: Option<&Backend>, features: &Features) -> Vec<String> {
    let ends = [Some(backend), from].into_iter().flatten();
    let ssh: Vec<&Backend> = ends.filter(|end| matches!(end, Backend::Sftp { .. })).collect();
    let option = match ssh.as_slice() {
        [] => None,
        _ if features.has(Feature::SftpArgs) => Some(format!("sftp.args={NEVER_ASK}")),
        // The older option is the whole command, with the address: it cannot be of two places at once.
        [one] => whole(one).map(|command| format!("sftp.command={command}")),
        _ => None,
    };
    option.map_or_else(Vec::new, |option| vec!["-o".to_owned(), option])
}

/// As restic itself would start it. `None` for a user that would have to be quoted: then ssh does as it likes.
fn whole(backend: &Backend) -> Option<String> {
    let Backend::Sftp { host, port, user, .. } = backend else { return None };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = port.map_or_else(String::new, |port| format!(" -p {port}"));
    user.chars().all(plain).then(|| format!("ssh {NEVER_ASK}{port} -l {user} {host} -s sftp"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn of(version: &str) -> Features {
        Features::probe(format!("restic {version}").parse().unwrap(), &BTreeMap::new())
    }

    fn sftp(user: &str, port: Option<u16>) -> Backend {
        Backend::Sftp { host: "[::1]".to_owned(), port, user: user.to_owned(), path: "/r".to_owned() }
    }

    #[test]
    fn ssh_is_told_not_to_ask_as_each_version_takes_it() {
        let local = Backend::Local { path: "/r".to_owned() };
        assert!(options(&local, None, &of("0.19.1")).is_empty());
        let args = vec!["-o".to_owned(), format!("sftp.args={NEVER_ASK}")];
        assert_eq!(options(&sftp("u", None), None, &of("0.18.0")), args);
        assert_eq!(options(&local, Some(&sftp("u", None)), &of("0.18.0")), args);
        assert_eq!(options(&sftp("u", None), Some(&sftp("v", None)), &of("0.18.0")), args);
        let command = format!("sftp.command=ssh {NEVER_ASK} -p 2222 -l u ::1 -s sftp");
        assert_eq!(options(&sftp("u", Some(2222)), None, &of("0.14.0")), ["-o".to_owned(), command]);
        assert!(options(&sftp("u", None), Some(&sftp("v", None)), &of("0.14.0")).is_empty());
        assert!(options(&sftp("DOMAIN\\u", None), None, &of("0.14.0")).is_empty());
    }
}
