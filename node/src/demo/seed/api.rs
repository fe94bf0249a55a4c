//! The few requests that fill a shop.

use std::time::Duration;

use anyhow::Context;
use livedrop_proto::rest::Money;
use livedrop_proto::rest::accounts::{CreateAccount, PublicRole, Role, Session, SignIn};
use livedrop_proto::rest::admin::AdminCreateAccount;
use livedrop_proto::rest::drops::{CreateDrop, Drop};
use livedrop_proto::rest::list::{LIMIT_MAX, List};
use livedrop_proto::rest::problem::{Problem, code};
use livedrop_proto::rest::products::{CreateProduct, Product};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::shelf::{Account, Ware};

const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The REST API of one node.
pub(super) struct Api {
    client: Client,
    node: String,
}

/// A creator with a token.
pub(super) struct SignedIn {
    token: String,
    id: String,
}

/// An answer that is not a success.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {} {} ({})", .problem.status, .problem.code, .problem.detail)]
struct Refused {
    what: &'static str,
    problem: Problem,
}

/// Whether the same may go well a moment later: no answer, no leader yet, an unknown outcome.
pub(super) fn may_pass(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<Refused>() {
        Some(refused) => refused.problem.status >= 500 || refused.problem.status == 429,
        None => error.downcast_ref::<reqwest::Error>().is_some_and(|error| !error.is_decode()),
    }
}

/// A word of the API as it is in JSON.
pub(super) fn word(value: &impl Serialize) -> String {
    let json = serde_json::to_value(value).ok();
    json.and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Api {
    pub fn new(node: &str) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(ANSWER_WITHIN).no_proxy().build()?;
        Ok(Self { client, node: node.to_owned() })
    }

    /// Makes an account, unless its address is taken.
    pub async fn create_account(&self, account: &Account) -> anyhow::Result<()> {
        let body = CreateAccount {
            email: account.email.to_owned(),
            password: account.password.to_owned(),
            display_name: account.display_name.to_owned(),
            role: if account.role == Role::Creator { PublicRole::Creator } else { PublicRole::Buyer },
        };
        accept_taken(self.send("create an account", self.post("/v1/accounts").json(&body)).await)
    }

    /// Makes an account of any role with a node's own operator token, unless its address is taken.
    pub async fn create_account_as_operator(&self, token: &str, account: &Account) -> anyhow::Result<()> {
        let body = AdminCreateAccount {
            email: account.email.to_owned(),
            password: account.password.to_owned(),
            display_name: account.display_name.to_owned(),
            role: account.role,
        };
        let request = self.post("/v1/admin/accounts").bearer_auth(token).json(&body);
        accept_taken(self.send("create an operator", request).await)
    }

    pub async fn sign_in(&self, account: &Account) -> anyhow::Result<SignedIn> {
        let body = SignIn { email: account.email.to_owned(), password: account.password.to_owned() };
        let session: Session = self.send("sign in", self.post("/v1/sessions").json(&body)).await?;
        Ok(SignedIn { token: session.access_token, id: session.account.id })
    }

    /// The creator's products, up to a hundred.
    pub async fn products_of(&self, creator: &SignedIn) -> anyhow::Result<Vec<Product>> {
        let list: List<Product> = self.send("list products", self.list("/v1/products", creator)).await?;
        Ok(list.items)
    }

    /// The creator's drops, up to a hundred.
    pub async fn drops_of(&self, creator: &SignedIn) -> anyhow::Result<Vec<Drop>> {
        let list: List<Drop> = self.send("list drops", self.list("/v1/drops", creator)).await?;
        Ok(list.items)
    }

    pub async fn create_product(&self, creator: &SignedIn, ware: &Ware) -> anyhow::Result<Product> {
        let body = CreateProduct {
            name: ware.name.to_owned(),
            description: ware.description.to_owned(),
            image_url: None,
            price: Money { amount: ware.price_minor_units, currency: "EUR".to_owned() },
            tags: ware.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        };
        self.send("create a product", self.post("/v1/products").bearer_auth(&creator.token).json(&body)).await
    }

    pub async fn create_drop(&self, creator: &SignedIn, drop: &CreateDrop) -> anyhow::Result<Drop> {
        self.send("create a drop", self.post("/v1/drops").bearer_auth(&creator.token).json(drop)).await
    }

    pub async fn end_drop(&self, creator: &SignedIn, id: &str) -> anyhow::Result<Drop> {
        self.send("end a drop", self.post(&format!("/v1/drops/{id}/end")).bearer_auth(&creator.token)).await
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.node))
    }

    /// Linearizable: what an earlier try made must be seen, or it would be made twice.
    fn list(&self, path: &str, creator: &SignedIn) -> RequestBuilder {
        let url = format!("{}{path}?creator_id={}&limit={LIMIT_MAX}&consistency=linearizable", self.node, creator.id);
        self.client.get(url).bearer_auth(&creator.token)
    }

    async fn send<T: DeserializeOwned>(&self, what: &'static str, request: RequestBuilder) -> anyhow::Result<T> {
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        if status.is_success() {
            return serde_json::from_slice(&body).with_context(|| format!("{what}: the answer cannot be read"));
        }
        let problem = serde_json::from_slice(&body).unwrap_or_else(|_| unreadable(status, &body));
        Err(Refused { what, problem }.into())
    }
}

fn accept_taken(result: anyhow::Result<livedrop_proto::rest::accounts::Account>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.downcast_ref::<Refused>().is_some_and(|it| it.problem.code == code::EMAIL_TAKEN) => Ok(()),
        other => other.map(drop),
    }
}

/// Stands in for an answer that is no problem body: not one of our nodes, or a fault before it could say more.
fn unreadable(status: StatusCode, body: &[u8]) -> Problem {
    let said = String::from_utf8_lossy(body);
    Problem {
        kind: "about:blank".to_owned(),
        title: String::new(),
        status: status.as_u16(),
        detail: said.chars().take(200).collect(),
        code: "unreadable".to_owned(),
        request_id: String::new(),
        errors: Vec::new(),
        opens_at: None,
        violated_policies: Vec::new(),
    }
}
