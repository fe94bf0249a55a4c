//! One request, from its first attempt to its answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH};
use http::{HeaderMap, HeaderName, Method};
use livedrop_proto::rest::{
    IDEMPOTENCY_KEY_HEADER, INDEX_HEADER, MIN_INDEX_HEADER, NODE_HEADER, REPLAYED_HEADER, REQUEST_ID_HEADER,
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use crate::answer::{self, Received};
use crate::call::Call;
use crate::retry::{Failure, Policy, Repeat, again, leaves_open};
use crate::{Attempt, Endpoint, Endpoints, Error, random};

/// How long a node may take to begin an answer without an end.
const OPENING: Duration = Duration::from_secs(10);

/// A client of one cluster. Clones share connections, the preferred node and what was seen.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    timeout: Duration,
    /// Believed beside those that the system believes.
    authorities: Arc<[reqwest::Certificate]>,
    endpoints: Arc<Endpoints>,
    policy: Policy,
    token: Option<Arc<SecretString>>,
    /// The highest log index of any answer: reads are at least as new as what this client has seen.
    seen: Arc<AtomicU64>,
}

/// What came back, and what the headers say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    pub body: T,
    /// The log index that the answer reflects.
    pub index: Option<u64>,
    /// The id of the node that answered.
    pub node: Option<String>,
    /// The key was used before; this is the answer that it got then.
    pub replayed: bool,
    /// What `If-Match` wants to change this very version.
    pub etag: Option<String>,
}

impl Client {
    /// A client without a token, with the default [`Policy`] and ten seconds for each attempt.
    pub fn new(endpoints: Endpoints) -> Self {
        Client::with_timeout(endpoints, Duration::from_secs(10))
    }

    /// `timeout` is for one attempt: a node that takes longer is given up for the next.
    pub fn with_timeout(endpoints: Endpoints, timeout: Duration) -> Self {
        let authorities: Arc<[reqwest::Certificate]> = Arc::new([]);
        Client {
            http: http(timeout, None, &authorities),
            timeout,
            authorities,
            endpoints: Arc::new(endpoints),
            policy: Policy::default(),
            token: None,
            seen: Arc::default(),
        }
    }

    /// The same client, for the account whose bearer token this is.
    pub fn with_token(&self, token: impl Into<SecretString>) -> Self {
        Client { token: Some(Arc::new(token.into())), ..self.clone() }
    }

    /// The same client with connections of its own, which believes nodes whose certificates this authority has signed,
    /// too. `pem` is one certificate or several.
    ///
    /// Errors: it is no certificate.
    pub fn believing(&self, pem: &str) -> Result<Self, reqwest::Error> {
        let authorities: Arc<[reqwest::Certificate]> = reqwest::Certificate::from_pem_bundle(pem.as_bytes())?.into();
        let http = builder(self.timeout, None, &authorities).build()?;
        Ok(Client { http, authorities, ..self.clone() })
    }

    pub fn with_policy(&self, policy: Policy) -> Self {
        Client { policy, ..self.clone() }
    }

    /// The same client with connections of its own, which come from this address of this machine.
    pub(crate) fn coming_from(&self, address: Option<IpAddr>) -> Self {
        Client { http: http(self.timeout, address, &self.authorities), ..self.clone() }
    }

    /// The same client, asking one node only.
    pub fn at(&self, endpoint: &Endpoint) -> Self {
        Client { endpoints: Arc::new(Endpoints::new(vec![endpoint.clone()])), ..self.clone() }
    }

    pub fn endpoints(&self) -> &[Endpoint] {
        self.endpoints.all()
    }

    /// Sends a call until it is answered or the policy ends, and reads the answer as JSON.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<Answer<T>, Error> {
        let (received, request_id) = self.send(call).await?;
        let body = serde_json::from_slice(&received.body).map_err(|error| Error::Unreadable {
            endpoint: received.endpoint.clone(),
            why: error.to_string(),
            request_id,
        })?;
        Ok(describe(&received.headers, body))
    }

    /// As `ask`, for an answer without a body.
    pub(crate) async fn tell(&self, call: Call<'_>) -> Result<(), Error> {
        self.send(call).await.map(|_| ())
    }

    async fn send(&self, call: Call<'_>) -> Result<(Received, String), Error> {
        let (began, request_id) = (Instant::now(), random::name());
        let nodes = self.endpoints.all().len() as u32;
        let mut unreached: Vec<Attempt> = Vec::new();
        // The newest failure after which a write may have been done.
        let mut open = None;
        for attempt in 1.. {
            let (place, endpoint) = self.endpoints.preferred();
            let mut error = match self.attempt(&call, endpoint, &request_id).await {
                Ok(received) => return Ok((received, request_id)),
                Err(error) => error,
            };
            if let Error::Unreachable { tried, .. } = &mut error {
                unreached.append(tried);
                tried.clone_from(&unreached);
            }
            self.endpoints.move_on_from(place);
            let pause = match error.retry_after() {
                Some(asked) => asked,
                None if attempt < nodes => Duration::ZERO,
                None => self.policy.pause(attempt / nodes),
            };
            let too_late = attempt >= self.policy.attempts || began.elapsed() + pause > self.policy.patience;
            let failure = Failure::of(&error);
            if too_late || !again(call.repeat(), failure) {
                // That this attempt was not done says nothing of an earlier one whose answer was lost.
                return Err(match open {
                    Some(open) if again(Repeat::Unsafe, failure) => open,
                    _ => error,
                });
            }
            if call.method != Method::GET && leaves_open(failure) {
                open = Some(error);
            }
            tokio::time::sleep(pause).await;
        }
        unreachable!("the loop ends with an answer or an error")
    }

    async fn attempt(&self, call: &Call<'_>, endpoint: &Endpoint, request_id: &str) -> Result<Received, Error> {
        let unanswered = |why| Error::Unanswered { endpoint: endpoint.clone(), why, request_id: request_id.to_owned() };
        let response = self.build(call, endpoint, request_id).send().await.map_err(|error| {
            let why = answer::root_cause(&error);
            if error.is_connect() {
                let tried = vec![Attempt { endpoint: endpoint.clone(), why }];
                Error::Unreachable { tried, request_id: request_id.to_owned() }
            } else {
                unanswered(why)
            }
        })?;
        let received = Received::read(response, endpoint).await.map_err(unanswered)?;
        if !received.is_success() {
            return Err(Error::Refused(Box::new(received.refusal(request_id))));
        }
        self.seen.fetch_max(index(&received.headers).unwrap_or(0), Ordering::Relaxed);
        Ok(received)
    }

    /// Begins an answer without an end, at the preferred node, or the next one from then on; it may take `time`.
    pub(crate) async fn open(
        &self,
        call: &Call<'_>,
        headers: &[(&'static str, String)],
        time: Duration,
        request_id: &str,
    ) -> Result<reqwest::Response, Error> {
        let (place, endpoint) = self.endpoints.preferred();
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value));
        let request = headers.fold(self.build(call, endpoint, request_id).timeout(time), |request, (name, value)| {
            request.header(name, value)
        });
        let error = match tokio::time::timeout(OPENING, request.send()).await {
            Ok(Ok(response)) if response.status().is_success() => return Ok(response),
            Ok(Ok(response)) => match Received::read(response, endpoint).await {
                Ok(received) => Error::Refused(Box::new(received.refusal(request_id))),
                Err(why) => unreached(endpoint, why, request_id),
            },
            Ok(Err(error)) => unreached(endpoint, answer::root_cause(&error), request_id),
            Err(_) => unreached(endpoint, "no answer in time".to_owned(), request_id),
        };
        self.endpoints.move_on_from(place);
        Err(error)
    }

    fn build(&self, call: &Call<'_>, endpoint: &Endpoint, request_id: &str) -> reqwest::RequestBuilder {
        let mut url = endpoint.join(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = self.http.request(call.method.clone(), url).header(REQUEST_ID_HEADER, request_id);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose_secret()));
        }
        if let Some(key) = call.key {
            request = request.header(IDEMPOTENCY_KEY_HEADER, key.as_str());
        }
        if let Some(etag) = call.if_match {
            request = request.header(IF_MATCH, etag);
        }
        let seen = self.seen.load(Ordering::Relaxed);
        if call.method == Method::GET && seen > 0 {
            request = request.header(MIN_INDEX_HEADER, seen);
        }
        match &call.body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.clone()),
            None => request,
        }
    }
}

fn http(timeout: Duration, from: Option<IpAddr>, authorities: &[reqwest::Certificate]) -> reqwest::Client {
    builder(timeout, from, authorities).build().expect("what was built once can be built again")
}

fn builder(timeout: Duration, from: Option<IpAddr>, authorities: &[reqwest::Certificate]) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(timeout.min(Duration::from_secs(2)))
        .timeout(timeout)
        .local_address(from)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("livedrop-client/", env!("CARGO_PKG_VERSION")))
        .tls_certs_merge(authorities.iter().cloned())
}

fn unreached(endpoint: &Endpoint, why: String, request_id: &str) -> Error {
    let tried = vec![Attempt { endpoint: endpoint.clone(), why }];
    Error::Unreachable { tried, request_id: request_id.to_owned() }
}

fn describe<T>(headers: &HeaderMap, body: T) -> Answer<T> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Answer {
        body,
        index: index(headers),
        node: text(NODE_HEADER),
        replayed: text(REPLAYED_HEADER).as_deref() == Some("true"),
        etag: text(ETAG.as_str()),
    }
}

fn index(headers: &HeaderMap) -> Option<u64> {
    headers.get(INDEX_HEADER)?.to_str().ok()?.parse().ok()
}
