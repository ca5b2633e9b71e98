//! Is this program there, and does its database answer? For load balancers and watchdogs; says nothing about the fleet.

use super::{
    Site,
    caller::Anyone,
    reply::{self, Answer},
    request::Request,
};

pub(super) async fn show(site: Site, _: Anyone, _: Request) -> Answer {
    site.access().alive().await?;
    Ok(reply::text("ok\n", "text/plain; charset=utf-8"))
}
