//! `livedropd`: the server, the check of its configuration, and a demo of a whole cluster.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use livedrop_config::{ConfigErrors, Flags, NodeConfig};
use livedrop_node::joining::CannotJoin;
use livedrop_node::members::Gone;
use livedrop_node::raft::{JoinError, StartError};
use livedrop_node::supervise::{EXIT_CONFIGURATION, EXIT_DATA_REFUSED, EXIT_REMOVED};
use livedrop_node::telemetry::Telemetry;
use livedrop_node::{app, demo, offline, resources, supervise, telemetry, tls};
use livedrop_store::StoreError;

/// One allocator for Rust and RocksDB, and the one that RocksDB's fragmentation is tamest under.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const EXIT_CODES: &str = "\
Exit codes:
  0    stopped as it was told to
  1    failed; the last lines say why
  2    wrong arguments or configuration; nothing was started
  78   refused the data directory: it is damaged, or belongs to another node or cluster
  79   was removed from the cluster (or a member says so); its id is never used again
  134  ended itself (SIGABRT), because going on could have broken a promise; start it again";

/// Sells limited stock in timed drops, durable on a majority of nodes.
#[derive(Debug, Parser)]
#[command(name = "livedropd", version, after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    node: NodeArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a configuration, say every mistake at once (exit code 2), else print it with all defaults
    Check(NodeArguments),
    /// Make the data directory of a node of a new cluster from a backup; the node must not run
    Restore {
        #[command(flatten)]
        wanted: offline::Wanted,
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Make this node the only member of its cluster, after the majority of it is gone for good; it must not run
    Recover {
        /// Do it without asking
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Run a cluster of real processes on this machine, with a small shop
    Demo(demo::Options),
}

/// What is said here wins over the environment (LIVEDROP_SECTION__KEY), which wins over the file.
#[derive(Debug, clap::Args)]
struct NodeArguments {
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "LIVEDROP_CONFIG")]
    config: Option<PathBuf>,
    /// Which member of the cluster this node is [option node.id]
    #[arg(long, value_name = "ID")]
    node_id: Option<String>,
    /// Where the data lies; {id} stands for the node's id [option node.data_dir]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Where to listen for clients [option http.listen]
    #[arg(long, value_name = "IP:PORT")]
    http_listen: Option<String>,
    /// Where to listen for the other nodes [option peer.listen]
    #[arg(long, value_name = "IP:PORT")]
    peer_listen: Option<String>,
    /// Join a running cluster with this token, which `livedropctl member add` shows [option cluster.join_token]
    #[arg(long, value_name = "TOKEN")]
    join: Option<String>,
    /// The peer addresses of members of the cluster to join [option cluster.join]
    #[arg(long, value_name = "HOST:PORT,…")]
    peers: Option<String>,
    /// "text" or "json" [option log.format]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// What is logged, for example "info,openraft=warn" [option log.filter]
    #[arg(long, value_name = "FILTER")]
    log_filter: Option<String>,
    /// Any other option; may be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
    /// Stop when standard input ends, which tells that the process that started this one is gone
    #[arg(long, hide = true)]
    exit_with_parent: bool,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (path, value) = text.split_once('=').ok_or("this is not SECTION.KEY=VALUE")?;
    Ok((path.trim().to_owned(), value.to_owned()))
}

impl NodeArguments {
    fn flags(&self) -> Flags {
        let named = [
            ("--node-id", "node.id", &self.node_id),
            ("--data-dir", "node.data_dir", &self.data_dir),
            ("--http-listen", "http.listen", &self.http_listen),
            ("--peer-listen", "peer.listen", &self.peer_listen),
            ("--join", "cluster.join_token", &self.join),
            ("--peers", "cluster.join", &self.peers),
            ("--log-format", "log.format", &self.log_format),
            ("--log-filter", "log.filter", &self.log_filter),
        ];
        let mut flags = Flags::default();
        for (path, value) in &self.set {
            flags = flags.set("--set", path, value);
        }
        for (name, path, value) in named {
            if let Some(value) = value {
                flags = flags.set(name, path, value);
            }
        }
        flags
    }

    fn load(&self) -> Result<NodeConfig, ConfigErrors> {
        let config = NodeConfig::load(self.config.as_deref(), environment(), self.flags())?;
        telemetry::filter(&config.log)?;
        tls::check(&config)?;
        Ok(config)
    }
}

/// The environment, without what is not UTF-8 and so cannot be ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        None => serve(&arguments.node),
        Some(Command::Check(node)) => check(&node),
        Some(Command::Restore { wanted, node }) => {
            offline(&node, |config| offline::restore(config, &wanted, &mut std::io::stdout()).map(|()| true))
        }
        Some(Command::Recover { yes, node }) => {
            offline(&node, |config| offline::recover(config, yes, &mut std::io::stdout()))
        }
        Some(Command::Demo(options)) => finish(run_demo(options)),
    }
}

/// Runs one node until it is told to stop.
fn serve(arguments: &NodeArguments) -> ExitCode {
    let config = match arguments.load() {
        Ok(config) => config,
        Err(errors) => return refuse(&errors),
    };
    telemetry::abort_on_panic();
    let telemetry = match Telemetry::start(&config) {
        Ok(telemetry) => telemetry,
        Err(errors) => return refuse(&errors),
    };
    for doubt in config.doubts() {
        tracing::warn!(%doubt, "options contradict each other");
    }
    resources::prepare();
    if arguments.exit_with_parent
        && let Err(error) = supervise::stop_when_standard_input_ends()
    {
        return finish(Err(error.into()));
    }
    finish(app::run(config, telemetry))
}

/// Does something to the data directory that no node works in; `false` when it was not to be done after all.
fn offline(arguments: &NodeArguments, work: impl FnOnce(&NodeConfig) -> anyhow::Result<bool>) -> ExitCode {
    let config = match arguments.load() {
        Ok(config) => config,
        Err(errors) => return refuse(&errors),
    };
    match work(&config) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => finish(Err(error)),
    }
}

/// Prints the effective configuration on standard output with every doubt about it on standard error, or every mistake
/// there. A file that nodes
/// share, with no word on which of them this is, is checked for all of them.
fn check(arguments: &NodeArguments) -> ExitCode {
    let configs = match (arguments.load(), &arguments.config) {
        (Ok(config), _) => Ok(vec![config]),
        (Err(errors), Some(file)) if errors.lack_only_the_node() => {
            let configs = NodeConfig::load_all(file, environment(), &arguments.flags());
            configs.and_then(|configs| configs.iter().try_for_each(tls::check).map(|()| configs))
        }
        (Err(errors), _) => Err(errors),
    };
    match configs {
        Ok(configs) => {
            for config in configs {
                for doubt in config.doubts() {
                    eprintln!("livedropd: warning: {doubt}");
                }
                // A reader that has seen enough is no failure.
                let _ = write!(std::io::stdout(), "# Node {}\n\n{}\n", config.node.id, config.to_toml());
            }
            ExitCode::SUCCESS
        }
        Err(errors) => refuse(&errors),
    }
}

fn run_demo(options: demo::Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(demo::run(options))
}

fn refuse(errors: &ConfigErrors) -> ExitCode {
    eprint!("livedropd: {errors}");
    ExitCode::from(EXIT_CONFIGURATION)
}

/// The exit code of a run, with the error and its causes on standard error.
fn finish(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    eprintln!("livedropd: {error:#}");
    if error.chain().any(was_removed) {
        return ExitCode::from(EXIT_REMOVED);
    }
    if error.chain().any(|cause| cause.is::<ConfigErrors>() || cause.is::<CannotJoin>()) {
        return ExitCode::from(EXIT_CONFIGURATION);
    }
    if error.chain().any(refuses_the_data) {
        return ExitCode::from(EXIT_DATA_REFUSED);
    }
    ExitCode::FAILURE
}

fn was_removed(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<Gone>() || matches!(cause.downcast_ref(), Some(StartError::Join(JoinError::Removed { .. })))
}

/// Whether the next start would find the same fault in the data directory. A directory that is in use may be free
/// a moment later, as a disk may have room again.
fn refuses_the_data(cause: &(dyn Error + 'static)) -> bool {
    if let Some(StartError::Join(JoinError::Wiped { .. } | JoinError::LeftBehind { .. })) = cause.downcast_ref() {
        return true;
    }
    // Consensus carries the store's errors inside of its own.
    let inside = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let stored = inside.and_then(|inside| inside.downcast_ref()).or_else(|| cause.downcast_ref());
    matches!(
        stored,
        Some(
            StoreError::NotOurs { .. }
                | StoreError::Foreign { .. }
                | StoreError::Newer { .. }
                | StoreError::Missing(_)
                | StoreError::HalfRestored(_)
                | StoreError::Diverged { .. }
                | StoreError::Corrupt { .. }
        )
    )
}
