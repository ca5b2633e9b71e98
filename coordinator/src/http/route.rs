//! One route: a method, a pattern, the role that it wants, and a handler that can only run with that role proved.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt as _, future::BoxFuture};
use warp::http::Method;
use wire::{error::ErrorCode, trust::Role};

use super::{
    Site,
    caller::{self, Admin, Anyone, Caller, InPerson, Me, Operator, Viewer},
    problem, refusals,
    reply::Answer,
    request::{Request, SMALL_BODY_BYTES},
};

type Call = Arc<dyn Fn(Site, Request) -> BoxFuture<'static, Answer> + Send + Sync>;

pub(super) struct Route {
    pub method: Method,
    /// `/hosts/{agent}/jobs`: a name in braces stands for one segment.
    pub path: &'static str,
    /// `None`: nobody is asked who they are.
    pub need: Option<Role>,
    /// About the session itself: a token has none.
    pub session_only: bool,
    /// Whether somebody gets this far who still has to add a second factor.
    pub without_factor: bool,
    /// Whether an answer that is no refusal must stand in the audit.
    pub audited: bool,
    pub body_limit: usize,
    /// The codes that it refuses with, besides those that follow from its shape (`openapi::refusals`).
    pub refuses: &'static [ErrorCode],
    call: Call,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident: $caller:ty;)*) => {$(
        $(#[$doc])*
        pub(super) fn $name<F, R>(method: Method, path: &'static str, handler: F) -> Route
        where
            F: Fn(Site, $caller, Request) -> R + Send + Sync + 'static,
            R: Future<Output = Answer> + Send + 'static,
        {
            route(method, path, handler)
        }
    )*};
}

kinds! {
    /// A route for everybody, signed in or not.
    anyone: Anyone;
    /// A route about one's own account and sessions, for whoever is signed in.
    me: Me;
    /// A route for viewers and more that a person calls themselves, and no program.
    in_person: InPerson;
    viewer: Viewer;
    operator: Operator;
    admin: Admin;
}

/// The role is the handler's argument, so that a route cannot want less than its handler was written for.
pub(super) fn route<C, F, R>(method: Method, path: &'static str, handler: F) -> Route
where
    C: Caller,
    F: Fn(Site, C, Request) -> R + Send + Sync + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    let handler = Arc::new(handler);
    let by = method.clone();
    let call: Call = Arc::new(move |site, request| {
        let (handler, method) = (Arc::clone(&handler), by.clone());
        async move {
            let (act, answer) = match caller::check::<C>(&site, &request).await {
                Ok(caller) => (Some(caller.doing().clone()), handler(site.clone(), caller, request).await),
                Err((refused, act)) => (act, Err(refused)),
            };
            if let (Some(act), Err(refused)) = (act, &answer) {
                refusals::record(&site, &act, &method, path, refused).await;
            }
            answer
        }
        .boxed()
    });
    let audited = method != Method::GET;
    Route {
        method,
        path,
        need: C::NEED,
        session_only: C::SESSION_ONLY,
        without_factor: C::WITHOUT_FACTOR,
        audited,
        body_limit: SMALL_BODY_BYTES,
        refuses: &[],
        call,
    }
}

impl Route {
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    pub const fn refuses(mut self, codes: &'static [ErrorCode]) -> Self {
        self.refuses = codes;
        self
    }

    /// For what changes nothing although it is no GET, or changes something only now and then.
    pub const fn unaudited(mut self) -> Self {
        self.audited = false;
        self
    }

    pub async fn run(&self, site: Site, request: Request) -> Answer {
        let act = request.act.clone();
        // A mistake in one handler is that request's alone.
        let answer = AssertUnwindSafe((self.call)(site, request)).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(method = %self.method, path = self.path, "a handler panicked");
            Err(problem::internal())
        });
        if self.audited
            && !act.is_recorded()
            && answer.as_ref().is_ok_and(|answer| answer.status().is_success())
        {
            tracing::error!(method = %self.method, path = self.path, "a change does not stand in the audit");
            debug_assert!(false, "{} {} is not audited", self.method, self.path);
        }
        answer
    }

    /// The path's parameters when it fits the pattern.
    pub fn matches(&self, path: &str) -> Option<Vec<(&'static str, String)>> {
        let mut wanted = self.path.split('/');
        let mut found = path.split('/');
        let mut params = Vec::new();
        loop {
            match (wanted.next(), found.next()) {
                (None, None) => return Some(params),
                (Some(wanted), Some(found)) => {
                    if let Some(name) = wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                        if found.is_empty() {
                            return None;
                        }
                        params.push((name, found.to_owned()));
                    } else if wanted != found {
                        return None;
                    }
                }
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &'static str) -> Route {
        anyone(Method::GET, path, async |_, _, _| Err(problem::internal()))
    }

    #[test]
    fn a_name_in_braces_stands_for_one_segment() {
        let route = at("/hosts/{agent}/jobs/{job}");
        let params = route.matches("/hosts/a/jobs/b").unwrap();
        assert_eq!(params, [("agent", "a".to_owned()), ("job", "b".to_owned())]);
        for other in
            ["/hosts/a/jobs", "/hosts/a/jobs/b/", "/hosts//jobs/b", "hosts/a/jobs/b", "/hosts/a/jobs/b/c", ""]
        {
            assert_eq!(route.matches(other), None, "{other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_path_breaks_it(path in ".{0,80}") {
            let _ = at("/hosts/{agent}/jobs/{job}").matches(&path);
        }
    }
}
