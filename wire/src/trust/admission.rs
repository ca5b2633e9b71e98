//! Membership: whether an admission or a redeemed token makes this very agent a member of the fleet.
//!
//! Pure. How often a token was used is the coordinator's to count.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    domain::{self, Domain},
    id::{AgentId, FleetId, Hash32, SignerKey, UnixMs},
    identity::{BindingError, Fingerprint, KeyBinding},
    trust::{Document, Ledger, Role, Signed, SignedError, Token, TokenProof, Verified},
};

/// An admin's word that exactly this agent, under this name, belongs to the fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Admission {
    pub fleet: FleetId,
    pub agent_fingerprint: Fingerprint,
    pub name: String,
    #[serde(default)]
    pub tags: Vec<String>,
    pub issued_at: UnixMs,
    pub expires_at: UnixMs,
    /// The agent that this one takes the place of.
    #[serde(default)]
    pub replaces: Option<AgentId>,
}

impl Document for Admission {
    const DOMAIN: Domain = domain::ADMISSION;
    const NAME: &'static str = "admission";
}

/// What an agent shows to be a member.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    Admission(&'a Signed<Admission>),
    Token { token: &'a Signed<Token>, proof: &'a TokenProof },
}

/// Expiry, and whether the signer still has the role, count at the moment of joining alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Joining {
        now: UnixMs,
    },
    /// It joined before; the signer may have left since.
    Member,
}

/// What a valid proof says.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    pub agent: AgentId,
    /// The name that the admission gives, or the host's own, which fits the token's pattern.
    pub name: String,
    pub tags: Vec<String>,
    /// Who signed the admission or the token's terms.
    pub by: SignerKey,
    /// The hash of the signed document.
    pub document: Hash32,
    pub replaces: Option<AgentId>,
    /// The token's terms; its plan, if any, is revision 1.
    pub token: Option<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionError {
    #[error(transparent)]
    Binding(#[from] BindingError),
    #[error(transparent)]
    Signed(#[from] SignedError),
    #[error("the {what} is for fleet {found}, not for {fleet}: use one of this fleet")]
    WrongFleet { what: &'static str, fleet: FleetId, found: FleetId },
    #[error(
        "the admission is for the fingerprint {admitted}, but this agent's is {found}: compare the fingerprints again and approve the right host"
    )]
    OtherAgent { admitted: Fingerprint, found: Fingerprint },
    #[error("the {what} is signed by {by}, who is no {} of this fleet: ask an admin for one", .needed.as_str())]
    NotAuthorised { what: &'static str, by: SignerKey, needed: Role },
    #[error("the {what} expired at {expired_at}: ask for a new one")]
    Expired { what: &'static str, expired_at: UnixMs },
    #[error(
        "this agent did not prove that it holds the token: run the install command again with the token from the panel"
    )]
    TokenProof,
    #[error(
        "the token admits hosts named `{pattern}`, this one is `{name}`: use another token or give the host its proper name"
    )]
    Name { pattern: String, name: String },
}

/// Whether `proof` makes the agent of `binding` a member. `hostname` is what a token's name pattern is held against.
pub fn admit(
    ledger: &Ledger,
    binding: &KeyBinding,
    proof: Proof<'_>,
    hostname: &str,
    moment: Moment,
) -> Result<Membership, AdmissionError> {
    binding.verify()?;
    match proof {
        Proof::Admission(signed) => by_admission(ledger, binding, signed.verify()?, moment),
        Proof::Token { token, proof } => by_token(ledger, binding, token.verify()?, proof, hostname, moment),
    }
}

fn by_admission(
    ledger: &Ledger,
    binding: &KeyBinding,
    admission: Verified<Admission>,
    moment: Moment,
) -> Result<Membership, AdmissionError> {
    let found = binding.fingerprint();
    if admission.agent_fingerprint != found {
        return Err(AdmissionError::OtherAgent { admitted: admission.agent_fingerprint, found });
    }
    let Verified { document, by, hash } = admission;
    let terms = Terms { fleet: document.fleet, expires_at: document.expires_at, by, needed: Role::Admin };
    terms.check::<Admission>(ledger, moment)?;
    Ok(Membership {
        agent: binding.id,
        name: document.name,
        tags: document.tags,
        by,
        document: hash,
        replaces: document.replaces,
        token: None,
    })
}

fn by_token(
    ledger: &Ledger,
    binding: &KeyBinding,
    token: Verified<Token>,
    proof: &TokenProof,
    hostname: &str,
    moment: Moment,
) -> Result<Membership, AdmissionError> {
    let Verified { document, by, hash } = token;
    let terms = Terms { fleet: document.fleet, expires_at: document.expires_at, by, needed: Role::Operator };
    terms.check::<Token>(ledger, moment)?;
    if !proof.verify(&document.token, binding) {
        return Err(AdmissionError::TokenProof);
    }
    // A host may be renamed once it is a member.
    if matches!(moment, Moment::Joining { .. }) && !name_matches(&document.name_pattern, hostname) {
        let name = hostname.chars().take(80).collect();
        return Err(AdmissionError::Name { pattern: document.name_pattern, name });
    }
    Ok(Membership {
        agent: binding.id,
        name: hostname.to_owned(),
        tags: document.tags.clone(),
        by,
        document: hash,
        replaces: None,
        token: Some(document),
    })
}

/// What an admission and a token have in common.
struct Terms {
    fleet: FleetId,
    expires_at: UnixMs,
    by: SignerKey,
    needed: Role,
}

impl Terms {
    fn check<T: Document>(&self, ledger: &Ledger, moment: Moment) -> Result<(), AdmissionError> {
        let what = T::NAME;
        if self.fleet != ledger.fleet() {
            return Err(AdmissionError::WrongFleet { what, fleet: ledger.fleet(), found: self.fleet });
        }
        let role = match moment {
            Moment::Joining { .. } => ledger.statement().role(self.by),
            Moment::Member => ledger.role_ever(self.by),
        };
        if !role.is_some_and(|role| role.covers(self.needed)) {
            return Err(AdmissionError::NotAuthorised { what, by: self.by, needed: self.needed });
        }
        match moment {
            Moment::Joining { now } if now >= self.expires_at => {
                Err(AdmissionError::Expired { what, expired_at: self.expires_at })
            }
            Moment::Joining { .. } | Moment::Member => Ok(()),
        }
    }
}

/// `*` stands for any run of characters, also none; case does not matter, as in host names. Linear in the name for
/// each `*`, so that no pattern takes long.
pub(crate) fn name_matches(pattern: &str, name: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let name = name.to_ascii_lowercase();
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').map_or(("", rest), |(middle, end)| (middle, end));
    for part in middle.split('*').filter(|part| !part.is_empty()) {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.len() >= end.len() && left.ends_with(end)
}
