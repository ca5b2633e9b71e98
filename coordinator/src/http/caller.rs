//! Authority as a type: who asks, proved by the check in this file and by nothing else.
//!
//! A handler takes one of these types as its argument, so that no handler can be written that forgot to ask, and the type
//! that it takes is the role that its route wants. The fields are private: elsewhere none of them can be made.

use warp::http::HeaderMap;
use wire::{error::ErrorCode, trust::Role};

use super::{Site, cookie, problem::Refused};
use crate::access::Session;

/// Reads everything; nothing else.
pub(super) struct Viewer(Session);
/// Runs, edits, makes tokens.
pub(super) struct Operator(Session);
/// Everything.
pub(super) struct Admin(Session);
/// Nobody was asked who they are; there may be a session all the same.
pub(super) struct Anyone(Option<Session>);

/// What the check found out. Only this file makes one.
pub(super) struct Checked(Option<Session>);

/// A kind of caller. `NEED` is the least role; `None` lets everybody in.
pub(super) trait Caller: Sized + Send + 'static {
    const NEED: Option<Role>;
    fn of(checked: Checked) -> Option<Self>;
}

macro_rules! signed_in {
    ($($kind:ident = $role:expr;)*) => {$(
        impl Caller for $kind {
            const NEED: Option<Role> = Some($role);
            fn of(Checked(session): Checked) -> Option<Self> {
                session.filter(|session| session.role.covers($role)).map(Self)
            }
        }

        #[allow(dead_code, reason = "each kind has both; not each handler wants both")]
        impl $kind {
            pub fn session(&self) -> &Session {
                &self.0
            }

            pub fn user(&self) -> &str {
                &self.0.user
            }
        }
    )*};
}

signed_in! {
    Viewer = Role::Viewer;
    Operator = Role::Operator;
    Admin = Role::Admin;
}

impl Caller for Anyone {
    const NEED: Option<Role> = None;
    fn of(Checked(session): Checked) -> Option<Self> {
        Some(Self(session))
    }
}

impl Anyone {
    pub fn session(&self) -> Option<&Session> {
        self.0.as_ref()
    }
}

/// Reads the session anew, with the role that its person has at this moment, and holds it against what is needed.
pub(super) async fn check<C: Caller>(site: &Site, headers: &HeaderMap) -> Result<C, Refused> {
    let session = match cookie::find(headers, site.secure()) {
        Some(cookie) => match site.access().session(cookie).await {
            // Who need not be anybody is not kept out by a database that cannot be read.
            Err(_) if C::NEED.is_none() => None,
            session => session?,
        },
        None => None,
    };
    let role = session.as_ref().map(|session| session.role);
    C::of(Checked(session)).ok_or_else(|| refusal(site, role, C::NEED))
}

fn refusal(site: &Site, role: Option<Role>, need: Option<Role>) -> Refused {
    let need = need.unwrap_or(Role::Admin);
    match role {
        Some(role) => Refused::new(
            ErrorCode::Forbidden,
            format!("This needs the role {}; you are signed in as {}.", need.as_str(), role.as_str()),
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
