//! Every refusal as an RFC 9457 problem, in one place: what happened, to what, and what to do next.

use std::ops::{Deref, DerefMut};

use warp::http::Method;
use wire::{
    error::{ErrorCode, Problem},
    plan::PlanProblem,
};

use crate::{
    access::{AccessError, PeopleError},
    audit::AuditError,
    fleet::FleetError,
    store::StoreError,
};

/// A problem on its way out. Boxed, because most requests have none.
#[derive(Debug)]
pub(super) struct Refused(Box<Problem>);

impl Refused {
    pub fn new(code: ErrorCode, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(code, detail, hint)))
    }

    /// The same, and when to come back.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// The same, with who is in the way.
    fn about(mut self, refusal: &PeopleError) -> Self {
        if let PeopleError::NameOfDisabled { person, .. } = refusal {
            self.0.subject = Some(person.0.to_string());
        }
        self
    }
}

impl Deref for Refused {
    type Target = Problem;
    fn deref(&self) -> &Problem {
        &self.0
    }
}

impl DerefMut for Refused {
    fn deref_mut(&mut self) -> &mut Problem {
        &mut self.0
    }
}

impl From<FleetError> for Refused {
    fn from(error: FleetError) -> Self {
        let mut problem = Self::new(error.code(), sentence(&error.to_string()), error.hint());
        problem.fields = error.fields().to_vec();
        if let FleetError::Busy { .. } = error {
            problem = problem.retry_after(5);
        }
        log(&problem);
        problem
    }
}

impl From<AuditError> for Refused {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Cursor => FleetError::Cursor.into(),
            AuditError::Storage(error) => error.into(),
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        FleetError::Storage(error).into()
    }
}

impl From<AccessError> for Refused {
    fn from(error: AccessError) -> Self {
        let detail = sentence(&error.to_string());
        let problem = |code, hint: &str| Self::new(code, detail.clone(), hint);
        match error {
            AccessError::WrongCredentials => problem(
                ErrorCode::WrongCredentials,
                "Check both. Capital and small letters differ in the password, not in the name.",
            ),
            AccessError::Disabled { .. } => {
                problem(ErrorCode::Forbidden, "Ask an admin of this coordinator to enable the person again.")
            }
            AccessError::TooManyTries(wait) => {
                let seconds = wait.retry_after_s;
                let hint = format!("Wait {}, then try again.", waiting(seconds));
                problem(ErrorCode::TooManyRequests, &hint).retry_after(seconds)
            }
            AccessError::Busy(_) => {
                problem(ErrorCode::TooManyRequests, "Try again in a few seconds.").retry_after(2)
            }
            AccessError::SetupClosed => problem(ErrorCode::SetupClosed, "Sign in instead."),
            AccessError::BadBootstrapToken => problem(
                ErrorCode::BadBootstrapToken,
                "Use the newest setup link: the coordinator prints a fresh one each time it starts.",
            ),
            AccessError::Invalid(fields) => invalid(fields),
            AccessError::People(refusal) => problem(refusal.code(), refusal.hint()).about(&refusal),
            AccessError::Sso(error) => {
                let problem = problem(error.code(), error.hint());
                log(&problem);
                problem
            }
            AccessError::Factor(refusal) => problem(refusal.code(), refusal.hint()),
            AccessError::Store(error) => error.into(),
        }
    }
}

/// The request's fields are wrong, each with its own message.
pub(super) fn invalid(fields: Vec<PlanProblem>) -> Refused {
    let names: Vec<&str> = fields.iter().map(|problem| problem.field.as_str()).collect();
    let detail = match fields.as_slice() {
        [one] => sentence(&format!("`{}`: {}", one.field, one.message)),
        _ => format!("These fields are not valid: {}.", names.join(", ")),
    };
    let mut problem = Refused::new(ErrorCode::InvalidField, detail, "Correct them and send it again.");
    problem.fields = fields;
    problem
}

pub(super) fn invalid_field(field: &str, message: impl Into<String>) -> Refused {
    invalid(vec![PlanProblem { field: field.to_owned(), message: message.into() }])
}

pub(super) fn bad_request(detail: impl Into<String>, hint: &str) -> Refused {
    Refused::new(ErrorCode::BadRequest, detail, hint)
}

pub(super) fn no_such_route(path: &str) -> Refused {
    let path: String = path.chars().take(200).collect();
    Refused::new(
        ErrorCode::NotFound,
        format!("There is no {path} in this API."),
        "See /api/v1/openapi.json for what there is.",
    )
}

pub(super) fn wrong_method(method: &Method, allowed: &str) -> Refused {
    Refused::new(
        ErrorCode::MethodNotAllowed,
        format!("{} is not possible here.", method.as_str().chars().take(20).collect::<String>()),
        format!("Use {allowed}."),
    )
}

pub(super) fn internal() -> Refused {
    Refused::new(
        ErrorCode::Internal,
        "The coordinator could not answer.",
        "Try again. If it stays so, look into the coordinator's log.",
    )
}

/// A sentence begins with a capital letter and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let capital = chars.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{capital}{}{stop}", chars.as_str())
}

/// `40 seconds`, `5 minutes`: rounded up.
fn waiting(seconds: u32) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        0..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

fn log(problem: &Problem) {
    // A host that is silent is no failure of this program.
    if problem.status >= 500 && problem.code != ErrorCode::HostSilent {
        tracing::error!(code = ?problem.code, detail = problem.detail, "a request could not be answered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_not_a_mistake_of_this_program() {
        let full = Refused::from(StoreError::Unavailable("database or disk is full".into()));
        assert_eq!((full.code, full.status), (ErrorCode::StorageUnavailable, 503));
        assert!(full.hint.contains("space"), "{full:?}");
        let through_access =
            Refused::from(AccessError::Store(StoreError::Unavailable("disk is full".into())));
        assert_eq!(through_access.code, ErrorCode::StorageUnavailable);
        let broken = Refused::from(StoreError::Refused("no such column".into()));
        assert_eq!((broken.code, broken.status), (ErrorCode::Internal, 500));
    }

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence("the disk is full"), "The disk is full.");
        assert_eq!(sentence("really?"), "Really?");
    }
}
