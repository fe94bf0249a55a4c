//! Every route, against a shop in memory that runs the real domain.

mod accounts;
mod across;
mod audit;
mod closing;
mod connections;
pub mod double;
mod drops;
mod events;
mod follows;
mod inbox;
mod keys;
mod limits;
mod openapi;
mod orders;
mod payments;
mod products;
mod replays;
mod resume;
mod roles;
mod search;
mod secured;
mod stream;
mod tags;
mod waitlist;
mod webhooks;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::body::Body;
use axum::response::Response;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, request};
use http_body_util::BodyExt;
use livedrop_domain::{Event, Timestamp, payments as domain_payments};
use livedrop_proto::limits::{GuessRequest, GuessResponse, LeaseRequest, LeaseResponse};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::accept::Watch;
use super::operator_token::OperatorToken;
use super::{CallerLimits, Front, Limits, Parts, PaymentTerms, Rendered, Rest};
use crate::auth::{Auth, Options};
use crate::feed::{self, Hub};
use crate::limits::{Ask, Options as CallerOptions, Rate};
use crate::search::Search;
use double::Double;

/// Ten seconds before a full minute, so that times in tests are easy to read.
const NOW: Timestamp = Timestamp(1_795_000_000_000);
const PASSWORD: &str = "plum-otter-9-lantern";
const OPERATOR_TOKEN: &str = "op_of_this_test";

/// Limits that no test meets by accident.
fn caller_limits() -> CallerOptions {
    let rate = Rate { per_minute: 60_000, burst: 100_000 };
    CallerOptions { account: rate, address: rate, wrong_free: 3, wrong_from_address: rate }
}

/// There is no other node to ask.
struct Alone;

impl Ask for Alone {
    fn lease(&self, _: u64, _: LeaseRequest) -> BoxFuture<'_, Option<LeaseResponse>> {
        std::future::ready(None).boxed()
    }

    fn guess(&self, _: u64, _: GuessRequest) -> BoxFuture<'_, Option<GuessResponse>> {
        std::future::ready(None).boxed()
    }
}

/// A node over a shop in memory.
struct Node {
    shop: Arc<Double>,
    rest: Rest,
    front: Arc<Front>,
}

impl Node {
    fn new() -> Self {
        Node::over(Arc::new(Double::at(NOW)))
    }

    /// Another node over the same shop remembers nothing of what the first one has seen.
    fn over(shop: Arc<Double>) -> Self {
        Node::with_streams(shop, feed::Settings::default())
    }

    fn with_streams(shop: Arc<Double>, streams: feed::Settings) -> Self {
        Node::begun(shop, streams, caller_limits())
    }

    fn limited(shop: Arc<Double>, limits: CallerOptions) -> Self {
        Node::begun(shop, feed::Settings::default(), limits)
    }

    fn begun(shop: Arc<Double>, streams: feed::Settings, limits: CallerOptions) -> Self {
        let facts = shop.facts();
        let feed = Hub::new(shop.clone(), streams).expect("memory does not fail");
        tokio::spawn(feed::follow(feed.clone(), facts, CancellationToken::new()));
        let rest = Rest::new(Parts {
            telemetry: crate::telemetry::quiet(),
            feed,
            shop: shop.clone(),
            auth: Arc::new(Auth::new("double", Options::cheap())),
            limits: Some(CallerLimits::new(1, limits, Arc::new(Alone)).0),
            rendered: Rendered::new(1 << 20),
            node_id: 1,
            operator_token: Some(OperatorToken::of(OPERATOR_TOKEN)),
            metrics: Some(PrometheusBuilder::new().build_recorder().handle()),
            payments: PaymentTerms {
                gateway: domain_payments::Gateway::Sandbox,
                hold_ms: 300_000,
                give_up_ms: 900_000,
            },
            stripe: None,
            private_webhooks: false,
            search: Some(Search::default()),
            draining: AtomicBool::new(false),
        });
        Node { front: Arc::new(rest.front(Limits::default())), shop, rest }
    }

    /// Hears of what happened since somebody last did, as a node does that follows the facts.
    fn hear(&self, events: &[Event]) {
        for event in events {
            super::identity::load_keys(&self.rest).expect("memory does not fail");
            self.rest.auth.observe(event);
        }
    }

    fn call(&self, method: &str, path: &str) -> Call<'_> {
        let request = Request::builder().method(method).uri(path);
        Call { node: self, request, body: Body::empty(), peer: Ipv4Addr::LOCALHOST.into() }
    }

    fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }

    fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.call("POST", path).json(body)
    }

    /// Opens an account and signs in.
    async fn account(&self, name: &str, role: &str) -> String {
        let (email, token) = (format!("{name}@example.com"), OPERATOR_TOKEN);
        let account = json!({"email": email, "password": PASSWORD, "display_name": name, "role": role});
        self.post("/v1/admin/accounts", account).token(token).send().await.expect(201);
        self.sign_in(name).await["access_token"].as_str().expect("it is text").to_owned()
    }

    async fn sign_in(&self, name: &str) -> Value {
        let body = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
        self.post("/v1/sessions", body).send().await.expect(201).json()
    }

    async fn product(&self, creator: &str) -> Answered {
        let body = json!({"name": "Poster", "price": {"amount": 4_999, "currency": "EUR"}});
        self.post("/v1/products", body).token(creator).send().await.expect(201)
    }

    /// A drop of a new product; `terms` are what the body has beside it.
    async fn drop(&self, creator: &str, terms: Value) -> String {
        let mut body = terms;
        body["product_id"] = self.product(creator).await.json()["id"].clone();
        self.post("/v1/drops", body).token(creator).send().await.expect(201).text_at("id")
    }

    fn buy<'a>(&'a self, buyer: &str, drop: &str, quantity: u32, key: &str) -> Call<'a> {
        let body = json!({"drop_id": drop, "quantity": quantity});
        self.post("/v1/orders", body).token(buyer).header("idempotency-key", key)
    }
}

/// A request that is being put together.
struct Call<'a> {
    node: &'a Node,
    request: request::Builder,
    body: Body,
    peer: IpAddr,
}

impl Call<'_> {
    fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// As if it came from there.
    fn from(mut self, peer: &str) -> Self {
        self.peer = peer.parse().expect("a test's address is one");
        self
    }

    fn json(self, body: Value) -> Self {
        let mut call = self.header("content-type", "application/json");
        call.body = Body::from(body.to_string());
        call
    }

    fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// The answer whose body is still on its way.
    async fn begin(self) -> Response {
        let request = self.request.body(self.body).expect("a test's request is one");
        self.node.front.serve(request, &Arc::new(Watch::idle()), self.peer).await
    }

    async fn send(self) -> Answered {
        let (parts, body) = self.begin().await.into_parts();
        let text = body.collect().await.expect("it is in memory").to_bytes();
        let text = String::from_utf8(text.to_vec()).expect("answers are text");
        Answered { status: parts.status.as_u16(), headers: parts.headers, text }
    }
}

struct Answered {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answered {
    #[track_caller]
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// A problem of this status and code, which says no more than its shape.
    #[track_caller]
    fn problem(self, status: u16, code: &str) -> Value {
        let answered = self.expect(status);
        assert_eq!(answered.header("content-type"), "application/problem+json");
        let problem = answered.json();
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)));
        assert_eq!(problem["type"], json!(format!("/problems/{code}")));
        assert_eq!(problem["request_id"], json!(answered.header("x-request-id")));
        let known =
            ["type", "title", "status", "detail", "code", "request_id", "errors", "opens_at", "violated-policies"];
        let fields = problem.as_object().expect("a problem is an object");
        assert!(fields.keys().all(|field| known.contains(&&field[..])), "{problem}");
        problem
    }

    /// A problem with exactly these fields.
    #[track_caller]
    fn wrong_fields(self, pointers: &[&str]) {
        let problem = self.problem(422, "invalid_request");
        let errors = problem["errors"].as_array().expect("errors are named");
        let named: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().expect("it is text")).collect();
        assert_eq!(named, pointers, "{problem}");
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("the answer is JSON")
    }

    #[track_caller]
    fn text_at(&self, field: &str) -> String {
        self.json()[field].as_str().expect("the field is text").to_owned()
    }

    #[track_caller]
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().expect("it is ASCII")
    }

    fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }
}

/// The items of a page, by one of their fields.
fn items(page: &Value, field: &str) -> Vec<String> {
    let items = page["items"].as_array().expect("a page has items");
    items.iter().map(|item| item[field].as_str().expect("it is text").to_owned()).collect()
}
