//! The REST API as a buyer's browser would use it: plain requests over kept-alive connections, no retries, no trust.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::outcome::Outcome;

/// How long a request may take before it counts as unanswered; well above what the server promises (2 s).
const NO_ANSWER: Duration = Duration::from_secs(10);

/// Strong enough for the server's password rules, and the same for everybody.
pub const PASSWORD: &str = "seven-copper-lanterns-drift-64";

/// A client for any node. Clones share their connections.
#[derive(Clone)]
pub struct Api {
    client: Client,
    /// Whom a proxy in between says that it speaks for.
    forwarded: Option<IpAddr>,
}

/// What a node answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// From `Livedrop-Index`.
    pub index: Option<u64>,
    /// From `Idempotent-Replayed`.
    pub replayed: bool,
    /// Whether it says when to come again.
    pub retry_after: bool,
    pub body: Value,
}

impl Answer {
    /// The `code` of a problem, or nothing.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The answer, if it has the status that it should have.
    pub fn expect(self, status: u16, what: &str) -> Result<Self> {
        ensure!(self.status == status, "{what}: {} {}", self.status, self.body);
        Ok(self)
    }
}

/// An account that is signed in.
#[derive(Debug, Clone)]
pub struct Account {
    /// What it was registered as, for signing in again.
    pub name: String,
    pub id: String,
    pub token: String,
}

impl Api {
    pub fn new() -> Result<Self> {
        let client = Client::builder().timeout(NO_ANSWER).pool_max_idle_per_host(1024).no_proxy().build()?;
        Ok(Self { client, forwarded: None })
    }

    /// The same client for somebody at `address`, by way of a proxy that says so; whether it is believed is up to the
    /// nodes.
    pub fn speaking_for(&self, address: IpAddr) -> Self {
        Self { forwarded: Some(address), ..self.clone() }
    }

    /// Registers an account. `role` is `buyer` or `creator`.
    pub async fn register(&self, node: &str, name: &str, role: &str) -> Result<()> {
        let email = format!("{name}@example.com");
        let new = json!({ "email": email, "password": PASSWORD, "display_name": name, "role": role });
        self.post(&format!("{node}/v1/accounts"), None, new).await?.expect(201, "registering an account")?;
        Ok(())
    }

    /// Signs in an account that [`Api::register`] registered.
    pub async fn sign_in(&self, node: &str, name: &str) -> Result<Account> {
        let session = self.try_sign_in(node, name, PASSWORD).await?.expect(201, "signing in")?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(Account {
            name: name.to_owned(),
            id: text(&session.body["account"]["id"]).context("a session names its account")?,
            token: text(&session.body["access_token"]).context("a session has a token")?,
        })
    }

    /// Types a password for an account that [`Api::register`] registered.
    pub async fn try_sign_in(&self, node: &str, name: &str, password: &str) -> Result<Answer> {
        let who = json!({ "email": format!("{name}@example.com"), "password": password });
        self.post(&format!("{node}/v1/sessions"), None, who).await
    }

    /// Gives an account that was imported the password that all have.
    pub async fn set_password(&self, node: &str, operator: &Account, account_id: &str) -> Result<()> {
        let url = format!("{node}/v1/admin/accounts/{account_id}/password");
        self.put(&url, operator, json!({ "password": PASSWORD })).await?.expect(204, "setting a password")?;
        Ok(())
    }

    pub async fn product(&self, node: &str, creator: &Account) -> Result<String> {
        let new = json!({
            "name": "Copper lantern", "description": "One of few.", "image_url": "https://example.com/lantern.jpg",
            "price": { "amount": 4999, "currency": "EUR" }, "tags": ["lantern"],
        });
        let answer = self.post(&format!("{node}/v1/products"), Some(creator), new).await?;
        let answer = answer.expect(201, "creating a product")?;
        answer.body["id"].as_str().map(str::to_owned).context("a product has an id")
    }

    /// Opens a drop that is live at once and holds units for a day, so that no hold ends within a run.
    pub async fn open_drop(
        &self,
        node: &str,
        creator: &Account,
        product: &str,
        stock: u64,
        limit: u64,
    ) -> Result<String> {
        let new = json!({
            "product_id": product, "stock": stock, "per_customer_limit": limit, "hold_seconds": 86_400,
        });
        let answer = self.post(&format!("{node}/v1/drops"), Some(creator), new).await?;
        let answer = answer.expect(201, "opening a drop")?;
        ensure!(answer.body["status"] == "live", "a drop without a start is live at once: {}", answer.body);
        answer.body["id"].as_str().map(str::to_owned).context("a drop has an id")
    }

    /// Tries once to buy one unit or more, and says what that proves.
    pub async fn buy(&self, node: &str, buyer: &Account, key: &str, drop_id: &str, quantity: u64) -> Outcome {
        match self.order(node, buyer, key, drop_id, quantity).await {
            Ok(answer) => {
                let order = answer.body["id"].as_str().map(str::to_owned).zip(answer.index);
                Outcome::of_answer(answer.status, answer.code(), order, answer.replayed)
            }
            Err(error) => Outcome::of_broken(&error),
        }
    }

    async fn order(
        &self,
        node: &str,
        buyer: &Account,
        key: &str,
        drop_id: &str,
        quantity: u64,
    ) -> reqwest::Result<Answer> {
        let order = json!({ "drop_id": drop_id, "quantity": quantity });
        let request = self.request(Method::POST, &format!("{node}/v1/orders"), Some(buyer));
        send(request.header("Idempotency-Key", key).json(&order)).await
    }

    /// Posts under an idempotency key.
    pub async fn post_keyed(&self, url: &str, who: &Account, key: &str, body: Value) -> Result<Answer> {
        let request = self.request(Method::POST, url, Some(who));
        Ok(send(request.header("Idempotency-Key", key).json(&body)).await?)
    }

    pub async fn get(&self, url: &str, who: Option<&Account>) -> Result<Answer> {
        Ok(send(self.request(Method::GET, url, who)).await?)
    }

    /// Gets what reflects the log up to `index` at least, and fails unless it is answered 200.
    pub async fn get_since(&self, url: &str, index: u64) -> Result<Answer> {
        let request = self.request(Method::GET, url, None).header("Livedrop-Min-Index", index);
        send(request).await?.expect(200, url)
    }

    pub async fn post(&self, url: &str, who: Option<&Account>, body: Value) -> Result<Answer> {
        Ok(send(self.request(Method::POST, url, who).json(&body)).await?)
    }

    /// Changes whatever is there, seen or not.
    pub async fn patch(&self, url: &str, who: &Account, body: Value) -> Result<Answer> {
        let request = self.request(Method::PATCH, url, Some(who));
        Ok(send(request.header("If-Match", "*").json(&body)).await?)
    }

    pub async fn put(&self, url: &str, who: &Account, body: Value) -> Result<Answer> {
        Ok(send(self.request(Method::PUT, url, Some(who)).json(&body)).await?)
    }

    pub async fn delete(&self, url: &str, who: &Account) -> Result<Answer> {
        Ok(send(self.request(Method::DELETE, url, Some(who))).await?)
    }

    fn request(&self, method: Method, url: &str, who: Option<&Account>) -> RequestBuilder {
        let mut request = self.client.request(method, url);
        if let Some(address) = self.forwarded {
            request = request.header("X-Forwarded-For", address.to_string());
        }
        match who {
            Some(account) => request.bearer_auth(&account.token),
            None => request,
        }
    }
}

/// Sends a request and reads all of the answer. A body that is not JSON reads as a JSON text.
async fn send(request: RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let index = header("Livedrop-Index").and_then(|index| index.parse().ok());
    let replayed = header("Idempotent-Replayed") == Some("true");
    let retry_after = header("Retry-After").is_some();
    let status = response.status().as_u16();
    let bytes = response.bytes().await?;
    let body =
        serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Ok(Answer { status, index, replayed, retry_after, body })
}
