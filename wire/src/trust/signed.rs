//! Signed documents: UTF-8 JSON whose exact bytes are signed, carried along, and never serialised again.
//!
//! A document's type fixes its domain, so a signature made for one use cannot be tried for another.

use std::{fmt, marker::PhantomData, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use ts_rs::TS;
use utoipa::{PartialSchema, ToSchema};

use crate::{
    domain::Domain,
    id::{Base64Bytes, Hash32, Signature64, SignerKey},
    identity::{SigningKey, verify},
};

/// A kind of document that is signed.
pub trait Document: Serialize + DeserializeOwned {
    const DOMAIN: Domain;
    /// What a person calls it, for errors.
    const NAME: &'static str;
}

/// `{ "doc", "by", "sig" }` as it travels; what it says is known after [`Signed::verify`] alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
pub struct SignedDocument {
    /// The exact bytes of the JSON document.
    pub doc: Base64Bytes,
    pub by: SignerKey,
    pub sig: Signature64,
}

/// A signed document that claims to be a `T`.
pub struct Signed<T> {
    document: SignedDocument,
    kind: PhantomData<fn() -> T>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignedError {
    #[error(
        "the signature of the {what} does not hold: it was changed on the way or made by another key; ask its maker to sign it again"
    )]
    Signature { what: &'static str, by: SignerKey },
    #[error(
        "the {what} is properly signed but cannot be read ({problem}): its maker runs another version; update the older side"
    )]
    Unreadable { what: &'static str, problem: String },
}

/// What a signed document says, with who said it and the hash of the exact bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified<T> {
    pub document: T,
    pub by: SignerKey,
    pub hash: Hash32,
}

impl<T> Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.document
    }
}

impl<T> Signed<T> {
    pub const fn from_parts(document: SignedDocument) -> Self {
        Self { document, kind: PhantomData }
    }

    pub const fn parts(&self) -> &SignedDocument {
        &self.document
    }

    /// The exact bytes that were signed.
    pub fn bytes(&self) -> &[u8] {
        &self.document.doc.0
    }

    /// Who claims to have signed it.
    pub const fn by(&self) -> SignerKey {
        self.document.by
    }
}

impl<T: Document> Signed<T> {
    pub fn sign(document: &T, key: &SigningKey) -> Result<Self, SignedError> {
        let bytes = serde_json::to_vec(document)
            .map_err(|problem| SignedError::Unreadable { what: T::NAME, problem: problem.to_string() })?;
        Ok(Self::sign_bytes(bytes, key))
    }

    /// Signs bytes that were serialised before, as they are.
    pub fn sign_bytes(bytes: Vec<u8>, key: &SigningKey) -> Self {
        let sig = key.sign(T::DOMAIN, &bytes);
        Self::from_parts(SignedDocument { doc: Base64Bytes(bytes), by: key.public(), sig })
    }

    /// Verifies the signature over the bytes as they came, then parses them.
    pub fn verify(&self) -> Result<Verified<T>, SignedError> {
        let SignedDocument { doc, by, sig } = &self.document;
        if !verify(&by.0, T::DOMAIN, &doc.0, sig) {
            return Err(SignedError::Signature { what: T::NAME, by: *by });
        }
        let document = serde_json::from_slice(&doc.0)
            .map_err(|problem| SignedError::Unreadable { what: T::NAME, problem: problem.to_string() })?;
        Ok(Verified { document, by: *by, hash: self.hash() })
    }

    /// `SHA-256(domain ‖ bytes)`.
    pub fn hash(&self) -> Hash32 {
        T::DOMAIN.hash(&[&self.document.doc.0])
    }
}

impl<T> Clone for Signed<T> {
    fn clone(&self) -> Self {
        Self::from_parts(self.document.clone())
    }
}
impl<T> PartialEq for Signed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.document == other.document
    }
}
impl<T> Eq for Signed<T> {}
impl<T: Document> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({}, {} bytes, by {})", T::NAME, self.document.doc.0.len(), self.document.by)
    }
}
impl<T> Serialize for Signed<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.document.serialize(to)
    }
}
impl<'de, T> Deserialize<'de> for Signed<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        SignedDocument::deserialize(from).map(Self::from_parts)
    }
}

/// In TypeScript and `OpenAPI` every signed document is the same three fields.
impl<T> TS for Signed<T> {
    type WithoutGenerics = SignedDocument;
    type OptionInnerType = Self;

    fn docs() -> Option<String> {
        SignedDocument::docs()
    }
    fn decl(cfg: &ts_rs::Config) -> String {
        SignedDocument::decl(cfg)
    }
    fn decl_concrete(cfg: &ts_rs::Config) -> String {
        SignedDocument::decl_concrete(cfg)
    }
    fn name(cfg: &ts_rs::Config) -> String {
        <SignedDocument as TS>::name(cfg)
    }
    fn inline(cfg: &ts_rs::Config) -> String {
        SignedDocument::inline(cfg)
    }
    fn visit_dependencies(visitor: &mut impl ts_rs::TypeVisitor)
    where
        Self: 'static,
    {
        SignedDocument::visit_dependencies(visitor);
    }
    fn output_path() -> Option<std::path::PathBuf> {
        SignedDocument::output_path()
    }
}
impl<T> PartialSchema for Signed<T> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        SignedDocument::schema()
    }
}
impl<T> ToSchema for Signed<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        <SignedDocument as ToSchema>::name()
    }
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        SignedDocument::schemas(schemas);
    }
}
