//! `drop`

use clap::{Args, Subcommand, ValueEnum};
use livedrop_proto::rest::drops::{CreateDrop, Drop, DropStage, DropStatus, ListDrops, NewItem, Restock};

use super::context::Context;
use super::product::{PageFlags, tell_of_more};
use super::trouble::{Doing, Exit, Stop};
use super::{ask, money};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Schedules a drop of a product (its creator)
    Create(Create),
    /// Shows a drop and its stock
    Show { id: String },
    /// Lists drops
    List(List),
    /// Adds units (its creator)
    Restock {
        id: String,
        /// Units to add
        #[arg(long)]
        quantity: u64,
        /// Which variant; may be left out when there is one
        #[arg(long)]
        sku: Option<String>,
    },
    /// Stops selling until `resume` (its creator)
    Pause { id: String },
    /// Sells again (its creator)
    Resume { id: String },
    /// Ends it for good (its creator)
    End { id: String },
    /// Calls it off for good: what is held goes back, what was paid is refunded (its creator)
    Cancel { id: String },
}

#[derive(Debug, Args)]
pub struct Create {
    /// What is sold
    #[arg(long, value_name = "ID")]
    product: String,
    /// Units of a single variant
    #[arg(long, conflicts_with = "items", required_unless_present = "items")]
    stock: Option<u64>,
    /// A variant and its units; may be given several times
    #[arg(long = "item", value_name = "SKU=UNITS", value_parser = item)]
    items: Vec<NewItem>,
    /// When it opens, RFC 3339; at once when absent or past
    #[arg(long, value_name = "TIME")]
    starts_at: Option<String>,
    /// When it ends, RFC 3339; never when absent
    #[arg(long, value_name = "TIME")]
    ends_at: Option<String>,
    /// The most units one customer may have; 0 is no limit
    #[arg(long, default_value_t = 0)]
    per_customer_limit: u32,
    /// How long units are held for an order that is not paid
    #[arg(long, value_name = "SECONDS")]
    hold_seconds: Option<u32>,
    /// Tells followers when this few units are left; 0 is never
    #[arg(long, default_value_t = 0, value_name = "UNITS")]
    low_stock_threshold: u64,
}

#[derive(Debug, Args)]
pub struct List {
    /// Which drops: live has paused and sold-out ones too, ended has cancelled ones; live when --creator is absent too
    #[arg(long)]
    status: Option<Stage>,
    /// Those of one creator
    #[arg(long, value_name = "ID")]
    creator: Option<String>,
    #[command(flatten)]
    page: PageFlags,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Stage {
    Upcoming,
    Live,
    Ended,
}

pub async fn run(context: &Context, command: Command) -> Result<Exit, Stop> {
    let drop = match command {
        Command::Create(wanted) => {
            let wanted = wanted.shape();
            context.signed_in("the drop cannot be created", async |client| client.create_drop(&wanted).await).await?
        }
        Command::Show { id } => {
            context.client.drop(&id, None).await.doing(format!("the drop {id} cannot be shown"))?.body
        }
        Command::List(wanted) => return list(context, wanted).await,
        Command::Restock { id, quantity, sku } => {
            let more = Restock { sku, quantity };
            let what = format!("units cannot be added to {id}");
            context.signed_in(&what, async |client| client.restock(&id, &more).await).await?
        }
        Command::Pause { id } => {
            let what = format!("the drop {id} cannot be paused");
            context.signed_in(&what, async |client| client.pause_drop(&id).await).await?
        }
        Command::Resume { id } => {
            let what = format!("the drop {id} cannot be resumed");
            context.signed_in(&what, async |client| client.resume_drop(&id).await).await?
        }
        Command::End { id } => {
            ask::confirm(context, &format!("End the drop {id} for good?"))?;
            let what = format!("the drop {id} cannot be ended");
            context.signed_in(&what, async |client| client.end_drop(&id).await).await?
        }
        Command::Cancel { id } => {
            ask::confirm(context, &format!("Call the drop {id} off and pay everything back?"))?;
            let what = format!("the drop {id} cannot be cancelled");
            context.signed_in(&what, async |client| client.cancel_drop(&id).await).await?
        }
    };
    show(context, &drop)?;
    Ok(Exit::Ok)
}

async fn list(context: &Context, wanted: List) -> Result<Exit, Stop> {
    let status = wanted.status.map(|stage| match stage {
        Stage::Upcoming => DropStage::Upcoming,
        Stage::Live => DropStage::Live,
        Stage::Ended => DropStage::Ended,
    });
    let PageFlags { limit, cursor } = wanted.page;
    let wanted = ListDrops { status, creator_id: wanted.creator, limit: Some(limit), cursor, consistency: None };
    let list = context.client.drops(&wanted).await.doing("the drops cannot be listed")?;
    let row = |drop: &Drop| {
        let sum = |count: fn(&livedrop_proto::rest::drops::Item) -> u64| -> String {
            drop.items.iter().map(count).sum::<u64>().to_string()
        };
        vec![
            drop.id.clone(),
            drop.product.name.clone(),
            status_word(drop.status).to_owned(),
            money::show(&drop.product.price),
            sum(|item| item.available),
            sum(|item| item.stock),
            drop.starts_at.clone(),
        ]
    };
    let rows = list.items.iter().map(row).collect();
    let header = ["DROP", "PRODUCT", "STATUS", "PRICE", "AVAILABLE", "OF", "STARTS AT"];
    context.output.list(&list, &header, rows)?;
    tell_of_more(list.next_cursor.as_deref());
    Ok(Exit::Ok)
}

fn show(context: &Context, drop: &Drop) -> Result<(), Stop> {
    let limit = if drop.per_customer_limit == 0 { "none".to_owned() } else { drop.per_customer_limit.to_string() };
    let mut fields = vec![
        ("id", drop.id.clone()),
        ("product", format!("{} ({})", drop.product.name, drop.product.id)),
        ("price", money::show(&drop.product.price)),
        ("creator", drop.creator_id.clone()),
        ("status", status_word(drop.status).to_owned()),
        ("starts at", drop.starts_at.clone()),
        ("ends at", drop.ends_at.clone().unwrap_or_else(|| "never".to_owned())),
        ("per customer", limit),
        ("hold", format!("{} s", drop.hold_seconds)),
    ];
    for item in &drop.items {
        let counts = format!("{} available, {} held, {} sold of {}", item.available, item.held, item.sold, item.stock);
        fields.push(("stock", format!("{}: {counts}", item.sku)));
    }
    Ok(context.output.record(drop, fields)?)
}

fn status_word(status: DropStatus) -> &'static str {
    match status {
        DropStatus::Upcoming => "upcoming",
        DropStatus::Live => "live",
        DropStatus::Paused => "paused",
        DropStatus::SoldOut => "sold out",
        DropStatus::Ended => "ended",
        DropStatus::Cancelled => "cancelled",
    }
}

fn item(text: &str) -> Result<NewItem, String> {
    let (sku, stock) = text.rsplit_once('=').ok_or("write it like L=100")?;
    let stock = stock.parse().map_err(|_| format!("`{stock}` is not a number of units"))?;
    Ok(NewItem { sku: sku.to_owned(), stock })
}

impl Create {
    fn shape(self) -> CreateDrop {
        CreateDrop {
            product_id: self.product,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            items: Some(self.items).filter(|items| !items.is_empty()),
            stock: self.stock,
            per_customer_limit: self.per_customer_limit,
            hold_seconds: self.hold_seconds,
            low_stock_threshold: self.low_stock_threshold,
        }
    }
}
