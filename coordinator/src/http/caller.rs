//! Authority as a type: who asks, proved by the check in this file and by nothing else.
//!
//! A handler takes one of these types as its argument, so that no handler can be written that forgot to ask, and the type
//! that it takes is the role that its route wants. The fields are private: elsewhere none of them can be made.

use wire::{error::ErrorCode, trust::Role};

use super::{
    Site,
    bearer::{self, Bearer},
    cookie,
    problem::Refused,
    request::Request,
};
use crate::{
    access::{Identity, Session},
    audit::Act,
};

/// Reads everything; nothing else.
pub(super) struct Viewer(Known);
/// Runs, edits, makes tokens.
pub(super) struct Operator(Known);
/// Everything.
pub(super) struct Admin(Known);
/// Whoever is signed in, by a session: for what is about that session and its person. A token has neither, and who still
/// has to add a second factor gets this far.
pub(super) struct Me(Known, Session);
/// A viewer or more, by a session: for what a program must not do by itself, such as make another token.
pub(super) struct InPerson(Known);
/// Nobody was asked who they are; somebody may be known all the same.
pub(super) struct Anyone(Option<Identity>, Act);

/// Somebody who is known, and what they are about to do.
struct Known {
    identity: Identity,
    act: Act,
}

/// What the check found out. Only this file makes one.
pub(super) struct Checked(Option<Identity>, Act);

/// A kind of caller. `NEED` is the least role; `None` lets everybody in. A kind that names none is for admins: what was
/// forgotten is shut.
pub(super) trait Caller: Sized + Send + 'static {
    const NEED: Option<Role> = Some(Role::Admin);
    const SESSION_ONLY: bool = false;
    /// Whether somebody gets this far who still has to add a second factor.
    const WITHOUT_FACTOR: bool = false;
    fn of(checked: Checked) -> Option<Self>;
    /// Who it is, for whoever knows the caller by its kind alone.
    fn doing(&self) -> &Act;
}

macro_rules! by_role {
    ($($kind:ident = $role:expr, $session_only:expr;)*) => {$(
        impl Caller for $kind {
            const NEED: Option<Role> = Some($role);
            const SESSION_ONLY: bool = $session_only;
            fn of(Checked(identity, act): Checked) -> Option<Self> {
                Some(Self(Known { identity: identity?, act }))
            }

            fn doing(&self) -> &Act {
                &self.0.act
            }
        }

        #[allow(dead_code, reason = "each kind has all; not each handler wants all")]
        impl $kind {
            pub fn identity(&self) -> &Identity {
                &self.0.identity
            }

            pub fn user(&self) -> &str {
                &self.0.identity.user
            }

            pub fn act(&self) -> &Act {
                &self.0.act
            }
        }
    )*};
}

by_role! {
    Viewer = Role::Viewer, false;
    InPerson = Role::Viewer, true;
    Operator = Role::Operator, false;
    Admin = Role::Admin, false;
}

impl Caller for Me {
    const NEED: Option<Role> = Some(Role::Viewer);
    const SESSION_ONLY: bool = true;
    const WITHOUT_FACTOR: bool = true;
    fn of(Checked(identity, act): Checked) -> Option<Self> {
        let identity = identity?;
        let session = identity.session()?.clone();
        Some(Self(Known { identity, act }, session))
    }

    fn doing(&self) -> &Act {
        &self.0.act
    }
}

#[allow(dead_code, reason = "each kind has all; not each handler wants all")]
impl Me {
    pub fn session(&self) -> &Session {
        &self.1
    }

    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    pub fn act(&self) -> &Act {
        &self.0.act
    }
}

impl Caller for Anyone {
    const NEED: Option<Role> = None;
    fn of(Checked(identity, act): Checked) -> Option<Self> {
        Some(Self(identity, act))
    }

    fn doing(&self) -> &Act {
        &self.1
    }
}

impl Anyone {
    pub fn session(&self) -> Option<&Session> {
        self.0.as_ref().and_then(Identity::session)
    }

    pub fn act(&self) -> &Act {
        &self.1
    }
}

/// Reads anew who asks, with the role that the person has at this moment, and holds it against what is needed. A refusal
/// of somebody who is known comes with who it is.
pub(super) async fn check<C: Caller>(site: &Site, request: &Request) -> Result<C, (Refused, Option<Act>)> {
    let identity = match identify(site, request).await {
        // Who need not be anybody is not kept out by a database that cannot be read.
        Err(_) if C::NEED.is_none() => None,
        identity => identity.map_err(|refused| (refused, None))?,
    };
    let act = match &identity {
        Some(identity) => request.act.by(identity.actor()),
        None => request.act.clone(),
    };
    let refused = match bearer::find(&request.headers) {
        Bearer::Token(_) | Bearer::Malformed if identity.is_none() => dead_token(),
        _ => refusal(site, identity.as_ref(), C::NEED, C::SESSION_ONLY),
    };
    let known = identity.is_some().then(|| act.clone());
    let caller = if may::<C>(identity.as_ref()) { C::of(Checked(identity, act)) } else { None };
    caller.ok_or((refused, known))
}

/// Held against the need here, whatever a kind makes of who asks: no kind can let in more than it says.
fn may<C: Caller>(identity: Option<&Identity>) -> bool {
    let Some(need) = C::NEED else { return true };
    identity.is_some_and(|identity| {
        let session = identity.session();
        let lacks_factor = session.is_some_and(|session| session.lacks_factor);
        identity.role.covers(need)
            && (session.is_some() || !C::SESSION_ONLY)
            && (C::WITHOUT_FACTOR || !lacks_factor)
    })
}

async fn identify(site: &Site, request: &Request) -> Result<Option<Identity>, Refused> {
    match bearer::find(&request.headers) {
        Bearer::Token(token) => return Ok(site.access().by_token(token).await?),
        // Whoever shows a token means it: the router has asked for no origin, so no cookie may count.
        Bearer::Malformed => return Ok(None),
        Bearer::Absent => {}
    }
    match cookie::find(&request.headers, site.secure()) {
        Some(cookie) => Ok(site.access().by_cookie(cookie).await?),
        None => Ok(None),
    }
}

fn dead_token() -> Refused {
    Refused::new(
        ErrorCode::NotSignedIn,
        "The API token is not valid: it is none of ours, revoked or over, or its maker is disabled.",
        "Make another one in the panel's settings and send it as `Authorization: Bearer rmt_…`.",
    )
}

fn refusal(site: &Site, identity: Option<&Identity>, need: Option<Role>, session_only: bool) -> Refused {
    let need = need.unwrap_or(Role::Admin);
    match identity {
        Some(identity) if session_only && identity.session().is_none() => Refused::new(
            ErrorCode::Forbidden,
            "This is about a person's own account and sessions, and a token has none.",
            "Sign in to the panel for it.",
        ),
        Some(identity) if identity.role.covers(need) => Refused::new(
            ErrorCode::FactorNeeded,
            format!("The role {} takes a second factor here, and you have none yet.", identity.role.as_str()),
            "Add a code generator or a passkey in your account, then go on.",
        ),
        Some(identity) => Refused::new(
            ErrorCode::Forbidden,
            format!(
                "This needs the role {}; you are signed in as {}.",
                need.as_str(),
                identity.role.as_str()
            ),
            "Ask somebody with that role to do it, or an admin to give it to you.",
        ),
        None if site.access().setup_needed() => Refused::new(
            ErrorCode::SetupNeeded,
            "Nobody exists yet who could sign in.",
            "Open the setup link that the coordinator printed when it started.",
        ),
        None => Refused::new(
            ErrorCode::NotSignedIn,
            "You are not signed in, or not any more.",
            "Sign in and try again.",
        ),
    }
}
