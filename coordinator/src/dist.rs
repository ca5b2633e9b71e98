//! What a new host downloads: agent binaries by architecture, and the scripts that install and remove them.
//!
//! Knows files and their digests. Must not know HTTP, nor who asks.

mod binary;
mod script;

pub use binary::{Binary, Facts};
pub use script::UNINSTALL;

use std::{path::PathBuf, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use wire::{
    identity::Fingerprint,
    view::{AgentBinaryView, InstallView},
};

use script::{Context, Offer, quoted};

/// Where the binaries are served, below the public URL.
pub const PATH_PREFIX: &str = "/dist/restic-manager-agent-";

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Dist(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    public_url: String,
    version: String,
    binaries: Vec<Binary>,
    own_certificate: Option<[u8; 32]>,
}

/// What a `Dist` is made of.
#[derive(Clone, Debug, Default)]
pub struct Served {
    pub public_url: String,
    pub version: String,
    /// Architecture (as `uname -m` says) and path. Without any, an agent that lies beside this program is offered for
    /// this architecture.
    pub binaries: Vec<(String, PathBuf)>,
    /// Where the public URL answers with a certificate that this coordinator made itself: SHA-256 over its public key
    /// (SubjectPublicKeyInfo in DER). The command then trusts this key and no other.
    pub own_certificate: Option<[u8; 32]>,
}

impl Dist {
    pub fn new(served: Served) -> Self {
        let Served { public_url, version, binaries, own_certificate } = served;
        let mut binaries: Vec<Binary> =
            binaries.into_iter().map(|(arch, path)| Binary::new(arch, path)).collect();
        if binaries.is_empty() {
            binaries.extend(beside_us());
        }
        let public_url = public_url.trim_end_matches('/').to_owned();
        Self(Arc::new(Inner { public_url, version, binaries, own_certificate }))
    }

    pub fn binary(&self, arch: &str) -> Option<&Binary> {
        self.0.binaries.iter().find(|binary| binary.arch == arch)
    }

    /// What a person pastes on a new host.
    pub async fn install_view(&self, fleet: Option<Fingerprint>) -> InstallView {
        let dist = self.clone();
        let offers = tokio::task::spawn_blocking(move || dist.offers()).await.unwrap_or_default();
        let url = &self.0.public_url;
        let fingerprint = fleet.map(|fleet| fleet.to_string());
        let agents: Vec<AgentBinaryView> = offers
            .iter()
            .filter_map(|(arch, facts)| {
                let Facts { size_bytes, sha256 } = *facts.as_ref().ok()?;
                Some(AgentBinaryView {
                    arch: arch.clone(),
                    version: self.0.version.clone(),
                    sha256,
                    size_bytes,
                })
            })
            .collect();
        let unavailable = agents.is_empty().then(|| why_unavailable(&offers));
        let fleet_option = fingerprint.as_deref().map(|f| format!(" --fleet {f}")).unwrap_or_default();
        let digests = agents
            .iter()
            .fold(String::new(), |all, agent| format!("{all} --sha256 {}={}", agent.arch, agent.sha256));
        let script = quoted(&format!("{url}/install.sh"));
        // Not piped: `RM_TOKEN=… ` in front has to reach the shell, and the terminal stays its input.
        // curl holds the key against the pin also when it does not look at the certificate; the agent's download is
        // protected by its digest.
        let (trust, insecure) = self.0.own_certificate.map_or_else(Default::default, |key| {
            (format!("-k --pinnedpubkey sha256//{} ", STANDARD.encode(key)), " --insecure-download")
        });
        let linux = format!(
            "sh -c \"$(curl -fsSL {trust}{script} || echo exit 1)\" install.sh{fleet_option}{digests}{insecure}"
        );
        let fragment = fingerprint.map(|f| format!("#{f}")).unwrap_or_default();
        let enrol =
            format!("restic-manager-agent enrol --coordinator {}", quoted(&format!("{url}{fragment}")));
        InstallView { linux, enrol, agents, unavailable }
    }

    /// The script that [`InstallView::linux`] downloads.
    pub async fn install_script(&self, fleet: Option<Fingerprint>) -> Result<String, String> {
        let dist = self.clone();
        let offers = tokio::task::spawn_blocking(move || dist.offers()).await.unwrap_or_default();
        let agents = offers
            .into_iter()
            .filter_map(|(arch, facts)| {
                let sha256 = facts.ok()?.sha256.to_string();
                Some(Offer { path: format!("{PATH_PREFIX}{arch}"), arch, sha256 })
            })
            .collect();
        let context = Context {
            public_url: self.0.public_url.clone(),
            fleet_fingerprint: fleet.map(|fleet| fleet.to_string()).unwrap_or_default(),
            version: self.0.version.clone(),
            agents,
        };
        script::install(&context).map_err(|error| error.to_string())
    }

    fn offers(&self) -> Vec<(String, Result<Facts, String>)> {
        let facts = |binary: &Binary| {
            binary.facts().map_err(|error| format!("{} cannot be read: {error}", binary.path().display()))
        };
        self.0.binaries.iter().map(|binary| (binary.arch.clone(), facts(binary))).collect()
    }
}

fn why_unavailable(offers: &[(String, Result<Facts, String>)]) -> String {
    let problems: Vec<&str> =
        offers.iter().filter_map(|(_, facts)| facts.as_ref().err().map(String::as_str)).collect();
    let option = "--agent-binary x86_64=PATH";
    if problems.is_empty() {
        format!("This coordinator serves no agent binary. Start it with {option}.")
    } else {
        format!(
            "No agent binary can be served: {}. Put the file there or start with {option}.",
            problems.join("; ")
        )
    }
}

/// The agent in this program's own directory, where a release and a build put it.
fn beside_us() -> Option<Binary> {
    let path = std::env::current_exe().ok()?.with_file_name("restic-manager-agent");
    path.is_file().then(|| Binary::new(std::env::consts::ARCH.to_owned(), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_command_carries_the_fleet_and_every_digest() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent");
        std::fs::write(&path, b"abc").unwrap();
        let missing = directory.path().join("missing");
        let served = Served {
            public_url: "https://backup.example.org/".into(),
            version: "1.2.3".into(),
            binaries: vec![("x86_64".to_owned(), path), ("aarch64".to_owned(), missing)],
            own_certificate: None,
        };
        let dist = Dist::new(served.clone());
        let view = dist.install_view(Some(Fingerprint([0xab; 32]))).await;
        assert_eq!(view.agents.len(), 1, "what cannot be read is not offered");
        assert_eq!(view.unavailable, None);
        assert_eq!(
            view.linux,
            format!(
                "sh -c \"$(curl -fsSL 'https://backup.example.org/install.sh' || echo exit 1)\" install.sh \
                 --fleet SHA256:{} --sha256 x86_64={}",
                ["abab"; 16].join("-"),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            )
        );
        assert!(
            view.enrol.ends_with(&format!("'https://backup.example.org#SHA256:{}'", ["abab"; 16].join("-")))
        );
        let script = dist.install_script(None).await.unwrap();
        assert!(script.contains("/dist/restic-manager-agent-x86_64") && !script.contains("agent-aarch64"));

        let own =
            Dist::new(Served { own_certificate: Some([0; 32]), ..served }).install_view(None).await.linux;
        let pinned =
            "curl -fsSL -k --pinnedpubkey sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 'https:";
        assert!(own.contains(pinned) && own.ends_with(" --insecure-download"), "{own}");
    }

    #[tokio::test]
    async fn without_a_binary_the_view_says_why() {
        let binaries = vec![("x86_64".to_owned(), "/nonexistent/agent".into())];
        let dist = Dist::new(Served { binaries, ..Served::default() });
        let why = dist.install_view(None).await.unavailable.unwrap();
        assert!(why.contains("/nonexistent/agent") && why.contains("--agent-binary"), "{why}");
    }
}
