//! The tree of commands, and the flags that all of them share.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{
    account, audit, backup, bench, buy, cert, drain, drop, events, follow, hash, inbox, key, login, member, order,
    payments, product, search, snapshot, trace, waitlist,
};
use crate::Endpoints;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed, or the answer is no
  2  the command line is wrong
  3  no node can be reached, or no majority of them answers
  4  not found
  5  refused: sold out, limit reached, not allowed, …";

/// Runs and uses a Live Drops cluster.
#[derive(Debug, Parser)]
#[command(name = "livedropctl", version, infer_subcommands = true, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// The flags of every command. Each has a variable, so that a script says it once.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The nodes' addresses, separated by commas; the next is asked when one does not answer
    #[arg(
        long,
        env = "LIVEDROPCTL_ENDPOINTS",
        global = true,
        value_name = "URL,…",
        default_value = "http://127.0.0.1:8081,http://127.0.0.1:8082,http://127.0.0.1:8083"
    )]
    pub endpoints: Endpoints,
    /// What is written to standard output: a table for people, or what the REST API says for programs
    #[arg(short, long, env = "LIVEDROPCTL_OUTPUT", global = true, value_name = "FORMAT", default_value = "table")]
    pub output: Format,
    /// Asks nothing: yes to everything
    #[arg(short, long, env = "LIVEDROPCTL_YES", global = true)]
    pub yes: bool,
    /// A bearer token; other users of this machine may see it, so prefer a file
    #[arg(long, env = "LIVEDROPCTL_TOKEN", global = true, hide_env_values = true, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Files with bearer tokens, such as a node's operator.token, tried in turn
    #[arg(long, env = "LIVEDROPCTL_TOKEN_FILE", global = true, value_name = "FILE,…", value_delimiter = ',')]
    pub token_file: Vec<PathBuf>,
    /// The certificate of the cluster's authority: nodes that it has signed for are believed
    #[arg(long, env = "LIVEDROPCTL_AUTHORITY", global = true, value_name = "FILE")]
    pub authority: Option<PathBuf>,
    /// Your own certificate, for what operators do at the nodes' peer ports
    #[arg(long, env = "LIVEDROPCTL_CERTIFICATE", global = true, value_name = "FILE", requires = "authority")]
    pub certificate: Option<PathBuf>,
    /// Its private key [default: the file beside it that ends in .key]
    #[arg(long, env = "LIVEDROPCTL_CERTIFICATE_KEY", global = true, value_name = "FILE", requires = "certificate")]
    pub certificate_key: Option<PathBuf>,
    /// Where `login` keeps its session
    #[arg(long, env = "LIVEDROPCTL_SESSION_FILE", global = true, value_name = "FILE")]
    pub session_file: Option<PathBuf>,
    /// How long one node may take to answer, in seconds
    #[arg(long, env = "LIVEDROPCTL_TIMEOUT", global = true, value_name = "SECONDS", default_value = "10",
          value_parser = seconds)]
    pub timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows every node: role, term, what it has applied, how far it trails the leader
    Status,
    /// Compares the state hashes of all nodes at one log index; exit code 1 when they differ (operators)
    Hash(hash::Wanted),
    /// Has balancers send requests elsewhere, as before work on a node's machine (operators)
    Drain(drain::Wanted),
    /// Shows what happened to one request, on every node that it touched (operators)
    Trace(trace::Wanted),
    /// Signs in and keeps the session for the commands that follow
    Login(login::Wanted),
    /// Ends the kept session, on every node
    Logout,
    /// Accounts
    #[command(subcommand)]
    Account(account::Command),
    /// What creators sell
    #[command(subcommand)]
    Product(product::Command),
    /// Searches the products
    Search(Box<search::Wanted>),
    /// Timed sales with limited stock
    #[command(subcommand)]
    Drop(drop::Command),
    /// Orders
    #[command(subcommand)]
    Order(order::Command),
    /// Buys units of a drop
    Buy(buy::Wanted),
    /// Follows what happens: one line an event, over whichever node answers
    Events(events::Wanted),
    /// Waits for units of a drop that is sold out
    #[command(subcommand)]
    Waitlist(waitlist::Command),
    /// Whom you follow, and who follows
    #[command(subcommand)]
    Follow(follow::Command),
    /// Lists what you were told, newest first
    Inbox(inbox::Wanted),
    /// Money: payments beside their orders, the sandbox's books, and whether they agree
    #[command(subcommand)]
    Payments(payments::Command),
    /// The keys that access tokens are signed with (operators)
    #[command(subcommand)]
    Key(key::Command),
    /// Nodes that belong to the cluster: add, promote, remove, replace (operators)
    Member(member::Wanted),
    /// Which of them leads (operators)
    Leader(member::Leader),
    /// A copy of the whole state in a file, while the cluster serves (operators); `backup verify FILE` checks one
    Backup(backup::Wanted),
    /// Has a node make a snapshot of its state now, and waits for it (operators)
    Snapshot(snapshot::Wanted),
    /// Who did what, and whether the records are as they were written (operators)
    Audit(audit::Wanted),
    /// The certificates of nodes and operators: made, and shown
    #[command(subcommand)]
    Cert(cert::Command),
    /// Measures a cluster
    #[command(subcommand)]
    Bench(bench::Command),
    /// Writes the completions of a shell to standard output
    Completions { shell: clap_complete::Shell },
    /// Writes the manual page to standard output, or one page for each command to a folder
    Man {
        /// The folder; made when it does not exist
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}

/// Reads a time in seconds, which may be a fraction: more than 0, at most one day.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 =
        text.strip_suffix('s').unwrap_or(text).parse().map_err(|_| "not a number of seconds".to_owned())?;
    if number > 0.0 && number <= 86_400.0 {
        Ok(Duration::from_secs_f64(number))
    } else {
        Err("more than 0 and at most 86400 seconds".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_tree_of_commands_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn seconds_are_bounded() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1_500)));
        assert_eq!(seconds("30s"), Ok(Duration::from_secs(30)));
        for text in ["0", "-1", "NaN", "inf", "1e9", "soon", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
