//! What a benchmark needs before it can buy: a creator, a product, a drop, and buyers.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use livedrop_proto::rest::Money;
use livedrop_proto::rest::accounts::{CreateAccount, PublicRole, Session};
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
/// What must be left of the tokens when the load ends.
const FOR_THE_AUDIT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Shop {
    pub drop_id: String,
    /// The drop was made for this run, so nobody else buys from it.
    pub is_own: bool,
    pub tokens: Vec<String>,
}

/// Tokens, and until when the first of them is good.
struct Buyers {
    tokens: Vec<String>,
    good_until: Option<Instant>,
}

pub async fn open(context: &Context, wanted: &Wanted) -> Result<Shop, Stop> {
    // Rate limits slow this down; they must not end it.
    let patience = Duration::from_secs(300);
    let client = context.client.with_policy(Policy { patience, attempts: 100, ..Policy::default() });
    let buyers = match &wanted.tokens {
        Some(file) => Buyers { tokens: read_tokens(file)?, good_until: None },
        None => open_accounts(&client, wanted.buyers).await?,
    };
    buyers.must_be_good_for(wanted.longest())?;
    let drop_id = match &wanted.drop {
        Some(id) => id.clone(),
        None => make_drop(&client, wanted).await.doing("the drop to buy from cannot be made")?,
    };
    Ok(Shop { drop_id, is_own: wanted.drop.is_none(), tokens: buyers.tokens })
}

/// All accounts first and then all sessions, so that the tokens are of nearly one age.
async fn open_accounts(client: &Client, count: u32) -> Result<Buyers, Stop> {
    note(&format!("opening {count} accounts"));
    let progress = Progress::steps(2 * count as usize, "accounts opened and signed in");
    let open = async |_: u32| {
        let made = sign_up(client, PublicRole::Buyer).await;
        progress.step();
        made
    };
    let made: Result<Vec<Credentials>, Error> =
        stream::iter(0..count).map(open).buffered(AT_A_TIME).try_collect().await;
    let made = made.doing("the accounts that buy cannot be opened")?;
    let began = Instant::now();
    let sign_in = async |who: Credentials| {
        let session = client.sign_in(&who.email, &who.password).await;
        progress.step();
        session
    };
    let sessions: Result<Vec<Session>, Error> = stream::iter(made).map(sign_in).buffered(AT_A_TIME).try_collect().await;
    let sessions = sessions.doing("the accounts that buy cannot sign in")?;
    progress.finish();
    let good_until = sessions.iter().map(|session| began + Duration::from_secs(session.expires_in)).min();
    Ok(Buyers { tokens: sessions.into_iter().map(|session| session.access_token).collect(), good_until })
}

pub struct Credentials {
    pub email: String,
    pub password: String,
}

pub async fn sign_up(client: &Client, role: PublicRole) -> Result<Credentials, Error> {
    let (email, password) = (format!("{}@bench.example", random::name().to_lowercase()), random::name());
    let display_name = "Benchmark".to_owned();
    client
        .create_account(&CreateAccount { email: email.clone(), password: password.clone(), display_name, role })
        .await?;
    Ok(Credentials { email, password })
}

async fn make_drop(client: &Client, wanted: &Wanted) -> Result<String, Error> {
    let creator = sign_up(client, PublicRole::Creator).await?;
    let client = client.with_token(client.sign_in(&creator.email, &creator.password).await?.access_token);
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

impl Buyers {
    /// Refuses a run that would outlive its tokens, the audit included.
    fn must_be_good_for(&self, run: Duration) -> Result<(), Stop> {
        let left = self.good_until.map(|until| until.saturating_duration_since(Instant::now()));
        match left {
            Some(left) if left < run + FOR_THE_AUDIT => {
                let why = format!("the buyers' tokens are good for {} s more", left.as_secs());
                let advice = "ask for a shorter --duration, or for fewer --buyers";
                Err(Stop::trouble(Exit::Usage, "the run would take longer than its tokens are good for", why, advice))
            }
            _ => Ok(()),
        }
    }
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
