//! `member`: who belongs to the cluster.

mod list;

use clap::{Args, Subcommand};

use super::context::Context;
use super::reach::Reach;
use super::trouble::{Exit, Stop};

#[derive(Debug, Args)]
pub struct Wanted {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the members, and who is invited
    List,
}

/// The nodes of the cluster. Operators only.
pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let Wanted { reach, command } = wanted;
    match command {
        Command::List => list::run(context, &reach).await,
    }
}
