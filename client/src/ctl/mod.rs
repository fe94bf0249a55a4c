//! `livedropctl`: everything that a person types.
//!
//! One file per noun. Data goes to standard output and everything else to standard error; what goes wrong is told by
//! [`trouble`] and by the exit code.

mod account;
mod ask;
mod audit;
mod backup;
mod batches;
mod bench;
mod buy;
mod cert;
mod context;
mod drain;
mod drop;
mod events;
mod follow;
mod hash;
mod inbox;
mod key;
mod login;
mod member;
mod money;
mod options;
mod order;
mod output;
mod payments;
mod product;
mod reach;
mod search;
mod session;
mod shell;
mod snapshot;
mod status;
mod trace;
mod trouble;
mod waitlist;

use std::process::ExitCode;

use clap::Parser;

use context::Context;
use options::{Cli, Command};
use trouble::{Exit, Stop};

/// Does what the arguments say.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no mistakes; a closed pipe is nobody's.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be started");
    match runtime.block_on(run(cli)) {
        Ok(exit) => exit.into(),
        Err(Stop::PipeClosed) => Exit::Ok.into(),
        Err(Stop::Trouble(trouble)) => {
            trouble.tell();
            trouble.exit.into()
        }
    }
}

async fn run(cli: Cli) -> Result<Exit, Stop> {
    let context = Context::new(cli.global)?;
    match cli.command {
        Command::Status => status::run(&context).await,
        Command::Hash(wanted) => hash::run(&context, wanted).await,
        Command::Drain(wanted) => drain::run(&context, wanted).await,
        Command::Trace(wanted) => trace::run(&context, wanted).await,
        Command::Login(wanted) => login::sign_in(&context, wanted).await,
        Command::Logout => login::sign_out(&context).await,
        Command::Account(command) => account::run(&context, command).await,
        Command::Product(command) => product::run(&context, command).await,
        Command::Search(wanted) => search::run(&context, *wanted).await,
        Command::Drop(command) => drop::run(&context, command).await,
        Command::Order(command) => order::run(&context, command).await,
        Command::Buy(wanted) => buy::run(&context, wanted).await,
        Command::Events(wanted) => events::run(&context, wanted).await,
        Command::Waitlist(command) => waitlist::run(&context, command).await,
        Command::Follow(command) => follow::run(&context, command).await,
        Command::Inbox(wanted) => inbox::run(&context, wanted).await,
        Command::Payments(command) => payments::run(&context, command).await,
        Command::Key(command) => key::run(&context, command).await,
        Command::Cert(command) => cert::run(&context, command),
        Command::Member(wanted) => member::run(&context, wanted).await,
        Command::Leader(wanted) => member::lead(&context, wanted).await,
        Command::Backup(wanted) => backup::run(&context, wanted).await,
        Command::Snapshot(wanted) => snapshot::run(&context, wanted).await,
        Command::Audit(wanted) => audit::run(&context, wanted).await,
        Command::Bench(command) => bench::run(&context, command).await,
        Command::Completions { shell } => shell::completions(&context, shell),
        Command::Man { dir } => shell::manual(&context, dir.as_deref()),
    }
}
