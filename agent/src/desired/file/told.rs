//! What others than the host's own terminal are told of a plan.toml that is not taken: where, and what is wrong, but
//! nothing that stands there. Somebody may have put a password where none belongs.

use wire::plan::PlanFileProblem;

use super::FileProblem;

/// Marks what the words quote.
const QUOTES: [char; 2] = ['`', '"'];

pub fn refused(problems: &[FileProblem]) -> Vec<PlanFileProblem> {
    let told = problems.iter().take(PlanFileProblem::MOST);
    told.map(|FileProblem { line, field, message }| PlanFileProblem {
        line: line.and_then(|line| u32::try_from(line).ok()),
        field: bounded(field.clone()),
        message: bounded(without_values(message)),
    })
    .collect()
}

/// It cannot even be read, or not be trusted.
pub fn unreadable(why: &str) -> Vec<PlanFileProblem> {
    vec![PlanFileProblem { line: None, field: String::new(), message: bounded(why.to_owned()) }]
}

/// What the reader says where its own words follow the value, whatever that is.
const NAMES_VALUE: [&str; 4] = ["unknown field ", "unknown variant ", "invalid type: ", "invalid value: "];
const THEN: &str = ", expected ";

/// Without what the file says; the reader's own words for what belongs there stay.
fn without_values(message: &str) -> String {
    let missing = message.strip_prefix("missing field ");
    if missing.is_some_and(|name| quoted(name).is_some_and(|(_, rest)| rest.is_empty())) {
        return message.to_owned();
    }
    // A value may hold these words too; the reader's come last.
    let parts = NAMES_VALUE.iter().any(|start| message.starts_with(start)).then(|| message.rsplit_once(THEN));
    match parts.flatten() {
        Some((value, expected)) if is_schemas(expected) => {
            format!("{}{THEN}{expected}", without_quoted(value))
        }
        _ => without_quoted(message),
    }
}

/// Whether these words are the schema's to their end: `a`, `a` or `b`, one of `a`, `b`, `c`; or what kind of value.
fn is_schemas(words: &str) -> bool {
    let kind = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'-'))
    };
    if kind(words) {
        return true;
    }
    let mut rest = words.strip_prefix("one of ").unwrap_or(words);
    while let Some((_, further)) = quoted(rest) {
        match further.strip_prefix(", ").or_else(|| further.strip_prefix(" or ")) {
            Some(next) => rest = next,
            None => return further.is_empty(),
        }
    }
    false
}

/// A name of the schema in its quotes, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix('`')?.split_once('`')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (!name.is_empty() && name.bytes().all(is_name)).then_some((name, rest))
}

/// From the first quote to the last: a value may hold quotes itself.
fn without_quoted(message: &str) -> String {
    match (message.find(QUOTES), message.rfind(QUOTES)) {
        (Some(first), Some(last)) => format!("{}…{}", &message[..first], &message[last + 1..]),
        _ => message.to_owned(),
    }
}

fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(PlanFileProblem::TEXT_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use super::{super::read, *};

    #[test]
    fn others_are_told_where_and_what_but_no_value() {
        let text = r#"[repositories.main]
backend = { kind = "hunter2", path = "/srv/repo" }
"#;
        let wrong = |text: &str| refused(&read(text).expect_err("it is wrong"));
        let told = wrong(text);
        assert_eq!((told.len(), told[0].line), (1, Some(2)));
        assert!(told[0].message.starts_with("unknown variant …"), "{told:?}");
        let told = wrong(&text.replace("\"hunter2\"", "\"local\"").replace("\"/srv/repo\"", "\"hunter2\""));
        assert_eq!(told[0].field, "repositories.main.backend.path");
        assert_eq!(told[0].message, "… must be an absolute path, such as /home");
        for text in [
            "[groups.web]\nincludes = [\"/etc\"]\nretry = { max = \"hunter2\" }\n",
            "[groups.web]\nincludes = \"hunter2 ` \\\" and more hunter2\"\n",
            "[schedules.web]\ncron = \"0 hunter2 * * *\"\n",
        ] {
            let told = wrong(text);
            assert!(!format!("{told:?}").contains("hunter2") && told[0].line.is_some(), "{told:?}");
        }
    }

    #[test]
    fn what_belongs_there_is_told() {
        let message = |text: &str| refused(&read(text).expect_err("it is wrong"))[0].message.clone();
        assert_eq!(message("[groups.web]\nrepository = \"main\"\n"), "missing field `includes`");
        assert_eq!(
            message("[groups.web]\nincludes = [\"/etc\"]\nretry = { hunter2 = 3 }\n"),
            "unknown field …, expected `max` or `backoff_s`"
        );
        let told = message("[repositories.main]\nbackend = { kind = \"hunter2\" }\n");
        assert!(told.starts_with("unknown variant …, expected one of `local`, `sftp`, "), "{told}");
        assert_eq!(
            message("[groups.web]\nincludes = \"hunter2\"\n"),
            "invalid type: string …, expected a sequence"
        );
    }

    #[test]
    fn no_value_passes_for_what_belongs_there() {
        let value = "hunter2`, expected `hunter2";
        for (text, end) in [
            (format!("[groups.web]\nincludes = [\"/etc\"]\nretry = {{ \"{value}\" = 3 }}\n"), "`backoff_s`"),
            (format!("[repositories.main]\nbackend = {{ kind = \"{value}\" }}\n"), "`"),
            (format!("[repositories.main]\nbackend = {{ kind = \"local\", path = \"{value}\" }}\n"), "home"),
            ("[groups.web]\nincludes = \"x\\\", expected hunter2\"\n".to_owned(), "expected a sequence"),
            ("[groups.web]\nincludes = \"x, expected hunter2, expected hunter2\"\n".to_owned(), "a sequence"),
        ] {
            let told = refused(&read(&text).expect_err("it is wrong"));
            assert!(!told[0].message.contains("hunter2") && told[0].message.ends_with(end), "{told:?}");
        }
        // Where the reader says nothing of what belongs there, only the value seems to.
        for message in [
            "unknown field `x`, expected `hunter2`, there are no fields",
            "unknown field `x`, expected one of `a`, `hunter2``, there are no fields",
            "unknown variant `x`, expected hunter2`, there are no variants",
            "`x`, expected `hunter2` must be an absolute path",
            "missing field `includes` of `hunter2`",
            "missing field `hunter2 and more`",
        ] {
            assert!(!without_values(message).contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn however_much_is_wrong_what_is_told_is_bounded() {
        let problem = FileProblem { line: None, field: "é".repeat(500), message: "x".repeat(5_000) };
        let told = refused(&vec![problem; 500]);
        assert_eq!((told.len(), told[0].field.len(), told[0].message.len()), (20, 300, 300));
    }
}
