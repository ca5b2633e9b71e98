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

/// From the first quote to the last: a value may hold quotes itself.
fn without_values(message: &str) -> String {
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
    fn however_much_is_wrong_what_is_told_is_bounded() {
        let problem = FileProblem { line: None, field: "é".repeat(500), message: "x".repeat(5_000) };
        let told = refused(&vec![problem; 500]);
        assert_eq!((told.len(), told[0].field.len(), told[0].message.len()), (20, 300, 300));
    }
}
