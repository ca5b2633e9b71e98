//! The command line as a whole: what it offers, and what it says to what it does not understand.

use super::*;

#[test]
fn the_arguments_hold_together() {
    Arguments::command().debug_assert();
}

#[test]
fn what_the_command_offers() {
    insta::assert_snapshot!(Arguments::command().render_help());
}

/// Each with what would do instead.
#[test]
fn what_is_not_understood_is_answered_with_what_would_do() {
    let lines: [&[&str]; 8] = [
        &["runn"],
        &["run", "two words"],
        &["cancel"],
        &["check", "--read-data", "140"],
        &["jobs", "--kind", "flight"],
        &["jobs", "--limit", "0"],
        &["secret", "set", "repository/main"],
        &["completion", "tcsh"],
    ];
    let said = lines.map(|line| {
        let all = std::iter::once("restic-manager-agent").chain(line.iter().copied());
        let problem = Arguments::try_parse_from(all).err().expect("it is refused").to_string();
        format!("$ {}\n{problem}", line.join(" "))
    });
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn run_alone_is_the_agent_itself() {
    let parse = |line: &[&str]| match Arguments::try_parse_from(line).map(|arguments| arguments.verb) {
        Ok(Verb::Run(wanted)) => wanted.is_daemon(),
        _ => panic!("{line:?}"),
    };
    assert!(parse(&["a", "run"]));
    assert!(!parse(&["a", "run", "default"]));
}
