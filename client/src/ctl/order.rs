//! `order`

use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::orders::{Order, OrderStatus, PayOrder, Payment, PaymentStatus, RefundOrder};

use super::context::Context;
use super::product::{PageFlags, tell_of_more};
use super::trouble::{Exit, Stop};
use super::{ask, money};
use crate::{Answer, IdempotencyKey};

/// How long a node is asked to wait for a change at a time.
pub const LOOK: Duration = Duration::from_secs(10);

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows an own order, by its id or by the key it was bought with
    Show(Show),
    /// Lists own orders, newest first; with --drop the orders of an own drop
    List(List),
    /// Gives the units back before the order is confirmed
    Cancel { id: String },
    /// Pays for an own order, and waits for what comes of it
    Pay(Pay),
    /// Gives the money of a confirmed order back (its drop's creator, operators)
    Refund(Refund),
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
pub struct Pay {
    id: String,
    /// The gateway's name of a means of payment
    #[arg(long, default_value = "pm_card_ok")]
    method: String,
    /// Makes it safe to repeat: the same key pays once. A random one is used when absent
    #[arg(long)]
    key: Option<IdempotencyKey>,
}

#[derive(Debug, Args)]
pub struct Refund {
    id: String,
    /// In the currency's minor unit; all that was not given back yet when absent
    #[arg(long)]
    amount: Option<u64>,
    /// The units can be bought again; only when all that is left is given back
    #[arg(long)]
    restock: bool,
    /// Makes it safe to repeat: the same key gives back once. A random one is used when absent
    #[arg(long)]
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
        Command::Pay(wanted) => pay(context, wanted).await?,
        Command::Refund(wanted) => refund(context, wanted).await?,
    };
    show(context, &order)?;
    Ok(Exit::Ok)
}

async fn pay(context: &Context, wanted: Pay) -> Result<Order, Stop> {
    let key = wanted.key.unwrap_or_else(IdempotencyKey::random);
    let (id, body) = (wanted.id, PayOrder { payment_method: wanted.method });
    let what = format!("the order {id} cannot be paid (key {key})");
    let order = context.signed_in(&what, async |client| client.pay_order(&id, &body, &key).await).await?.body;
    settled(order, async || context.signed_in(&what, async |client| client.changed_order(&id, LOOK).await).await).await
}

/// Waits until a payment has come to something.
pub async fn settled(mut order: Order, changed: impl AsyncFn() -> Result<Answer<Order>, Stop>) -> Result<Order, Stop> {
    let needs_buyer = |order: &Order| order.payment.as_ref().is_some_and(|payment| payment.redirect_url.is_some());
    while order.status == OrderStatus::Paying && !needs_buyer(&order) {
        order = changed().await?.body;
    }
    Ok(order)
}

async fn refund(context: &Context, wanted: Refund) -> Result<Order, Stop> {
    ask::confirm(context, &format!("Give the money of {} back?", wanted.id))?;
    let key = wanted.key.unwrap_or_else(IdempotencyKey::random);
    let (id, body) = (wanted.id, RefundOrder { amount: wanted.amount, restock: wanted.restock });
    let what = format!("the money of {id} cannot be given back (key {key})");
    Ok(context.signed_in(&what, async |client| client.refund_order(&id, &body, &key).await).await?.body)
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
    if matches!(order.status, OrderStatus::Reserved | OrderStatus::Paying) {
        fields.push(("held until", order.hold_expires_at.clone()));
    }
    if let Some(payment) = &order.payment {
        fields.push(("payment", payment_words(payment)));
    }
    fields.push(("log index", order.log_index.to_string()));
    Ok(context.output.record(order, fields)?)
}

fn payment_words(payment: &Payment) -> String {
    let status = match payment.status {
        PaymentStatus::Processing => "processing",
        PaymentStatus::RequiresAction => "waits for you",
        PaymentStatus::Cancelling => "being called off",
        PaymentStatus::Charged => "charged",
        PaymentStatus::NotCharged => "not charged",
    };
    let mut words = format!("{status}, {}", payment.method);
    let and = [
        payment.declined.as_ref().map(|code| format!("declined: {code}")),
        payment.redirect_url.as_ref().map(|url| format!("go to {url}")),
        (payment.refunded.amount > 0).then(|| format!("{} given back", money::show(&payment.refunded))),
    ];
    for more in and.into_iter().flatten() {
        words = format!("{words}, {more}");
    }
    words
}

pub fn status_word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Reserved => "reserved",
        OrderStatus::Confirmed => "confirmed",
        OrderStatus::Cancelled => "cancelled",
        OrderStatus::Expired => "expired",
        OrderStatus::Paying => "paying",
        OrderStatus::Failed => "failed",
        OrderStatus::Refunding => "refunding",
        OrderStatus::Refunded => "refunded",
    }
}
