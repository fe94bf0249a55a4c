//! What is asked of a node.

use http::Method;
use livedrop_proto::rest::Consistency;

use crate::IdempotencyKey;
use crate::retry::Repeat;

/// A request that is not sent yet.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub method: Method,
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
    pub key: Option<&'a IdempotencyKey>,
    pub if_match: Option<&'a str>,
    /// Done twice it does no harm.
    pub harmless: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Call { method, path: path.into(), query: Vec::new(), body: None, key: None, if_match: None, harmless: false }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Call::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>, body: &impl serde::Serialize) -> Self {
        Call::new(Method::POST, path).with_body(body)
    }

    pub(crate) fn with_body(mut self, body: &impl serde::Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body).expect("the shapes of requests are JSON"));
        self
    }

    /// Adds a parameter when it is given.
    pub(crate) fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Says which page of a list is wanted.
    pub(crate) fn page(self, limit: Option<u32>, cursor: Option<&String>, consistency: Option<Consistency>) -> Self {
        self.with("limit", limit).with("cursor", cursor).with("consistency", consistency.map(consistency_word))
    }

    /// Whether the policy may send it twice.
    pub(crate) fn repeat(&self) -> Repeat {
        let says_the_same = matches!(self.method, Method::GET | Method::PUT | Method::DELETE);
        if says_the_same || self.key.is_some() || self.harmless { Repeat::Safe } else { Repeat::Unsafe }
    }
}

/// An id as one part of a path, whatever somebody typed for it.
pub(crate) fn segment(id: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    id.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

pub(crate) fn consistency_word(consistency: Consistency) -> &'static str {
    match consistency {
        Consistency::Linearizable => "linearizable",
        Consistency::Local => "local",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_for_an_id_stays_one_part_of_the_path() {
        assert_eq!(segment("ord_01KAS0FJX0"), "ord_01KAS0FJX0");
        assert_eq!(segment("../me?a=b#c"), "%2E%2E%2Fme%3Fa%3Db%23c");
    }

    #[test]
    fn only_what_is_read_or_keyed_or_says_the_same_is_repeated() {
        let key = IdempotencyKey::random();
        let mut keyed = Call::post("/v1/orders", &());
        assert_eq!(keyed.repeat(), Repeat::Unsafe);
        keyed.key = Some(&key);
        assert_eq!(keyed.repeat(), Repeat::Safe);
        assert_eq!(Call::get("/v1/me").repeat(), Repeat::Safe);
        assert_eq!(Call::new(Method::DELETE, "/v1/sessions/current").repeat(), Repeat::Safe);
        assert_eq!(Call::new(Method::PATCH, "/v1/products/1").repeat(), Repeat::Unsafe);
        let sign_in = Call { harmless: true, ..Call::post("/v1/sessions", &()) };
        assert_eq!(sign_in.repeat(), Repeat::Safe);
    }
}
