//! Programs' keys to this API.

use wire::view::{ApiTokenMade, ApiTokenRequest, ApiTokenView};

use super::{
    Site,
    caller::{InPerson, Viewer},
    reply::{self, Answer},
    request::Request,
};

/// One's own tokens, the newest first; an admin sees everybody's.
#[utoipa::path(get, path = "/api-tokens", tag = "api-tokens",
    responses((status = 200, body = Vec<ApiTokenView>)))]
pub(super) async fn list(site: Site, caller: Viewer, _: Request) -> Answer {
    reply::json(&site.access().api_tokens(caller.identity()).await?)
}

/// Make a token for a program. It may do what its role says, and never more than its maker may at that moment. The token
/// itself is shown this once.
#[utoipa::path(post, path = "/api-tokens", tag = "api-tokens", request_body = ApiTokenRequest,
    responses((status = 201, body = ApiTokenMade)))]
pub(super) async fn make(site: Site, caller: InPerson, mut request: Request) -> Answer {
    let wanted: ApiTokenRequest = request.json(site.world()).await?;
    reply::created(&site.access().make_api_token(caller.act(), caller.identity(), wanted).await?)
}

/// Revoke a token of one's own; an admin revokes anybody's. A token revokes none that may do more than itself.
#[utoipa::path(delete, path = "/api-tokens/{token}", tag = "api-tokens", params(("token" = u32, Path)),
    responses((status = 204, description = "Nobody gets in by it any more.")))]
pub(super) async fn revoke(site: Site, caller: Viewer, request: Request) -> Answer {
    site.access().revoke_api_token(caller.act(), caller.identity(), request.param("token")?).await?;
    Ok(reply::no_content())
}
