//! Joins what was found with the rows as they are now. What does not match any more is left out: a drop that is sold
//! out is never shown as one that sells, however far the index lags.

use livedrop_domain::drops::{self, Drop, Stock};
use livedrop_domain::products::{self, Product};
use livedrop_domain::{Fault, ProductId, Timestamp, View, accounts};
use livedrop_proto::rest::search::{FoundDrop, FoundProduct, Highlights};

use super::asked::{Read, status_shape};
use crate::rest::drops::item_shape;
use crate::rest::problem::Problem;
use crate::rest::shop::{Seen, look};
use crate::rest::{Rest, text};
use crate::search::{Filters, Found, Highlighter, Status, current_drop};

/// Products that are read in one look: apply waits meanwhile.
const PRODUCTS_A_LOOK: usize = 20;

/// A product as its rows are now.
struct Whole {
    product: Product,
    creator_name: String,
    drop: Option<(Drop, Stock)>,
}

/// Those that still match, in the order in which they were found, and the oldest index that they reflect.
pub fn join(rest: &Rest, read: &Read, found: &Found) -> Result<Seen<Vec<FoundProduct>>, Problem> {
    let mut joined = Seen { what: Vec::with_capacity(found.places.len()), index: rest.shop.applied() };
    for some in found.places.chunks(PRODUCTS_A_LOOK) {
        let wholes =
            |view: &dyn View| some.iter().map(|place| whole(view, place.product())).collect::<Result<Vec<_>, Fault>>();
        let seen = look(&*rest.shop, wholes)?;
        joined.index = joined.index.min(seen.index);
        let still = seen.what.into_iter().flatten().filter(|whole| whole.matches(&read.filters));
        joined.what.extend(still.map(|whole| whole.shape(&found.highlighter)));
    }
    Ok(joined)
}

fn whole(view: &dyn View, id: ProductId) -> Result<Option<Whole>, Fault> {
    let Some(product) = products::get(view, id)?.filter(|product| !product.retired) else { return Ok(None) };
    let creator = accounts::get(view, product.creator_id)?;
    let drop = match current_drop(view, id)? {
        Some(drop) => Some((drops::stock(view, drop.id)?, drop)).map(|(stock, drop)| (drop, stock)),
        None => None,
    };
    Ok(Some(Whole { product, creator_name: creator.map(|creator| creator.display_name).unwrap_or_default(), drop }))
}

impl Whole {
    fn status(&self) -> Status {
        self.drop.as_ref().map_or(Status::None, |(drop, _)| Status::of(drop))
    }

    fn is_purchasable(&self) -> bool {
        self.status() == Status::Live && self.drop.as_ref().is_some_and(|(_, stock)| stock.available() > 0)
    }

    fn matches(&self, filters: &Filters) -> bool {
        let amount = self.product.price.amount;
        filters.status.is_none_or(|status| status == self.status())
            && filters.in_stock.is_none_or(|wanted| wanted == self.is_purchasable())
            && filters.price_min.is_none_or(|min| min <= amount)
            && filters.price_max.is_none_or(|max| amount <= max)
    }

    fn shape(self, highlighter: &Highlighter) -> FoundProduct {
        let drop = self.drop.as_ref().map(|(drop, stock)| FoundDrop {
            id: drop.id.to_string(),
            status: status_shape(Status::of(drop)),
            purchasable: self.is_purchasable(),
            price: text::money(drop.unit_price),
            starts_at: text::time(drop.starts_at),
            ends_at: Some(drop.ends_at).filter(|at| *at != Timestamp::NEVER).map(text::time),
            items: stock.0.iter().map(item_shape).collect(),
        });
        let Whole { product, creator_name, .. } = self;
        let highlights = Highlights {
            name: highlighter.mark(&product.name),
            description: highlighter.excerpt(&product.description),
            creator_name: highlighter.mark(&creator_name),
            tags: product.tags.iter().filter_map(|tag| highlighter.mark(tag)).collect(),
        };
        FoundProduct {
            id: product.id.to_string(),
            creator_id: product.creator_id.to_string(),
            creator_name,
            name: product.name,
            description: product.description,
            image_url: product.image_url,
            price: text::money(product.price),
            tags: product.tags,
            created_at: text::time(product.created_at),
            drop,
            highlights,
        }
    }
}
