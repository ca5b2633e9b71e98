//! One route: a method, a pattern, the role that it wants, and a handler that can only run with that role proved.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt as _, future::BoxFuture};
use warp::http::Method;
use wire::trust::Role;

use super::{
    Site,
    caller::{self, Admin, Anyone, Caller, Operator, Viewer},
    problem,
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
    pub body_limit: usize,
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
    viewer: Viewer;
    operator: Operator;
    admin: Admin;
}

/// The role is the handler's argument, so that a route cannot want less than its handler was written for.
fn route<C, F, R>(method: Method, path: &'static str, handler: F) -> Route
where
    C: Caller,
    F: Fn(Site, C, Request) -> R + Send + Sync + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    let handler = Arc::new(handler);
    let call: Call = Arc::new(move |site, request| {
        let handler = Arc::clone(&handler);
        async move {
            let caller = caller::check::<C>(&site, &request.headers).await?;
            handler(site, caller, request).await
        }
        .boxed()
    });
    Route { method, path, need: C::NEED, body_limit: SMALL_BODY_BYTES, call }
}

impl Route {
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    pub async fn run(&self, site: Site, request: Request) -> Answer {
        // A mistake in one handler is that request's alone.
        AssertUnwindSafe((self.call)(site, request)).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(method = %self.method, path = self.path, "a handler panicked");
            Err(problem::internal())
        })
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
