//! docs/ROLES.md says what the table says, and is committed.

use std::{fmt::Write as _, path::Path};

use serde_json::Value;

use super::contract::{contract, operations};
use crate::http::{route::Route, table};

const HEAD: &str = "\
# Who may do what

Generated from the coordinator's table of routes. Do not edit: change the table and run
`RM_UPDATE=1 cargo nextest run -p restic-manager-coordinator roles_page`.

Each role includes the one before: a **viewer** reads, an **operator** runs backups and edits groups, schedules, limits and
templates, an **admin** does everything. *Everybody* means that nobody is asked who they are. A handler gets its caller as a
proof of the role, so a route without a check cannot be written, and a kind of caller that names no role is an admin's. What
an order does besides wants a signature: the agent looks at that itself.

A route marked *session* is about the session that asks, so an API token is not enough there. Whoever is not known is
answered 401, whoever is known but may not 403.
";

const OUTSIDE: &[(&str, &str)] = &[
    ("/agent/v1/socket", "Where agents come in; they prove who they are by their keys."),
    ("/install.sh", "The script that installs an agent."),
    ("/uninstall.sh", "The script that removes it."),
    ("/dist/{file}", "The agent's program."),
    ("/healthz", "Is this program there, and does its database answer?"),
];

fn who(route: &Route) -> String {
    let role = route.need.map_or("everybody", |role| role.as_str());
    let session = if route.session_only { ", session" } else { "" };
    format!("{role}{session}")
}

fn rows<'a>(into: &mut String, rows: impl Iterator<Item = (&'a Route, String)>) {
    into.push_str("| | | least role | |\n|---|---|---|---|\n");
    for (route, summary) in rows {
        let (method, path, who) = (&route.method, route.path, who(route));
        // A row is one line.
        let summary = summary.replace('|', "\\|").replace('\n', " ");
        writeln!(into, "| {method} | `{path}` | {who} | {summary} |").unwrap();
    }
}

fn page() -> String {
    let document = &contract().document;
    let operations = operations(document);
    let (api, outside) = (table::api(), table::outside());
    let operation = |route: &Route| &operations[&format!("{} {}", route.method, route.path)];
    let mut text = HEAD.to_owned();
    for tag in document["tags"].as_array().unwrap() {
        let of_tag = api.iter().filter(|route| operation(route)["tags"][0] == tag["name"]);
        let said = |key: &str| tag[key].as_str().unwrap();
        write!(text, "\n## {}\n\n{}\n\n", said("name"), said("description")).unwrap();
        rows(&mut text, of_tag.map(|route| (route, text_of(&operation(route)["summary"]))));
    }
    text.push_str("\n## outside of the API\n\nEverything else is the panel's own files, for everybody.\n\n");
    let summary = |route: &Route| {
        let found = OUTSIDE.iter().find(|(path, _)| *path == route.path);
        found.unwrap_or_else(|| panic!("what is {}? Say it in roles_page.rs", route.path)).1.to_owned()
    };
    rows(&mut text, outside.iter().map(|route| (route, summary(route))));
    text
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// `RM_UPDATE=1` writes it anew.
#[test]
fn the_committed_page_of_roles_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ROLES.md");
    let wanted = page();
    if std::env::var_os("RM_UPDATE").is_some() {
        std::fs::write(&path, wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/ROLES.md is not what the table says any more.\n\
         Run: RM_UPDATE=1 cargo nextest run -p restic-manager-coordinator roles_page"
    );
}

#[test]
fn the_page_has_every_route_once() {
    let page = page();
    for route in table::api().iter().chain(&table::outside()) {
        let row = format!("| {} | `{}` | ", route.method, route.path);
        assert_eq!(page.matches(&row).count(), 1, "{row}");
    }
    let torn: Vec<&str> = page.lines().filter(|line| line.starts_with('|') && !line.ends_with('|')).collect();
    assert!(torn.is_empty(), "{torn:#?}");
}
