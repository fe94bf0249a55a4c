//! `key`

use clap::Subcommand;
use livedrop_proto::rest::admin::SigningKey;

use super::ask;
use super::context::Context;
use super::trouble::{Exit, Stop};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists the keys whose signatures are good
    List,
    /// Signs with a new key from now on; tokens that the old one signed are good until they run out
    Rotate,
    /// Takes a key away at once: every token that it signed is refused, and a new key signs if it was the signer
    Revoke { id: String },
}

/// The keys that access tokens are signed with. Operators only.
pub async fn run(context: &Context, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::List => {
            let what = "the keys cannot be listed";
            let keys = context.signed_in(what, async |client| client.keys().await).await?;
            context.output.list(&keys, &HEADER, keys.keys.iter().map(row).collect())?;
        }
        Command::Rotate => {
            let what = "the key cannot be rotated";
            let key = context.signed_in(what, async |client| client.rotate_key().await).await?;
            context.output.list(&key, &HEADER, vec![row(&key)])?;
        }
        Command::Revoke { id } => {
            ask::confirm(context, &format!("Revoke the key {id}, and with it every token that it signed?"))?;
            let what = format!("the key {id} cannot be revoked");
            context.signed_in(&what, async |client| client.revoke_key(&id).await).await?;
        }
    }
    Ok(Exit::Ok)
}

const HEADER: [&str; 4] = ["KEY", "SIGNS", "ADDED", "RETIRES"];

fn row(key: &SigningKey) -> Vec<String> {
    let at = |time: &Option<String>| time.clone().unwrap_or_else(|| "-".to_owned());
    let signs = if key.signs { "yes" } else { "no" };
    vec![key.id.clone(), signs.to_owned(), at(&key.added_at), at(&key.retires_at)]
}
