//! The fleet as a whole: its trust, its tiles, how a host joins it.

use wire::{
    identity::Fingerprint,
    trust::{Signed, Statement},
    view::{EscrowBundle, EscrowRequest, FleetView, InstallView, TilesView},
};

use super::{
    Site,
    caller::{Admin, Viewer},
    reply::{self, Answer},
    request::Request,
};
use crate::fleet::FleetError;

/// The trust everything rests on: statements, operators, fingerprints.
#[utoipa::path(get, path = "/fleet", tag = "fleet", responses((status = 200, body = FleetView)))]
pub(super) async fn show(site: Site, _: Viewer, _: Request) -> Answer {
    reply::json(&site.fleet().fleet_view().ok_or(FleetError::NotSetUp)?)
}

/// The numbers on top of the fleet page.
#[utoipa::path(get, path = "/fleet/tiles", tag = "fleet", responses((status = 200, body = TilesView)))]
pub(super) async fn tiles(site: Site, _: Viewer, _: Request) -> Answer {
    reply::json(&site.fleet().tiles(site.world().now()))
}

/// The commands that a person pastes on a new host.
#[utoipa::path(get, path = "/fleet/install", tag = "fleet", responses((status = 200, body = InstallView)))]
pub(super) async fn install(site: Site, _: Viewer, _: Request) -> Answer {
    reply::json(&site.dist().install_view(fingerprint(&site)).await)
}

/// Publish the next fleet statement. It counts by its signature, not by who sends it.
#[utoipa::path(post, path = "/fleet/statements", tag = "fleet", request_body = wire::trust::SignedDocument,
    responses((status = 204, description = "It is the current one now.")))]
pub(super) async fn publish(site: Site, caller: Admin, mut request: Request) -> Answer {
    let statement: Signed<Statement> = request.json(site.world()).await?;
    site.fleet().publish(caller.act(), statement).await?;
    Ok(reply::no_content())
}

/// Everything that the recovery kit opens, of these hosts or of all: to be kept where the kit is not. That it was taken
/// stands in the audit.
#[utoipa::path(post, path = "/fleet/escrow", tag = "fleet", request_body = EscrowRequest,
    responses((status = 200, body = EscrowBundle)))]
pub(super) async fn escrow(site: Site, caller: Admin, mut request: Request) -> Answer {
    let wanted: EscrowRequest = request.json(site.world()).await?;
    reply::json(&site.fleet().escrow(caller.act(), wanted).await?)
}

/// What an agent is told to pin; absent before the fleet is founded.
pub(super) fn fingerprint(site: &Site) -> Option<Fingerprint> {
    site.fleet().fleet_view().map(|view| Fingerprint::of_fleet(&view.fleet))
}
