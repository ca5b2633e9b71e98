//! install.sh as the coordinator renders it, and a stand-in for the agent that writes down how it was called.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use coordinator::dist::{Dist, Served, UNINSTALL};
use sha2::{Digest, Sha256};
use wire::identity::Fingerprint;

use crate::server::Server;

pub const AGENT_PATH: &str = "/dist/restic-manager-agent-x86_64";

/// Answers `--version`, else notes its arguments and whether the token came through the environment.
pub const AGENT: &str = r#"#!/bin/sh
[ "$1" != --version ] || { echo "restic-manager-agent 0.1.0"; exit 0; }
echo "$*" >>/var/lib/restic-manager-agent/called
[ -z "${RM_TOKEN:-}" ] || echo "token of ${#RM_TOKEN} characters" >>/var/lib/restic-manager-agent/called
if [ -e /refuse ]; then echo "no coordinator answers"; exit 1; fi
"#;

pub const fn fleet() -> Fingerprint {
    Fingerprint([0x2a; 32])
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

pub fn unit() -> String {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the repository");
    std::fs::read_to_string(top.join("installer/restic-manager-agent.service")).expect("the unit")
}

/// The script of a coordinator that offers these agents: architecture and bytes.
pub fn install(public_url: &str, fleet: Option<Fingerprint>, agents: &[(&str, &[u8])]) -> String {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let offer = |(arch, bytes): &(&str, &[u8])| {
        let path = dir.path().join(arch);
        std::fs::write(&path, bytes).expect("an agent to offer");
        ((*arch).to_owned(), path)
    };
    let dist = Dist::new(Served {
        public_url: public_url.into(),
        version: "0.1.0".into(),
        binaries: agents.iter().map(offer).collect(),
        own_certificate: None,
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(dist.install_script(fleet)).expect("the template is well formed")
}

/// A server of the scripts and the agent, and the URL to reach it by.
pub fn served(agent: &str) -> Server {
    let mut server = Server::bind();
    let script = install(&server.url, Some(fleet()), &[("x86_64", agent.as_bytes())]);
    server.serve(HashMap::from([
        ("/install.sh".into(), script.into_bytes()),
        (AGENT_PATH.into(), agent.as_bytes().to_vec()),
        ("/uninstall.sh".into(), UNINSTALL.as_bytes().to_vec()),
    ]));
    server
}

/// The script, piped to a shell.
pub fn command(server: &Server, arguments: &str) -> String {
    format!("curl -fsSL {}/install.sh | sh -s -- {arguments}", server.url)
}
