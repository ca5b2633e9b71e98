//! People, as admins see and change them.

use wire::{
    seal::Secret,
    view::{
        InvitationCheck, InvitationRequest, InvitationView, InviteRequest, MeView, PersonEdit, PersonView,
        SetupLinkView,
    },
};

use super::{
    Site,
    caller::{Admin, Anyone},
    problem::Refused,
    reply::{self, Answer},
    request::Request,
    session::{began, replaced},
};
use crate::{access::Invited, store::people::PersonId};

/// Everybody, by name; those that are disabled only where they are asked for.
#[utoipa::path(get, path = "/people", tag = "people",
    params(("disabled" = Option<bool>, Query, description = "Those that are disabled too.")),
    responses((status = 200, body = Vec<PersonView>)))]
pub(super) async fn list(site: Site, _: Admin, request: Request) -> Answer {
    let disabled = request.query.parsed("disabled")?.unwrap_or(false);
    reply::json(&site.access().people(disabled).await?)
}

/// Invite somebody. The link by which they choose a password is good for an hour and once, and is shown this once.
#[utoipa::path(post, path = "/people", tag = "people", request_body = InviteRequest,
    responses((status = 201, body = SetupLinkView)))]
pub(super) async fn invite(site: Site, caller: Admin, mut request: Request) -> Answer {
    let invite: InviteRequest = request.json(site.world()).await?;
    let invited = site.access().invite(caller.act(), invite).await?;
    reply::created(&link(&site, invited))
}

/// One person.
#[utoipa::path(get, path = "/people/{person}", tag = "people", params(("person" = u32, Path)),
    responses((status = 200, body = PersonView)))]
pub(super) async fn show(site: Site, _: Admin, request: Request) -> Answer {
    reply::json(&site.access().person(person(&request)?).await?)
}

/// Change somebody's role or e-mail. It counts from their next request on.
#[utoipa::path(patch, path = "/people/{person}", tag = "people", params(("person" = u32, Path)),
    request_body = PersonEdit, responses((status = 200, body = PersonView)))]
pub(super) async fn change(site: Site, caller: Admin, mut request: Request) -> Answer {
    let id = person(&request)?;
    let edit: PersonEdit = request.json(site.world()).await?;
    reply::json(&site.access().change_person(caller.act(), id, edit).await?)
}

/// Make another setup link for somebody who has not chosen a password yet, or lost it. The one before opens nothing any
/// more.
#[utoipa::path(post, path = "/people/{person}/setup-link", tag = "people", params(("person" = u32, Path)),
    responses((status = 201, body = SetupLinkView)))]
pub(super) async fn renew_link(site: Site, caller: Admin, request: Request) -> Answer {
    let invited = site.access().renew_link(caller.act(), caller.identity().person, person(&request)?).await?;
    reply::created(&link(&site, invited))
}

/// Keep somebody out: their sessions end at once, their setup link and their tokens are dead.
#[utoipa::path(post, path = "/people/{person}/disable", tag = "people", params(("person" = u32, Path)),
    responses((status = 200, body = PersonView)))]
pub(super) async fn disable(site: Site, caller: Admin, request: Request) -> Answer {
    reply::json(&site.access().disable_person(caller.act(), person(&request)?).await?)
}

/// Let somebody in again, with the password that they had.
#[utoipa::path(post, path = "/people/{person}/enable", tag = "people", params(("person" = u32, Path)),
    responses((status = 200, body = PersonView)))]
pub(super) async fn enable(site: Site, caller: Admin, request: Request) -> Answer {
    reply::json(&site.access().enable_person(caller.act(), person(&request)?).await?)
}

/// Sign somebody out wherever they are signed in.
#[utoipa::path(delete, path = "/people/{person}/sessions", tag = "people", params(("person" = u32, Path)),
    responses((status = 204, description = "Their sessions ended.")))]
pub(super) async fn sign_out(site: Site, caller: Admin, request: Request) -> Answer {
    site.access().sign_out_person(caller.act(), person(&request)?).await?;
    Ok(reply::no_content())
}

/// Forget somebody's code generator, passkeys and recovery codes, because they lost them. Their sessions end.
#[utoipa::path(delete, path = "/people/{person}/factors", tag = "people", params(("person" = u32, Path)),
    responses((status = 204, description = "A password is enough, until they add another factor.")))]
pub(super) async fn reset_factors(site: Site, caller: Admin, request: Request) -> Answer {
    site.access().reset_factors(caller.act(), caller.identity().person, person(&request)?).await?;
    Ok(reply::no_content())
}

/// Is this setup link good, and whose is it? Nothing is written.
#[utoipa::path(post, path = "/invitation/check", tag = "people", request_body = InvitationCheck,
    responses((status = 200, body = InvitationView)))]
pub(super) async fn check_invitation(site: Site, caller: Anyone, mut request: Request) -> Answer {
    let InvitationCheck { token } = request.json(site.world()).await?;
    reply::json(&site.access().check_invitation(caller.act(), &Secret::new(token)).await?)
}

/// Choose the password that the setup link is for. Signs in.
#[utoipa::path(post, path = "/invitation", tag = "people", request_body = InvitationRequest,
    responses((status = 201, body = MeView)))]
pub(super) async fn accept_invitation(site: Site, before: Anyone, mut request: Request) -> Answer {
    let InvitationRequest { token, password } = request.json(site.world()).await?;
    let (token, password) = (Secret::new(token), Secret::new(password));
    let begun = site.access().accept_invitation(before.act(), token, password, request.visitor()).await?;
    replaced(&site, &before).await?;
    began(&site, &begun)
}

fn person(request: &Request) -> Result<PersonId, Refused> {
    request.param("person").map(PersonId)
}

fn link(site: &Site, invited: Invited) -> SetupLinkView {
    let Invited { person, token, expires_at } = invited;
    SetupLinkView { person, link: token.welcome_link(site.public_url()), expires_at }
}
