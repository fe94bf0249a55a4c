//! Whoever runs the caches, and what can go wrong with asking them.

use std::time::Duration;

use http::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::Call;
use super::cloudflare::Cloudflare;
use super::generic::Generic;

/// The longest time for connecting; the deadline counts as well.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The longest answer that is read.
const BODY_MAX: usize = 64 << 10;
/// The longest time that a provider may make itself be waited for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(600);
const USER_AGENT: &str = concat!("LiveDrops-Cdn/", env!("CARGO_PKG_VERSION"));

/// Who is told.
pub enum Provider {
    Cloudflare(Cloudflare),
    Generic(Generic),
}

/// Why a request did not go through. Whether it was done all the same does not matter: it is asked for again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Trouble {
    pub why: String,
    /// How long the provider wants to be left alone.
    pub at_least: Duration,
}

impl Provider {
    /// Who it is, in logs.
    pub fn name(&self) -> String {
        match self {
            Provider::Cloudflare(_) => "Cloudflare".to_owned(),
            Provider::Generic(generic) => generic.name(),
        }
    }

    /// Asks for one thing, once.
    pub async fn ask(&self, call: &Call) -> Result<(), Trouble> {
        match self {
            Provider::Cloudflare(cloudflare) => cloudflare.ask(call).await,
            Provider::Generic(generic) => generic.ask(call).await,
        }
    }
}

impl Trouble {
    pub(super) fn of_error(error: &reqwest::Error) -> Self {
        let first: &dyn std::error::Error = error;
        let causes = std::iter::successors(Some(first), |error| error.source());
        let why = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Trouble { why, at_least: Duration::ZERO }
    }

    /// Of an answer that is not yes.
    pub(super) async fn of_answer(answer: Response) -> Self {
        let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let at_least = seconds.map_or(Duration::ZERO, Duration::from_secs).min(RETRY_AFTER_MAX);
        let status = answer.status();
        let body = read(answer).await.unwrap_or_default();
        let said = String::from_utf8_lossy(&body[..body.len().min(300)]);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        Trouble { why: format!("it answered {status}: {said}"), at_least }
    }
}

/// A client that follows nobody elsewhere, since a token goes with each request.
pub(super) fn client(deadline: Duration) -> reqwest::Result<Client> {
    Client::builder()
        .timeout(deadline)
        .connect_timeout(CONNECT_WITHIN.min(deadline))
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(USER_AGENT)
        .build()
}

/// Reads an answer to its end, unless it is longer than it could be.
pub(super) async fn read(mut answer: Response) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Trouble::of_error(&error))? {
        if body.len() + chunk.len() > BODY_MAX {
            let why = format!("its answer is longer than {BODY_MAX} bytes");
            return Err(Trouble { why, at_least: Duration::ZERO });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
