//! `member` and `leader`: who belongs to the cluster, and who leads it.

mod change;
mod follow;
mod list;
mod token;

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
    /// Lists the members as the leader sees them, and who is invited
    List,
    /// Brings a new node in: invites it, waits until it is started and has caught up, then makes it a voter
    Add(change::Add),
    /// Makes a learner a voter
    Promote(change::Promote),
    /// Removes a member for good; leadership goes elsewhere first when it leads
    Remove(change::Remove),
    /// Brings a new node in that takes the place of one that is lost, as one operation
    Replace(change::Replace),
    /// Makes a token that one new node joins with
    Token(token::Wanted),
}

#[derive(Debug, Args)]
pub struct Leader {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    command: LeaderCommand,
}

#[derive(Debug, Subcommand)]
enum LeaderCommand {
    /// Hands leadership to another voter that is up to date
    Transfer {
        /// The node; the follower that lacks least when absent
        #[arg(long, value_name = "ID")]
        to: Option<u64>,
    },
}

/// The nodes of the cluster. Operators only. Every change may be repeated: what is done is not done again.
pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let Wanted { reach, command } = wanted;
    match command {
        Command::List => list::run(context, &reach).await,
        Command::Add(wanted) => change::add(context, &reach, wanted).await,
        Command::Promote(wanted) => change::promote(context, &reach, wanted).await,
        Command::Remove(wanted) => change::remove(context, &reach, wanted).await,
        Command::Replace(wanted) => change::replace(context, &reach, wanted).await,
        Command::Token(wanted) => token::run(context, &reach, wanted).await,
    }
}

/// Who leads. Operators only.
pub async fn lead(context: &Context, wanted: Leader) -> Result<Exit, Stop> {
    let Leader { reach, command: LeaderCommand::Transfer { to } } = wanted;
    change::transfer(context, &reach, to).await
}
