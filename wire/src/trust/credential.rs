//! What an agent shows to be let in.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    id::TokenKey,
    trust::{Admission, Proof, Signed, Token, TokenProof},
};

/// Why an agent may be here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Credential {
    /// It asks to be approved.
    None,
    Admission {
        #[schema(value_type = crate::trust::SignedDocument)]
        admission: Signed<Admission>,
    },
    Token {
        #[schema(value_type = crate::trust::SignedDocument)]
        token: Signed<Token>,
        proof: TokenProof,
    },
    /// The token's key alone: the agent wants the coordinator to hand it the terms.
    TokenKey { token: TokenKey, proof: TokenProof },
}

impl Credential {
    /// What can be verified of it; `None` while there is nothing to show, or only the name of a token.
    pub const fn proof(&self) -> Option<Proof<'_>> {
        match self {
            Self::Admission { admission } => Some(Proof::Admission(admission)),
            Self::Token { token, proof } => Some(Proof::Token { token, proof }),
            Self::None | Self::TokenKey { .. } => None,
        }
    }
}
