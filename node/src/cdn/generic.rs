//! Caches that are purged by surrogate key, with one request to each of them: Varnish with `xkey`, and what can be told
//! in the same words. `cluster-config/edge/varnish.vcl` understands them.
//!
//! | what | request |
//! |---|---|
//! | purge | `PURGE`, with the keys in `Xkey-Purge` and in `Surrogate-Key` |
//! | invalidate | `PURGE`, with the keys in `Xkey-Softpurge` and in `Surrogate-Key` |
//! | purge everything | `PURGE`, with `Xkey-Purge-All: 1` |

use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use http::Method;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Client, Url};

use super::Call;
use super::provider::{Trouble, client};

const XKEY_PURGE: HeaderName = HeaderName::from_static("xkey-purge");
const XKEY_SOFTPURGE: HeaderName = HeaderName::from_static("xkey-softpurge");
const XKEY_PURGE_ALL: HeaderName = HeaderName::from_static("xkey-purge-all");
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// The caches, and the token that they know this shop by, if they ask for one. It has no `Debug`, because the token is
/// in it.
pub struct Generic {
    client: Client,
    authorization: Option<HeaderValue>,
    caches: Vec<Url>,
    method: Method,
}

impl Generic {
    /// `caches` are addresses with spaces between them. One request may take `deadline`.
    pub fn new(caches: &str, token: Option<&str>, deadline: Duration) -> anyhow::Result<Self> {
        let parse = |text: &str| Url::parse(text).with_context(|| format!("{text} is not an address"));
        let caches = caches.split_whitespace().map(parse).collect::<Result<Vec<_>, _>>()?;
        ensure!(!caches.is_empty(), "there is no cache to tell");
        let bearer = |token: &str| {
            let mut value = HeaderValue::try_from(format!("Bearer {token}")).context("the token cannot be sent")?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        };
        Ok(Generic {
            client: client(deadline).context("making the client of the caches")?,
            authorization: token.map(bearer).transpose()?,
            caches,
            method: Method::from_bytes(b"PURGE").expect("a method is a token"),
        })
    }

    /// Done when every cache has done it.
    pub(super) async fn ask(&self, call: &Call) -> Result<(), Trouble> {
        try_join_all(self.caches.iter().map(|cache| self.ask_one(cache, call))).await.map(|_| ())
    }

    async fn ask_one(&self, cache: &Url, call: &Call) -> Result<(), Trouble> {
        let mut request = self.client.request(self.method.clone(), cache.clone());
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
