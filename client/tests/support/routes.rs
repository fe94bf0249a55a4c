//! The routes of the double.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use livedrop_proto::rest::follows::{ImportFollowers, ImportedFollowers};
use livedrop_proto::rest::orders::{FindOrder, Order, OrderStatus, PlaceOrder};
use livedrop_proto::rest::problem::code;
use livedrop_proto::rest::{Money, Problem, Wide};
use serde_json::{Value, json};

use super::{Fault, Shop};

const NOW: &str = "2026-11-23T13:18:00.000Z";

#[derive(Clone)]
struct Node {
    shop: Arc<Mutex<Shop>>,
    place: usize,
    addresses: Vec<String>,
}

pub fn router(shop: Arc<Mutex<Shop>>, place: usize, addresses: Vec<String>) -> Router {
    let node = Node { shop, place, addresses };
    Router::new()
        .route("/v1/accounts", post(account))
        .route("/v1/sessions", post(session))
        .route(
            "/v1/me",
            get(async |headers: HeaderMap| match token(&headers).as_str() {
                "" | "stale" => problem(401, code::UNAUTHENTICATED),
                _ => Json(shape_of_account("ada@example.com", "buyer")).into_response(),
            }),
        )
        .route("/v1/sessions/refresh", post(refresh))
        .route(
            "/v1/sessions/current",
            delete(async |headers: HeaderMap| match token(&headers).as_str() {
                "" | "stale" => problem(401, code::UNAUTHENTICATED),
                _ => StatusCode::NO_CONTENT.into_response(),
            }),
        )
        .route("/v1/products", post(async || (StatusCode::CREATED, Json(shape_of_product()))))
        .route("/v1/drops", post(create_drop))
        .route("/v1/drops/{id}", get(drop))
        .route("/v1/drops/{id}/waitlist", get(place_in_line).put(place_in_line).delete(async || StatusCode::NO_CONTENT))
        .route("/v1/orders", post(place_order).get(find))
        .route("/v1/orders/{id}", get(async || problem(404, code::NOT_FOUND)))
        .route("/v1/cluster", get(cluster))
        .route("/v1/admin/hash", get(hash))
        .route("/v1/admin/followers", post(import_followers))
        .fallback(async || problem(404, code::NOT_FOUND))
        .layer(middleware::from_fn_with_state(node.clone(), note))
        .with_state(node)
}

async fn note(State(node): State<Node>, request: Request, next: Next) -> Response {
    let seen = format!("{} {}", request.method(), request.uri().path());
    node.shop.lock().unwrap().seen.push(seen);
    next.run(request).await
}

fn problem(status: u16, code: &str) -> Response {
    let problem = Problem {
        kind: format!("/problems/{code}"),
        title: format!("title of {code}"),
        status,
        detail: format!("detail of {code}"),
        code: code.to_owned(),
        request_id: "req_of_the_node".to_owned(),
        errors: Vec::new(),
        opens_at: None,
        violated_policies: Vec::new(),
    };
    let kind = [(header::CONTENT_TYPE, "application/problem+json"), (header::RETRY_AFTER, "0")];
    (StatusCode::from_u16(status).unwrap(), kind, serde_json::to_string(&problem).unwrap()).into_response()
}

fn token(headers: &HeaderMap) -> String {
    let value = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap());
    value.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned()
}

fn shape_of_account(email: &str, role: &str) -> Value {
    json!({"id": format!("usr_{email}"), "email": email, "display_name": "A", "role": role, "created_at": NOW})
}

fn shape_of_session(token: &str, email: &str) -> Value {
    json!({"access_token": token, "refresh_token": "again", "token_type": "Bearer", "expires_in": 900,
           "account": shape_of_account(email, "buyer")})
}

fn shape_of_product() -> Value {
    json!({"id": "prd_1", "creator_id": "usr_1", "name": "Poster", "description": "", "image_url": null,
           "price": {"amount": 4999, "currency": "EUR"}, "tags": [], "retired": false, "created_at": NOW})
}

fn shape_of_drop(shop: &Shop) -> Value {
    let available = shop.stock.saturating_sub(shop.held);
    json!({"id": "drp_1", "creator_id": "usr_1", "status": "live", "starts_at": NOW, "ends_at": null,
           "product": {"id": "prd_1", "name": "Poster", "image_url": null, "price": {"amount": 4999, "currency": "EUR"}},
           "items": [{"sku": "default", "stock": shop.stock, "available": available, "held": shop.held, "sold": 0}],
           "per_customer_limit": 0, "hold_seconds": 600, "low_stock_threshold": 0, "created_at": NOW, "server_time": NOW})
}

async fn account(Json(body): Json<Value>) -> Response {
    if body["email"] == "taken@example.com" {
        return problem(409, code::EMAIL_TAKEN);
    }
    let account = shape_of_account(body["email"].as_str().unwrap(), body["role"].as_str().unwrap());
    (StatusCode::CREATED, Json(account)).into_response()
}

async fn session(Json(body): Json<Value>) -> Response {
    if body["password"] == "wrong" {
        return problem(401, code::BAD_CREDENTIALS);
    }
    let email = body["email"].as_str().unwrap();
    (StatusCode::CREATED, Json(shape_of_session(&format!("token-of-{email}"), email))).into_response()
}

/// A refresh token is good once.
async fn refresh(State(node): State<Node>) -> Response {
    let mut shop = node.shop.lock().unwrap();
    match std::mem::replace(&mut shop.refreshed, true) {
        false => Json(shape_of_session("operator", "ada@example.com")).into_response(),
        true => problem(401, code::UNAUTHENTICATED),
    }
}

async fn create_drop(State(node): State<Node>, Json(body): Json<Value>) -> Response {
    let mut shop = node.shop.lock().unwrap();
    shop.stock = body["stock"].as_u64().unwrap();
    shop.per_customer_limit = body["per_customer_limit"].as_u64().unwrap() as u32;
    (StatusCode::CREATED, Json(shape_of_drop(&shop))).into_response()
}

/// The second in line; whoever is called `lucky` has an offer, and `late` has no place.
async fn place_in_line(headers: HeaderMap, Path(id): Path<String>) -> Response {
    let offer = match token(&headers).as_str() {
        "late" => return problem(404, code::NOT_FOUND),
        "lucky" => Some("ord_1"),
        _ => None,
    };
    let (status, position) = if offer.is_some() { ("offered", None) } else { ("waiting", Some(2)) };
    let place = json!({"drop_id": id, "sku": "default", "quantity": 1, "status": status, "position": position,
                       "order_id": offer, "offer_expires_at": offer.map(|_| NOW)});
    Json(place).into_response()
}

async fn drop(State(node): State<Node>, Path(id): Path<String>) -> Response {
    match id.as_str() {
        "drp_1" => Json(shape_of_drop(&node.shop.lock().unwrap())).into_response(),
        _ => problem(404, code::NOT_FOUND),
    }
}

async fn place_order(State(node): State<Node>, headers: HeaderMap, Json(body): Json<PlaceOrder>) -> Response {
    let Some(key) = headers.get("idempotency-key") else { return problem(400, code::IDEMPOTENCY_KEY_REQUIRED) };
    let key = (token(&headers), key.to_str().unwrap().to_owned());
    let mut shop = node.shop.lock().unwrap();
    let request_id = headers.get("x-request-id").map(|id| id.to_str().unwrap().to_owned());
    shop.request_ids.extend(request_id);
    let fault = shop.faults.pop_front().or(shop.always);
    if let Some(Fault::Refuse(code)) = fault {
        return problem(503, code);
    }
    if body.drop_id != "drp_1" {
        return problem(404, code::NOT_FOUND);
    }
    let replayed = shop.orders.contains_key(&key);
    let decided = match shop.orders.get(&key) {
        Some(decided) => decided.clone(),
        None => decide(&mut shop, &key, &body, fault),
    };
    if let Some(Fault::DoAndRefuse(code)) = fault {
        return problem(503, code);
    }
    match decided {
        Ok(order) => {
            let headers = [
                (header::LOCATION.as_str(), format!("/v1/orders/{}", order.id)),
                ("idempotent-replayed", replayed.to_string()),
            ];
            (StatusCode::CREATED, headers, Json(order)).into_response()
        }
        Err(code) => problem(409, code),
    }
}

fn decide(
    shop: &mut Shop,
    key: &(String, String),
    wanted: &PlaceOrder,
    fault: Option<Fault>,
) -> Result<Order, &'static str> {
    let has = shop.orders.iter().filter(|(other, order)| other.0 == key.0 && order.is_ok()).count() as u32;
    let left = shop.stock.saturating_sub(shop.held) >= u64::from(wanted.quantity);
    let decided = if shop.per_customer_limit > 0 && has >= shop.per_customer_limit {
        Err(code::LIMIT_REACHED)
    } else if !left && fault != Some(Fault::Oversell) {
        Err(code::SOLD_OUT)
    } else {
        shop.made += 1;
        Ok(order(shop.made, wanted))
    };
    if fault != Some(Fault::Forget) {
        shop.held += if decided.is_ok() { u64::from(wanted.quantity) } else { 0 };
        shop.orders.insert(key.clone(), decided.clone());
    }
    decided
}

fn order(number: u64, wanted: &PlaceOrder) -> Order {
    let money = Money { amount: 4_999, currency: "EUR".to_owned() };
    Order {
        id: format!("ord_{number}"),
        drop_id: wanted.drop_id.clone(),
        product_id: "prd_1".to_owned(),
        buyer_id: "usr_1".to_owned(),
        sku: "default".to_owned(),
        quantity: wanted.quantity,
        unit_price: money.clone(),
        amount: money,
        status: OrderStatus::Reserved,
        created_at: NOW.to_owned(),
        hold_expires_at: NOW.to_owned(),
        log_index: Wide(number),
        payment: None,
    }
}

async fn find(State(node): State<Node>, headers: HeaderMap, Query(asked): Query<FindOrder>) -> Response {
    let shop = node.shop.lock().unwrap();
    match shop.orders.get(&(token(&headers), asked.idempotency_key)) {
        Some(Ok(order)) => Json(order).into_response(),
        Some(Err(code)) => problem(409, code),
        None => problem(404, code::NOT_FOUND),
    }
}

async fn cluster(State(node): State<Node>) -> Response {
    let row = |place: usize, http: &String| {
        let role = if place == 0 { "leader" } else { "follower" };
        json!({"id": (place + 1).to_string(), "role": role, "http": http, "reachable": true,
               "applied_index": (100 - place).to_string()})
    };
    let nodes: Vec<Value> = node.addresses.iter().enumerate().map(|(place, http)| row(place, http)).collect();
    Json(json!({"cluster_id": "c1", "term": "4", "leader": "1", "nodes": nodes})).into_response()
}

async fn hash(State(node): State<Node>, headers: HeaderMap) -> Response {
    match token(&headers).as_str() {
        "operator" => {
            let hash = node.shop.lock().unwrap().hashes[node.place];
            Json(json!({"index": "7", "hash": hash})).into_response()
        }
        _ => problem(401, code::UNAUTHENTICATED),
    }
}

/// Whoever was brought before follows already. `operator-of-N` is good at node N only.
async fn import_followers(State(node): State<Node>, headers: HeaderMap, Json(body): Json<ImportFollowers>) -> Response {
    let own = format!("operator-of-{}", node.place);
    if token(&headers) != "operator" && token(&headers) != own {
        return problem(401, code::UNAUTHENTICATED);
    }
    let mut shop = node.shop.lock().unwrap();
    if shop.busy.remove(&node.place) {
        return problem(503, code::OVERLOADED);
    }
    let sent = body.followers.len() as u32;
    let added = body.followers.into_iter().filter(|follower| shop.followers.insert(follower.clone())).count() as u32;
    Json(ImportedFollowers { added, already: sent - added, unknown: 0, refused: 0 }).into_response()
}
