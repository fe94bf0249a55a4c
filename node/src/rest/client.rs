//! Where a request comes from: the address of the connection, or what a proxy that is trusted says of it.
//!
//! Each proxy adds at the right whom it was called by. So the list is read from the right, over the addresses that are
//! trusted; what stands left of the first one that is not is a claim of that stranger's, and is not looked at.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};
use livedrop_config::{ClientAddress, Network};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who may say that it speaks for somebody else, and in which header. By default nobody.
#[derive(Debug, Clone)]
pub struct Proxies {
    trusted: Vec<Network>,
    said_in: ClientAddress,
}

impl Default for Proxies {
    fn default() -> Self {
        Proxies::new(Vec::new(), ClientAddress::XForwardedFor)
    }
}

impl Proxies {
    pub fn new(trusted: Vec<Network>, said_in: ClientAddress) -> Self {
        Proxies { trusted, said_in }
    }

    /// The client's address when `peer` is connected: the nearest one that is not trusted, or the farthest one that
    /// was named. IPv4 is never written as IPv6.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        if !self.trusts(nearest) {
            return nearest;
        }
        let (name, address): (_, fn(&str) -> Option<IpAddr>) = match self.said_in {
            ClientAddress::XForwardedFor => (X_FORWARDED_FOR, address),
            ClientAddress::Forwarded => (FORWARDED, forwarded_for),
        };
        for value in headers.get_all(name).iter().rev() {
            let Ok(hops) = value.to_str() else { return nearest };
            for hop in hops.rsplit(',') {
                // Who is not named, or hidden, is as far as anything is known.
                let Some(before) = address(hop) else { return nearest };
                nearest = before;
                if !self.trusts(nearest) {
                    return nearest;
                }
            }
        }
        nearest
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }
}

/// What stands for one household: an IPv4 address, or the /64 of an IPv6 address, since whoever has one address of it
/// has them all.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// An address, with a port or without; IPv6 in brackets or not.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// The `for` of one element of `Forwarded` (RFC 7239).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let node = node.trim();
    address(node.strip_prefix('"').and_then(|node| node.strip_suffix('"')).unwrap_or(node))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(said_in: ClientAddress, peer: &str, said: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().expect("a test's network is one"));
        let name = match said_in {
            ClientAddress::XForwardedFor => X_FORWARDED_FOR,
            ClientAddress::Forwarded => FORWARDED,
        };
        let value = |said: &&str| HeaderValue::try_from(*said).expect("a test's header is one");
        let headers = said.iter().map(|said| (name.clone(), value(said))).collect();
        let peer = peer.parse().expect("a test's address is one");
        Proxies::new(trusted.into(), said_in).client(peer, &headers).to_string()
    }

    #[test]
    fn a_stranger_speaks_for_nobody_else() {
        assert_eq!(client(ClientAddress::XForwardedFor, "192.0.2.1", &["198.51.100.9"]), "192.0.2.1");
        assert_eq!(client(ClientAddress::Forwarded, "192.0.2.1", &["for=198.51.100.9"]), "192.0.2.1");
        assert_eq!(client(ClientAddress::XForwardedFor, "::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn the_nearest_stranger_behind_trusted_proxies_is_the_client() {
        let through = |said: &[&str]| client(ClientAddress::XForwardedFor, "10.0.0.1", said);
        assert_eq!(through(&["198.51.100.9"]), "198.51.100.9");
        assert_eq!(through(&["1.1.1.1, 198.51.100.9, 10.2.2.2"]), "198.51.100.9");
        assert_eq!(through(&["1.1.1.1", "198.51.100.9:4711", "[fd00::1]:80"]), "198.51.100.9");
        assert_eq!(through(&["2001:db8::7"]), "2001:db8::7");
        assert_eq!(through(&["10.9.9.9, 10.2.2.2"]), "10.9.9.9", "all trusted: the farthest");
    }

    #[test]
    fn what_cannot_be_read_ends_the_list_where_it_stands() {
        let through = |said: &[&str]| client(ClientAddress::XForwardedFor, "10.0.0.1", said);
        assert_eq!(through(&[]), "10.0.0.1");
        assert_eq!(through(&["1.1.1.1, unknown, 10.2.2.2"]), "10.2.2.2");
        assert_eq!(through(&["1.1.1.1, "]), "10.0.0.1");
    }

    #[test]
    fn forwarded_is_read_as_its_standard_says() {
        let through = |said: &[&str]| client(ClientAddress::Forwarded, "fd00::1", said);
        assert_eq!(through(&["for=192.0.2.60;proto=http;by=203.0.113.43"]), "192.0.2.60");
        assert_eq!(through(&["for=1.1.1.1, proto=https;For=\"[2001:db8:cafe::17]:4711\""]), "2001:db8:cafe::17");
        assert_eq!(through(&["for=\"1.1.1.1, for=\"198.51.100.9:80\""]), "198.51.100.9", "an open quote hides nothing");
        assert_eq!(through(&["for=_hidden"]), "fd00::1");
        assert_eq!(through(&["proto=https"]), "fd00::1");
    }

    #[test]
    fn a_household_is_an_address_or_a_network_of_ipv6() {
        let counted = |text: &str| network(text.parse().expect("a test's address is one")).to_string();
        assert_eq!(counted("192.0.2.1"), "192.0.2.1");
        assert_eq!(counted("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
