//! One's own second factors: added, shown for the first time, removed.

use warp::{http::header, reply::Response};
use wire::{
    id::Base64Bytes,
    seal::Secret,
    view::{
        ConfirmRequest, PasskeyChallengeView, PasskeyRequest, RecoveryCodesView, TotpConfirmRequest, TotpView,
    },
};

use super::{
    Site,
    caller::Me,
    cookie,
    reply::{self, Answer},
    request::Request,
};
use crate::access::Raised;

/// Begin with a code generator. It counts once it showed a code.
#[utoipa::path(post, path = "/account/totp", tag = "account", request_body = ConfirmRequest,
    responses((status = 200, body = TotpView)))]
pub(super) async fn begin_totp(site: Site, caller: Me, mut request: Request) -> Answer {
    let password = confirmed(&site, &mut request).await?;
    let new = site.access().begin_totp(caller.act(), caller.session(), password).await?;
    let text = |secret: &Secret| secret.expose_text().unwrap_or_default().to_owned();
    reply::json(&TotpView { secret: text(&new.secret), uri: text(&new.uri) })
}

/// The generator's first code. With the first factor come recovery codes, shown this once.
#[utoipa::path(post, path = "/account/totp/confirm", tag = "account", request_body = TotpConfirmRequest,
    responses((status = 201, body = RecoveryCodesView)))]
pub(super) async fn confirm_totp(site: Site, caller: Me, mut request: Request) -> Answer {
    let TotpConfirmRequest { code } = request.json(site.world()).await?;
    let raised = site.access().confirm_totp(caller.act(), caller.session(), Secret::new(code)).await?;
    answer(&site, raised)
}

/// Remove the code generator. The last factor stays where the role takes one.
#[utoipa::path(delete, path = "/account/totp", tag = "account", request_body = ConfirmRequest,
    responses((status = 204, description = "It counts no more.")))]
pub(super) async fn remove_totp(site: Site, caller: Me, mut request: Request) -> Answer {
    let password = confirmed(&site, &mut request).await?;
    site.access().remove_totp(caller.act(), caller.session(), password).await?;
    Ok(reply::no_content())
}

/// Begin with a passkey: what the browser is told to make one.
#[utoipa::path(post, path = "/account/passkeys/begin", tag = "account", request_body = ConfirmRequest,
    responses((status = 200, body = PasskeyChallengeView)))]
pub(super) async fn begin_passkey(site: Site, caller: Me, mut request: Request) -> Answer {
    let password = confirmed(&site, &mut request).await?;
    let (ticket, options) = site.access().begin_passkey(caller.act(), caller.session(), password).await?;
    reply::json(&PasskeyChallengeView { ticket: ticket.expose().to_owned(), options })
}

/// The passkey that the browser made. With the first factor come recovery codes, shown this once.
#[utoipa::path(post, path = "/account/passkeys", tag = "account", request_body = PasskeyRequest,
    responses((status = 201, body = RecoveryCodesView)))]
pub(super) async fn add_passkey(site: Site, caller: Me, mut request: Request) -> Answer {
    let PasskeyRequest { ticket, name, credential } = request.json(site.world()).await?;
    let raised =
        site.access().add_passkey(caller.act(), caller.session(), &ticket, &name, credential).await?;
    answer(&site, raised)
}

/// Remove a passkey. The last factor stays where the role takes one.
#[utoipa::path(delete, path = "/account/passkeys/{passkey}", tag = "account", request_body = ConfirmRequest,
    params(("passkey" = Base64Bytes, Path)), responses((status = 204, description = "It counts no more.")))]
pub(super) async fn remove_passkey(site: Site, caller: Me, mut request: Request) -> Answer {
    let passkey: Base64Bytes = request.param("passkey")?;
    let password = confirmed(&site, &mut request).await?;
    site.access().remove_passkey(caller.act(), caller.session(), passkey, password).await?;
    Ok(reply::no_content())
}

/// New recovery codes, shown this once. Those of before count no more.
#[utoipa::path(post, path = "/account/recovery-codes", tag = "account", request_body = ConfirmRequest,
    responses((status = 201, body = RecoveryCodesView)))]
pub(super) async fn make_recovery_codes(site: Site, caller: Me, mut request: Request) -> Answer {
    let password = confirmed(&site, &mut request).await?;
    let codes = site.access().make_recovery_codes(caller.act(), caller.session(), password).await?;
    reply::created(&RecoveryCodesView { codes })
}

async fn confirmed(site: &Site, request: &mut Request) -> Result<Option<Secret>, super::problem::Refused> {
    let ConfirmRequest { password } = request.json(site.world()).await?;
    Ok(password.map(Secret::new))
}

/// Where the session may do more than before, its cookie is another one now.
fn answer(site: &Site, raised: Raised) -> Answer {
    let mut response: Response = reply::created(&RecoveryCodesView { codes: raised.codes })?;
    if let Some(token) = &raised.token {
        let whole_ms = site.access().settings().whole_ms;
        response.headers_mut().insert(header::SET_COOKIE, cookie::set(token, site.secure(), whole_ms));
    }
    Ok(response)
}
