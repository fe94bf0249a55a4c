//! What a benchmark needs before it can buy: a creator, a product, a drop, and buyers.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use livedrop_proto::rest::Money;
use livedrop_proto::rest::accounts::{CreateAccount, PublicRole};
use livedrop_proto::rest::drops::CreateDrop;
use livedrop_proto::rest::products::CreateProduct;

use super::profile::Wanted;
use super::progress::Progress;
use crate::ctl::context::Context;
use crate::ctl::output::note;
use crate::ctl::trouble::{Doing, Exit, Stop};
use crate::{Client, Error, Policy, random};

/// Units when nobody says: the most that a drop can have.
const PLENTY: u64 = 1_000_000_000;
/// Longer than any benchmark, so that no hold ends before the audit.
const HOLD_SECONDS: u32 = 86_400;
/// Accounts that are made at a time: each costs a node two password hashes.
const AT_A_TIME: usize = 8;

#[derive(Debug)]
pub struct Shop {
    pub drop_id: String,
    /// The drop was made for this run, so nobody else buys from it.
    pub is_own: bool,
    pub tokens: Vec<String>,
}

pub async fn open(context: &Context, wanted: &Wanted) -> Result<Shop, Stop> {
    // Rate limits slow this down; they must not end it.
    let patience = Duration::from_secs(300);
    let client = context.client.with_policy(Policy { patience, attempts: 100, ..Policy::default() });
    let tokens = match &wanted.tokens {
        Some(file) => read_tokens(file)?,
        None => buyers(&client, wanted.buyers).await?,
    };
    let drop_id = match &wanted.drop {
        Some(id) => id.clone(),
        None => make_drop(&client, wanted).await.doing("the drop to buy from cannot be made")?,
    };
    Ok(Shop { drop_id, is_own: wanted.drop.is_none(), tokens })
}

async fn buyers(client: &Client, count: u32) -> Result<Vec<String>, Stop> {
    note(&format!("opening {count} accounts"));
    let progress = Progress::steps(count as usize, "accounts opened");
    let open = async |_: u32| {
        let token = sign_up(client, PublicRole::Buyer).await;
        progress.step();
        token
    };
    let tokens = stream::iter(0..count).map(open).buffered(AT_A_TIME).try_collect().await;
    progress.finish();
    tokens.doing("the accounts that buy cannot be opened")
}

async fn sign_up(client: &Client, role: PublicRole) -> Result<String, Error> {
    let name = random::name().to_lowercase();
    let (email, password) = (format!("{name}@bench.example"), random::name());
    let display_name = "Benchmark".to_owned();
    client
        .create_account(&CreateAccount { email: email.clone(), password: password.clone(), display_name, role })
        .await?;
    Ok(client.sign_in(&email, &password).await?.access_token)
}

async fn make_drop(client: &Client, wanted: &Wanted) -> Result<String, Error> {
    let client = client.with_token(sign_up(client, PublicRole::Creator).await?);
    let product = CreateProduct {
        name: "Benchmark".to_owned(),
        description: String::new(),
        image_url: None,
        price: Money { amount: 4_999, currency: "EUR".to_owned() },
        tags: Vec::new(),
    };
    let drop = CreateDrop {
        product_id: client.create_product(&product).await?.id,
        stock: Some(wanted.units.unwrap_or(PLENTY)),
        per_customer_limit: wanted.per_customer_limit,
        hold_seconds: Some(HOLD_SECONDS),
        ..CreateDrop::default()
    };
    Ok(client.create_drop(&drop).await?.id)
}

fn read_tokens(file: &Path) -> Result<Vec<String>, Stop> {
    let what = format!("the tokens in {} cannot be used", file.display());
    let advice = "name a file with one bearer token a line, as --print-tokens writes it";
    let text = std::fs::read_to_string(file)
        .map_err(|error| Stop::trouble(Exit::Usage, what.as_str(), error.to_string(), advice))?;
    let tokens: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if tokens.is_empty() || tokens.iter().any(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(Stop::trouble(Exit::Usage, what, "not every line is one word of ASCII", advice));
    }
    Ok(tokens)
}

impl Shop {
    /// Writes the tokens where only this user can read them, and the drop's id to standard output.
    pub fn print_tokens(&self, context: &Context, file: &Path) -> Result<(), Stop> {
        let write = || {
            let mut open = std::fs::OpenOptions::new();
            let mut file = open.write(true).create(true).truncate(true).mode(0o600).open(file)?;
            file.write_all((self.tokens.join("\n") + "\n").as_bytes())
        };
        write().map_err(|error: std::io::Error| {
            let what = format!("the tokens cannot be written to {}", file.display());
            Stop::trouble(Exit::Failed, what, error.to_string(), "name a file that can be written")
        })?;
        match context.output.is_table() {
            true => context.output.text(&self.drop_id)?,
            false => context.output.json(&serde_json::json!({"drop_id": self.drop_id, "tokens": self.tokens.len()}))?,
        }
        Ok(())
    }
}
