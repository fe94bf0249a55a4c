//! Products by the thousand that are unlike each other, the same in every run.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use livedrop_proto::rest::Money;
use livedrop_proto::rest::accounts::PublicRole;
use livedrop_proto::rest::products::CreateProduct;

use super::super::progress::Progress;
use super::super::shop::sign_up;
use crate::ctl::context::Context;
use crate::ctl::output::note;
use crate::ctl::trouble::{Doing, Stop};
use crate::{Client, Error, Policy};

/// Accounts that are made at a time: each costs a node two password hashes.
const ACCOUNTS_AT_A_TIME: usize = 8;

pub const QUALITIES: [&str; 24] = [
    "Black",
    "Washed",
    "Signed",
    "Vintage",
    "Oversized",
    "Handmade",
    "Limited",
    "Quilted",
    "Indigo",
    "Brass",
    "Folding",
    "Heavy",
    "Tiny",
    "Woven",
    "Painted",
    "Silent",
    "Golden",
    "Midnight",
    "Paper",
    "Winter",
    "Coral",
    "Olive",
    "Carbon",
    "Speckled",
];
pub const STUFFS: [&str; 20] = [
    "Cotton", "Leather", "Denim", "Oak", "Ceramic", "Linen", "Wool", "Steel", "Canvas", "Silk", "Bamboo", "Vinyl",
    "Glass", "Copper", "Corduroy", "Walnut", "Velvet", "Rubber", "Marble", "Cork",
];
pub const THINGS: [&str; 36] = [
    "Hoodie",
    "Poster",
    "Sneaker",
    "Lamp",
    "Mug",
    "Jacket",
    "Vase",
    "Backpack",
    "Watch",
    "Ring",
    "Scarf",
    "Notebook",
    "Candle",
    "Skateboard",
    "Camera",
    "Keyboard",
    "Teapot",
    "Blanket",
    "Print",
    "Record",
    "Boots",
    "Bowl",
    "Chair",
    "Cap",
    "Knife",
    "Puzzle",
    "Necklace",
    "Shirt",
    "Trousers",
    "Frame",
    "Bicycle",
    "Speaker",
    "Rug",
    "Pen",
    "Socks",
    "Stool",
];
pub const TAGS: [&str; 16] = [
    "streetwear",
    "home",
    "kitchen",
    "gift",
    "art",
    "outdoor",
    "music",
    "jewellery",
    "desk",
    "travel",
    "kids",
    "garden",
    "photography",
    "stationery",
    "sport",
    "repair",
];
const SENTENCES: [&str; 12] = [
    "Made in a small workshop by the harbour.",
    "Numbered by hand and signed on the back.",
    "Ships flat, with everything needed to put it together.",
    "It ages well: the longer it is used, the better it looks.",
    "From the archive of a studio that closed its doors long ago.",
    "The second edition, with a thicker weave and stronger seams.",
    "Every piece is a little different from the others.",
    "Designed together with people who use it every day.",
    "Comes in a box that is worth keeping.",
    "Repaired for free for as long as we exist.",
    "Tested through three winters in the mountains.",
    "A favourite of the first hour, back after many letters.",
];

/// A number that follows from another one and looks like any (the finalizer of MurmurHash3,
/// <https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp>).
pub fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ bits >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ bits >> 33
}

pub fn pick<'a>(words: &[&'a str], number: u64) -> &'a str {
    words[(number % words.len() as u64) as usize]
}

/// The product of this number.
pub fn product(number: u64) -> CreateProduct {
    let random = |what: u64| scatter(number.wrapping_mul(31).wrapping_add(what));
    let name = match number % 3 {
        0 => format!("{} {}", pick(&QUALITIES, random(0)), pick(&THINGS, random(2))),
        1 => format!("{} {} {}", pick(&QUALITIES, random(0)), pick(&STUFFS, random(1)), pick(&THINGS, random(2))),
        _ => format!("{} {} No. {}", pick(&STUFFS, random(1)), pick(&THINGS, random(2)), random(3) % 1_000),
    };
    let description = (4..7).map(|part| pick(&SENTENCES, random(part))).collect::<Vec<_>>().join(" ");
    let mut tags: Vec<String> = (7..9).map(|part| pick(&TAGS, random(part)).to_owned()).collect();
    tags.dedup();
    let price = Money { amount: 300 + random(9) % 40_000, currency: "EUR".to_owned() };
    CreateProduct { name, description, image_url: None, price, tags }
}

/// A client for a creator of its own.
pub async fn creator(client: &Client) -> Result<Client, Error> {
    let credentials = sign_up(client, PublicRole::Creator).await?;
    let session = client.sign_in(&credentials.email, &credentials.password).await?;
    Ok(client.with_token(session.access_token))
}

/// Makes products through the API.
pub async fn make(context: &Context, products: u32, creators: u32, parallel: u16) -> Result<(), Stop> {
    let patience = std::time::Duration::from_secs(300);
    let client = context.client.with_policy(Policy { patience, attempts: 100, ..Policy::default() });
    note(&format!("making {products} products of {creators} creators"));
    let made: Result<Vec<Client>, Error> =
        stream::iter(0..creators).map(|_| creator(&client)).buffered(ACCOUNTS_AT_A_TIME).try_collect().await;
    let creators = made.doing("the accounts that sell cannot be opened")?;
    let progress = Progress::steps(products as usize, "products made");
    let (next, creators, progress) = (AtomicU32::new(0), &creators, &progress);
    let make_some = async |connection: u16| -> Result<(), Error> {
        // Each keeps to a node of its own while that answers.
        let endpoints = client.endpoints();
        let endpoint = &endpoints[usize::from(connection) % endpoints.len()];
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= products {
                return Ok(());
            }
            let seller = &creators[number as usize % creators.len()];
            let product = product(u64::from(number));
            if seller.at(endpoint).create_product(&product).await.is_err() {
                seller.create_product(&product).await?;
            }
            progress.step();
        }
    };
    let made: Result<Vec<()>, Error> = futures_util::future::try_join_all((0..parallel).map(make_some)).await;
    made.doing("the products cannot be made")?;
    progress.finish();
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn products_are_many_and_the_same_each_time() {
        let names: BTreeSet<String> = (0..10_000).map(|number| product(number).name).collect();
        assert!(names.len() > 5_000, "{}", names.len());
        assert_eq!(product(77), product(77));
    }
}
