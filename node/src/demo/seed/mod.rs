//! Fills an empty shop through the REST API, as people would. What is there already is left alone, so a second start
//! changes nothing, and a start that was cut short is completed by the next.

mod api;
mod shelf;

use std::time::Duration;

use anyhow::Context;
use livedrop_proto::rest::accounts::Role;
use livedrop_proto::rest::drops::{CreateDrop, Drop, DropStatus, NewItem};
use livedrop_proto::rest::products::Product;
use tokio::time::{Instant, sleep};

use crate::clock;
use crate::demo::plan::Plan;
use crate::rest::OPERATOR_TOKEN_FILE;
use api::Api;
pub(super) use shelf::{ACCOUNTS, Account};
use shelf::{Opening, SHELF, Ware};

/// How long to go on trying while the cluster is still settling.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait before the next try.
const PAUSE: Duration = Duration::from_millis(250);

/// The shop, as it is told to the person who started the demo.
#[derive(Debug)]
pub(super) struct Shop {
    pub drops: Vec<Shown>,
}

/// One drop, as it is told.
#[derive(Debug, PartialEq)]
pub(super) struct Shown {
    pub id: String,
    pub name: &'static str,
    pub status: String,
}

impl Shop {
    /// The drop to try a purchase with.
    pub fn drop_to_buy(&self) -> &Shown {
        let live = self.drops.iter().find(|drop| drop.status == "live");
        live.unwrap_or(&self.drops[0])
    }
}

/// Makes whatever the shop lacks. It may be repeated.
///
/// Errors: the cluster refuses or does not answer for 20 seconds.
pub(super) async fn shop(plan: &Plan) -> anyhow::Result<Shop> {
    let began = Instant::now();
    loop {
        match fill(plan).await {
            Ok(shop) => return Ok(shop),
            // Every step looks first at what is there, so an unknown outcome is settled by beginning again.
            Err(error) if api::may_pass(&error) && began.elapsed() < PATIENCE => sleep(PAUSE).await,
            Err(error) => return Err(error),
        }
    }
}

async fn fill(plan: &Plan) -> anyhow::Result<Shop> {
    let first = &plan.nodes[0];
    let token_file = first.node.data_dir.join(OPERATOR_TOKEN_FILE);
    let api = Api::new(&first.own().http)?;
    for account in &ACCOUNTS {
        match account.role {
            Role::Operator => {
                let token = std::fs::read_to_string(&token_file)
                    .with_context(|| format!("cannot read the operator token {}", token_file.display()))?;
                api.create_account_as_operator(token.trim(), account).await?;
            }
            _ => api.create_account(account).await?,
        }
    }
    let creator = api.sign_in(shelf::creator()).await?;
    let mut products = api.products_of(&creator).await?;
    let mut drops = api.drops_of(&creator).await?;
    let mut shown = Vec::new();
    for ware in &SHELF {
        let product = match products.iter().position(|product| product.name == ware.name) {
            Some(place) => products.swap_remove(place),
            None => api.create_product(&creator, ware).await?,
        };
        let drop = match drops.iter().position(|drop| drop.product.id == product.id) {
            Some(place) => drops.swap_remove(place),
            None => open(&api, &creator, ware, &product).await?,
        };
        shown.push(Shown { id: drop.id, name: ware.name, status: api::word(&drop.status) });
    }
    Ok(Shop { drops: shown })
}

/// Makes the drop of one ware, in the state that the shelf wants it in.
async fn open(api: &Api, creator: &api::SignedIn, ware: &Ware, product: &Product) -> anyhow::Result<Drop> {
    let starts_at = match ware.opening {
        Opening::Minutes(minutes) => Some(in_minutes(minutes)?),
        Opening::Now | Opening::Over => None,
    };
    let items = ware.items.iter().map(|(sku, stock)| NewItem { sku: (*sku).to_owned(), stock: *stock }).collect();
    let drop = CreateDrop {
        product_id: product.id.clone(),
        starts_at,
        items: Some(items),
        per_customer_limit: ware.per_customer_limit,
        low_stock_threshold: ware.low_stock_threshold,
        ..CreateDrop::default()
    };
    let drop = api.create_drop(creator, &drop).await?;
    match ware.opening {
        Opening::Over if drop.status != DropStatus::Ended => api.end_drop(creator, &drop.id).await,
        _ => Ok(drop),
    }
}

/// RFC 3339, so many minutes from now.
fn in_minutes(minutes: u32) -> anyhow::Result<String> {
    let now = i64::try_from(clock::now().0).context("the clock is beyond all years")?;
    let then = jiff::Timestamp::from_millisecond(now + i64::from(minutes) * 60_000)?;
    Ok(then.to_string())
}
