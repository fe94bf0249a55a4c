//! One request to Stripe, and what its failure proves. A failure proves that nothing was done only when nothing was
//! sent, or when Stripe says that it did not look at it.
//!
//! | what happened | what it proves |
//! |---|---|
//! | no connection: refused, no such name, TLS | not done |
//! | no answer in time, connection lost, answer not to be read | nothing |
//! | 401, 403, 429: turned away before idempotency keys are looked at | not done |
//! | 409: the same key is at work; 5xx, 3xx | nothing |
//! | any other 4xx | it is the answer: no |

use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Url};

use super::shapes::{Error, ErrorBody};
use super::{Settings, Unusable};
use crate::payments::gateway::Trouble;

/// The last of the versions that are a plain date. It is newer than all that is relied on here (`latest_charge`
/// instead of `charges` since 2022-11-15, explicit `payment_method_types` beside automatic ones since 2023-08-16), and
/// what Stripe's later, named versions changed is not used. Without this header the version would be the account's,
/// which somebody may change on a web page.
const VERSION: &str = "2024-06-20";
/// The longest answer that is read.
const BODY_MAX: usize = 1 << 20;
/// The longest time for connecting; the deadline counts as well.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// A client with its key. Connections are kept and shared.
pub(super) struct Line {
    client: Client,
    origin: String,
}

/// An answer that says what was done.
pub(super) enum Said {
    /// 2xx, with the body.
    Yes(Vec<u8>),
    /// Definitely not done by this call.
    No(Box<ErrorBody>),
}

impl Line {
    pub fn new(settings: &Settings) -> Result<Self, Unusable> {
        let url = Url::parse(&settings.url).map_err(|_| Unusable::Address)?;
        if !matches!(url.scheme(), "https" | "http") || url.path() != "/" || url.query().is_some() || !url.has_host() {
            return Err(Unusable::Address);
        }
        let mut key = HeaderValue::try_from(format!("Bearer {}", settings.key)).map_err(|_| Unusable::Key)?;
        key.set_sensitive(true);
        let version = (HeaderName::from_static("stripe-version"), HeaderValue::from_static(VERSION));
        let headers = HeaderMap::from_iter([(AUTHORIZATION, key), version]);
        let client = Client::builder()
            .default_headers(headers)
            .timeout(settings.deadline)
            .connect_timeout(CONNECT_WITHIN.min(settings.deadline))
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(Unusable::Client)?;
        Ok(Line { client, origin: url.origin().ascii_serialization() })
    }

    /// Asks for something to be done, under a key.
    pub async fn post(&self, path: &str, key: &str, form: &[(&str, String)]) -> Result<Said, Trouble> {
        let request = self.client.post(format!("{}{path}", self.origin)).header("idempotency-key", key);
        self.send(request.form(form)).await
    }

    /// Asks what there is. Nothing is done by it, so nothing can be unknown.
    pub async fn get(&self, path: &str) -> Result<Said, Trouble> {
        let said = self.send(self.client.get(format!("{}{path}", self.origin))).await;
        said.map_err(|trouble| match trouble {
            Trouble::Unknown(why) => Trouble::Unavailable(why),
            other => other,
        })
    }

    async fn send(&self, request: RequestBuilder) -> Result<Said, Trouble> {
        let answer = request.send().await.map_err(|error| broken(&error))?;
        let status = answer.status();
        let said = |body: &[u8]| format!("it answered {status}: {}", excerpt(body));
        match status.as_u16() {
            200..=299 => Ok(Said::Yes(read(answer).await?)),
            401 | 403 | 429 => Err(Trouble::Unavailable(said(&read(answer).await.unwrap_or_default()))),
            409 => Err(Trouble::Unknown(said(&read(answer).await.unwrap_or_default()))),
            400..=499 => {
                let body = read(answer).await.unwrap_or_default();
                let error = serde_json::from_slice::<Error>(&body).map(|body| body.error).unwrap_or_default();
                Ok(Said::No(Box::new(ErrorBody { status: status.as_u16(), ..error })))
            }
            _ => Err(Trouble::Unknown(said(&read(answer).await.unwrap_or_default()))),
        }
    }
}

/// Reads an answer to its end, unless it is longer than any of Stripe's.
async fn read(mut answer: Response) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + chunk.len() > BODY_MAX {
            return Err(Trouble::Unknown(format!("its answer is longer than {BODY_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn broken(error: &reqwest::Error) -> Trouble {
    let why = chain(error);
    if error.is_connect() || error.is_builder() { Trouble::Unavailable(why) } else { Trouble::Unknown(why) }
}

/// An error with its causes. The address in it holds ids at most, never the key.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The beginning of an answer, for the node's own log.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(300)]);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
