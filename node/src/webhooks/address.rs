//! Where a webhook may go. A creator chooses the address and this node connects to it, so without rules a creator
//! could make the node talk to its own neighbours (server-side request forgery).
//!
//! The text is held to one form, so that nobody reads another host out of it than we do. The host is looked up once,
//! by [`send`](super::send), and what [`may_reach`] allows of the answer is what is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// The longest address.
const URL_MAX: usize = 2_048;

/// Why an address is not taken, in the order in which it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no address at all, too long, or has characters in it that readers disagree about.
    #[error("this is not an address of the web")]
    Malformed,
    #[error("the address must begin with https://")]
    NotHttps,
    #[error("the address must not hold a user or a password")]
    UserInfo,
    /// Numbers in other forms than dotted decimal, capitals outside ASCII, and whatever else would be rewritten.
    #[error("the host is not written in its plain form")]
    OddHost,
    #[error("the host is not on the public internet")]
    Private,
}

/// An address that a webhook may be sent to, as far as its text tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Checks the text of an address. With `allow_private` it may be plain http, and anywhere.
    pub fn parse(text: &str, allow_private: bool) -> Result<Self, Refusal> {
        // A backslash is a slash to some, and a line end or a blank is nothing to some.
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
        if text.is_empty() || text.len() > URL_MAX || !text.bytes().all(plain) {
            return Err(Refusal::Malformed);
        }
        let rest = match text.split_once("://") {
            Some(("https", rest)) => rest,
            Some(("http", rest)) if allow_private => rest,
            _ => return Err(Refusal::NotHttps),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(Refusal::UserInfo);
        }
        let url = Url::parse(text).map_err(|_| Refusal::Malformed)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(Refusal::Malformed)?;
        if !host_of(authority).eq_ignore_ascii_case(host) {
            return Err(Refusal::OddHost);
        }
        let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        if !allow_private && (literal.is_some_and(|ip| !may_reach(ip)) || is_local_name(host)) {
            return Err(Refusal::Private);
        }
        Ok(Address(url))
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

/// The host of `host[:port]`, where a host in brackets holds colons of its own.
fn host_of(authority: &str) -> &str {
    match authority.find(']') {
        Some(end) => &authority[..=end],
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// Names that are for this machine or this network by their form (RFC 6761, RFC 6762, RFC 8375, and custom), whatever a
/// name server makes of them.
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let last = host.rsplit('.').next().unwrap_or_default();
    let own = ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "localdomain"];
    own.contains(&last) || host.ends_with(".home.arpa")
}

/// Whether an address is on the public internet.
pub fn may_reach(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => may_reach_v4(ip),
        IpAddr::V6(ip) => may_reach_v6(ip),
    }
}

/// IANA's special-purpose registry, and multicast
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>).
fn may_reach_v4(ip: Ipv4Addr) -> bool {
    let reserved = match ip.octets() {
        [0, ..] | [10, ..] | [127, ..] => true,
        [100, 64..=127, ..] => true, // shared by the customers of a provider
        [169, 254, ..] => true,      // link-local, where clouds keep their machines' secrets
        [172, 16..=31, ..] => true,
        [192, 0, 0, _] | [192, 0, 2, _] => true, // protocol assignments; documentation
        [192, 88, 99, _] => true,                // relays of 6to4
        [192, 168, ..] => true,
        [198, 18 | 19, ..] => true,                   // benchmarks
        [198, 51, 100, _] | [203, 0, 113, _] => true, // documentation
        [224..=255, ..] => true,                      // multicast, reserved, broadcast
        _ => false,
    };
    !reserved
}

/// Of version 6 only what is given out to the world (2000::/3) is reached, and of it not what is special. An address
/// that stands for one of version 4 is as good as that one.
fn may_reach_v6(ip: Ipv6Addr) -> bool {
    let parts = ip.segments();
    match parts {
        // ::a.b.c.d, ::ffff:a.b.c.d and ::ffff:0:a.b.c.d go where a network translates them to, if anywhere. No
        // public server is known by such an address only.
        [0, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => false,
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => may_reach_v4(v4(high, low)), // NAT64
        [0x2002, high, low, ..] => may_reach_v4(v4(high, low)),               // 6to4
        [0x2001, second, ..] if second < 0x200 => false,                      // Teredo and other protocols
        [0x2001, 0xdb8, ..] | [0x3fff, ..=0xfff, ..] => false,                // documentation
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> Result<(), Refusal> {
        Address::parse(text, false).map(drop)
    }

    #[test]
    fn addresses_of_the_public_web_are_taken() {
        for text in [
            "https://example.com",
            "https://Example.com/hook?a=b#c",
            "https://hooks.example.co.uk:8443/",
            "https://xn--bcher-kva.example/",
            "https://8.8.8.8/hook",
            "https://[2606:4700:4700::1111]:444/",
            "https://example.com/a@b",
            "https://localhost.example.com/",
        ] {
            assert_eq!(judge(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_no_plain_address_is_refused() {
        use Refusal::*;
        for (text, why) in [
            ("", Malformed),
            ("https://", Malformed),
            ("https:///hook", OddHost),
            ("https://exa mple.com", Malformed),
            (" https://example.com", Malformed),
            ("https://example.com\n", Malformed),
            ("https://example.com\\@127.0.0.1/", Malformed),
            ("https://bücher.example/", Malformed),
            ("https://example.com:70000/", Malformed),
            ("example.com", NotHttps),
            ("http://example.com/", NotHttps),
            ("HTTPS://example.com/", NotHttps),
            ("ftp://example.com/", NotHttps),
            ("file:///etc/passwd", NotHttps),
            ("gopher://127.0.0.1:6379/_", NotHttps),
            ("https:example.com", NotHttps),
            ("https:/127.0.0.1/", NotHttps),
            ("https://user@example.com/", UserInfo),
            ("https://user:password@example.com/", UserInfo),
            ("https://example.com@127.0.0.1/", UserInfo),
            ("https://@127.0.0.1/", UserInfo),
        ] {
            assert_eq!(judge(text), Err(why), "{text}");
        }
        assert_eq!(judge(&format!("https://example.com/{}", "a".repeat(URL_MAX))), Err(Malformed));
    }

    #[test]
    fn hosts_in_other_forms_are_refused_whatever_they_mean() {
        for host in [
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "017700000001",
            "127.1",
            "127.0.1",
            "0",
            "134744072",
            "0x08080808",
            "8.8.2056",
            "010.010.010.010",
            "127.0.0.1.",
            "%31%32%37.0.0.1",
            "example%2ecom",
            "[::ffff:127.0.0.1]",
            "[0:0:0:0:0:0:0:1]",
            "[2606:4700:4700:0:0:0:0:1111]",
        ] {
            assert_eq!(judge(&format!("https://{host}/")), Err(Refusal::OddHost), "{host}");
        }
    }

    #[test]
    fn hosts_that_are_not_public_are_refused() {
        for host in [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:7f00:1]",
            "[::ffff:808:808]",
            "[::7f00:1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b::a00:1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2002:a00:1::1]",
            "[2002:c0a8:1::]",
            "[2001::1]",
            "[2001:db8::1]",
            "[3fff::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[100::1]",
            "[5f00::1]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "printer.local",
            "metadata.google.internal",
            "nas.lan",
            "router.home.arpa",
        ] {
            assert_eq!(judge(&format!("https://{host}/")), Err(Refusal::Private), "{host}");
            assert_eq!(judge(&format!("https://{host}:8443/x")), Err(Refusal::Private), "{host} with a port");
        }
    }

    #[test]
    fn neighbours_of_what_is_not_public_are() {
        for ip in [
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2002:808:808::1",
            "2606:4700::1",
            "64:ff9b::808:808",
        ] {
            assert!(may_reach(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn where_private_is_allowed_the_form_still_counts() {
        for text in ["http://127.0.0.1:8080/", "http://localhost/", "https://[::1]/", "https://10.0.0.1/"] {
            assert!(Address::parse(text, true).is_ok(), "{text}");
        }
        for text in ["ftp://127.0.0.1/", "http://a@127.0.0.1/", "http://2130706433/"] {
            assert!(Address::parse(text, true).is_err(), "{text}");
        }
    }
}
