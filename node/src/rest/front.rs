//! What every request goes through on its way in and out: one service instead of a stack of layers, since each layer
//! costs every purchase a future and a clone.
//!
//! In: the id, the limits on size and number, the body. Out: the problem as JSON, the headers that every answer
//! carries, the metrics, the log line.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::{Router, body};
use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::BodyExt;
use tower::Service;

use super::Rest;
use super::accept::{Connection, Watch};
use super::answer::{INDEX, LEADER, NODE, REQUEST_ID};
use super::client::Proxies;
use super::code;
use super::context::{Context, RequestId, TRACEPARENT, Trace};
use super::limits::{Doorkeeper, Standing};
use super::measures::Measures;
use super::orders::place;
use super::problem::Problem;
use crate::clock;
use crate::telemetry::{Kind, Name, Span};

/// The most that one request may bring, and the most requests at once.
#[derive(Debug, Clone)]
pub struct Limits {
    pub body_bytes: usize,
    /// All header fields together.
    pub header_bytes: usize,
    /// The path with its query.
    pub uri_bytes: usize,
    /// Requests in work at one time.
    pub in_flight: usize,
    /// Who may say that it speaks for somebody else.
    pub proxies: Proxies,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes: 64 << 10,
            header_bytes: 16 << 10,
            uri_bytes: 8 << 10,
            in_flight: 8_192,
            proxies: Proxies::default(),
        }
    }
}

/// The outermost service.
pub struct Front {
    rest: Rest,
    router: Router,
    measures: Measures,
    limits: Limits,
    doorkeeper: Option<Doorkeeper>,
    node: HeaderValue,
    in_flight: AtomicUsize,
}

impl Front {
    pub fn new(rest: Rest, router: Router, measures: Measures, limits: Limits) -> Self {
        let doorkeeper = rest.limits.clone().map(Doorkeeper::new);
        Front { node: rest.node_id.into(), rest, router, measures, limits, doorkeeper, in_flight: AtomicUsize::new(0) }
    }

    /// Answers one request, whatever comes; `peer` is who is connected.
    pub async fn serve<B>(&self, request: Request<B>, watch: &Arc<Watch>, peer: IpAddr) -> Response
    where
        B: body::HttpBody<Data = Bytes> + Unpin,
    {
        let started = Instant::now();
        let (mut parts, body) = request.into_parts();
        let mut request_id = RequestId::of(&parts.headers);
        let (trace, traced) = Trace::begin(&parts.headers, &self.rest.telemetry);
        request_id.traced = traced;
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        let _in_work = InWork::enter(&self.in_flight);
        let client = self.limits.proxies.client(peer, &parts.headers);
        let mut standing = None;
        let mut response = match self.admit(&parts, body, watch, client, &mut standing).await {
            Ok(body) => {
                let context = Context { request_id: request_id.clone(), body, client };
                match method == Method::POST && uri == place::PATH {
                    true => place::purchase(&self.rest, &parts.headers, &context).await.into_response(),
                    false => {
                        parts.extensions.insert(context);
                        parts.extensions.insert(Connection(watch.clone()));
                        let mut router = self.router.clone();
                        let Ok(response) = router.call(Request::from_parts(parts, Body::empty())).await;
                        response
                    }
                }
            }
            Err(problem) => problem.render(request_id.as_str()),
        };
        let mut code = None;
        if let Some(problem) = problem_of(&mut response) {
            code = Some(problem.code().name);
            let allow = response.headers_mut().remove(header::ALLOW);
            response = problem.render(request_id.as_str());
            response.headers_mut().extend(allow.map(|allow| (header::ALLOW, allow)));
        }
        if let Some(standing) = standing {
            standing.say(response.headers_mut());
        }
        self.sign(response.headers_mut(), &request_id, trace);
        let took = started.elapsed();
        let route = self.note(&method, &uri, &response, &request_id, trace, took);
        if traced.is_some() || code.is_some() {
            self.remember(Answered { method: &method, route, request_id: &request_id, code, took }, response.status());
        }
        response
    }

    /// Reads the body of a request that is not too much, of a caller who does not ask too often; `standing` is what that
    /// one has left.
    async fn admit<B>(
        &self,
        parts: &Parts,
        body: B,
        watch: &Watch,
        client: IpAddr,
        standing: &mut Option<Standing>,
    ) -> Result<Bytes, Problem>
    where
        B: body::HttpBody<Data = Bytes> + Unpin,
    {
        let (limits, uri, headers) = (&self.limits, &parts.uri, &parts.headers);
        let uri_bytes = uri.path_and_query().map_or(0, |text| text.as_str().len());
        let header_bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if uri_bytes > limits.uri_bytes {
            return Err(Problem::new(&code::URI_TOO_LONG, format!("At most {} bytes.", limits.uri_bytes)));
        }
        if header_bytes > limits.header_bytes {
            return Err(Problem::new(&code::HEADER_TOO_LARGE, format!("At most {} bytes.", limits.header_bytes)));
        }
        if declared.is_some_and(|bytes: usize| bytes > limits.body_bytes) {
            return Err(self.body_too_large());
        }
        if self.in_flight.load(Ordering::Relaxed) > limits.in_flight {
            return Err(crate::auth::Busy.into());
        }
        if let Some(doorkeeper) = &self.doorkeeper {
            *standing = doorkeeper.admit(&self.rest, headers, uri.path(), client).await?;
        }
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        self.read(body, watch).await
    }

    async fn read<B>(&self, mut body: B, watch: &Watch) -> Result<Bytes, Problem>
    where
        B: body::HttpBody<Data = Bytes> + Unpin,
    {
        watch.body_begins();
        let (mut first, mut more) = (Bytes::new(), BytesMut::new());
        while let Some(frame) = watch.unless_overdue(body.frame()).await.map_err(|_| too_slow())? {
            let broken = |_| Problem::new(&code::BAD_REQUEST, "The body broke off.");
            let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
            if first.len() + more.len() + data.len() > self.limits.body_bytes {
                return Err(self.body_too_large());
            }
            // Nearly every body comes in one piece, which is then used as it is.
            match first.is_empty() && more.is_empty() {
                true => first = data,
                false => {
                    more.extend_from_slice(&std::mem::take(&mut first));
                    more.extend_from_slice(&data);
                }
            }
        }
        watch.body_ends();
        Ok(if more.is_empty() { first } else { more.freeze() })
    }

    fn body_too_large(&self) -> Problem {
        Problem::new(&code::BODY_TOO_LARGE, format!("At most {} bytes.", self.limits.body_bytes))
    }

    /// Adds what every answer carries.
    fn sign(&self, headers: &mut HeaderMap, request_id: &RequestId, trace: Option<Trace>) {
        headers.insert(REQUEST_ID, request_id.header());
        headers.insert(NODE, self.node.clone());
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(leader) = self.rest.shop.leader() {
            headers.insert(LEADER, leader.into());
        }
        if !headers.contains_key(INDEX) {
            headers.insert(INDEX, self.rest.shop.applied().into());
        }
        if let Some(trace) = trace {
            headers.insert(TRACEPARENT, trace.header());
        }
    }

    /// Counts the request, says what is worth saying, and gives the template of its route.
    fn note(
        &self,
        method: &Method,
        uri: &Uri,
        response: &Response,
        request_id: &RequestId,
        trace: Option<Trace>,
        took: Duration,
    ) -> &str {
        let status = response.status();
        let route = self.measures.count(method, uri.path(), status, took, self.in_flight.load(Ordering::Relaxed));
        let (ms, status) = (took.as_secs_f64() * 1_000.0, status.as_u16());
        let trace_id = trace.map(|trace| tracing::field::display(format!("{:032x}", trace.id)));
        if status == 500 {
            tracing::error!(%request_id, trace_id, %method, route, status, ms, "answered");
        } else if status > 500 || self.rest.telemetry.is_slow(took) && !asked_to_wait(uri) {
            tracing::warn!(%request_id, trace_id, %method, route, status, ms, "answered");
        } else {
            tracing::debug!(%request_id, trace_id, %method, route, status, ms, "answered");
        }
        route
    }

    /// Keeps what became of a request that failed or is traced; of those that were refused, as many as there is room for.
    fn remember(&self, answered: Answered, status: StatusCode) {
        let telemetry = &self.rest.telemetry;
        let Answered { method, route, request_id, code, took } = answered;
        let failed = status.is_server_error();
        if !failed && request_id.traced.is_none() && !telemetry.has_room_for_refusal() {
            return;
        }
        let began = clock::since_epoch().saturating_sub(took);
        let name = Name::of(request_id.as_str());
        let span = Span::new(name, format!("{method} {route}"), began, took).of_kind(Kind::Server);
        let span = span.at(request_id.traced).failed(failed).with("http.response.status_code", status.as_u16());
        telemetry.note(match code {
            Some(code) => span.with("error.type", code),
            None => span,
        });
    }
}

/// A request whose answer is known.
struct Answered<'a> {
    method: &'a Method,
    route: &'a str,
    request_id: &'a RequestId,
    /// The problem that it came to.
    code: Option<&'static str>,
    took: Duration,
}

/// Whether the caller wanted the answer to take its time.
fn asked_to_wait(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("wait=")))
}

/// The problem that a route left in its answer, or that an error of the router's own stands for.
fn problem_of(response: &mut Response) -> Option<Problem> {
    let status = response.status().as_u16();
    if status < 400 || response.headers().get(header::CONTENT_TYPE).is_some_and(is_problem) {
        return None;
    }
    let left = response.extensions_mut().remove::<Problem>();
    left.or_else(|| match status {
        404 => Some(Problem::new(&code::NOT_FOUND, "There is nothing at this address.")),
        405 => Some(Problem::new(&code::METHOD_NOT_ALLOWED, "The Allow header names the methods of this address.")),
        _ => None,
    })
}

fn is_problem(media_type: &HeaderValue) -> bool {
    media_type == livedrop_proto::rest::problem::MEDIA_TYPE
}

fn too_slow() -> Problem {
    Problem::new(&code::REQUEST_TIMEOUT, "The body did not come in time.")
        .with(header::CONNECTION, HeaderValue::from_static("close"))
}

/// Counts a request for as long as it is in work, however it ends.
struct InWork<'a>(&'a AtomicUsize);

impl<'a> InWork<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        InWork(count)
    }
}

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
