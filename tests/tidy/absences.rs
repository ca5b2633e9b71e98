//! What must not be somewhere: the invariants of docs/ARCHITECTURE.md that are phrased as absences, as one table.

use crate::source::{Source, lines_with};
use crate::tree::{File, Finding, Tree};

/// Words that the code under `within` must not hold, except under the paths of `but`.
pub struct Absence {
    pub rule: &'static str,
    pub within: &'static str,
    pub but: &'static [&'static str],
    pub words: &'static [&'static str],
    pub mend: &'static str,
}

pub const RUST: &[Absence] = &[
    Absence {
        rule: "wire does no I/O and reads no clock",
        within: "wire/src",
        but: &[],
        words: &[
            "std::fs",
            "std::net",
            "std::process",
            "std::env",
            "std::thread",
            "std::io",
            "std::time",
            "tokio",
            "rusqlite",
            "warp",
        ],
        mend: "take bytes, `now` and entropy as arguments; files and sockets are the programs' business",
    },
    Absence {
        rule: "warp stands only under coordinator/src/http",
        within: "coordinator/src",
        but: &["http"],
        words: &["warp"],
        mend: "hand plain values over; http turns them into filters and replies",
    },
    Absence {
        rule: "the agent opens sockets only in link, update and reach",
        within: "agent/src",
        but: &["link", "update", "reach"],
        words: &[
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "TcpSocket",
            "connect_async",
            "client_async",
            "tokio_tungstenite",
        ],
        mend: "let link carry it, or reach probe it",
    },
    Absence {
        rule: "the agent's control socket is opened only in local, and by the CLI",
        within: "agent/src",
        but: &["local", "cli"],
        words: &["UnixStream", "UnixListener", "UnixDatagram"],
        mend: "let local serve it",
    },
    Absence {
        rule: "what is due is decided without looking around",
        within: "agent/src/schedule/due",
        but: &[],
        words: &["async", "tokio", "std::fs", "world", "store"],
        mend: "take plan, history and now as arguments and return the decision",
    },
    Absence {
        rule: "a restic command line is built without looking around",
        within: "agent/src/restic/command",
        but: &[],
        words: &["async", "tokio", "std::fs", "std::env", "world", "store", "Command"],
        mend: "take job, secrets and version as arguments and return argv and environment",
    },
    Absence {
        rule: "alert rules are pure over views",
        within: "coordinator/src/alert/rules",
        but: &[],
        words: &["async", "tokio", "world", "store", "std::fs"],
        mend: "take the views and now as arguments; the engine reads and writes",
    },
    Absence {
        rule: "ingest never sends",
        within: "coordinator/src/ingest",
        but: &[],
        words: &["tokio_tungstenite", "WebSocketStream", "Channel", "socket"],
        mend: "return what was applied; socket acknowledges it",
    },
    Absence {
        rule: "the coordinator asks other machines only in access/sso/fetch",
        within: "coordinator/src",
        but: &["access/sso/fetch"],
        words: &["reqwest", "TcpStream::connect", "hyper_util::client"],
        mend: "let access/sso/fetch ask: it bounds time, size and redirects",
    },
];

pub const PANEL: &[Absence] = &[
    Absence {
        rule: "the panel talks to the network only in api",
        within: "panel/src",
        but: &["api"],
        words: &["fetch(", "EventSource(", "XMLHttpRequest", "WebSocket(", "sendBeacon("],
        mend: "add a call to panel/src/api and use it",
    },
    Absence {
        rule: "the panel's model is pure",
        within: "panel/src/model",
        but: &[],
        words: &[
            "from \"react\"",
            "from 'react'",
            "@mantine",
            "@tanstack",
            "document.",
            "window.",
            "localStorage",
            "Date.now(",
            "Math.random(",
        ],
        mend: "take it as an argument; parts and pages look around",
    },
    Absence {
        rule: "types are not switched off",
        within: "panel/src",
        but: &["api/types.gen"],
        words: &[": any", "as any", "<any>", "any[]", "@ts-ignore", "@ts-nocheck"],
        mend: "name the type, or use unknown and narrow it",
    },
    Absence {
        rule: "text is never set as HTML",
        within: "panel/src",
        but: &[],
        words: &["dangerouslySetInnerHTML", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval("],
        mend: "render text as text",
    },
];

/// Beginnings of statements; people write prose in lower case.
const SQL: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "INSERT OR ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "DROP TABLE ",
    "ALTER TABLE ",
    "PRAGMA ",
    "REPLACE INTO ",
];

impl Absence {
    fn covers(&self, path: &str) -> bool {
        let under = |dir: &str| path.strip_prefix(dir).is_some_and(|rest| rest.starts_with(['/', '.']));
        let excepted = |but: &&str| under(&format!("{}/{but}", self.within));
        under(self.within) && !self.but.iter().any(excepted)
    }

    pub fn findings(&self, path: &str, code: &str) -> Vec<Finding> {
        if !self.covers(path) {
            return Vec::new();
        }
        let found = |word: &&str| {
            let what = format!("{word} ({})", self.rule);
            lines_with(code, word)
                .into_iter()
                .map(move |line| Finding::at(path, line, what.clone(), self.mend))
                .collect::<Vec<_>>()
        };
        self.words.iter().flat_map(found).collect()
    }
}

pub fn sql(file: &File, source: &Source) -> Vec<Finding> {
    let in_store = ["agent", "coordinator"].iter().any(|krate| {
        file.path == format!("{krate}/src/store.rs") || file.path.starts_with(&format!("{krate}/src/store/"))
    });
    if in_store {
        return Vec::new();
    }
    // A string may go over several lines, and begin on the one after its quote.
    SQL.iter()
        .flat_map(|word| lines_with(&source.strings, word).into_iter().map(|line| (line, word.trim())))
        .map(|(line, word)| {
            let mend = "put the statement under the crate's store/ and call it by what it does";
            Finding::at(&file.path, line, format!("SQL outside store: {word}"), mend)
        })
        .collect()
}

pub fn all(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for src in ["wire/src", "agent/src", "coordinator/src"] {
        for (file, source) in tree.rust(src) {
            findings.extend(RUST.iter().flat_map(|absence| absence.findings(&file.path, &source.code)));
            findings.extend(sql(file, &source));
        }
    }
    for file in
        tree.files.iter().filter(|file| file.has_extension(&["ts", "tsx"]) && !file.path.contains(".test."))
    {
        findings.extend(PANEL.iter().flat_map(|absence| absence.findings(&file.path, &file.text)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every line of the tables can fail, at its own place and for each of its words.
    #[test]
    fn every_absence_is_seen_when_it_is_broken() {
        for (absence, extension) in RUST.iter().map(|a| (a, "rs")).chain(PANEL.iter().map(|a| (a, "ts"))) {
            for word in absence.words {
                let path = format!("{}/x.{extension}", absence.within);
                assert_eq!(
                    absence.findings(&path, &format!("line\n {word} \n")).len(),
                    1,
                    "{}: {word}",
                    absence.rule
                );
            }
            for but in absence.but {
                let path = format!("{}/{but}/x.{extension}", absence.within);
                assert!(absence.findings(&path, absence.words[0]).is_empty(), "{}", absence.rule);
            }
            assert!(absence.findings("docs/x.rs", absence.words[0]).is_empty());
        }
    }

    #[test]
    fn a_place_is_not_its_namesake() {
        let due = &RUST[4];
        assert!(due.covers("agent/src/schedule/due.rs") && due.covers("agent/src/schedule/due/window.rs"));
        assert!(!due.covers("agent/src/schedule/due_text.rs"));
    }

    #[test]
    fn sql_is_found_in_strings_only() {
        let count = |path: &str, text: &str| sql(&File::new(path, text), &Source::read(text)).len();
        assert_eq!(count("agent/src/run.rs", "let q = \"SELECT id FROM job\";"), 1);
        assert_eq!(count("agent/src/run.rs", "let q = \"\\\n  DELETE FROM job\";"), 1);
        assert_eq!(count("agent/src/store/jobs.rs", "let q = \"SELECT id FROM job\";"), 0);
        assert_eq!(count("agent/src/run.rs", "// SELECT id\nlet hint = \"select a repository\";"), 0);
    }
}
