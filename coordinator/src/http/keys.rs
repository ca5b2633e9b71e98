//! Operator keys: announce one's own, look at them, forget them. Approving one is publishing a statement.

use wire::{
    id::OperatorKey,
    trust::Role,
    view::{AnnounceKeyRequest, DeviceKeyView},
};

use super::{
    Site,
    caller::{Admin, Me, Viewer},
    problem::Refused,
    reply::{self, Answer},
    request::Request,
};
use crate::fleet::{FleetError, Whose};

/// Every operator key: announced here, or named by the fleet's statement. Those that wait for an admin come first.
#[utoipa::path(get, path = "/keys", tag = "keys", responses((status = 200, body = Vec<DeviceKeyView>)))]
pub(super) async fn list(site: Site, _: Admin, _: Request) -> Answer {
    reply::json(&site.fleet().device_keys().await?)
}

/// One's own keys.
#[utoipa::path(get, path = "/account/keys", tag = "keys", responses((status = 200, body = Vec<DeviceKeyView>)))]
pub(super) async fn own(site: Site, caller: Me, _: Request) -> Answer {
    reply::json(&site.fleet().keys_of(caller.identity().person).await?)
}

/// This browser's key is mine: it shows so by its signature. An admin approves it by its fingerprint and publishes the next
/// statement. The same key once more is no change but of its name.
#[utoipa::path(post, path = "/account/keys", tag = "keys", request_body = AnnounceKeyRequest,
    responses((status = 201, body = DeviceKeyView)))]
pub(super) async fn announce(site: Site, caller: Me, mut request: Request) -> Answer {
    let announcement: AnnounceKeyRequest = request.json(site.world()).await?;
    let person = caller.identity().person;
    reply::created(&site.fleet().announce_key(caller.act(), person, announcement).await?)
}

/// Forget an announcement: one's own, or as an admin anybody's. 409 while the statement names the key.
#[utoipa::path(delete, path = "/keys/{key}", tag = "keys", params(("key" = OperatorKey, Path)),
    responses((status = 204, description = "It is forgotten.")))]
pub(super) async fn forget(site: Site, caller: Viewer, request: Request) -> Answer {
    let key: OperatorKey = request.param("key")?;
    let identity = caller.identity();
    let whose = match identity.role {
        Role::Admin => Whose::Anybodys,
        Role::Operator => Whose::Own(identity.person),
        // Who is an operator no more still has keys, and signs in; a token that only reads changes nothing.
        Role::Viewer if identity.session().is_some() => Whose::Own(identity.person),
        Role::Viewer => return Err(Refused::from(FleetError::not_found("announced key", key))),
    };
    site.fleet().forget_key(caller.act(), key, whose).await?;
    Ok(reply::no_content())
}
