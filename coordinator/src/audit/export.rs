//! Records as lines of a file: NDJSON that others can verify, and CSV for a spreadsheet. Pure.

use serde_json::Value;
use wire::{
    id::CoordinatorId,
    view::{Actor, AuditBody, AuditLine},
};

use super::chain::word;
use crate::store::audit::AuditRow;

/// One line, its end included: the body's exact text, with hash and signature.
pub fn ndjson(coordinator: CoordinatorId, row: &AuditRow) -> String {
    let AuditRow { link, signature, body } = row;
    let line =
        AuditLine { coordinator, seq: link.seq, body: body.clone(), hash: link.hash, signature: *signature };
    // Texts and numbers: it always serialises.
    let mut text = serde_json::to_string(&line).unwrap_or_default();
    text.push('\n');
    text
}

const COLUMNS: [&str; 14] = [
    "seq",
    "time",
    "actor_kind",
    "actor",
    "role",
    "token",
    "address",
    "action",
    "target_kind",
    "target_id",
    "target",
    "before",
    "after",
    "hash",
];

pub fn csv_header() -> String {
    let mut line = COLUMNS.join(",");
    line.push_str("\r\n");
    line
}

/// A record as a line of CSV (RFC 4180), its end included.
pub fn csv_line(row: &AuditRow, body: &AuditBody) -> String {
    let (kind, token, role) = match &body.actor {
        Actor::Person { role, .. } => ("person", "", role.as_str()),
        Actor::Token { token, role, .. } => ("token", token.as_str(), role.as_str()),
        Actor::Console => ("console", "", ""),
        Actor::Coordinator => ("coordinator", "", ""),
        Actor::Nobody { .. } => ("nobody", "", ""),
    };
    let target = body.target.as_ref();
    let json = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
    let cells = [
        row.link.seq.to_string(),
        body.at.to_string(),
        kind.to_owned(),
        body.actor.name().to_owned(),
        role.to_owned(),
        token.to_owned(),
        body.address.clone().unwrap_or_default(),
        word(&body.action),
        target.map(|target| word(&target.kind)).unwrap_or_default(),
        target.map(|target| target.id.clone()).unwrap_or_default(),
        target.map(|target| target.name.clone()).unwrap_or_default(),
        json(&body.before),
        json(&body.after),
        row.link.hash.to_string(),
    ];
    let mut line = cells.map(|text| cell(&text)).join(",");
    line.push_str("\r\n");
    line
}

/// A spreadsheet takes a cell that begins so for a formula, also where it stands in quotes.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

fn cell(text: &str) -> String {
    let guard = if text.starts_with(FORMULA) { "'" } else { "" };
    if guard.is_empty() && !text.contains([',', '"', '\r', '\n']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of one line, as RFC 4180 reads it.
    fn parse(line: &str) -> Vec<String> {
        let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
        let mut chars = line.strip_suffix("\r\n").unwrap().chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => cell.push(chars.next().unwrap()),
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(std::mem::take(&mut cell)),
                c => cell.push(c),
            }
        }
        assert!(!quoted);
        cells.push(cell);
        cells
    }

    #[test]
    fn a_header_names_as_many_columns_as_there_are() {
        assert_eq!(parse(&csv_header()), COLUMNS);
    }

    proptest::proptest! {
        #[test]
        fn every_text_comes_back_and_none_is_a_formula(texts in proptest::collection::vec(".{0,30}", 1..6)) {
            let line = texts.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",") + "\r\n";
            let found = parse(&line);
            proptest::prop_assert_eq!(found.len(), texts.len());
            for (found, text) in found.iter().zip(&texts) {
                proptest::prop_assert!(!found.starts_with(FORMULA));
                let guarded = text.starts_with(FORMULA);
                let bare = if guarded { found.strip_prefix('\'').unwrap() } else { found.as_str() };
                proptest::prop_assert_eq!(bare, text.as_str());
            }
        }
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        assert_eq!(
            cell("=HYPERLINK(\"http://evil\",\"x\")"),
            "\"'=HYPERLINK(\"\"http://evil\"\",\"\"x\"\")\""
        );
        assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(cell("web-1"), "web-1");
        assert_eq!(cell("a,b"), "\"a,b\"");
    }
}
