//! The ways in besides a password alone: which there are, the second factor, and a passkey by itself.

use wire::{
    seal::Secret,
    view::{
        MeView, PasskeyChallengeView, PasskeySignInRequest, SecondFactorRequest, SecondFactorView,
        SignInWaysView,
    },
};

use super::{
    Site,
    caller::Anyone,
    problem::Refused,
    reply::{self, Answer},
    request::Request,
    session::{began, replaced},
};
use crate::access::{AccessError, FactorError, Proof, SecondFactor};

/// How one may sign in here.
#[utoipa::path(get, path = "/session/ways", tag = "session", responses((status = 200, body = SignInWaysView)))]
pub(super) async fn ways(site: Site, _: Anyone, _: Request) -> Answer {
    reply::json(&SignInWaysView {
        providers: site.sso().providers(),
        passkeys: site.access().takes_passkeys(),
    })
}

/// What is asked of whoever's password was right.
pub(super) fn wanted(second: SecondFactor) -> Answer {
    reply::accepted(&SecondFactorView {
        ticket: second.ticket.expose().to_owned(),
        factors: second.factors,
        recovery: second.recovery,
        passkey: second.passkey,
    })
}

/// Show the second factor: a code, a recovery code or a passkey. The answer sets the session's cookie.
#[utoipa::path(post, path = "/session/second-factor", tag = "session", request_body = SecondFactorRequest,
    responses((status = 201, body = MeView)))]
pub(super) async fn show(site: Site, before: Anyone, mut request: Request) -> Answer {
    let SecondFactorRequest { ticket, code, recovery_code, passkey } = request.json(site.world()).await?;
    let proof = match (code, recovery_code, passkey) {
        (Some(code), None, None) => Proof::Code(Secret::new(code)),
        (None, Some(code), None) => Proof::Recovery(Secret::new(code)),
        (None, None, Some(passkey)) => Proof::Passkey(passkey),
        _ => return Err(Refused::from(AccessError::from(FactorError::OneProof))),
    };
    let begun = site.access().second_factor(before.act(), &ticket, proof, request.visitor()).await?;
    replaced(&site, &before).await?;
    began(&site, &begun)
}

/// A challenge for a passkey that knows its person. No body is needed.
#[utoipa::path(post, path = "/session/passkey/begin", tag = "session",
    responses((status = 200, body = PasskeyChallengeView)))]
pub(super) async fn begin_passkey(site: Site, caller: Anyone, _: Request) -> Answer {
    let (ticket, options) = site.access().begin_passkey_sign_in(caller.act())?;
    reply::json(&PasskeyChallengeView { ticket: ticket.expose().to_owned(), options })
}

/// Sign in by a passkey alone. The answer sets the session's cookie.
#[utoipa::path(post, path = "/session/passkey", tag = "session", request_body = PasskeySignInRequest,
    responses((status = 201, body = MeView)))]
pub(super) async fn passkey(site: Site, before: Anyone, mut request: Request) -> Answer {
    let PasskeySignInRequest { ticket, credential } = request.json(site.world()).await?;
    let begun = site.access().passkey_sign_in(before.act(), &ticket, credential, request.visitor()).await?;
    replaced(&site, &before).await?;
    began(&site, &begun)
}
