//! The coordinator: collects the signed journals of all agents, folds them into views, relays what operators want.
//!
//! Imports point one way: `app` → `http` → `access`, `dist`, `fleet`; `socket` → `fleet` → `ingest` → `store` → `world`.
//! `app` is the one place where rooms are wired together.

pub mod access;
pub mod app;
pub mod audit;
pub mod config;
pub mod dist;
pub mod fleet;
pub mod http;
pub mod ingest;
pub mod socket;
pub mod store;
pub mod vault;
pub mod world;
