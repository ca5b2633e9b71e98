//! From a request to its answer: warp takes it apart, the table says who answers.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use futures_util::StreamExt as _;
use hyper::{service::Service as _, upgrade::OnUpgrade};
use hyper_util::service::TowerToHyperService;
use warp::{
    Filter as _,
    filters::BoxedFilter,
    http::{HeaderMap, HeaderValue, Method, header},
    reply::Response,
};

use super::{
    Site, address, bearer, cors,
    problem::{self, Refused},
    reply,
    request::{Query, Request},
    route::Route,
    table,
};

/// The address that a connection came from.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub SocketAddr);

pub(super) struct Router {
    site: Site,
    api: Vec<Route>,
    outside: Vec<Route>,
}

/// Who answers.
enum Found<'a> {
    Route(&'a Route, Vec<(&'static str, String)>),
    Panel,
    Refused(Refused, Option<String>),
}

impl Router {
    pub fn new(site: Site) -> Self {
        Self { site, api: table::api(), outside: table::outside() }
    }

    pub async fn answer(&self, request: Request) -> Response {
        let config = self.site.live().now();
        if config.cors_origins.is_empty() || !is_in_api(&request.path) {
            return reply::secured(self.unmarked(request, false).await);
        }
        let origin = cors::named(&request.headers, &config.cors_origins);
        let answer = if origin.is_some() && cors::is_preflight(&request.method, &request.headers) {
            cors::preflight()
        } else {
            self.unmarked(request, origin.is_some()).await
        };
        reply::secured(cors::marked(answer, origin))
    }

    /// `named`: it comes from a panel elsewhere that may send changes.
    async fn unmarked(&self, mut request: Request, named: bool) -> Response {
        let answer = match self.find(&request.method, &request.path) {
            Found::Route(route, params) => {
                request.params = params;
                request.body_limit = route.body_limit;
                // Reading changes nothing, and its answer is for whoever has the cookie. A program's token is sent by nobody
                // unasked, and where one is shown no cookie counts; but who need not be known shows nothing by one.
                let by_token = route.need.is_some() && !bearer::find(&request.headers).is_absent();
                let allowed = if route.method == Method::GET || named || by_token {
                    Ok(())
                } else {
                    self.site.origin().check(&request.headers)
                };
                match allowed {
                    Ok(()) => route.run(self.site.clone(), request).await,
                    Err(problem) => Err(problem),
                }
            }
            Found::Panel => self.site.panel().serve(&request.path, &request.headers),
            Found::Refused(problem, allow) => {
                let mut response = reply::problem(&problem);
                if let Some(Ok(allow)) = allow.map(|allow| HeaderValue::from_str(&allow)) {
                    response.headers_mut().insert(header::ALLOW, allow);
                }
                Ok(response)
            }
        };
        answer.unwrap_or_else(|problem| reply::problem(&problem))
    }

    fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let in_api = is_in_api(path);
        let (routes, below) = if in_api {
            (&self.api, path.strip_prefix(table::API).unwrap_or(""))
        } else {
            (&self.outside, path)
        };
        // What a GET answers, a HEAD answers without its body; hyper leaves that out.
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        let mut others = Vec::new();
        for route in routes {
            if let Some(params) = route.matches(below) {
                if route.method == *wanted {
                    return Found::Route(route, params);
                }
                others.push(route.method.as_str());
            }
        }
        if !others.is_empty() {
            let allow = others.join(", ");
            return Found::Refused(problem::wrong_method(method, &allow), Some(allow));
        }
        if in_api {
            return Found::Refused(problem::no_such_route(path), None);
        }
        if wanted == Method::GET {
            return Found::Panel;
        }
        Found::Refused(problem::wrong_method(method, "GET"), Some("GET, HEAD".to_owned()))
    }
}

fn is_in_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// The one warp filter: it matches everything and takes the request apart.
pub(super) fn filter(router: Router) -> BoxedFilter<(Response,)> {
    let router = Arc::new(router);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::get::<Peer>())
        .and(warp::ext::optional::<OnUpgrade>())
        .and(warp::body::stream())
        .then(
            move |method,
                  path: warp::path::FullPath,
                  query: String,
                  headers: HeaderMap,
                  peer: Peer,
                  upgrade,
                  body| {
                let router = Arc::clone(&router);
                let trusted = router.site.live().now();
                let client = address::client(peer.0, &headers, &trusted.trusted_proxies);
                let act = router.site.act(client.ip());
                let request = Request {
                    act,
                    method,
                    path: path.as_str().to_owned(),
                    params: Vec::new(),
                    query: Query::parse(&query),
                    headers,
                    client,
                    body: Box::pin(whole_chunks(body)),
                    upgrade,
                    body_limit: 0,
                };
                async move { router.answer(request).await }
            },
        )
        .boxed()
}

fn whole_chunks(
    body: impl futures_util::Stream<Item = Result<impl bytes::Buf, warp::Error>>,
) -> impl futures_util::Stream<Item = Result<Bytes, warp::Error>> {
    body.map(|chunk| chunk.map(|mut chunk| chunk.copy_to_bytes(chunk.remaining())))
}

pub(super) fn service<B>(
    filter: BoxedFilter<(Response,)>,
    peer: SocketAddr,
) -> impl hyper::service::Service<hyper::Request<B>, Response = Response, Error = Infallible, Future: Send>
+ Clone
+ Send
+ use<B>
where
    B: hyper::body::Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + Sync + 'static,
{
    let warp = TowerToHyperService::new(warp::service(filter));
    hyper::service::service_fn(move |mut request: hyper::Request<B>| {
        request.extensions_mut().insert(Peer(peer));
        warp.call(request)
    })
}
