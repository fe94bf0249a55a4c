//! One try of one delivery. What the other side answers is never kept or shown, except for its status: otherwise an
//! address would be a way to read what only this node can.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::address::{Address, Refusal, may_reach};
use super::sign;

/// As much of an answer is read, so that its connection can be used again; a longer one ends with its connection.
const ANSWER_MAX: usize = 4_096;
const USER_AGENT: &str = concat!("LiveDrops-Webhooks/", env!("CARGO_PKG_VERSION"));

/// How deliveries are sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether endpoints may be plain http and at private addresses.
    pub allow_private: bool,
    /// How long one try may take, from looking up the name to the end of the answer.
    pub deadline: Duration,
}

impl Default for Settings {
    /// Public addresses only, and ten seconds.
    fn default() -> Self {
        Settings { allow_private: false, deadline: Duration::from_secs(10) }
    }
}

/// What came of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Of the answer; none when there was none.
    pub status: Option<u16>,
    /// Why there was no answer, in words of ours that a creator may see.
    pub error: Option<String>,
    pub duration_ms: u64,
}

/// Sends deliveries. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client,
    allow_private: bool,
}

impl Sender {
    pub fn new(settings: &Settings) -> reqwest::Result<Self> {
        Sender::resolving_by(settings, System)
    }

    fn resolving_by(settings: &Settings, names: impl Resolve + 'static) -> reqwest::Result<Self> {
        let allow_private = settings.allow_private;
        let client = Client::builder()
            .dns_resolver(Guard { names: Arc::new(names), allow_private })
            .timeout(settings.deadline)
            .redirect(Policy::none())
            .https_only(!allow_private)
            .referer(false)
            .no_proxy()
            .user_agent(USER_AGENT)
            .pool_max_idle_per_host(4)
            .build()?;
        Ok(Sender { client, allow_private })
    }

    /// Posts a body once. `id` is the same for every try of one delivery, `seconds` is the time of this one.
    pub async fn post(&self, url: &str, secrets: &[&[u8]], id: &str, seconds: u64, body: Vec<u8>) -> Sent {
        let began = Instant::now();
        let result = self.try_to_post(url, secrets, id, seconds, body).await;
        let duration_ms = began.elapsed().as_millis() as u64;
        match result {
            Ok(status) => Sent { status: Some(status), error: None, duration_ms },
            Err(error) => Sent { status: None, error: Some(error), duration_ms },
        }
    }

    async fn try_to_post(
        &self,
        url: &str,
        secrets: &[&[u8]],
        id: &str,
        seconds: u64,
        body: Vec<u8>,
    ) -> Result<u16, String> {
        // The rules may have changed since the endpoint was made.
        let address = Address::parse(url, self.allow_private).map_err(|refusal| refusal.to_string())?;
        let signature = sign::signature(secrets.iter().copied(), id, seconds, &body);
        let request = self.client.post(address.url().clone()).header(CONTENT_TYPE, "application/json");
        let request = request.header(sign::ID, id).header(sign::TIMESTAMP, seconds);
        let answer = request.header(sign::SIGNATURE, signature).body(body).send().await.map_err(|error| why(&error))?;
        let status = answer.status().as_u16();
        skip(answer).await;
        Ok(status)
    }
}

/// Reads an answer that is short, and leaves one that is long. A status that has come counts whatever follows.
async fn skip(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > ANSWER_MAX {
            return;
        }
    }
}

/// Why there was no answer. The words of the libraries may hold what was looked up, so ours are used.
fn why(error: &reqwest::Error) -> String {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let said = if causes.any(|cause| cause.is::<Refusal>()) {
        return Refusal::Private.to_string();
    } else if error.is_dns() {
        "the host was not found"
    } else if error.is_timeout() {
        "there was no answer in time"
    } else if error.is_connect() {
        "no connection could be made"
    } else {
        "the connection broke before there was an answer"
    };
    said.to_owned()
}

/// Looks names up, once for each connection, and lets none through that leads to where nobody may send. What it gives
/// is what is connected to, so a name that is looked up elsewhere as well proves nothing and is of no use.
struct Guard {
    names: Arc<dyn Resolve>,
    allow_private: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (looking, allow_private) = (self.names.resolve(name), self.allow_private);
        Box::pin(async move {
            let found: Vec<SocketAddr> = looking.await?.collect();
            // One that may not be reached among others that may is no accident.
            if !allow_private && !found.iter().all(|address| may_reach(address.ip())) {
                return Err(Refusal::Private.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The names as this machine knows them.
struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port of the address takes the place of 0.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
