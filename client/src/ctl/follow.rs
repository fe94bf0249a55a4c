//! `follow`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use livedrop_proto::rest::follows::{Followed, IMPORT_MAX, ImportFollowers, ImportedFollowers};
use livedrop_proto::rest::list::Page;

use super::batches::Source;
use super::context::Context;
use super::output::note;
use super::product::{PageFlags, tell_of_more};
use super::trouble::{Doing, Exit, Stop};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Follows a creator
    Add {
        #[arg(value_name = "CREATOR")]
        creator: String,
    },
    /// Follows a creator no more
    Remove {
        #[arg(value_name = "CREATOR")]
        creator: String,
    },
    /// Lists whom you follow, or who follows a creator
    List(List),
    /// Brings followers that a creator had elsewhere; repeating it changes nothing (operators)
    Import(Import),
}

#[derive(Debug, Args)]
pub struct List {
    /// Those who follow this creator
    #[arg(long, value_name = "CREATOR")]
    of: Option<String>,
    #[command(flatten)]
    page: PageFlags,
}

#[derive(Debug, Args)]
pub struct Import {
    /// Whom they follow
    #[arg(long, value_name = "ID")]
    creator: String,
    /// One account id a line; - is standard input
    file: PathBuf,
}

pub async fn run(context: &Context, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Add { creator } => {
            let what = format!("{creator} cannot be followed");
            context.signed_in(&what, async |client| client.follow(&creator).await).await?;
            note(&format!("you follow {creator}"));
        }
        Command::Remove { creator } => {
            let what = format!("{creator} cannot be unfollowed");
            context.signed_in(&what, async |client| client.unfollow(&creator).await).await?;
            note(&format!("you do not follow {creator}"));
        }
        Command::List(wanted) => list(context, wanted).await?,
        Command::Import(wanted) => import(context, wanted).await?,
    }
    Ok(Exit::Ok)
}

async fn list(context: &Context, List { of, page }: List) -> Result<(), Stop> {
    let page = Page { limit: Some(page.limit), cursor: page.cursor, consistency: None };
    let (list, header) = match of {
        Some(creator) => {
            let what = format!("those who follow {creator} cannot be listed");
            (context.client.followers(&creator, &page).await.doing(what)?, "FOLLOWER")
        }
        None => {
            let what = "those whom you follow cannot be listed";
            (context.signed_in(what, async |client| client.following(&page).await).await?, "CREATOR")
        }
    };
    let row = |one: &Followed| {
        vec![one.id.clone(), one.followed_at.clone(), one.display_name.clone().unwrap_or_else(|| "-".to_owned())]
    };
    context.output.list(&list, &[header, "SINCE", "NAME"], list.items.iter().map(row).collect())?;
    tell_of_more(list.next_cursor.as_deref());
    Ok(())
}

async fn import(context: &Context, Import { creator, file }: Import) -> Result<(), Stop> {
    let what = format!("followers of {creator} cannot be imported");
    let send = async |followers: Vec<String>| {
        let import = ImportFollowers { creator_id: creator.clone(), followers };
        context.signed_in(&what, async |client| client.import_followers(&import).await).await
    };
    let mut sum = ImportedFollowers::default();
    let add = |part: ImportedFollowers| {
        sum.added += part.added;
        sum.already += part.already;
        sum.unknown += part.unknown;
        sum.refused += part.refused;
        format!("{} added, {} already, {} unknown", sum.added, sum.already, sum.unknown)
    };
    Source::open(&file)?.send(IMPORT_MAX, read, send, add).await?;
    let fields = vec![
        ("added", sum.added.to_string()),
        ("already", sum.already.to_string()),
        ("unknown", sum.unknown.to_string()),
        ("refused", sum.refused.to_string()),
    ];
    Ok(context.output.record(&sum, fields)?)
}

/// An account id, before a node is asked: one that is wrong is told by its line.
fn read(line: &str) -> Result<String, String> {
    let ulid = line.strip_prefix("usr_").filter(|rest| rest.len() == 26 && ulid::Ulid::from_string(rest).is_ok());
    ulid.map(|_| line.to_owned()).ok_or_else(|| format!("`{}` is not an account id, usr_…", short(line)))
}

fn short(line: &str) -> String {
    line.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_account_id() {
        assert!(read("usr_01KAS0FJX0D2W8NMC0D3F5H7KA").is_ok());
        for wrong in
            ["01KAS0FJX0D2W8NMC0D3F5H7KA", "usr_", "usr_01KAS0FJX0D2W8NMC0D3F5H7KA,", "ord_01KAS0FJX0D2W8NMC0D3F5H7KA"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
