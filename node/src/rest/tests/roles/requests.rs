//! What is asked of each route: something that would be done, if whoever asks may.

use livedrop_domain::{AccountId, DropId, OrderId, ProductId, WebhookId};
use serde_json::{Value, json};

use super::super::PASSWORD;
use super::World;

pub struct Request {
    pub method: String,
    pub path: String,
    /// `null` for none.
    pub body: Value,
    pub if_match: Option<String>,
}

/// Asks about the things of the world.
pub fn about(route: &str, world: &World) -> Request {
    let thing = if route.contains("/orders/") {
        &world.order
    } else if route.contains("/drops/") {
        &world.drop
    } else if route.contains("/products/") {
        &world.product
    } else if route.contains("/webhook_endpoints/") {
        &world.endpoint
    } else if route.contains("/admin/keys/") {
        &world.key
    } else if route.contains("/admin/accounts/") {
        &world.buyer
    } else {
        &world.creator
    };
    request(route, thing, world)
}

/// Asks about things that there never were.
pub fn about_nothing(route: &str, world: &World) -> Request {
    const NEVER: u128 = 1 << 80;
    let thing = if route.contains("/orders/") {
        OrderId::from_u128(NEVER).to_string()
    } else if route.contains("/drops/") {
        DropId::from_u128(NEVER).to_string()
    } else if route.contains("/products/") {
        ProductId::from_u128(NEVER).to_string()
    } else if route.contains("/webhook_endpoints/") {
        WebhookId::from_u128(NEVER).to_string()
    } else if route.contains("/admin/keys/") {
        "AAAAAAAAAAAA".to_owned()
    } else {
        AccountId::from_u128(NEVER).to_string()
    };
    request(route, &thing, world)
}

fn request(route: &str, thing: &str, world: &World) -> Request {
    let (method, path) = route.split_once(' ').expect("a method and a path");
    let path = path.replace("{id}", thing).replace("{creator_id}", thing).replace("{delivery}", "7-0");
    let path = match route {
        "GET /v1/orders" => format!("{path}?idempotency_key=first-order"),
        "GET /v1/search/suggest" => format!("{path}?q=post"),
        _ => path.replace("{code}", "sold_out"),
    };
    let versioned = ["PATCH /v1/products/{id}", "DELETE /v1/products/{id}"].contains(&route);
    let if_match = versioned.then(|| world.product_version.clone());
    Request { method: method.to_owned(), path, body: body(route, world), if_match }
}

fn body(route: &str, world: &World) -> Value {
    match route {
        "POST /v1/accounts" => {
            json!({"email": "new@example.com", "password": PASSWORD, "display_name": "New", "role": "buyer"})
        }
        "POST /v1/admin/accounts" => {
            json!({"email": "new@example.com", "password": PASSWORD, "display_name": "New", "role": "operator"})
        }
        "POST /v1/sessions" => json!({"email": "bo@example.com", "password": PASSWORD}),
        "POST /v1/sessions/refresh" => json!({"refresh_token": "rt_nonsense"}),
        "PUT /v1/me/password" => json!({"current_password": PASSWORD, "new_password": "marble-heron-4-compass"}),
        "PUT /v1/admin/accounts/{id}/role" => json!({"role": "creator"}),
        "PUT /v1/admin/accounts/{id}/password" => json!({"password": "marble-heron-4-compass"}),
        "POST /v1/products" => json!({"name": "Poster", "price": {"amount": 4_999, "currency": "EUR"}}),
        "PATCH /v1/products/{id}" => json!({"name": "Print"}),
        "POST /v1/drops" => json!({"product_id": world.product, "stock": 5}),
        "PATCH /v1/drops/{id}" => json!({"per_customer_limit": 3}),
        "POST /v1/drops/{id}/restock" => json!({"sku": "default", "quantity": 1}),
        "POST /v1/orders" => json!({"drop_id": world.drop, "quantity": 1}),
        "POST /v1/orders/{id}/pay" => json!({"payment_method": "pm_card_ok"}),
        "PUT /v1/drops/{id}/waitlist" => json!({}),
        "POST /v1/orders/{id}/refund" | "POST /v1/webhook_endpoints/{id}/rotate" => json!({}),
        "POST /v1/webhook_endpoints" => json!({"url": "https://shop.example/more"}),
        "PATCH /v1/webhook_endpoints/{id}" => json!({"enabled": false}),
        "POST /v1/webhooks/stripe" => json!({"id": "evt_1"}),
        _ => Value::Null,
    }
}
