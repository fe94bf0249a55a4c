//! `search`

use clap::{Args, ValueEnum};
use livedrop_proto::rest::search::{FoundProduct, FoundStatus, SearchProducts, SearchSort};

use super::context::Context;
use super::money;
use super::output::note;
use super::product::{PageFlags, tell_of_more};
use super::trouble::{Doing, Exit, Stop};
use crate::search::status_word;

#[derive(Debug, Args)]
pub struct Wanted {
    /// What to search for: words, "a phrase", -without, tag:…, creator:…; everything when absent
    #[arg(allow_hyphen_values = true, trailing_var_arg = false)]
    words: Vec<String>,
    /// Those of one creator
    #[arg(long, value_name = "ID")]
    creator: Option<String>,
    /// Those with this tag
    #[arg(long)]
    tag: Option<String>,
    /// Those whose current or next drop stands so
    #[arg(long)]
    status: Option<Status>,
    /// Those that cost at least so much, in minor units
    #[arg(long, value_name = "AMOUNT")]
    price_min: Option<u64>,
    /// Those that cost at most so much, in minor units
    #[arg(long, value_name = "AMOUNT")]
    price_max: Option<u64>,
    /// Those that can be bought now (true), or those that cannot (false)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    in_stock: Option<bool>,
    /// In which order; the best answers first when absent
    #[arg(long, allow_hyphen_values = true)]
    sort: Option<Sort>,
    #[command(flatten)]
    page: PageFlags,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    None,
    Upcoming,
    Live,
    Paused,
    SoldOut,
    Ended,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sort {
    Relevance,
    Newest,
    Price,
    #[value(name = "-price")]
    PriceDescending,
    #[value(name = "starts_at")]
    StartsAt,
}

pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let found = context.client.search(&wanted.shape()).await.doing("the products cannot be searched")?.body;
    let rows = found.items.iter().map(row).collect();
    context.output.list(&found, &["PRODUCT", "NAME", "PRICE", "CREATOR", "DROP", "AVAILABLE"], rows)?;
    note(&format!("{} found, as of log index {}", found.total, found.indexed_index));
    tell_of_more(found.next_cursor.as_deref());
    Ok(Exit::Ok)
}

fn row(found: &FoundProduct) -> Vec<String> {
    let (status, available) = match &found.drop {
        Some(drop) => (drop.status, drop.items.iter().map(|item| item.available).sum::<u64>().to_string()),
        None => (FoundStatus::None, String::new()),
    };
    vec![
        found.id.clone(),
        found.name.clone(),
        money::show(&found.price),
        found.creator_name.clone(),
        status_word(status).to_owned(),
        available,
    ]
}

impl Wanted {
    fn shape(self) -> SearchProducts {
        let status = self.status.map(|status| match status {
            Status::None => FoundStatus::None,
            Status::Upcoming => FoundStatus::Upcoming,
            Status::Live => FoundStatus::Live,
            Status::Paused => FoundStatus::Paused,
            Status::SoldOut => FoundStatus::SoldOut,
            Status::Ended => FoundStatus::Ended,
        });
        let sort = self.sort.map(|sort| match sort {
            Sort::Relevance => SearchSort::Relevance,
            Sort::Newest => SearchSort::Newest,
            Sort::Price => SearchSort::Price,
            Sort::PriceDescending => SearchSort::PriceDescending,
            Sort::StartsAt => SearchSort::StartsAt,
        });
        // A shell takes quotation marks away: a word with a space in it was a phrase.
        let quoted = |word: String| if word.contains(' ') { format!("\"{word}\"") } else { word };
        let words: Vec<String> = self.words.into_iter().map(quoted).collect();
        SearchProducts {
            q: Some(words.join(" ")).filter(|words| !words.is_empty()),
            creator_id: self.creator,
            tag: self.tag,
            status,
            price_min: self.price_min,
            price_max: self.price_max,
            in_stock: self.in_stock,
            sort,
            limit: Some(self.page.limit),
            cursor: self.page.cursor,
            consistency: None,
        }
    }
}
