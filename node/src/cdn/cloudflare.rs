//! Cloudflare's API: purge and invalidate by tag
//! (<https://developers.cloudflare.com/cache/how-to/purge-cache/purge-by-tags/>,
//! <https://developers.cloudflare.com/cache/guides/invalidate-cache>).

use std::time::Duration;

use anyhow::Context;
use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::json;

use super::Call;
use super::provider::{Trouble, client, read};

/// A zone, and the token that may purge it. It has no `Debug`, because the token is in it.
pub struct Cloudflare {
    client: Client,
    authorization: HeaderValue,
    purge: Url,
    invalidate: Url,
}

/// Cloudflare's answers say in their body whether it was done.
#[derive(Deserialize)]
struct Envelope {
    success: bool,
}

impl Cloudflare {
    /// `base` is the address of the API up to its version; one call may take `deadline`.
    pub fn new(base: &str, zone: &str, token: &str, deadline: Duration) -> anyhow::Result<Self> {
        let of = |verb| {
            let address = format!("{}/zones/{zone}/{verb}", base.trim_end_matches('/'));
            Url::parse(&address).with_context(|| format!("{address} is not an address"))
        };
        let mut authorization = HeaderValue::try_from(format!("Bearer {token}")).context("the token cannot be sent")?;
        authorization.set_sensitive(true);
        let client = client(deadline).context("making the client of the content delivery network")?;
        Ok(Cloudflare { client, authorization, purge: of("purge_cache")?, invalidate: of("invalidate_cache")? })
    }

    pub(super) async fn ask(&self, call: &Call) -> Result<(), Trouble> {
        let (url, body) = match call {
            Call::PurgeEverything => (&self.purge, json!({ "purge_everything": true })),
            Call::Purge(tags) => (&self.purge, json!({ "tags": tags })),
            Call::Invalidate(tags) => (&self.invalidate, json!({ "tags": tags })),
        };
        let request = self.client.post(url.clone()).header(AUTHORIZATION, self.authorization.clone()).json(&body);
        let answer = request.send().await.map_err(|error| Trouble::of_error(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(Trouble::of_answer(answer).await);
        }
        let body = read(answer).await?;
        match serde_json::from_slice::<Envelope>(&body) {
            Ok(Envelope { success: true }) => Ok(()),
            _ => {
                let said = String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
                Err(Trouble { why: format!("it did not do it: {said}"), at_least: Duration::ZERO })
            }
        }
    }
}
