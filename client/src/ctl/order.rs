//! `order`

use clap::{ArgGroup, Args, Subcommand};
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::orders::{Order, OrderStatus};

use super::context::Context;
use super::product::{PageFlags, tell_of_more};
use super::trouble::{Exit, Stop};
use super::{ask, money};
use crate::IdempotencyKey;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows an own order, by its id or by the key it was bought with
    Show(Show),
    /// Lists own orders, newest first; with --drop the orders of an own drop
    List(List),
    /// Gives the units back before the order is confirmed
    Cancel { id: String },
    /// Sells the units of a reserved order (operators)
    Confirm { id: String },
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true))]
pub struct Show {
    #[arg(group = "which")]
    id: Option<String>,
    /// The key that `buy` was given, or that it told
    #[arg(long, group = "which")]
    key: Option<IdempotencyKey>,
}

#[derive(Debug, Args)]
pub struct List {
    /// The orders of this drop (its creator)
    #[arg(long, value_name = "ID")]
    drop: Option<String>,
    #[command(flatten)]
    page: PageFlags,
}

pub async fn run(context: &Context, command: Command) -> Result<Exit, Stop> {
    let order = match command {
        Command::Show(Show { id: Some(id), .. }) => {
            let what = format!("the order {id} cannot be shown");
            context.signed_in(&what, async |client| client.order(&id, None).await).await?.body
        }
        Command::Show(Show { key, .. }) => {
            let key = key.expect("clap takes an id or a key");
            let what = "the order cannot be shown";
            let found = context.signed_in(what, async |client| client.find_order(&key).await).await?;
            let nothing = || {
                let why = format!("no purchase of yours was decided with the key {key}");
                Stop::trouble(Exit::NotFound, what, why, "check the key; `livedropctl order list` shows all orders")
            };
            found.ok_or_else(nothing)?.body
        }
        Command::List(wanted) => return list(context, wanted).await,
        Command::Cancel { id } => {
            ask::confirm(context, &format!("Cancel the order {id}?"))?;
            let what = format!("the order {id} cannot be cancelled");
            context.signed_in(&what, async |client| client.cancel_order(&id).await).await?
        }
        Command::Confirm { id } => {
            let what = format!("the order {id} cannot be confirmed");
            context.signed_in(&what, async |client| client.confirm_order(&id).await).await?
        }
    };
    show(context, &order)?;
    Ok(Exit::Ok)
}

async fn list(context: &Context, wanted: List) -> Result<Exit, Stop> {
    let page = Page { limit: Some(wanted.page.limit), cursor: wanted.page.cursor, consistency: None };
    let what = "the orders cannot be listed";
    let list = match wanted.drop {
        Some(drop) => context.signed_in(what, async |client| client.drop_orders(&drop, &page).await).await?,
        None => context.signed_in(what, async |client| client.my_orders(&page).await).await?,
    };
    let row = |order: &Order| {
        vec![
            order.id.clone(),
            order.drop_id.clone(),
            order.sku.clone(),
            order.quantity.to_string(),
            money::show(&order.amount),
            status_word(order.status).to_owned(),
            order.created_at.clone(),
        ]
    };
    let rows = list.items.iter().map(row).collect();
    context.output.list(&list, &["ORDER", "DROP", "SKU", "UNITS", "AMOUNT", "STATUS", "CREATED AT"], rows)?;
    tell_of_more(list.next_cursor.as_deref());
    Ok(Exit::Ok)
}

pub fn show(context: &Context, order: &Order) -> Result<(), Stop> {
    let mut fields = vec![
        ("id", order.id.clone()),
        ("drop", order.drop_id.clone()),
        ("sku", order.sku.clone()),
        ("units", order.quantity.to_string()),
        ("amount", money::show(&order.amount)),
        ("status", status_word(order.status).to_owned()),
        ("created at", order.created_at.clone()),
    ];
    if order.status == OrderStatus::Reserved {
        fields.push(("held until", order.hold_expires_at.clone()));
    }
    fields.push(("log index", order.log_index.to_string()));
    Ok(context.output.record(order, fields)?)
}

fn status_word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Reserved => "reserved",
        OrderStatus::Confirmed => "confirmed",
        OrderStatus::Cancelled => "cancelled",
        OrderStatus::Expired => "expired",
    }
}
