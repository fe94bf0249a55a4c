//! Telling the caches in front of the cluster what happened, so that nobody is shown what is not so any more.
//!
//! ```text
//!  journal ─► tags: which answers did it change? ─► teller (leader only) ─► provider: purge, invalidate
//!     ▲                                                │
//!     └──────────── log: told, up to here ◄────────────┘
//! ```
//!
//! At least once: the cursor in the log moves when the provider has said yes, and whoever leads next goes on there. A
//! cache that missed too much is told to forget everything. One that does not answer holds up no other one, only the
//! cursor, which is where the cache is that is furthest behind.
//!
//! What is said is said again [`AGAIN_AFTER_MS`] later. An answer that was on its way to the cache when it was first
//! told, or that came from a node which had not applied the event yet, may have been kept after it was purged.

mod cloudflare;
mod generic;
mod meter;
mod news;
mod progress;
mod provider;
mod stretch;
mod teller;

#[cfg(test)]
mod tests;

use std::time::Duration;

use anyhow::Context;
use livedrop_config::{Cdn, CdnProvider};

pub use self::news::{Call, News};
pub use self::provider::{Provider, Trouble};
pub use self::teller::Teller;

use self::cloudflare::Cloudflare;
use self::generic::Generic;

/// How much later everything is said once more: longer than an answer is on its way, and than a follower that is well
/// lags behind.
pub const AGAIN_AFTER_MS: u64 = 2_000;

/// The caches of a configuration, each to be told by itself; none when there are none to tell.
///
/// Errors: a token file that cannot be read or holds no token; an address that is none.
pub fn open(config: &Cdn) -> anyhow::Result<Vec<Provider>> {
    let deadline = Duration::from_millis(config.timeout_ms);
    let token = match config.token_file.as_str() {
        "" => None,
        file => Some(token(file).context("reading the token of the content delivery network")?),
    };
    match config.provider {
        CdnProvider::None => Ok(Vec::new()),
        CdnProvider::Cloudflare => {
            let token = token.context("Cloudflare asks for a token")?;
            let cloudflare = Cloudflare::new(&config.base_url, &config.zone, &token, deadline)?;
            Ok(vec![Provider::Cloudflare(cloudflare)])
        }
        CdnProvider::Generic => {
            let caches = Generic::all(&config.base_url, token.as_deref(), deadline)?;
            Ok(caches.into_iter().map(Provider::Generic).collect())
        }
    }
}

fn token(file: &str) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("the file {file}"))?;
    let token = text.trim();
    let is_one = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    anyhow::ensure!(is_one, "{file} does not hold one token");
    Ok(token.to_owned())
}
