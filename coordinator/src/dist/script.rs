//! install.sh, rendered from its template: every value becomes one quoted word of a POSIX shell.

use serde::Serialize;
use tinytemplate::{TinyTemplate, error::Error as TemplateError, format_unescaped};

const TEMPLATE: &str = include_str!("../../../installer/install.sh.tt");
const UNIT: &str = include_str!("../../../installer/restic-manager-agent.service");
pub const UNINSTALL: &str = include_str!("../../../installer/uninstall.sh");

/// What the template asks for.
#[derive(Debug, Serialize)]
pub struct Context {
    pub public_url: String,
    /// Empty before the fleet is founded.
    pub fleet_fingerprint: String,
    pub version: String,
    pub agents: Vec<Offer>,
}

#[derive(Debug, Serialize)]
pub struct Offer {
    pub arch: String,
    pub sha256: String,
    /// Below the public URL, with its leading slash.
    pub path: String,
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    context: &'a Context,
    unit: &'static str,
}

pub fn install(context: &Context) -> Result<String, TemplateError> {
    let mut templates = TinyTemplate::new();
    // Its own default would escape HTML, which a shell does not read.
    templates.set_default_formatter(&format_unescaped);
    templates.add_formatter("sh", |value, out| {
        let mut text = String::new();
        format_unescaped(value, &mut text)?;
        out.push_str(&quoted(&text));
        Ok(())
    });
    templates.add_template("install.sh", TEMPLATE)?;
    templates.render("install.sh", &Whole { context, unit: UNIT })
}

/// One word for a POSIX shell, whatever is in it.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        process::{Command, Stdio},
    };

    use super::*;

    fn context() -> Context {
        Context {
            public_url: "https://backup.example.org".into(),
            fleet_fingerprint: "SHA256:0123-4567".into(),
            version: "1.2.3".into(),
            agents: vec![
                Offer {
                    arch: "x86_64".into(),
                    sha256: "ab".repeat(32),
                    path: "/dist/restic-manager-agent-x86_64".into(),
                },
                Offer {
                    arch: "aarch64".into(),
                    sha256: "cd".repeat(32),
                    path: "/dist/restic-manager-agent-aarch64".into(),
                },
            ],
        }
    }

    /// Runs a script with the shell that installers are piped to.
    #[allow(clippy::disallowed_methods, reason = "a test asks a real shell")]
    fn sh(script: &str, arguments: &[&str]) -> (bool, String) {
        let mut child = Command::new("sh")
            .arg("-s")
            .arg("--")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    #[test]
    fn the_rendered_script_is_a_script() {
        let script = install(&context()).unwrap();
        assert!(script.starts_with("#!/bin/sh\n"));
        assert!(script.contains("public_url='https://backup.example.org'"));
        assert!(script.contains(&"ab".repeat(32)) && script.contains(&"cd".repeat(32)));
        assert!(script.contains("[Service]"), "the unit is in it");
        let (fine, out) = sh(&script, &["--help"]);
        assert!(fine && out.contains("usage"), "{out}");
    }

    #[test]
    fn a_coordinator_without_binaries_or_fleet_still_has_a_script() {
        let nothing = Context { agents: Vec::new(), fleet_fingerprint: String::new(), ..context() };
        let (fine, _) = sh(&install(&nothing).unwrap(), &["--help"]);
        assert!(fine);
    }

    #[test]
    fn no_value_breaks_out_of_its_quotes() {
        for nasty in ["it's", "$(touch /)", "`id`", "a\nb", "\\", "'; exit 7; '"] {
            let (fine, out) = sh(&format!("printf %s {}", quoted(nasty)), &[]);
            assert!(fine);
            assert_eq!(out, nasty);
        }
    }
}
