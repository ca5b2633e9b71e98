//! install.sh as a coordinator serves it, and a stand-in for the agent that writes down how it was called.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};
use tinytemplate::{TinyTemplate, format_unescaped};

use crate::server::Server;

pub const FLEET: &str = "SHA256:0123-4567-89ab-cdef";
pub const AGENT_PATH: &str = "/dist/restic-manager-agent-x86_64";

/// Answers `--version`, else notes its arguments and whether the token came through the environment.
pub const AGENT: &str = r#"#!/bin/sh
[ "$1" != --version ] || { echo "restic-manager-agent 0.1.0"; exit 0; }
echo "$*" >>/var/lib/restic-manager-agent/called
[ -z "${RM_TOKEN:-}" ] || echo "token of ${#RM_TOKEN} characters" >>/var/lib/restic-manager-agent/called
if [ -e /refuse ]; then echo "no coordinator answers"; exit 1; fi
"#;

#[derive(Serialize)]
struct Values<'a> {
    public_url: &'a str,
    fleet_fingerprint: &'a str,
    version: &'a str,
    unit: &'a str,
    agents: Vec<Offer>,
}

#[derive(Serialize)]
pub struct Offer {
    arch: String,
    sha256: String,
    path: String,
}

impl Offer {
    pub fn of(arch: &str, bytes: &[u8]) -> Self {
        Self { arch: arch.into(), sha256: sha256(bytes), path: format!("/dist/restic-manager-agent-{arch}") }
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn installer(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ stands in the repository")
        .join("installer")
        .join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn unit() -> String {
    installer("restic-manager-agent.service")
}

pub fn uninstall() -> String {
    installer("uninstall.sh")
}

pub fn install(public_url: &str, fleet_fingerprint: &str, agents: Vec<Offer>) -> String {
    let template = installer("install.sh.tt");
    let unit = unit();
    let mut engine = TinyTemplate::new();
    engine.set_default_formatter(&format_unescaped);
    engine.add_formatter("sh", |value, out| {
        let text = value.as_str().unwrap_or_default();
        write!(out, "'{}'", text.replace('\'', "'\\''"))?;
        Ok(())
    });
    engine.add_template("install.sh", &template).expect("the template is well formed");
    let values = Values { public_url, fleet_fingerprint, version: "0.1.0", unit: unit.trim_end(), agents };
    engine.render("install.sh", &values).expect("the template's values are all there")
}

/// A server of the script and the agent, and the URL to reach it by.
pub fn served(agent: &str) -> Server {
    let mut server = Server::bind();
    let script = install(&server.url, FLEET, vec![Offer::of("x86_64", agent.as_bytes())]);
    server.serve(HashMap::from([
        ("/install.sh".into(), script.into_bytes()),
        (AGENT_PATH.into(), agent.as_bytes().to_vec()),
        ("/uninstall.sh".into(), uninstall().into_bytes()),
    ]));
    server
}

/// The command as a person pastes it.
pub fn command(server: &Server, arguments: &str) -> String {
    format!("curl -fsSL {}/install.sh | sh -s -- {arguments}", server.url)
}
