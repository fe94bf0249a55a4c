//! A product as the index sees it: its own row, its creator's name, and its current or next drop.

use livedrop_domain::accounts;
use livedrop_domain::drops::{self, Drop};
use livedrop_domain::products::{self, Product};
use livedrop_domain::{Fault, ProductId, View};
use tantivy::TantivyDocument;

use super::Status;
use super::schema::Fields;
use super::words;

/// How many of a product's newest drops are looked at for its current or next one.
const DROPS_LOOKED_AT: usize = 32;

/// What is indexed of a product, as its rows were at one moment.
pub(super) struct Subject {
    product: Product,
    creator_name: String,
    drop: Option<Drop>,
}

/// Reads a product that is for sale; none when there is none, or it was retired.
pub(super) fn subject(view: &dyn View, id: ProductId) -> Result<Option<Subject>, Fault> {
    let Some(product) = products::get(view, id)?.filter(|product| !product.retired) else { return Ok(None) };
    of_product(view, product).map(Some)
}

/// The same for a product that was read already.
pub(super) fn of_product(view: &dyn View, product: Product) -> Result<Subject, Fault> {
    let creator = accounts::get(view, product.creator_id)?;
    let drop = current_drop(view, product.id)?;
    Ok(Subject { creator_name: creator.map(|creator| creator.display_name).unwrap_or_default(), product, drop })
}

/// The drop that a product is sold in now; else the next one; else the last one that ended. Cancelled ones are none.
pub fn current_drop(view: &dyn View, product: ProductId) -> Result<Option<Drop>, Fault> {
    let of_product = drops::of_product(view, product, None, DROPS_LOOKED_AT)?;
    // The first of those that are as good: the one announced last, except that of upcoming ones the earliest is next.
    let rank = |drop: &Drop| match Status::of(drop) {
        Status::Live => Some((0, 0)),
        Status::Paused => Some((1, 0)),
        Status::SoldOut => Some((2, 0)),
        Status::Upcoming => Some((3, drop.starts_at.0)),
        Status::Ended => Some((4, 0)),
        Status::None => None,
    };
    let ranked = of_product.into_iter().filter_map(|drop| rank(&drop).map(|rank| (rank, drop)));
    Ok(ranked.min_by_key(|(rank, _)| *rank).map(|(_, drop)| drop))
}

impl Subject {
    pub(super) fn id(&self) -> ProductId {
        self.product.id
    }

    pub(super) fn document(&self, fields: &Fields) -> TantivyDocument {
        let Subject { product, creator_name, drop } = self;
        let mut document = TantivyDocument::new();
        let (id, creator) = (product.id, product.creator_id);
        let (id_high, id_low) = halves(id.bytes());
        let (creator_high, creator_low) = halves(creator.bytes());
        document.add_text(fields.id, id.to_string());
        document.add_text(fields.creator, creator.to_string());
        document.add_text(fields.name, &product.name);
        document.add_text(fields.name_stems, &product.name);
        document.add_text(fields.description_stems, &product.description);
        document.add_text(fields.creator_words, creator_name);
        for tag in &product.tags {
            document.add_text(fields.tag_words, tag);
            document.add_text(fields.tag, tag.to_lowercase());
        }
        let status = drop.as_ref().map_or(Status::None, Status::of);
        let numbers = [
            (fields.id_high, id_high),
            (fields.id_low, id_low),
            (fields.creator_high, creator_high),
            (fields.creator_low, creator_low),
            (fields.status, status as u64),
            (fields.price, product.price.amount),
            (fields.name_words, words::words(&product.name).len() as u64),
        ];
        for (field, number) in numbers {
            document.add_u64(field, number);
        }
        if let Some(drop) = drop.as_ref().filter(|_| status != Status::Ended) {
            document.add_u64(fields.starts_at, drop.starts_at.0);
        }
        document
    }
}

/// An id as two numbers that sort as it does.
pub(super) fn halves(id: [u8; 16]) -> (u64, u64) {
    let bits = u128::from_be_bytes(id);
    ((bits >> 64) as u64, bits as u64)
}

/// The id with these halves.
pub(super) fn whole(high: u64, low: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}
