//! What a request costs its caller, and how that is said (draft-ietf-httpapi-ratelimit-headers-10).
//!
//! Whoever is signed in is counted by account and by address, everybody else by address. The limit of an address is
//! loose: a whole house may be behind it. Probes and operators with the node's own token are not counted.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::Rest;
use super::client::network;
use super::code;
use super::identity::bearer;
use super::problem::Problem;
use crate::auth::TokenHash;
use crate::limits::{Limits, Policy, Subject, Verdict};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What a balancer and a collector of metrics ask again and again.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Counts the requests of one node.
pub struct Doorkeeper {
    limits: Arc<Limits>,
    /// The policies as they are sent, account and address.
    account: HeaderValue,
    address: HeaderValue,
}

/// How much a caller has left.
pub struct Standing {
    policy: HeaderValue,
    left: HeaderValue,
}

impl Doorkeeper {
    pub fn new(limits: Arc<Limits>) -> Self {
        let policy = |policy: Policy| {
            let rate = limits.rate(policy);
            let text = format!("\"{}\";q={};w={}", name(policy), rate.burst, rate.full_again_seconds(0));
            HeaderValue::try_from(text).expect("names and digits are visible ASCII")
        };
        Doorkeeper { account: policy(Policy::Account), address: policy(Policy::Address), limits }
    }

    /// Counts one request of `client`. Nothing is said of one that is not counted.
    ///
    /// Rejects with 429 `rate_limited`: of the account, then of the address.
    pub async fn admit(
        &self,
        rest: &Rest,
        headers: &HeaderMap,
        path: &str,
        client: IpAddr,
    ) -> Result<Option<Standing>, Problem> {
        if PROBES.contains(&path) {
            return Ok(None);
        }
        // Only who was verified before is known here. The first request of a token counts for its address alone.
        let token = bearer(headers).ok();
        let known = token.and_then(|token| rest.auth.recall(&TokenHash::of(token), rest.now()));
        if known.is_none() && token.is_some_and(|token| rest.is_operator_token(token)) {
            return Ok(None);
        }
        let mut standing = None;
        if let Some(identity) = known {
            let name = u128::from_be_bytes(identity.account_id.bytes());
            standing = Some(self.count(Policy::Account, name).await?);
        }
        let of_address = self.count(Policy::Address, address_name(client)).await?;
        Ok(Some(standing.unwrap_or(of_address)))
    }

    async fn count(&self, policy: Policy, name: u128) -> Result<Standing, Problem> {
        let Verdict { wait_ns, left } = self.limits.check(Subject { policy, name }).await;
        let standing = self.standing(policy, left);
        let Some(wait_ns) = wait_ns else { return Ok(standing) };
        metrics::counter!("livedrop_limits_refused_total", "policy" => self::name(policy)).increment(1);
        let whom = match policy {
            Policy::Account => "This account",
            Policy::Address => "This address",
        };
        let problem =
            Problem::new(&code::RATE_LIMITED, format!("{whom} has asked too often. Wait before the next try."));
        Err(problem
            .retry_after(wait_ns.div_ceil(1_000_000_000).max(1))
            .violates(self::name(policy))
            .with(RATE_LIMIT_POLICY, standing.policy)
            .with(RATE_LIMIT, standing.left))
    }

    fn standing(&self, policy: Policy, left: u32) -> Standing {
        let rate = self.limits.rate(policy);
        // What is lent to other nodes makes the sum a little more than the whole at times.
        let left = left.min(rate.burst);
        let text = format!("\"{}\";r={left};t={}", name(policy), rate.full_again_seconds(left));
        let left = HeaderValue::from_maybe_shared(Bytes::from(text)).expect("names and digits are visible ASCII");
        let policy = match policy {
            Policy::Account => self.account.clone(),
            Policy::Address => self.address.clone(),
        };
        Standing { policy, left }
    }
}

impl Standing {
    pub fn say(self, headers: &mut HeaderMap) {
        headers.entry(RATE_LIMIT_POLICY).or_insert(self.policy);
        headers.entry(RATE_LIMIT).or_insert(self.left);
    }
}

/// What an address is counted by: that of a whole household.
pub fn address_name(client: IpAddr) -> u128 {
    match network(client) {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn name(policy: Policy) -> &'static str {
    match policy {
        Policy::Account => "account",
        Policy::Address => "address",
    }
}
