//! One thread that runs some of the connections.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::task::LocalSet;

use super::keys::Requests;
use super::profile::Load;
use super::progress::Progress;
use super::tally::{Outcome, Shared, Tally};
use super::worker::Worker;
use crate::ctl::trouble::{Exit, Stop};

/// What the load did.
#[derive(Debug)]
pub struct Ran {
    pub tally: Tally,
    /// For each connection, what became of its keys, in order.
    pub outcomes: Vec<Vec<Outcome>>,
    /// From the end of the warm-up to the last acknowledgement.
    pub measured: Duration,
    pub longest_gap: Duration,
    /// What the generator itself took; none where the system does not say.
    pub cpu: Option<Duration>,
}

struct Counted {
    tally: Tally,
    /// Connection and its outcomes.
    outcomes: Vec<(usize, Vec<Outcome>)>,
    cpu: Option<Duration>,
}

/// Runs the load to its end, or until Ctrl-C.
pub async fn run(load: Arc<Load>) -> Result<Ran, Stop> {
    let shared = Arc::new(Shared::new(load.warm_up, load.measured));
    let begin = |shard: usize| {
        let (load, shared) = (load.clone(), shared.clone());
        std::thread::Builder::new().name(format!("buyers-{shard}")).spawn(move || buy(shard, &load, &shared))
    };
    let threads: Vec<JoinHandle<Counted>> =
        (0..load.threads).map(begin).collect::<Result<_, _>>().map_err(|error| {
            Stop::trouble(Exit::Failed, "a thread cannot be started", error.to_string(), "use fewer --threads")
        })?;
    let progress = Progress::new(&load);
    while !threads.iter().all(JoinHandle::is_finished) {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(100)) => progress.show(&shared),
            _ = tokio::signal::ctrl_c() => shared.stop.store(true, Ordering::Relaxed),
        }
    }
    progress.finish();
    let mut ran = Ran {
        tally: Tally::new(),
        outcomes: vec![Vec::new(); load.connections],
        measured: shared.measured(),
        longest_gap: shared.longest_gap(),
        cpu: Some(Duration::ZERO),
    };
    for thread in threads {
        let counted = thread.join().expect("a thread that buys does not panic");
        ran.tally.add(counted.tally);
        ran.cpu = ran.cpu.zip(counted.cpu).map(|(sum, more)| sum + more);
        for (connection, outcomes) in counted.outcomes {
            ran.outcomes[connection] = outcomes;
        }
    }
    Ok(ran)
}

fn buy(shard: usize, load: &Arc<Load>, shared: &Arc<Shared>) -> Counted {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be started");
    let tally = Rc::new(RefCell::new(Tally::new()));
    let requests = Rc::new(Requests::new(load));
    let workers: Vec<_> = (shard..load.connections)
        .step_by(load.threads)
        .map(|connection| Worker::new(load, &requests, &tally, shared, connection))
        .collect();
    let local = LocalSet::new();
    let outcomes = local.block_on(&runtime, async {
        let spawn = |worker: Worker| (worker.connection, tokio::task::spawn_local(worker.run()));
        let running: Vec<_> = workers.into_iter().map(spawn).collect();
        let mut outcomes = Vec::with_capacity(running.len());
        for (connection, task) in running {
            outcomes.push((connection, task.await.expect("a connection that buys does not panic")));
        }
        outcomes
    });
    let tally = tally.borrow().clone();
    Counted { tally, outcomes, cpu: cpu_of_this_thread() }
}

/// Time on a processor since the thread began, as Linux counts it.
fn cpu_of_this_thread() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
