//! `payments`

use std::collections::BTreeMap;

use clap::Subcommand;
use livedrop_proto::rest::list::{LIMIT_MAX, Page};
use livedrop_proto::rest::orders::OrderStatus;
use livedrop_proto::rest::payments::{Movement, MovementKind, PaymentLine, PaymentStage};
use serde::Serialize;

use super::context::Context;
use super::money;
use super::order::status_word;
use super::output::note;
use super::product::{PageFlags, tell_of_more};
use super::trouble::{Exit, Stop};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists payments beside their orders, oldest first (operators)
    List(PageFlags),
    /// Lists the sandbox's own books, oldest first (operators)
    Ledger(PageFlags),
    /// Adds everything up: charged = confirmed + refunded, order by order and in the gateway's books (operators)
    Audit,
}

pub async fn run(context: &Context, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::List(page) => list(context, page).await,
        Command::Ledger(page) => ledger(context, page).await,
        Command::Audit => audit(context).await,
    }
}

async fn list(context: &Context, page: PageFlags) -> Result<Exit, Stop> {
    let page = Page { limit: Some(page.limit), cursor: page.cursor, consistency: None };
    let what = "the payments cannot be listed";
    let list = context.signed_in(what, async |client| client.payments(&page).await).await?;
    let row = |line: &PaymentLine| {
        vec![
            line.order_id.clone(),
            status_word(line.order_status).to_owned(),
            stage_word(line.stage).to_owned(),
            money::show(&line.amount),
            money::show(&line.charged),
            money::show(&line.refunded),
            line.intent_id.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let rows = list.items.iter().map(row).collect();
    let header = ["ORDER", "STATUS", "PAYMENT", "AMOUNT", "CHARGED", "REFUNDED", "INTENT"];
    context.output.list(&list, &header, rows)?;
    tell_of_more(list.next_cursor.as_deref());
    Ok(Exit::Ok)
}

async fn ledger(context: &Context, page: PageFlags) -> Result<Exit, Stop> {
    let page = Page { limit: Some(page.limit), cursor: page.cursor, consistency: None };
    let what = "the ledger cannot be read";
    let list = context.signed_in(what, async |client| client.payment_ledger(&page).await).await?;
    let row = |line: &Movement| {
        let kind = match line.kind {
            MovementKind::Charge => "charge",
            MovementKind::Refund => "refund",
        };
        vec![line.at.clone(), kind.to_owned(), money::show(&line.amount), line.order_id.clone(), line.intent_id.clone()]
    };
    let rows = list.items.iter().map(row).collect();
    context.output.list(&list, &["AT", "WHAT", "AMOUNT", "ORDER", "INTENT"], rows)?;
    tell_of_more(list.next_cursor.as_deref());
    Ok(Exit::Ok)
}

/// What all payments come to, in minor units of one currency.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Sums {
    charged: u64,
    confirmed: u64,
    refunded: u64,
    /// Charged and on its way back.
    refunding: u64,
    /// Payments that still wait for the gateway.
    open: u64,
}

/// Everything that was found.
#[derive(Debug, Default, Serialize)]
struct Audit {
    orders: u64,
    by_currency: BTreeMap<String, Sums>,
    /// Orders whose money is not where their status says, or not as in the gateway's books.
    disagreements: Vec<String>,
}

async fn audit(context: &Context) -> Result<Exit, Stop> {
    let (mut audit, mut cursor) = (Audit::default(), None);
    loop {
        let page = Page { limit: Some(LIMIT_MAX), cursor, consistency: None };
        let list =
            context.signed_in("the payments cannot be added up", async |client| client.payments(&page).await).await?;
        list.items.iter().for_each(|line| audit.add(line));
        cursor = list.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let row = |(currency, sums): (&String, &Sums)| {
        let show = |amount| money::show(&livedrop_proto::rest::Money { amount, currency: currency.clone() });
        vec![show(sums.charged), show(sums.confirmed), show(sums.refunded), show(sums.refunding), sums.open.to_string()]
    };
    let rows = audit.by_currency.iter().map(row).collect();
    context.output.list(&audit, &["CHARGED", "CONFIRMED", "REFUNDED", "REFUNDING", "OPEN"], rows)?;
    for disagreement in &audit.disagreements {
        note(disagreement);
    }
    note(&format!("{} payments, {} disagree", audit.orders, audit.disagreements.len()));
    Ok(if audit.disagreements.is_empty() { Exit::Ok } else { Exit::Failed })
}

impl Audit {
    fn add(&mut self, line: &PaymentLine) {
        self.orders += 1;
        let sums = self.by_currency.entry(line.amount.currency.clone()).or_default();
        let (charged, refunded) = (line.charged.amount, line.refunded.amount);
        sums.charged += charged;
        sums.refunded += refunded;
        sums.open += u64::from(line.open);
        match line.order_status {
            OrderStatus::Confirmed => sums.confirmed += charged.saturating_sub(refunded),
            _ => sums.refunding += charged.saturating_sub(refunded),
        }
        if let Some(why) = disagreement(line) {
            self.disagreements.push(format!("{}: {why}", line.order_id));
        }
    }
}

/// Why a payment is not in order, if it is not.
fn disagreement(line: &PaymentLine) -> Option<String> {
    let (charged, refunded, amount) = (line.charged.amount, line.refunded.amount, line.amount.amount);
    let owed = match line.order_status {
        OrderStatus::Confirmed | OrderStatus::Refunding => charged == amount && refunded <= charged,
        OrderStatus::Refunded => charged == amount && refunded == charged,
        OrderStatus::Reserved => false,
        OrderStatus::Paying | OrderStatus::Failed | OrderStatus::Cancelled | OrderStatus::Expired => charged == 0,
    };
    if !owed {
        let status = status_word(line.order_status);
        return Some(format!("it is {status}, {charged} of {amount} were charged and {refunded} refunded"));
    }
    let ledger = line.ledger.as_ref().filter(|_| !line.open)?;
    let agreed = ledger.charged.amount == charged && ledger.refunded.amount == refunded;
    (!agreed).then(|| {
        let (theirs, back) = (ledger.charged.amount, ledger.refunded.amount);
        format!("the shop has {charged} charged and {refunded} refunded, the gateway {theirs} and {back}")
    })
}

fn stage_word(stage: PaymentStage) -> &'static str {
    match stage {
        PaymentStage::Creating => "creating",
        PaymentStage::Confirming => "confirming",
        PaymentStage::Acting => "acting",
        PaymentStage::Unknown => "unknown",
        PaymentStage::Cancelling => "cancelling",
        PaymentStage::Charged => "charged",
        PaymentStage::Closed => "closed",
        PaymentStage::Abandoned => "abandoned",
    }
}

#[cfg(test)]
mod tests {
    use livedrop_proto::rest::Money;
    use livedrop_proto::rest::payments::LedgerSums;

    use super::*;

    fn money(amount: u64) -> Money {
        Money { amount, currency: "EUR".into() }
    }

    fn line(status: OrderStatus, charged: u64, refunded: u64) -> PaymentLine {
        PaymentLine {
            order_id: "ord_1".into(),
            order_status: status,
            amount: money(500),
            gateway: "sandbox".into(),
            stage: PaymentStage::Charged,
            intent_id: None,
            charged: money(charged),
            refunded: money(refunded),
            ledger: Some(LedgerSums { charged: money(charged), refunded: money(refunded) }),
            open: false,
        }
    }

    #[test]
    fn money_is_where_the_status_says_and_in_the_gateways_books() {
        assert_eq!(disagreement(&line(OrderStatus::Confirmed, 500, 100)), None);
        assert_eq!(disagreement(&line(OrderStatus::Refunded, 500, 500)), None);
        assert_eq!(disagreement(&line(OrderStatus::Expired, 0, 0)), None);
        assert!(disagreement(&line(OrderStatus::Confirmed, 0, 0)).is_some(), "sold for nothing");
        assert!(disagreement(&line(OrderStatus::Expired, 500, 0)).is_some(), "charged for nothing");
        let twice = LedgerSums { charged: money(1_000), refunded: money(0) };
        let twice = PaymentLine { ledger: Some(twice), ..line(OrderStatus::Confirmed, 500, 0) };
        assert!(disagreement(&twice).is_some(), "charged twice");
        assert_eq!(disagreement(&PaymentLine { open: true, ..twice }), None, "it is not known yet");
    }

    #[test]
    fn charged_is_confirmed_and_refunded() {
        let mut audit = Audit::default();
        for line in [line(OrderStatus::Confirmed, 500, 100), line(OrderStatus::Refunded, 500, 500)] {
            audit.add(&line);
        }
        let sums = Sums { charged: 1_000, confirmed: 400, refunded: 600, refunding: 0, open: 0 };
        assert_eq!(audit.by_currency, BTreeMap::from([("EUR".to_owned(), sums)]));
    }
}
