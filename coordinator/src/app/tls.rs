//! TLS at the port: a certificate from files, or one that the coordinator makes itself.
//!
//! Agents do not rest on it (the channel inside proves both ends); browsers and downloads do.

use std::{fs, io, net::IpAddr, path::Path, sync::Arc};

use rcgen::{KeyPair, PublicKeyData as _};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

use super::keys::write_private;
use crate::config::TlsWanted;

const OWN_CERTIFICATE: &str = "coordinator.crt";
const OWN_KEY: &str = "coordinator.tls.key";

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path} cannot be read as PEM: {problem}")]
    Pem { path: String, problem: String },
    #[error("{path}")]
    Io {
        path: String,
        #[source]
        error: io::Error,
    },
    #[error("a certificate could not be made: {0}")]
    Make(String),
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What the port needs.
pub struct TlsSetup {
    pub acceptor: TlsAcceptor,
    /// How to know the certificate when nobody else vouches for it.
    pub self_made: Option<SelfMade>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfMade {
    /// SHA-256 of the certificate in pairs, as browsers show it.
    pub fingerprint: String,
    /// SHA-256 over its public key (SubjectPublicKeyInfo in DER), as download tools pin it.
    pub key_sha256: [u8; 32],
}

/// `None` when the port is plain. `names` are what a self-made certificate is for.
pub fn set_up(wanted: &TlsWanted, data: &Path, names: &[String]) -> Result<Option<TlsSetup>, TlsError> {
    let (certificate, key, self_made) = match wanted {
        TlsWanted::Plain => return Ok(None),
        TlsWanted::Files { certificate, private_key } => (certificate.clone(), private_key.clone(), false),
        TlsWanted::SelfMade => {
            let (certificate, key) = (data.join(OWN_CERTIFICATE), data.join(OWN_KEY));
            if !certificate.is_file() || !key.is_file() {
                make(&certificate, &key, names)?;
            }
            (certificate, key, true)
        }
    };
    let (chain, private) = read(&certificate, &key)?;
    let own = match chain.first().filter(|_| self_made) {
        Some(first) => Some(SelfMade { fingerprint: fingerprint(first), key_sha256: key_sha256(&key)? }),
        None => None,
    };
    Ok(Some(TlsSetup { acceptor: acceptor(chain, private)?, self_made: own }))
}

/// What the port needs when these files are what it shows.
pub fn of_files(certificate: &Path, private_key: &Path) -> Result<TlsAcceptor, TlsError> {
    let (chain, private) = read(certificate, private_key)?;
    acceptor(chain, private)
}

type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn read(certificate: &Path, private_key: &Path) -> Result<Pair, TlsError> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|problem| pem_error(certificate, &problem))?;
    let private =
        PrivateKeyDer::from_pem_file(private_key).map_err(|problem| pem_error(private_key, &problem))?;
    Ok((chain, private))
}

/// Refuses a key that belongs to another certificate.
fn acceptor(
    chain: Vec<CertificateDer<'static>>,
    private: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, TlsError> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn pem_error(path: &Path, problem: &impl std::fmt::Display) -> TlsError {
    TlsError::Pem { path: path.display().to_string(), problem: problem.to_string() }
}

fn make(certificate: &Path, key: &Path, names: &[String]) -> Result<(), TlsError> {
    let made =
        rcgen::generate_simple_self_signed(names).map_err(|problem| TlsError::Make(problem.to_string()))?;
    let io_error = |path: &Path| {
        let path = path.display().to_string();
        move |error| TlsError::Io { path, error }
    };
    write_private(key, made.signing_key.serialize_pem().as_bytes()).map_err(io_error(key))?;
    fs::write(certificate, made.cert.pem()).map_err(io_error(certificate))
}

fn key_sha256(key: &Path) -> Result<[u8; 32], TlsError> {
    let text = fs::read_to_string(key).map_err(|problem| pem_error(key, &problem))?;
    let pair = KeyPair::from_pem(&text).map_err(|problem| pem_error(key, &problem))?;
    Ok(Sha256::digest(pair.subject_public_key_info()).into())
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = Sha256::digest(certificate);
    hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// What a self-made certificate is for: the public URL's host, and the address that is listened on.
pub fn names(public_url: Option<&str>, listen: IpAddr) -> Vec<String> {
    let host = public_url.and_then(|url| url.split_once("://")).map(|(_, rest)| {
        let authority = rest.split('/').next().unwrap_or_default();
        match authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
            Some((v6, _)) => v6.to_owned(),
            None => authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_owned(),
        }
    });
    let mut names = vec!["localhost".to_owned()];
    names.extend(host);
    if !listen.is_unspecified() {
        names.push(listen.to_string());
    }
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_self_made_certificate_is_kept_and_shows_the_same_fingerprint() {
        let directory = tempfile::tempdir().unwrap();
        let names = names(Some("https://backup.example:8443"), "192.0.2.7".parse().unwrap());
        assert_eq!(names, ["localhost", "backup.example", "192.0.2.7"]);
        let first = set_up(&TlsWanted::SelfMade, directory.path(), &names).unwrap().unwrap();
        let again = set_up(&TlsWanted::SelfMade, directory.path(), &names).unwrap().unwrap();
        assert_eq!(first.self_made, again.self_made);
        assert_eq!(first.self_made.unwrap().fingerprint.len(), 32 * 3 - 1);
        assert!(set_up(&TlsWanted::Plain, directory.path(), &names).unwrap().is_none());
    }

    #[test]
    fn a_key_that_belongs_to_another_certificate_is_refused() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for directory in [&one, &other] {
            set_up(&TlsWanted::SelfMade, directory.path(), &["localhost".to_owned()]).unwrap();
        }
        let (certificate, key) = (one.path().join(OWN_CERTIFICATE), one.path().join(OWN_KEY));
        assert!(of_files(&certificate, &key).is_ok());
        let foreign = of_files(&certificate, &other.path().join(OWN_KEY));
        assert!(matches!(foreign, Err(TlsError::Unusable(_))));
        assert!(matches!(of_files(&key, &key), Err(TlsError::Unusable(_) | TlsError::Pem { .. })));
    }
}
