//! Which room may import which. The tables are the law: an import that is not in them fails, and so does a room that
//! they do not name. Cycles are impossible where each room imports only rooms listed before it, which is checked too.

use crate::source::Source;
use crate::tree::{File, Finding, Tree};

/// The types generated from wire: any room may name these shapes.
const WIRE_TYPES: &str = "api/types.gen";

/// The rooms of one crate, from the lowest to the highest.
pub struct House {
    pub src: &'static str,
    /// Rooms that every room may import.
    pub floors: &'static [&'static str],
    /// Rooms where things are wired: they may import everything, nobody imports them.
    pub tops: &'static [&'static str],
    /// A room and what it may import besides the floors.
    pub rooms: &'static [(&'static str, &'static [&'static str])],
}

pub const WIRE: House = House {
    src: "wire/src",
    floors: &["domain", "id", "path", "quantity", "role"],
    tops: &[],
    rooms: &[
        ("id", &[]),
        ("path", &[]),
        ("quantity", &[]),
        ("role", &[]),
        ("domain", &["id"]),
        ("cron", &[]),
        ("snapshot", &[]),
        ("job", &["snapshot"]),
        ("seal", &[]),
        ("identity", &["seal"]),
        ("plan", &["cron", "job", "seal"]),
        ("host", &["plan"]),
        ("error", &["plan"]),
        ("restore", &["plan"]),
        ("action", &["identity", "job", "plan", "restore", "seal"]),
        ("question", &["action"]),
        ("trust", &["action", "identity", "plan", "seal"]),
        ("order", &["action", "identity", "plan", "restore", "seal", "trust"]),
        ("journal", &["action", "host", "identity", "job", "order", "plan", "seal", "snapshot", "trust"]),
        ("frame", &["host", "identity", "job", "journal", "question", "trust"]),
        ("channel", &["frame", "identity"]),
        (
            "view",
            &[
                "action", "cron", "frame", "host", "identity", "job", "journal", "order", "plan", "question",
                "restore", "seal", "snapshot", "trust",
            ],
        ),
    ],
};

/// Rightward only: link → desired → schedule → run → restic; store and world are floors.
pub const AGENT: House = House {
    src: "agent/src",
    floors: &["config", "store", "world"],
    tops: &["app", "main", "cli"],
    rooms: &[
        ("world", &[]),
        ("config", &["world"]),
        ("store", &["world"]),
        ("identity", &[]),
        ("restic", &[]),
        ("reach", &[]),
        ("run", &["reach", "restic"]),
        ("answer", &["reach", "run", "restic"]),
        ("schedule", &["run", "restic"]),
        ("desired", &["answer", "identity", "schedule", "run", "restic"]),
        ("link", &["answer", "desired", "identity", "schedule", "run", "restic"]),
        ("local", &["answer", "link", "desired", "identity", "schedule", "run", "restic"]),
        ("update", &[]),
    ],
};

pub const COORDINATOR: House = House {
    src: "coordinator/src",
    floors: &["config", "store", "world"],
    tops: &["app", "main"],
    rooms: &[
        ("world", &[]),
        ("config", &["world"]),
        ("store", &["world"]),
        ("vault", &[]),
        ("audit", &[]),
        ("ingest", &[]),
        ("fleet", &["audit", "ingest"]),
        ("access", &["audit", "vault"]),
        ("alert", &["fleet"]),
        ("dist", &[]),
        ("metrics", &["fleet"]),
        ("socket", &["ingest", "fleet"]),
        ("http", &["access", "alert", "audit", "dist", "fleet", "ingest", "metrics", "socket"]),
    ],
};

pub const HOUSES: [&House; 3] = [&WIRE, &AGENT, &COORDINATOR];

/// The panel's rooms import by path; files at its top (paths.ts, the entry) belong to none.
pub const PANEL_ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("theme", &[]),
    ("api", &["model"]),
    ("seal", &["model"]),
    ("ui", &["model", "theme"]),
    // A part that several pages show asks for what it shows itself; ui never does.
    ("parts", &["api", "model", "seal", "theme", "ui"]),
    ("pages", &["api", "model", "parts", "seal", "theme", "ui"]),
];

impl House {
    /// The table's own laws: every name is a room, and imports point downwards, so that no cycle can be.
    pub fn table_findings(&self) -> Vec<Finding> {
        let place = "tests/tidy/edges.rs";
        let mut findings = Vec::new();
        for (at, (room, imports)) in self.rooms.iter().enumerate() {
            for import in *imports {
                if !self.rooms[..at].iter().any(|(lower, _)| lower == import) && !self.is_floor(room) {
                    let what =
                        format!("{}: {room} may import {import}, which is not listed below it", self.src);
                    findings.push(Finding::of(
                        place,
                        what,
                        "list rooms from the lowest up; imports point down only",
                    ));
                }
            }
        }
        findings
    }

    fn is_floor(&self, room: &str) -> bool {
        self.floors.contains(&room)
    }

    fn is_top(&self, room: &str) -> bool {
        self.tops.contains(&room)
    }

    pub fn allows(&self, from: &str, to: &str) -> bool {
        let imports = self.rooms.iter().find(|(room, _)| *room == from).map(|(_, imports)| *imports);
        from == to
            || imports.is_some_and(|list| list.contains(&to) || (!self.is_floor(from) && self.is_floor(to)))
    }

    pub fn findings(&self, file: &File, source: &Source) -> Vec<Finding> {
        let Some(inner) = file.below(self.src) else { return Vec::new() };
        let segments: Vec<&str> = inner.trim_end_matches(".rs").split('/').collect();
        let room = segments[0];
        if room == "lib" || self.is_top(room) {
            return Vec::new();
        }
        if !self.rooms.iter().any(|(known, _)| *known == room) {
            let mend =
                "give it a line in the table of tests/tidy/edges.rs, or put it into a room that has one";
            return vec![Finding::of(&file.path, format!("{room} is not a room of {}", self.src), mend)];
        }
        let mut imports = source.crate_imports();
        imports.extend(super_imports(&source.code, segments.len()));
        imports
            .into_iter()
            .filter(|(_, to)| self.is_room(to) && !self.allows(room, to))
            .map(|(line, to)| {
                let mend = format!(
                    "move what is needed to a room below both, pass it in as an argument, or let app wire it \
                     ({room} → {to} is not in the table of tests/tidy/edges.rs)"
                );
                Finding::at(&file.path, line, format!("{room} imports {to}"), mend)
            })
            .collect()
    }

    /// Names at the crate's root that are no rooms (re-exports, macros) are not judged.
    fn is_room(&self, name: &str) -> bool {
        self.rooms.iter().any(|(room, _)| *room == name) || self.is_top(name)
    }
}

/// `super::super::x` that climbs to the crate's root, from a file `depth` modules below it: (line, x).
fn super_imports(code: &str, depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = code[from..].find("super::").map(|at| at + from) {
        let mut at = start;
        let mut climbs = 0;
        while code[at..].starts_with("super::") {
            climbs += 1;
            at += "super::".len();
        }
        if climbs >= depth {
            let name: String = code[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push((code[..start].matches('\n').count() + 1, name));
        }
        from = at;
    }
    found
}

/// Imports between the panel's rooms, type-only imports of the generated wire types apart: those are shapes.
pub fn panel_findings(file: &File) -> Vec<Finding> {
    let Some(inner) = file.below("panel/src") else { return Vec::new() };
    if !file.has_extension(&["ts", "tsx"]) || inner.contains(".test.") {
        return Vec::new();
    }
    let Some((room, _)) = inner.split_once('/') else { return Vec::new() };
    let Some((_, allowed)) = PANEL_ROOMS.iter().find(|(known, _)| *known == room) else {
        let mend =
            "use one of the rooms in PANEL_ROOMS, tests/tidy/edges.rs, or give the new one a line there";
        return vec![Finding::of(&file.path, format!("{room} is not a room of panel/src"), mend)];
    };
    let mut findings = Vec::new();
    let mut shape_only = false;
    for (number, line) in file.text.lines().enumerate() {
        // A statement may go over several lines: its first says whether it imports types alone.
        if line.starts_with("import") || line.starts_with("export") {
            shape_only = line.starts_with("import type") || line.starts_with("export type");
        }
        let Some(to) = imported_path(line).and_then(|target| resolve(inner, target)) else { continue };
        let to_room = to.split('/').next().unwrap_or_default();
        let is_room = PANEL_ROOMS.iter().any(|(known, _)| *known == to_room);
        let shape = shape_only && to.starts_with(WIRE_TYPES);
        if is_room && to_room != room && !allowed.contains(&to_room) && !shape {
            let mend = "let the page fetch and hand the value down, or move what is pure into model (see PANEL_ROOMS)";
            findings.push(Finding::at(&file.path, number + 1, format!("{room} imports {to_room}"), mend));
        }
    }
    findings
}

/// The relative path that a line imports or re-exports from, in single or double quotes.
fn imported_path(line: &str) -> Option<&str> {
    let marks = ["from \"", "from '", "import(\"", "import('", "import \"", "import '"];
    let after = marks.iter().find_map(|mark| line.split_once(mark).map(|(_, rest)| rest))?;
    let path = after.split(['"', '\'']).next()?;
    path.starts_with('.').then_some(path)
}

/// `pages/host/jobs.tsx` and `../../ui/row` → `ui/row`
fn resolve(inner: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = inner.split('/').collect();
    parts.pop();
    for step in target.split('/') {
        match step {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

pub fn all(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = HOUSES.iter().flat_map(|house| house.table_findings()).collect();
    for house in HOUSES {
        for (file, source) in tree.rust(house.src) {
            findings.extend(house.findings(file, &source));
        }
    }
    findings.extend(tree.files.iter().flat_map(panel_findings));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(house: &House, path: &str, text: &str) -> Vec<String> {
        house.findings(&File::new(path, text), &Source::read(text)).into_iter().map(|f| f.what).collect()
    }

    #[test]
    fn an_import_against_the_table_is_found_in_every_spelling() {
        let against = ["restic imports link"];
        assert_eq!(broken(&AGENT, "agent/src/restic/exit.rs", "use crate::link::Dial;"), against);
        assert_eq!(
            broken(&AGENT, "agent/src/restic/exit.rs", "use crate::{store::Jobs, link::Dial};"),
            against
        );
        assert_eq!(
            broken(&AGENT, "agent/src/restic/exit.rs", "fn f() { super::super::link::dial() }"),
            against
        );
        assert_eq!(broken(&AGENT, "agent/src/restic.rs", "use super::link;"), against);
        assert_eq!(broken(&AGENT, "agent/src/world.rs", "use crate::store::Jobs;"), ["world imports store"]);
        assert_eq!(broken(&AGENT, "agent/src/run/queue.rs", "use crate::app::App;"), ["run imports app"]);
    }

    #[test]
    fn imports_along_the_table_and_in_the_wiring_are_fine() {
        assert!(
            broken(
                &AGENT,
                "agent/src/link/inbox.rs",
                "use crate::{desired, run::Queue, store::Jobs, world};"
            )
            .is_empty()
        );
        assert!(broken(&AGENT, "agent/src/app.rs", "use crate::{link, restic};").is_empty());
        assert!(
            broken(&AGENT, "agent/src/run/queue.rs", "use super::super::run::x; use super::retry;")
                .is_empty()
        );
    }

    #[test]
    fn an_unknown_room_is_found() {
        assert_eq!(broken(&AGENT, "agent/src/sundry.rs", ""), ["sundry is not a room of agent/src"]);
    }

    #[test]
    fn a_table_that_points_up_is_found() {
        let house =
            House { src: "x/src", floors: &[], tops: &[], rooms: &[("low", &["high"]), ("high", &["low"])] };
        assert_eq!(house.table_findings().len(), 1);
    }

    #[test]
    fn the_panel_is_held_to_its_table() {
        let what = |path: &str, text: &str| {
            panel_findings(&File::new(path, text)).into_iter().map(|f| f.what).collect::<Vec<_>>()
        };
        assert_eq!(
            what("panel/src/ui/row.tsx", "import { get } from \"../api/client\";"),
            ["ui imports api"]
        );
        assert_eq!(what("panel/src/model/size.ts", "import { Row } from '../ui/row';"), ["model imports ui"]);
        assert_eq!(what("panel/src/odd/x.ts", ""), ["odd is not a room of panel/src"]);
        assert_eq!(what("panel/src/ui/x.ts", "import { a } from '../api/types.gen'"), ["ui imports api"]);
        assert!(
            what("panel/src/parts/row.tsx", "import type {\n  Job,\n} from \"../api/types.gen\";").is_empty()
        );
        assert!(
            what("panel/src/pages/host/jobs.tsx", "import { get } from \"../../api/client\";").is_empty()
        );
    }
}
