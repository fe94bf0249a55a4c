//! A cache that is purged by surrogate key: Varnish with `xkey`, and what can be told
//! in the same words. `cluster-config/edge/varnish.vcl` understands them.
//!
//! | what | request |
//! |---|---|
//! | purge | `PURGE`, with the keys in `Xkey-Purge` and in `Surrogate-Key` |
//! | invalidate | `PURGE`, with the keys in `Xkey-Softpurge` and in `Surrogate-Key` |
//! | purge everything | `PURGE`, with `Xkey-Purge-All: 1` |

use std::time::Duration;

use anyhow::Context;
use http::Method;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Client, Url};

use super::Call;
use super::provider::{Trouble, client};

const XKEY_PURGE: HeaderName = HeaderName::from_static("xkey-purge");
const XKEY_SOFTPURGE: HeaderName = HeaderName::from_static("xkey-softpurge");
const XKEY_PURGE_ALL: HeaderName = HeaderName::from_static("xkey-purge-all");
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// A cache, and the token that it knows this shop by, if it asks for one. It has no `Debug`, because the token is
/// in it.
pub struct Generic {
    client: Client,
    authorization: Option<HeaderValue>,
    cache: Url,
    method: Method,
}

impl Generic {
    /// The caches at `addresses`, which have spaces between them. One request may take `deadline`.
    pub fn all(addresses: &str, token: Option<&str>, deadline: Duration) -> anyhow::Result<Vec<Self>> {
        let caches = addresses.split_whitespace().map(|cache| Generic::new(cache, token, deadline));
        let caches = caches.collect::<Result<Vec<_>, _>>()?;
        anyhow::ensure!(!caches.is_empty(), "there is no cache to tell");
        Ok(caches)
    }

    /// The cache at an address. One request may take `deadline`.
    pub fn new(cache: &str, token: Option<&str>, deadline: Duration) -> anyhow::Result<Self> {
        let cache = Url::parse(cache).with_context(|| format!("{cache} is not an address"))?;
        let bearer = |token: &str| {
            let mut value = HeaderValue::try_from(format!("Bearer {token}")).context("the token cannot be sent")?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        };
        Ok(Generic {
            client: client(deadline).context("making the client of a cache")?,
            authorization: token.map(bearer).transpose()?,
            cache,
            method: Method::from_bytes(b"PURGE").expect("a method is a token"),
        })
    }

    /// Where it is, without what an address may have of secrets in it.
    pub(super) fn name(&self) -> String {
        let port = self.cache.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.cache.host_str().unwrap_or_default())
    }

    pub(super) async fn ask(&self, call: &Call) -> Result<(), Trouble> {
        let mut request = self.client.request(self.method.clone(), self.cache.clone());
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        request = match call {
            Call::PurgeEverything => request.header(XKEY_PURGE_ALL, "1"),
            Call::Purge(tags) => request.header(XKEY_PURGE, tags.join(" ")).header(SURROGATE_KEY, tags.join(" ")),
            Call::Invalidate(tags) => {
                request.header(XKEY_SOFTPURGE, tags.join(" ")).header(SURROGATE_KEY, tags.join(" "))
            }
        };
        let answer = request.send().await.map_err(|error| Trouble::of_error(&error))?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(Trouble::of_answer(answer).await),
        }
    }
}
