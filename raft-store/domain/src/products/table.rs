//! Keys of this room, and typed reads.

use super::Product;
use crate::keys::{self, key};
use crate::tx::Tx;
use crate::{AccountId, Fault, ProductId, View, tx};

pub(super) fn product_key(id: ProductId) -> [u8; 17] {
    keys::of_id(keys::PRODUCT, id.bytes())
}

fn creator_prefix(creator: AccountId) -> Vec<u8> {
    key(keys::PRODUCT_BY_CREATOR, &[&creator.bytes()])
}

fn tag_prefix(tag: &str) -> Vec<u8> {
    key(keys::PRODUCT_BY_TAG, &[tag.as_bytes(), &[0]])
}

/// Stores a product and the rows that lead to it; `before` is what was stored.
pub(super) fn put(tx: &mut Tx, product: &Product, before: Option<&Product>) {
    tx.put(product_key(product.id), product);
    let listed = |product: &Product| {
        let mut rows = vec![[creator_prefix(product.creator_id), product.id.bytes().to_vec()].concat()];
        rows.extend(product.tags.iter().map(|tag| [tag_prefix(tag), product.id.bytes().to_vec()].concat()));
        if product.retired { Vec::new() } else { rows }
    };
    let rows = listed(product);
    for row in before.map(listed).unwrap_or_default() {
        if !rows.contains(&row) {
            tx.delete(row);
        }
    }
    for row in rows {
        tx.mark(row);
    }
}

/// The product with this id, retired or not.
pub fn get(view: &dyn View, id: ProductId) -> Result<Option<Product>, Fault> {
    tx::row(view, &product_key(id), "a product")
}

/// Which products to list.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    All,
    OfCreator(AccountId),
    Tagged(&'a str),
}

/// At most `limit` products that are for sale, newest first, older than `before`.
pub fn list(view: &dyn View, which: Which, before: Option<ProductId>, limit: usize) -> Result<Vec<Product>, Fault> {
    let prefix = match which {
        Which::All => vec![keys::PRODUCT],
        Which::OfCreator(creator) => creator_prefix(creator),
        Which::Tagged(tag) => tag_prefix(tag),
    };
    let mut products = Vec::new();
    let mut before = before;
    while products.len() < limit {
        // Retired products stand among all of them, so a page may take more than one look.
        let wanted = limit - products.len();
        let rows = tx::keys_before(view, &prefix, before.map(|id| id.bytes()).as_ref().map(|id| &id[..]), wanted)?;
        let seen = rows.len();
        for (row, _) in rows {
            let id = keys::id(&row, prefix.len()).map(ProductId::from_bytes);
            let id = id.ok_or_else(|| Fault::new("listing products", "a key without a product id"))?;
            before = Some(id);
            products.extend(get(view, id)?.filter(|product| !product.retired));
        }
        if seen < wanted {
            break;
        }
    }
    Ok(products)
}
