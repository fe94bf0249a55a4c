//! Where the nodes of a cluster are.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Url;

/// The address of one node's REST API, such as `http://127.0.0.1:8081`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// Text that is not the address of a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the address of a node ({why}); write it like http://127.0.0.1:8081")]
pub struct NotAnEndpoint {
    pub text: String,
    pub why: String,
}

impl Endpoint {
    /// The address of a resource; `path` begins with a slash and is percent-encoded where it must be.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }

    /// `host:port`, for a connection.
    pub fn authority(&self) -> String {
        let port = self.0.port_or_known_default().expect("http and https have a port");
        format!("{}:{port}", self.0.host_str().expect("it was checked when it was read"))
    }

    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }
}

impl FromStr for Endpoint {
    type Err = NotAnEndpoint;

    fn from_str(text: &str) -> Result<Self, NotAnEndpoint> {
        let refuse = |why: &str| NotAnEndpoint { text: text.to_owned(), why: why.to_owned() };
        let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("it begins with neither http:// nor https://"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refuse("it names no host"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(refuse("it has more than a host and a port"));
        }
        Ok(Endpoint(url))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// The nodes of one cluster, and the one that is asked first.
#[derive(Debug)]
pub struct Endpoints {
    all: Vec<Endpoint>,
    preferred: AtomicUsize,
}

impl Endpoints {
    /// # Panics
    ///
    /// When the list is empty: nobody could be asked.
    pub fn new(all: Vec<Endpoint>) -> Self {
        assert!(!all.is_empty(), "a cluster has a node");
        Endpoints { all, preferred: AtomicUsize::new(0) }
    }

    pub fn all(&self) -> &[Endpoint] {
        &self.all
    }

    /// The node that is asked first, and its place in the list.
    pub(crate) fn preferred(&self) -> (usize, &Endpoint) {
        let place = self.preferred.load(Ordering::Relaxed) % self.all.len();
        (place, &self.all[place])
    }

    /// Asks the next node from now on, unless somebody has moved on from `failed` already.
    pub(crate) fn move_on_from(&self, failed: usize) {
        let next = (failed + 1) % self.all.len();
        let _ = self.preferred.compare_exchange(failed, next, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl Clone for Endpoints {
    fn clone(&self) -> Self {
        Endpoints { all: self.all.clone(), preferred: AtomicUsize::new(self.preferred.load(Ordering::Relaxed)) }
    }
}

/// Reads a list that is separated by commas.
impl FromStr for Endpoints {
    type Err = NotAnEndpoint;

    fn from_str(text: &str) -> Result<Self, NotAnEndpoint> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let all = parts.map(str::parse).collect::<Result<Vec<_>, _>>()?;
        if all.is_empty() {
            return Err(NotAnEndpoint { text: text.to_owned(), why: "the list is empty".to_owned() });
        }
        Ok(Endpoints::new(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_in_order() {
        let endpoints: Endpoints = "http://a:1, https://b,http://[::1]:3,".parse().expect("three addresses");
        let authorities: Vec<_> = endpoints.all().iter().map(Endpoint::authority).collect();
        assert_eq!(authorities, ["a:1", "b:443", "[::1]:3"]);
    }

    #[test]
    fn what_is_not_an_address_is_refused_with_its_reason() {
        for text in ["", ",", "127.0.0.1:8081", "ftp://a", "http://a/v1", "http://a?b", "http://me@a"] {
            assert!(text.parse::<Endpoints>().is_err(), "{text}");
        }
    }

    #[test]
    fn two_that_fail_at_the_same_node_move_on_once() {
        let endpoints: Endpoints = "http://a,http://b,http://c".parse().expect("three addresses");
        endpoints.move_on_from(0);
        endpoints.move_on_from(0);
        assert_eq!(endpoints.preferred().0, 1);
        endpoints.move_on_from(1);
        endpoints.move_on_from(2);
        assert_eq!(endpoints.preferred().0, 0);
    }
}
