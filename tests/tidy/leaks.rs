//! What must not be published: secrets, and paths of the machine somebody worked on.

use crate::tree::{File, Finding, Tree};

/// Vectors and golden messages hold keys that were made to be public; lockfiles hold hashes.
const PUBLIC_ON_PURPOSE: &[&str] = &[
    "wire/fixtures/",
    "wire/fuzz/seeds/",
    "tests/fixtures/",
    "Cargo.lock",
    "wire/fuzz/Cargo.lock",
    "panel/package-lock.json",
];

/// A beginning, how many characters of which sort follow it, and what that is.
struct Shape {
    begins: &'static str,
    length: usize,
    of: fn(char) -> bool,
    is: &'static str,
}

fn shapes() -> [Shape; 6] {
    let base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    // Put together here, so that this file does not find itself.
    [
        Shape { begins: concat!("-----BEGIN ", ""), length: 0, of: upper, is: "a PEM block" },
        Shape { begins: concat!("AK", "IA"), length: 16, of: upper, is: "an access key of a cloud" },
        Shape { begins: concat!("gh", "p_"), length: 36, of: base64url, is: "a token of a code host" },
        Shape { begins: concat!("np", "m_"), length: 36, of: base64url, is: "a token of a registry" },
        Shape {
            begins: concat!("rm", "t_"),
            length: 43,
            of: base64url,
            is: "the seed of an enrolment token",
        },
        Shape { begins: concat!("sk_", "live_"), length: 16, of: base64url, is: "a live secret key" },
    ]
}

/// Directories that only exist on somebody's machine.
fn machine_paths() -> [&'static str; 3] {
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")]
}

/// Places in people's homes that a backup tool speaks of by their ordinary names.
fn is_example(rest: &str) -> bool {
    ["alice", "bob", "user", "demo", "*", "<", "{", "$"].iter().any(|name| rest.starts_with(name))
}

pub fn findings(file: &File) -> Vec<Finding> {
    if PUBLIC_ON_PURPOSE.iter().any(|path| file.path.starts_with(path)) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for shape in shapes() {
            for (at, _) in line.match_indices(shape.begins) {
                let rest = &line[at + shape.begins.len()..];
                let private = shape.length > 0 || rest.contains("PRIVATE KEY");
                if private && rest.chars().take_while(|c| (shape.of)(*c)).count() >= shape.length {
                    let mend = "take it out of the history too, and replace it: it counts as known";
                    findings.push(Finding::at(
                        &file.path,
                        number + 1,
                        format!("this looks like {}", shape.is),
                        mend,
                    ));
                }
            }
        }
        for path in machine_paths() {
            let named = |at: usize| {
                let begins = !line[..at]
                    .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '}'));
                begins && !is_example(&line[at + path.len()..])
            };
            if line.match_indices(path).any(|(at, _)| named(at)) {
                let mend = "use a path relative to the repository, or a temporary directory";
                findings.push(Finding::at(
                    &file.path,
                    number + 1,
                    format!("{path} is a path of one machine"),
                    mend,
                ));
            }
        }
    }
    findings
}

pub fn all(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().flat_map(findings).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        findings(&File::new("agent/src/run.rs", text)).len()
    }

    #[test]
    fn secrets_are_found() {
        assert_eq!(count(&format!("{}{}", concat!("AK", "IA"), "A1".repeat(8))), 1);
        assert_eq!(count(&format!("{}{}", concat!("rm", "t_"), "a".repeat(43))), 1);
        assert_eq!(count(concat!("-----BEGIN OPENSSH PRI", "VATE KEY-----")), 1);
        assert_eq!(count(concat!("-----BEGIN ", "CERTIFICATE-----")), 0);
        assert_eq!(count(concat!("rm", "t_<token>")), 0);
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        for path in machine_paths() {
            assert_eq!(count(&format!("open(\"{path}x\")")), 1, "{path}");
            assert_eq!(count(&format!("open(\"/var{path}x\")")), 0, "{path}");
        }
        assert_eq!(count(concat!("start paths such as /ho", "me/alice and /Us", "ers/alice")), 0);
    }
}
