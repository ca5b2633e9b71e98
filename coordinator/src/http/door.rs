//! The agents' door: turns a request into a WebSocket and hands the bare stream on.
//!
//! Not warp's own upgrade: that costs 137 KB for each idle connection, this 6.5 KB. Knows RFC 6455 §4.2 and nothing of
//! what is said afterwards.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use warp::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    Site,
    caller::Anyone,
    problem::{Refused, bad_request},
    reply::{self, Answer},
    request::Request,
};

pub(super) async fn open(site: Site, _: Anyone, mut request: Request) -> Answer {
    let accept = accept(&request.headers)?;
    let upgrade = request.upgrade.take().ok_or_else(not_a_websocket)?;
    let peer = request.client;
    tokio::spawn(async move {
        match upgrade.await {
            Ok(stream) => site.agent_door()(stream, peer).await,
            Err(error) => tracing::debug!(%peer, %error, "an agent went away before its socket was open"),
        }
    });
    let mut response = reply::no_content();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// The answer to the client's key, if the request is an opening handshake.
fn accept(headers: &HeaderMap) -> Result<HeaderValue, Refused> {
    let names = |name: HeaderName, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|found| found.trim().eq_ignore_ascii_case(token))
    };
    if !names(header::CONNECTION, "upgrade") || !names(header::UPGRADE, "websocket") {
        return Err(not_a_websocket());
    }
    if !names(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(bad_request("The WebSocket version is not 13.", "Update the agent."));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if !STANDARD.decode(key).is_ok_and(|key| key.len() == 16) {
        return Err(bad_request("The WebSocket key is not 16 bytes in base64.", "Update the agent."));
    }
    HeaderValue::from_str(&derive_accept_key(key)).map_err(|_| not_a_websocket())
}

fn not_a_websocket() -> Refused {
    bad_request(
        "This address is for agents, which open a WebSocket here.",
        "If an agent stands behind this: let the proxy in between pass on the headers Upgrade and Connection.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_handshake_is_that_of_the_rfc() {
        let good = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        assert_eq!(accept(&headers(&good)).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for (left_out, _) in good {
            let rest: Vec<_> = good.into_iter().filter(|(name, _)| *name != left_out).collect();
            assert!(accept(&headers(&rest)).is_err(), "without {left_out}");
        }
        let mut short = good;
        short[3].1 = "c2hvcnQ=";
        assert!(accept(&headers(&short)).is_err());
    }
}
