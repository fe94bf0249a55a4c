//! `product`

use clap::{Args, Subcommand};
use livedrop_proto::rest::products::{CreateProduct, ListProducts, Product};

use super::context::Context;
use super::money;
use super::output::note;
use super::trouble::{Doing, Exit, Stop};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Adds a product to the shop (creators)
    Create(Create),
    /// Shows a product
    Show { id: String },
    /// Lists products, newest first
    List(List),
}

#[derive(Debug, Args)]
pub struct Create {
    #[arg(long)]
    name: String,
    /// Of one unit, such as 49.99
    #[arg(long)]
    price: String,
    /// ISO 4217
    #[arg(long, default_value = "EUR")]
    currency: String,
    #[arg(long, default_value = "")]
    description: String,
    /// The address of a picture
    #[arg(long, value_name = "URL")]
    image_url: Option<String>,
    /// A word to find it by; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
}

#[derive(Debug, Args)]
pub struct List {
    /// Those of one creator
    #[arg(long, value_name = "ID")]
    creator: Option<String>,
    /// Those with this tag
    #[arg(long)]
    tag: Option<String>,
    #[command(flatten)]
    page: PageFlags,
}

/// Which part of a list is wanted.
#[derive(Debug, Args)]
pub struct PageFlags {
    /// The most entries
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub limit: u32,
    /// Where the page before ended
    #[arg(long)]
    pub cursor: Option<String>,
}

pub async fn run(context: &Context, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Create(wanted) => {
            let product = read(wanted)?;
            let what = "the product cannot be created";
            show(context, &context.signed_in(what, async |client| client.create_product(&product).await).await?)?;
        }
        Command::Show { id } => {
            let answer = context.client.product(&id).await.doing(format!("the product {id} cannot be shown"))?;
            show(context, &answer.body)?;
        }
        Command::List(List { creator, tag, page }) => {
            let PageFlags { limit, cursor } = page;
            let wanted =
                ListProducts { creator_id: creator, tag, limit: Some(limit), cursor, ..ListProducts::default() };
            let list = context.client.products(&wanted).await.doing("the products cannot be listed")?;
            let row =
                |one: &Product| vec![one.id.clone(), one.name.clone(), money::show(&one.price), one.tags.join(",")];
            let rows = list.items.iter().map(row).collect();
            context.output.list(&list, &["PRODUCT", "NAME", "PRICE", "TAGS"], rows)?;
            tell_of_more(list.next_cursor.as_deref());
        }
    }
    Ok(Exit::Ok)
}

/// Says, beside the data, how to see the next page.
pub fn tell_of_more(next_cursor: Option<&str>) {
    if let Some(cursor) = next_cursor {
        note(&format!("there is more: --cursor {cursor}"));
    }
}

fn read(wanted: Create) -> Result<CreateProduct, Stop> {
    let Create { name, price, currency, description, image_url, tags } = wanted;
    let price = money::read(&price, &currency)
        .map_err(|why| Stop::trouble(Exit::Usage, "--price is not a price", why, "write it like --price 49.99"))?;
    Ok(CreateProduct { name, description, image_url, price, tags })
}

fn show(context: &Context, product: &Product) -> Result<(), Stop> {
    let fields = vec![
        ("id", product.id.clone()),
        ("name", product.name.clone()),
        ("price", money::show(&product.price)),
        ("tags", product.tags.join(", ")),
        ("creator", product.creator_id.clone()),
        ("image", product.image_url.clone().unwrap_or_default()),
        ("retired", if product.retired { "yes" } else { "no" }.to_owned()),
        ("created at", product.created_at.clone()),
        ("description", product.description.clone()),
    ];
    Ok(context.output.record(product, fields)?)
}
