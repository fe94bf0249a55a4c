//! What load is wanted.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::keys::Keys;
use super::shop::Shop;
use crate::ctl::context::Context;
use crate::ctl::options::seconds;
use crate::ctl::trouble::{Exit, Stop};

#[derive(Debug, Args)]
pub struct Wanted {
    /// Connections, spread over the endpoints in turn; each has one request under way at a time
    #[arg(long, short, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub connections: u16,
    /// Requests a second, sent on schedule however long the answers take (an open loop); as fast as answers come
    /// (a closed loop) when absent
    #[arg(long, short, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: Option<u32>,
    /// How long to buy, in seconds; 10 when --units is absent too, else until sold out
    #[arg(long, short, value_name = "SECONDS", value_parser = seconds)]
    pub duration: Option<Duration>,
    /// Units in the drop that is made; more than can be sold when absent
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub units: Option<u64>,
    /// Accounts that buy, in turn; each costs the nodes two password hashes
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub buyers: u32,
    /// Units of each order
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub quantity: u32,
    /// The most units one buyer may have; 0 is no limit
    #[arg(long, default_value_t = 0)]
    pub per_customer_limit: u32,
    /// Seconds at the start that are not measured; 2 when absent, 0 with --units and no --duration
    #[arg(long, value_name = "SECONDS", value_parser = zero_or_seconds)]
    pub warm_up: Option<Duration>,
    /// Buys from this drop, in place of one that is made
    #[arg(long, value_name = "ID")]
    pub drop: Option<String>,
    /// Buys with the bearer tokens in this file, one a line, in place of accounts that are made
    #[arg(long, value_name = "FILE")]
    pub tokens: Option<PathBuf>,
    /// Makes drop and buyers, writes the buyers' bearer tokens to this file and the drop's id to standard output, and
    /// stops: for other load generators
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tokens", "rate", "duration"])]
    pub print_tokens: Option<PathBuf>,
    /// Keys that the audit asks every node about, spread evenly over all; 0 is all
    #[arg(long, default_value_t = 2_000, value_name = "KEYS")]
    pub audit: usize,
    /// Threads that send; one is enough for about 100,000 purchases a second
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: u16,
}

impl Wanted {
    /// Refuses what cannot be measured before anything is made.
    pub fn check(&self, context: &Context) -> Result<(), Stop> {
        match context.client.endpoints().iter().find(|endpoint| !endpoint.is_plain()) {
            None => Ok(()),
            Some(endpoint) => {
                let why = format!("{endpoint} is https, and the load generator writes plain HTTP");
                let advice = "name the nodes' own addresses with --endpoints";
                Err(Stop::trouble(Exit::Usage, "this cluster cannot be measured", why, advice))
            }
        }
    }

    pub fn is_until_sold_out(&self) -> bool {
        self.units.is_some() && self.duration.is_none()
    }

    /// How long the load runs, as far as that is known.
    pub fn longest(&self) -> Duration {
        self.warmed_up() + self.measured().unwrap_or_default()
    }

    /// How long to buy after the warm-up; none is until sold out.
    fn measured(&self) -> Option<Duration> {
        if self.is_until_sold_out() { None } else { Some(self.duration.unwrap_or(Duration::from_secs(10))) }
    }

    fn warmed_up(&self) -> Duration {
        let default = if self.is_until_sold_out() { Duration::ZERO } else { Duration::from_secs(2) };
        self.warm_up.unwrap_or(default)
    }
}

/// As [`seconds`], or none at all.
pub fn zero_or_seconds(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { seconds(text) }
}

/// One node, as the load generator sees it.
#[derive(Debug)]
pub struct Target {
    pub address: SocketAddr,
    /// For the `Host` header.
    pub authority: String,
}

/// The load, ready to run.
#[derive(Debug)]
pub struct Load {
    pub targets: Vec<Target>,
    pub tokens: Vec<String>,
    pub drop_id: String,
    pub quantity: u32,
    pub connections: usize,
    pub threads: usize,
    /// Requests a second over all connections; none in a closed loop.
    pub rate: Option<u32>,
    pub warm_up: Duration,
    pub measured: Option<Duration>,
    /// For one answer.
    pub timeout: Duration,
    pub keys: Keys,
}

impl Load {
    pub async fn new(context: &Context, wanted: &Wanted, shop: &Shop) -> Result<Arc<Self>, Stop> {
        let mut targets = Vec::new();
        for endpoint in context.client.endpoints() {
            let authority = endpoint.authority();
            let mut found = tokio::net::lookup_host(authority.clone()).await.map_err(|error| {
                let what = format!("the address of {endpoint} cannot be found");
                Stop::trouble(Exit::Unreachable, what, error.to_string(), "check --endpoints")
            })?;
            let address = found.next().ok_or_else(|| {
                let what = format!("{endpoint} has no address");
                Stop::trouble(Exit::Unreachable, what, "the name is known and leads nowhere", "check --endpoints")
            })?;
            targets.push(Target { address, authority });
        }
        Ok(Arc::new(Load {
            targets,
            tokens: shop.tokens.clone(),
            drop_id: shop.drop_id.clone(),
            quantity: wanted.quantity,
            connections: wanted.connections.into(),
            threads: wanted.threads.min(wanted.connections).into(),
            rate: wanted.rate,
            warm_up: wanted.warmed_up(),
            measured: wanted.measured(),
            timeout: context.timeout,
            keys: Keys::random(),
        }))
    }

    /// Whose token a request carries.
    pub fn buyer(&self, connection: usize, sequence: usize) -> usize {
        (connection + sequence) % self.tokens.len()
    }
}
