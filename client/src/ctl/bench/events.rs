//! How soon everybody who listens is told that a drop is live.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::stream::{self, FuturesUnordered, StreamExt, TryStreamExt};
use livedrop_proto::rest::Money;
use livedrop_proto::rest::accounts::PublicRole;
use livedrop_proto::rest::drops::CreateDrop;
use livedrop_proto::rest::products::CreateProduct;
use serde::Serialize;

use super::latency::{Latencies, Percentiles};
use super::progress::Progress;
use super::shop::sign_up;
use crate::ctl::context::Context;
use crate::ctl::output::note;
use crate::ctl::trouble::{Doing, Exit, Stop};
use crate::{Client, Endpoint, Error, Events, Policy};

/// Accounts that are made at a time: each costs a node two password hashes.
const AT_A_TIME: usize = 8;
/// Streams that are begun at a time.
const BEGUN_AT_ONCE: usize = 64;
/// Streams from one address, and of one account, that a node takes when it is told nothing else.
const STREAMS_OF_ADDRESS: usize = 1_000;
const STREAMS_OF_ACCOUNT: usize = 5;
/// How long an event is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub struct Wanted {
    /// Streams, spread over the endpoints in turn
    #[arg(long, short, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub streams: u32,
    /// Follows the drop itself, which needs no accounts, instead of the streams of accounts that follow its creator;
    /// those are made first, five streams each
    #[arg(long)]
    pub public: bool,
    /// How often the drop goes live
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub times: u32,
}

#[derive(Debug, Serialize)]
struct Report {
    streams: usize,
    public: bool,
    times: u32,
    /// Events that arrived.
    arrived: u64,
    /// Streams that were not told in time, each time.
    missing: u64,
    /// From asking for the drop to be live to the event at a reader: the commit is a part of it.
    from_asking_ms: Percentiles,
    /// From the answer that the drop is live.
    from_answer_ms: Percentiles,
}

pub async fn run(context: &Context, wanted: &Wanted) -> Result<Exit, Stop> {
    let patience = Duration::from_secs(300);
    let client = context.client.with_policy(Policy { patience, attempts: 100, ..Policy::default() });
    let (creator, id) = creator(&client).await.doing("the creator cannot be made")?;
    let drop = make_drop(&creator).await.doing("the drop cannot be made")?;
    let mut streams = begin(context, &client, wanted, &drop, &id).await?;
    note(&format!("{} streams are open", streams.len()));
    let (mut asking, mut answer, mut missing) = (Latencies::new(), Latencies::new(), 0);
    for _ in 0..wanted.times {
        creator.pause_drop(&drop).await.doing("the drop cannot be paused")?;
        wait_all(&mut streams, "drop.paused").await;
        let asked = Instant::now();
        let live = async {
            let resumed = creator.resume_drop(&drop).await;
            resumed.map(|_| Instant::now())
        };
        let (answered, arrived) = tokio::join!(live, wait_all(&mut streams, "drop.live"));
        let answered = answered.doing("the drop cannot be resumed")?;
        for at in arrived {
            match at {
                Some(at) => {
                    asking.record(at - asked);
                    answer.record(at.saturating_duration_since(answered));
                }
                None => missing += 1,
            }
        }
    }
    let report = Report {
        streams: streams.len(),
        public: wanted.public,
        times: wanted.times,
        arrived: u64::from(wanted.times) * streams.len() as u64 - missing,
        missing,
        from_asking_ms: asking.percentiles(),
        from_answer_ms: answer.percentiles(),
    };
    show(context, &report)?;
    Ok(if missing == 0 { Exit::Ok } else { Exit::Failed })
}

/// Begins all streams, from as many addresses of this machine as a node asks for.
async fn begin(
    context: &Context,
    client: &Client,
    wanted: &Wanted,
    drop: &str,
    creator: &str,
) -> Result<Vec<Events>, Stop> {
    let count = wanted.streams as usize;
    let accounts = if wanted.public { 0 } else { count.div_ceil(STREAMS_OF_ACCOUNT) };
    let tokens = followers(client, accounts, creator).await.doing("the accounts that follow cannot be made")?;
    let endpoints = context.client.endpoints();
    let places = count.div_ceil(endpoints.len() * STREAMS_OF_ADDRESS);
    let clients: Vec<Client> = (0..places).map(|place| client.coming_from(address_of(endpoints, place))).collect();
    let progress = Progress::steps(count, "streams begun");
    let begin = async |number: usize| -> Result<Events, Error> {
        let endpoint = &endpoints[number % endpoints.len()];
        let client = clients[number / endpoints.len() / STREAMS_OF_ADDRESS].at(endpoint);
        let mut events = match tokens.get(number / STREAMS_OF_ACCOUNT) {
            Some(token) => client.with_token(token.as_str()).events(None),
            None => client.drop_events(drop, None),
        };
        events.connect().await?;
        progress.step();
        Ok(events)
    };
    let streams: Result<Vec<Events>, Error> =
        stream::iter(0..count).map(begin).buffered(BEGUN_AT_ONCE).try_collect().await;
    progress.finish();
    streams.doing("the streams cannot be begun")
}

/// On one machine a reader may come from any address of the loopback, and so not all need come from one.
fn address_of(endpoints: &[Endpoint], place: usize) -> Option<IpAddr> {
    let is_loopback = endpoints.iter().all(|endpoint| endpoint.authority().starts_with("127.0.0.1:"));
    let [.., high, low] = (place as u32 + 2).to_be_bytes();
    is_loopback.then_some(IpAddr::V4(Ipv4Addr::new(127, 0, high, low)))
}

/// The tokens of accounts that follow the creator.
async fn followers(client: &Client, count: usize, creator: &str) -> Result<Vec<String>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    note(&format!("opening {count} accounts"));
    let progress = Progress::steps(count, "accounts opened that follow");
    let open = async |_: usize| {
        let who = sign_up(client, PublicRole::Buyer).await?;
        let token = client.sign_in(&who.email, &who.password).await?.access_token;
        client.with_token(token.as_str()).follow(creator).await?;
        progress.step();
        Ok(token)
    };
    let tokens = stream::iter(0..count).map(open).buffered(AT_A_TIME).try_collect().await;
    progress.finish();
    tokens
}

/// A creator who is signed in, and its id.
async fn creator(client: &Client) -> Result<(Client, String), Error> {
    let who = sign_up(client, PublicRole::Creator).await?;
    let client = client.with_token(client.sign_in(&who.email, &who.password).await?.access_token);
    let id = client.me().await?.id;
    Ok((client, id))
}

async fn make_drop(creator: &Client) -> Result<String, Error> {
    let product = CreateProduct {
        name: "Benchmark".to_owned(),
        description: String::new(),
        image_url: None,
        price: Money { amount: 4_999, currency: "EUR".to_owned() },
        tags: Vec::new(),
    };
    let product_id = creator.create_product(&product).await?.id;
    Ok(creator.create_drop(&CreateDrop { product_id, stock: Some(1), ..CreateDrop::default() }).await?.id)
}

/// When each stream was told an event of this kind; none for one that was not, in time.
async fn wait_all(streams: &mut [Events], kind: &str) -> Vec<Option<Instant>> {
    let told = async |events: &mut Events| {
        while events.next().await.ok()?.kind != kind {}
        Some(Instant::now())
    };
    let waiting: FuturesUnordered<_> =
        streams.iter_mut().map(|events| tokio::time::timeout(PATIENCE, told(events))).collect();
    waiting.map(|told| told.ok().flatten()).collect().await
}

fn show(context: &Context, report: &Report) -> Result<(), Stop> {
    let line = |times: &Percentiles| {
        let Percentiles { p50, p90, p99, max, .. } = times;
        format!("p50 {p50:.1} ms, p90 {p90:.1} ms, p99 {p99:.1} ms, longest {max:.1} ms")
    };
    let fields = vec![
        ("streams", report.streams.to_string()),
        ("events", format!("{} arrived, {} missing", report.arrived, report.missing)),
        ("from asking", line(&report.from_asking_ms)),
        ("from the answer", line(&report.from_answer_ms)),
    ];
    Ok(context.output.record(report, fields)?)
}
