//! Ranges of addresses, as `10.0.0.0/8` or a single address.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::kind::Kind;
use crate::layers::Written;

/// All addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many bits are alike.
    prefix: u8,
}

impl Network {
    /// Whether the address is in the range. IPv4 written as IPv6 (`::ffff:10.0.0.1`) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is not an address or a range of addresses");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address = address.parse::<IpAddr>().map_err(|_| wrong())?.to_canonical();
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), |prefix| prefix.parse().map_err(|_| wrong()))?;
        if prefix > longest { Err(wrong()) } else { Ok(Network { address, prefix }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A list of ranges of addresses; in an environment variable separated by commas.
pub(crate) struct Networks;

impl Kind for Networks {
    type Value = Vec<Network>;

    fn read(&self, written: &Written) -> Result<Vec<Network>, String> {
        match written {
            Written::Toml(toml::Value::Array(entries)) => {
                let entry = |entry: &toml::Value| match entry.as_str() {
                    Some(text) => text.parse(),
                    None => Err(format!("{entry} is not a text in quotation marks")),
                };
                entries.iter().map(entry).collect()
            }
            Written::Toml(other) => Err(format!("{other} is not a list")),
            Written::Text(text) => {
                text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::parse).collect()
            }
        }
    }

    fn advice(&self) -> String {
        "Write a list such as [\"10.0.0.0/8\", \"192.0.2.7\"]; in a variable 10.0.0.0/8,192.0.2.7.".to_owned()
    }

    fn show(&self, value: &Vec<Network>) -> String {
        let entries: Vec<String> = value.iter().map(|network| format!("\"{network}\"")).collect();
        format!("[{}]", entries.join(", "))
    }

    fn describe(&self) -> String {
        "a list of addresses and ranges".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        let network: Network = network.parse().expect("a test's network is one");
        network.contains(address.parse().expect("a test's address is one"))
    }

    #[test]
    fn a_range_holds_the_addresses_that_begin_like_it() {
        assert!(contains("10.0.0.0/8", "10.255.1.2"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("0.0.0.0/0", "198.51.100.1"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("192.0.2.7", "192.0.2.7") && !contains("192.0.2.7", "192.0.2.6"));
    }

    #[test]
    fn ipv4_within_ipv6_is_ipv4() {
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(!contains("::/0", "10.1.2.3"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/-1", "proxy.example"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
