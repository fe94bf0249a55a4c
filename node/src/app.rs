//! Builds a node and takes it apart again: the order of the start and of the stop, written out.
//!
//! Two runtimes: consensus, the write path and the peer listener run on threads of their own, so that a rush of HTTP
//! requests cannot make the leader late with a heartbeat.

pub(crate) mod settings;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context;
use livedrop_config::{ConfigErrors, NodeConfig};
use livedrop_domain::members as known;
use livedrop_store::Store;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::CancellationToken;

use crate::auth::Auth;
use crate::feed::{self, Hub};
use crate::joining::{self, Newcomer};
use crate::limits::Limits;
use crate::members::{self, Members};
use crate::payments::{self, Gateways, StripeDoor, desk::Desk};
use crate::propose::Proposer;
use crate::raft::{self, Consensus, Gate, StartError, StartUp};
use crate::read::Reads;
use crate::readiness::Readiness;
use crate::rest::{self, Rest};
use crate::search::{self, Search};
use crate::shop::{self, NodeShop};
use crate::telemetry::{Telemetry, otlp, statsd};
use crate::tls::{HttpTls, PeerTls};
use crate::webhooks::Courier;
use crate::{cdn, clock, disk, divergence, key_rotation, retention, sign_in};

/// Runs a node until it is told to stop (SIGTERM, SIGINT); a second signal ends it at once.
pub fn run(mut config: NodeConfig, telemetry: Telemetry) -> anyhow::Result<()> {
    let consensus_runtime = runtime("consensus", config.raft.threads)?;
    let http_runtime = runtime("http", config.http.threads)?;
    let ready = http_runtime.block_on(async {
        let who = async {
            disk::wait_for_room(&config).await;
            joining::who_am_i(&mut config).await
        };
        tokio::select! {
            newcomer = who => newcomer.map(Some),
            () = told_to_stop() => Ok(None),
        }
    });
    let Some(newcomer) = ready? else { return Ok(()) };
    let store = open(&config)?;
    let ran = http_runtime.block_on(serve(&config, store, newcomer, &consensus_runtime, telemetry));
    consensus_runtime.shutdown_timeout(Duration::from_secs(1));
    http_runtime.shutdown_timeout(Duration::from_secs(1));
    ran
}

fn runtime(name: &str, threads: usize) -> anyhow::Result<Runtime> {
    let built = Builder::new_multi_thread().worker_threads(threads).thread_name(name).enable_all().build();
    built.with_context(|| format!("starting the {name} threads"))
}

fn open(config: &NodeConfig) -> anyhow::Result<Store> {
    let identity = livedrop_store::Identity { cluster_id: config.cluster.id.clone(), node_id: config.node.id };
    Ok(livedrop_store::open(&config.node.data_dir, &identity, settings::store(config))?)
}

async fn serve(
    config: &NodeConfig,
    store: Store,
    newcomer: Option<Newcomer>,
    consensus_runtime: &Runtime,
    telemetry: Telemetry,
) -> anyhow::Result<()> {
    // Before anything that counts.
    let metrics = rest::install_metrics();
    otlp::start(config, &telemetry).context("the collector of traces (telemetry.otlp)")?;
    let stop = CancellationToken::new();
    // Whatever must be well for this node to take requests adds its check here.
    let readiness = Readiness::default();
    let Store { log, machine, reader, snapshots, incarnation, .. } = store;
    let mut told_to_stop = std::pin::pin!(told_to_stop());

    // The listener of the other nodes first: a node that begins must be able to greet them.
    let peer_listener = listen(config.peer.listen).await?;
    let http_listener = listen(config.http.listen).await?;
    let (peer_tls, http_tls) = certificates(config)?;
    if let Some(tls) = peer_tls.clone() {
        consensus_runtime.spawn(tls.keep(stop.clone()));
    }
    if let Some(tls) = http_tls.clone() {
        tokio::spawn(tls.keep(stop.clone()));
    }
    let gate = gate(config, incarnation, reader.clone(), peer_tls.clone());
    let mut peers_served =
        consensus_runtime.spawn(raft::serve(peer_listener, gate.clone(), stop.clone().cancelled_owned()));

    let on_fatal = raft::abort_process();
    let start_up = StartUp {
        log,
        machine,
        reader: reader.clone(),
        snapshots,
        members: settings::initial_members(config),
        settings: settings::consensus(config),
        gate: gate.clone(),
        on_fatal: on_fatal.clone(),
    };
    let starting = consensus_runtime.spawn(Consensus::start(start_up));
    // A fresh node waits here for the others, as long as it takes; it can be stopped meanwhile.
    let consensus = tokio::select! {
        started = starting => started.context("starting consensus")??,
        () = &mut told_to_stop => return Ok(()),
    };

    let (disk, own) = (consensus.disk().clone(), consensus.clone());
    readiness.add("disk", move || disk.problem());
    readiness.add("hash", move || own.divergence().map(str::to_owned));

    let proposer = {
        let callers = Handle::current();
        let _on = consensus_runtime.enter();
        Proposer::start(consensus.clone(), settings::bounds(config), callers, telemetry.clone())
    };
    gate.take_forwarded(Arc::new(proposer.clone()));
    gate.remember(Arc::new(telemetry.clone()));
    consensus_runtime.spawn(clock::keep_ticking(
        consensus.clone(),
        reader.clone(),
        proposer.clone(),
        clock::Keep { of: settings::keeping(config), bytes: config.events.keep_bytes as u64 },
        stop.clone(),
    ));
    let data_dir = config.node.data_dir.clone();
    consensus_runtime.spawn(divergence::watch(consensus.clone(), reader.clone(), data_dir, on_fatal, stop.clone()));
    let disk = consensus.disk().clone();
    tokio::spawn(disk::watch(disk, settings::disk(config), consensus.clone(), reader.clone(), stop.clone()));
    let keep_bytes = config.raft.keep_bytes as u64;
    tokio::spawn(retention::bound_log(consensus.clone(), reader.clone(), keep_bytes, stop.clone()));
    let members = Members::new(
        config.cluster.id.clone(),
        consensus.clone(),
        proposer.clone(),
        reader.clone(),
        settings::members(config),
    );
    gate.take_operations(members.clone());
    gate.let_newcomers_in(members.clone());
    consensus_runtime.spawn(members.keep(stop.clone()));
    let mut gone = consensus_runtime.spawn(members::wait_until_gone(consensus.clone(), reader.clone(), stop.clone()));
    let belonging = consensus_runtime.spawn(joining::belong(
        newcomer,
        consensus.clone(),
        proposer.clone(),
        incarnation,
        stop.clone(),
    ));

    let deadline = Duration::from_millis(config.limits.request_deadline_ms);
    let reads = Reads::new(consensus.clone(), reader.clone(), deadline);
    let shop = NodeShop::new(shop::Parts {
        cluster_id: config.cluster.id.clone(),
        data_dir: config.node.data_dir.clone(),
        consensus: consensus.clone(),
        proposer: proposer.clone(),
        reads,
        telemetry: telemetry.clone(),
        readiness,
        peer_tls,
    });
    let shop = Arc::new(shop);
    let auth = Arc::new(Auth::new(config.cluster.id.clone(), settings::auth(config)));
    tokio::spawn(sign_in::follow(auth.clone(), reader.clone(), stop.clone()));
    tokio::spawn(sign_in::offer_key(auth.clone(), proposer.clone(), stop.clone()));
    let (keys, leads) = (auth.clone(), consensus.clone());
    tokio::spawn(key_rotation::keep_rotating(keys, leads, reader.clone(), proposer, stop.clone()));
    tokio::spawn({
        // Consensus that has stopped is never recovered, and says so at once each time.
        let (shop, stop) = (shop.clone(), stop.clone());
        async move { stop.run_until_cancelled(shop.recover()).await }
    });
    tokio::spawn({
        let (shop, stop) = (shop.clone(), stop.clone());
        async move { stop.run_until_cancelled(shop.ask_others()).await }
    });
    let counting = config.limits.enabled.then(|| {
        let (limits, questions) = Limits::new(config.node.id, settings::callers(config), Arc::new(consensus.clone()));
        gate.lend(limits.clone());
        consensus_runtime.spawn(limits.clone().borrow(questions));
        shop.tell_who_answers(limits.clone());
        limits
    });
    let gateways = Gateways::open(&config.payments, shop.clone())?;
    let stripe = StripeDoor::open(&config.payments, &gateways)?;
    let desk = Desk::new(shop.clone(), gateways, &payments::bounds(&config.payments));
    tokio::spawn(desk.keep(consensus.leadership(), reader.clone(), stop.clone()));
    let courier = Courier::new(shop.clone(), settings::sender(config)?, config.webhooks.concurrency);
    tokio::spawn(courier.keep(consensus.leadership(), stop.clone()));
    // Subscribed before the hub is made, so that nothing falls between.
    let facts = reader.facts();
    let feed = Hub::new(shop.clone(), settings::streams(config)).context("reading the newest event")?;
    tokio::spawn(feed::follow(feed.clone(), facts, stop.clone()));
    let caches = cdn::open(&config.cdn)?;
    if !caches.is_empty() {
        tokio::spawn(cdn::Teller::new(shop.clone(), caches).keep(consensus.leadership(), stop.clone()));
    }
    let search = config.search.enabled.then(Search::default);
    let searching = search.clone().map(|search| {
        let source = search::Source { shop: shop.clone(), facts: reader.facts() };
        search::follow(settings::search(config, incarnation), source, search, stop.clone())
    });
    let searching = searching.transpose().context("starting search")?;
    let rest = Rest::new(rest::Parts {
        feed: feed.clone(),
        shop,
        auth,
        limits: counting,
        rendered: rest::Rendered::new(config.http.cache_bytes),
        node_id: config.node.id,
        operator_token: Some(rest::operator_token(&config.node.data_dir).context("making the operator's token")?),
        metrics: Some(metrics),
        telemetry,
        private_webhooks: config.webhooks.allow_private,
        payments: payments::terms(&config.payments),
        stripe,
        search,
        draining: AtomicBool::new(false),
    });
    gate.know_operators(Arc::new(rest.clone()));
    if let Some(settings) = settings::statsd(config) {
        let (counts, leads) = (rest.clone(), consensus.clone());
        let text = move || counts.exposition().unwrap_or_default();
        tokio::spawn(statsd::keep_sending(settings, text, move || leads.status().role.name(), stop.clone()));
    }
    let http_stop = CancellationToken::new();
    let front = Arc::new(rest.front(settings::limits(config)));
    let mut http_served = tokio::spawn(rest::accept::serve(
        http_listener,
        http_tls,
        front,
        settings::timeouts(config),
        http_stop.clone(),
    ));
    tracing::info!(node = config.node.id, http = %config.http.listen, peer = %config.peer.listen, "serving");

    let gone = tokio::select! {
        served = &mut http_served => return served.context("serving HTTP"),
        served = &mut peers_served => {
            served.context("serving the other nodes")?.context("serving the other nodes")?;
            anyhow::bail!("the listener for the other nodes has ended");
        }
        refused = joining::refusal(belonging) => return Err(refused),
        behind = consensus.left_behind() => return Err(StartError::from(behind).into()),
        gone = &mut gone => gone.ok().flatten(),
        () = &mut told_to_stop => None,
    };

    // Not ready → hand leadership over → let balancers notice → end the streams → finish what is under way → stop.
    match gone {
        Some(gone) => tracing::error!("{gone}"),
        None => tracing::info!("stopping"),
    }
    rest.drain(true);
    match consensus.hand_over().await {
        Ok(leader) => tracing::info!(?leader, "leadership is elsewhere"),
        Err(error) => tracing::warn!(%error, "leadership was not handed over; the others elect a leader"),
    }
    tokio::time::sleep(Duration::from_millis(config.http.drain_ms)).await;
    // Readers go to other nodes, and this one has nothing left but requests.
    feed.close();
    http_stop.cancel();
    // It waits for the requests under way itself, for as long as they may.
    let _ended = http_served.await;
    stop.cancel();
    consensus.shutdown().await;
    let _ended = tokio::time::timeout(Duration::from_secs(2), peers_served).await;
    tokio::task::spawn_blocking(move || reader.flush()).await.context("flushing")?.context("flushing the state")?;
    // What the index does not write down now, the next start finds in the journal.
    let _ended = tokio::task::spawn_blocking(move || searching.map(search::Following::join)).await;
    tracing::info!("stopped");
    gone.map_or(Ok(()), |gone| Err(gone.into()))
}

async fn listen(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("listening on {address}; is another node running?"))
}

/// Errors: `ConfigErrors`, when a file cannot be used.
fn certificates(config: &NodeConfig) -> Result<(Option<PeerTls>, Option<HttpTls>), ConfigErrors> {
    let wrong = |mistake| ConfigErrors(vec![mistake]);
    Ok((PeerTls::of(config).map_err(wrong)?, HttpTls::of(config).map_err(wrong)?))
}

fn gate(config: &NodeConfig, incarnation: [u8; 16], reader: livedrop_store::Reader, tls: Option<PeerTls>) -> Gate {
    let identity = raft::Identity { cluster_id: config.cluster.id.clone(), node_id: config.node.id, incarnation };
    let registered = move |node_id| {
        let member = reader.read(|view| known::get(view, node_id)).map_err(anyhow::Error::from);
        // Whoever cannot be looked up must not be let in as someone new.
        let member = member.and_then(|member| Ok(member?)).unwrap_or_else(|error| {
            livedrop_store::fail_stop(&format!("reading who node {node_id} is: {error:#}"));
        });
        member.map(|member| {
            let removed = member.removed_index.is_some();
            raft::Standing { incarnation: member.incarnation, removed }
        })
    };
    Gate::new(identity, Arc::new(registered), tls)
}

/// Ends with the first SIGTERM or SIGINT. From then on a second one kills the process as if nothing had been said.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(1);
    });
}
