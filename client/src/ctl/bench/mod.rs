//! `bench`: what a cluster can do, and whether what it said is true.

mod answers;
mod audit;
mod books;
mod events;
mod keys;
mod latency;
mod line;
mod pace;
mod profile;
mod progress;
mod report;
mod route;
mod search;
mod shard;
mod shop;
mod tally;
mod worker;

use clap::Subcommand;

use super::context::Context;
use super::output::note;
use super::trouble::{Exit, Stop};
use profile::{Load, Wanted};
use report::Report;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Buys as fast as it can, or at a steady rate, then checks the books; exit code 1 when they are wrong
    Purchase(Box<Wanted>),
    /// Opens streams, lets a drop go live, and says how soon all were told; exit code 1 when one was not
    Events(events::Wanted),
    /// Searches at a steady rate, a mixed set of questions; makes the products before, if asked to
    Search(search::Wanted),
}

pub async fn run(context: &Context, command: Command) -> Result<Exit, Stop> {
    let wanted = match command {
        Command::Purchase(wanted) => wanted,
        Command::Events(wanted) => return events::run(context, &wanted).await,
        Command::Search(wanted) => return search::run(context, wanted).await,
    };
    wanted.check(context)?;
    let shop = shop::open(context, &wanted).await?;
    if let Some(file) = &wanted.print_tokens {
        shop.print_tokens(context, file)?;
        return Ok(Exit::Ok);
    }
    let before = books::units_taken(context, &shop).await?;
    let load = Load::new(context, &wanted, &shop).await?;
    note(&format!("buying from {} over {} connections", shop.drop_id, load.connections));
    let mut ran = shard::run(load.clone()).await?;
    note("checking the books");
    // Once it was heard during the load, Ctrl-C ends nothing by itself any more.
    let audit = tokio::select! {
        audit = audit::audit(context, &shop, &load, &mut ran, before, wanted.audit) => audit,
        _ = tokio::signal::ctrl_c() => {
            let why = "it was interrupted";
            return Err(Stop::trouble(Exit::Failed, "the books were not checked", why, ""));
        }
    };
    let report = Report::new(&wanted, &load, &ran, audit);
    report.show(context)?;
    Ok(if report.audit.passed { Exit::Ok } else { Exit::Failed })
}
