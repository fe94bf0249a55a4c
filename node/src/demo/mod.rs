//! `livedropd demo`: a cluster of real processes on this machine, with a small shop.
//!
//! Check the ports → write or find the directory, certificates too → start the nodes → wait until each is ready → fill the shop →
//! say how to use it → start again whatever is killed, until told to stop.

mod certificates;
mod plan;
mod ports;
mod ready;
mod say;
mod seed;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::supervise::{Event, supervise};
use plan::Plan;

/// How long the nodes may take until all of them are ready; a first start needs about two seconds.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long a node may take to stop before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// What `livedropd demo` may be told.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// How many nodes [default: 3, or what DIR holds]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=9))]
    pub nodes: Option<u16>,
    /// Where configuration, data, logs and process ids go; data that is there is used again
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    pub dir: PathBuf,
    /// HTTP port of node 1; node 2 has the next, and so on [default: 8081, or what DIR holds]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub http_base: Option<u16>,
    /// Port between the nodes of node 1; node 2 has the next, and so on [default: 9091, or what DIR holds]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub peer_base: Option<u16>,
    /// Make no accounts, products and drops
    #[arg(long)]
    pub empty: bool,
}

/// Runs the cluster until SIGINT, SIGTERM or SIGHUP.
///
/// Errors: a port is taken, the directory holds something else, a node refuses to start or is not ready in time.
/// In each case every node that was started is stopped before this returns.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let plan = Plan::make(&options)?;
    if let Err(taken) = ports::check(&plan) {
        plan.forget_if_new();
        return Err(taken);
    }

    let mut told_to_stop = StopSignals::listen()?;
    let stop = CancellationToken::new();
    let (sender, mut events) = mpsc::channel(64);
    let mut children = JoinSet::new();
    for program in plan.programs()? {
        children.spawn(supervise(program, STOP_WITHIN, sender.clone(), stop.clone()));
    }
    drop(sender);

    let result = tokio::select! {
        // In this order: what a node said before it ended explains its end.
        biased;
        () = told_to_stop.any() => {
            say::line("stopping the nodes");
            Ok(())
        }
        result = serve(&plan, &options, &mut events) => result,
        error = all_ended(&mut children) => Err(error),
    };
    stop.cancel();
    // The supervisors must never wait for room to tell of a start or an end.
    events.close();
    let mut stopped = Ok(());
    while let Some(ended) = children.join_next().await {
        let ended = ended.context("a supervisor failed");
        // The others are waited for whatever became of this one.
        stopped = stopped.and(ended.and_then(|ended| ended.context("a node could not be stopped in order")));
    }
    result.and(stopped)
}

/// Brings the cluster up, then tells what happens to it. Only an error ends it.
async fn serve(plan: &Plan, options: &Options, events: &mut mpsc::Receiver<Event>) -> anyhow::Result<()> {
    let began = tokio::time::Instant::now();
    say::line(format_args!("starting {} nodes in {}", plan.nodes.len(), plan.directory.display()));
    let mut pids = say::Pids::default();
    let all_ready = ready::wait_for_all(&plan.nodes, READY_WITHIN);
    tokio::pin!(all_ready);
    loop {
        tokio::select! {
            result = &mut all_ready => break result?,
            Some(event) = events.recv() => {
                if let Event::GivenUp { node, status, .. } = event {
                    bail!(
                        "node {node} refused to start ({status}); the last it said: {}\nto begin anew, remove {}",
                        plan.last_words(node),
                        plan.directory.display()
                    );
                }
                say::event(&event, &mut pids);
            }
        }
    }
    let shop = match options.empty {
        true => None,
        false => Some(seed::shop(plan).await.context("the nodes are ready, but the shop could not be filled")?),
    };
    say::everything(plan, &pids, shop.as_ref());
    say::ready(plan, began.elapsed());

    loop {
        // Nobody is left to tell anything; `all_ended` says why.
        let Some(event) = events.recv().await else { std::future::pending().await };
        say::event(&event, &mut pids);
        if let Event::Started { node, .. } = event {
            let address = plan.http(node).to_owned();
            tokio::spawn(async move {
                if ready::wait_for(&address, READY_WITHIN).await.is_ok() {
                    say::line(format_args!("node {node} is ready again"));
                }
            });
        }
    }
}

/// Returns when a supervisor failed, or when none is left. A node that was given up does not stop the others.
async fn all_ended(children: &mut JoinSet<std::io::Result<()>>) -> anyhow::Error {
    while let Some(ended) = children.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error.into(),
            Err(error) => return error.into(),
        }
    }
    anyhow::anyhow!("no node is left")
}

/// The signals that mean: stop.
struct StopSignals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl StopSignals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
