//! `inbox`

use clap::{Args, Subcommand};
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::notifications::Notification;

use super::context::Context;
use super::output::note;
use super::product::{PageFlags, tell_of_more};
use super::trouble::{Exit, Stop};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Wanted {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    page: PageFlags,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Says that they are read: all, or up to one of them
    Read {
        /// The id of the newest one that is read; the newest of all when absent
        #[arg(value_name = "ID")]
        through: Option<String>,
    },
}

pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    match wanted.command {
        None => list(context, wanted.page).await?,
        Some(Command::Read { through }) => read(context, through).await?,
    }
    Ok(Exit::Ok)
}

async fn list(context: &Context, page: PageFlags) -> Result<(), Stop> {
    let page = Page { limit: Some(page.limit), cursor: page.cursor, consistency: None };
    let what = "the inbox cannot be listed";
    let list = context.signed_in(what, async |client| client.notifications(&page).await).await?;
    let row = |one: &Notification| {
        let about = one.order_id.as_ref().unwrap_or(&one.drop_id).clone();
        let read = if one.read { "" } else { "new" }.to_owned();
        vec![one.id.clone(), one.created_at.clone(), one.kind.clone(), about, read]
    };
    context.output.list(&list, &["ID", "AT", "WHAT", "ABOUT", "NEW"], list.items.iter().map(row).collect())?;
    tell_of_more(list.next_cursor.as_deref());
    Ok(())
}

async fn read(context: &Context, through: Option<String>) -> Result<(), Stop> {
    let what = "the inbox cannot be marked as read";
    let through = match through {
        Some(through) => through,
        None => {
            let newest = Page { limit: Some(1), ..Page::default() };
            let list = context.signed_in(what, async |client| client.notifications(&newest).await).await?;
            let Some(newest) = list.items.into_iter().next() else {
                note("there is nothing to read");
                return Ok(());
            };
            newest.id
        }
    };
    context.signed_in(what, async |client| client.read_notifications(&through).await).await?;
    note(&format!("read up to {through}"));
    Ok(())
}
