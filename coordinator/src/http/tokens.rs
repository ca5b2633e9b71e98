//! Tokens: admissions given in advance. Only public halves come here.

use wire::{
    id::TokenKey,
    view::{TokenRequest, TokenView},
};

use super::{
    Site,
    caller::Operator,
    reply::{self, Answer},
    request::Request,
};

/// Every token that was made, the newest first.
#[utoipa::path(get, path = "/tokens", tag = "tokens", responses((status = 200, body = Vec<TokenView>)))]
pub(super) async fn list(site: Site, _: Operator, _: Request) -> Answer {
    reply::json(&site.fleet().tokens().await?)
}

/// Keep a token's terms, signed in the browser that holds its seed.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = TokenRequest,
    responses((status = 201, body = TokenView)))]
pub(super) async fn make(site: Site, caller: Operator, mut request: Request) -> Answer {
    let TokenRequest { token } = request.json(site.world()).await?;
    reply::created(&site.fleet().make_token(caller.act(), token).await?)
}

/// Nobody redeems it any more. Hosts that did stay.
#[utoipa::path(delete, path = "/tokens/{token}", tag = "tokens", params(("token" = TokenKey, Path)),
    responses((status = 204, description = "It is revoked.")))]
pub(super) async fn revoke(site: Site, caller: Operator, request: Request) -> Answer {
    let token: TokenKey = request.param("token")?;
    site.fleet().revoke_token(caller.act(), token).await?;
    Ok(reply::no_content())
}
