//! Refusals that matter: somebody who is known asked for a change that their role, or their key, does not allow, or brought
//! a signature that does not hold.

use warp::http::Method;
use wire::{
    error::ErrorCode,
    view::{Actor, AuditAction, TargetKind},
};

use super::{Site, problem::Refused};
use crate::audit::{Act, Entry};

/// A refusal may repeat what a request said; this much of it is kept.
const DETAIL_CHARS: usize = 300;

/// Writes it down, up to a bound. The refusal is answered whether that works or not.
pub(super) async fn record(site: &Site, act: &Act, method: &Method, path: &'static str, refused: &Refused) {
    let known = !matches!(act.actor(), Actor::Nobody { .. });
    let matters = matches!(refused.code, ErrorCode::Forbidden | ErrorCode::BadSignature);
    if !known || !matters || *method == Method::GET {
        return;
    }
    let detail: String = refused.detail.chars().take(DETAIL_CHARS).collect();
    let route = format!("{method} {path}");
    let entry = Entry::new(AuditAction::Refused).on(TargetKind::Route, &route, &*route).after(detail);
    let act = act.clone();
    let written = site.fleet().store().write(move |tx| act.record(tx, entry)).await;
    if let Err(error) = written {
        tracing::warn!(%error, route, "a refusal could not be written down");
    }
}
