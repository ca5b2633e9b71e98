//! Who a request comes from when proxies stand in between. Pure.
//!
//! Anybody can write `X-Forwarded-For`. It counts as far as it was written by proxies that the configuration names: read
//! from the right, where the nearest one added what it saw, up to the first address that is none of them. What
//! `X-Forwarded-Host` and `X-Forwarded-Proto` say counts nowhere: the public URL is configured.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use warp::http::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The port is 0 where a proxy named the address.
pub(super) fn client(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> SocketAddr {
    let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if !is_proxy(peer.ip().to_canonical()) {
        return peer;
    }
    let mut client = peer;
    let values = headers.get_all(FORWARDED_FOR).iter().rev();
    for hop in values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b',')) {
        // What nobody can read was not written by a proxy that is named here.
        let Some(address) = std::str::from_utf8(hop).ok().and_then(address) else { break };
        client = SocketAddr::new(address, 0);
        if !is_proxy(address) {
            break;
        }
    }
    client
}

/// An address as proxies write it: bare, or with a port; IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(bracketed).or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn resolved(peer: &str, headers: &[&str], trusted: &[&str]) -> String {
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(FORWARDED_FOR, value.parse().unwrap());
        }
        client(SocketAddr::new(peer.parse().unwrap(), 4711), &map, &networks(trusted)).ip().to_string()
    }

    const INSIDE: &[&str] = &["10.0.0.0/8", "2001:db8:1::/48"];

    #[test]
    fn it_counts_as_far_as_trusted_proxies_wrote_it() {
        for (peer, headers, client) in [
            // Nobody is trusted who is not named, whatever they write.
            ("192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            // What stood there before the trusted proxy added its own is the client's word.
            ("10.0.0.1", &["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
            // A client that claims to be a proxy gains nothing but its own address.
            ("10.0.0.1", &["10.9.9.9, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["203.0.113.9:52100"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::7]:443"], "2001:db8::7"),
            ("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
            ("10.0.0.1", &["2001:db8::7"], "2001:db8::7"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
            ("2001:db8:1::1", &["203.0.113.9"], "203.0.113.9"),
            // What cannot be read ends it at whoever handed it on.
            ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, , 10.0.0.7"], "10.0.0.7"),
            ("10.0.0.1", &[""], "10.0.0.1"),
        ] {
            assert_eq!(resolved(peer, headers, INSIDE), client, "{peer} {headers:?}");
        }
        assert_eq!(resolved("127.0.0.1", &["203.0.113.9"], &[]), "127.0.0.1");
    }

    prop_compose! {
        fn some_address()(bits in any::<u32>(), inside in any::<bool>()) -> IpAddr {
            let bits = if inside { 10 << 24 | bits >> 8 } else { 203 << 24 | bits >> 8 };
            IpAddr::V4(bits.into())
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_header_can_hold_breaks_it(value in "[ -~]{0,60}", peer in some_address()) {
            let _ = resolved(&peer.to_string(), &[&value], INSIDE);
        }

        /// Whatever a client writes, the address that the trusted proxy added is what counts.
        #[test]
        fn nobody_can_write_their_own_address(
            claimed in prop::collection::vec("[ -~&&[^,]]{0,20}", 0..5),
            client in "203\\.0\\.113\\.[1-9]",
            proxies in prop::collection::vec("10\\.[1-9]\\.0\\.[1-9]", 0..3),
        ) {
            let mut hops = claimed;
            hops.push(client.clone());
            hops.extend(proxies);
            prop_assert_eq!(resolved("10.0.0.1", &[&hops.join(", ")], INSIDE), client);
        }

        #[test]
        fn a_peer_that_is_no_proxy_is_itself(value in "[ -~]{0,60}") {
            prop_assert_eq!(resolved("192.0.2.1", &[&value], INSIDE), "192.0.2.1");
        }
    }
}
