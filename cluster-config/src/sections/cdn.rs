//! `[cdn]`: the caches in front of the cluster.

use serde::Serialize;

use crate::kind::{OneOf, Text, milliseconds};
use crate::reader::section;

/// Who runs the caches in front of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CdnProvider {
    /// There are none, or nobody tells them anything.
    None,
    /// Cloudflare, or whatever speaks its API.
    Cloudflare,
    /// Caches that are purged by surrogate key, such as Varnish with xkey.
    Generic,
}

const PROVIDERS: &[(&str, CdnProvider)] =
    &[("none", CdnProvider::None), ("cloudflare", CdnProvider::Cloudflare), ("generic", CdnProvider::Generic)];

section! {
    /// The caches in front of the cluster: the leader tells them what is not so any more. Every node has the same
    /// section.
    Cdn = "cdn", own {
        /// "cloudflare" speaks Cloudflare's API, "generic" sends PURGE requests with surrogate keys, as Varnish with
        /// xkey understands them.
        provider: CdnProvider = CdnProvider::None, OneOf(PROVIDERS);
        /// For "cloudflare" where its API is, up to the version; for "generic" the address of each cache, with spaces
        /// between them.
        base_url: String = "https://api.cloudflare.com/client/v4".to_owned(), Text {
            allowed: "addresses that begin with https:// or http://, with spaces between them",
            rule: |text| are_addresses(text),
        };
        /// The id of the zone, for "cloudflare".
        zone: String = String::new(), Text {
            allowed: "letters, digits, - and _, or nothing",
            rule: |text| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
        };
        /// The file whose only line is the token: "cloudflare" needs one that may purge the zone, "generic" sends it
        /// if there is one. A secret in this file would be seen by whoever sees the configuration.
        token_file: String = String::new(), Text { allowed: "the path of a file, or nothing", rule: |_| true };
        /// How long one request may take; then it is tried again later.
        timeout_ms: u64 = 10_000, milliseconds(100..=60_000);
    }
}

fn are_addresses(text: &str) -> bool {
    let is_address = |text: &str| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    };
    text.split_whitespace().next().is_some() && text.split_whitespace().all(is_address)
}
