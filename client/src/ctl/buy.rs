//! `buy`

use clap::Args;
use livedrop_proto::rest::orders::PlaceOrder;

use super::context::Context;
use super::login::MaybeWho;
use super::order;
use super::output::note;
use super::trouble::{Doing, Exit, Stop};
use crate::IdempotencyKey;

#[derive(Debug, Args)]
pub struct Wanted {
    /// The drop
    drop: String,
    /// Units
    #[arg(long, short, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    quantity: u32,
    /// Which variant; may be left out when there is one
    #[arg(long)]
    sku: Option<String>,
    /// Makes it safe to repeat: the same key buys once. A random one is used, and told, when absent
    #[arg(long)]
    key: Option<IdempotencyKey>,
    /// Pays at once with this method (the sandbox's good card: pm_card_ok), and waits for what comes of it
    #[arg(long, value_name = "METHOD")]
    pay: Option<String>,
    #[command(flatten)]
    who: MaybeWho,
}

pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let key = wanted.key.unwrap_or_else(|| {
        let key = IdempotencyKey::random();
        // Said before it is sent: whoever is interrupted can still ask what became of it.
        note(&format!("key: {key}"));
        key
    });
    let what = format!("{} of {} cannot be bought (key {key})", wanted.quantity, wanted.drop);
    let body =
        PlaceOrder { drop_id: wanted.drop, sku: wanted.sku, quantity: wanted.quantity, payment_method: wanted.pay };
    let who = wanted.who.client(context).await?;
    let answer = match &who {
        Some(client) => client.place_order(&body, &key).await.doing(what.as_str())?,
        None => context.signed_in(&what, async |client| client.place_order(&body, &key).await).await?,
    };
    if answer.replayed {
        note("this key was used before: this is the order that it placed then");
    }
    let id = answer.body.id.clone();
    let changed = async || match &who {
        Some(client) => client.changed_order(&id, order::LOOK).await.doing(what.as_str()),
        None => context.signed_in(&what, async |client| client.changed_order(&id, order::LOOK).await).await,
    };
    let order = order::settled(answer.body, changed).await?;
    order::show(context, &order)?;
    Ok(Exit::Ok)
}
