//! What an operator sees of a purchase that a follower forwards: one trace over both nodes when it goes well, and both
//! nodes' account of it under one id when it fails.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Report;
use crate::api::Account;
use crate::cluster::{Cluster, PATIENCE, binary};
use crate::listen::{Collector, SpanHeard};
use crate::seed::Seed;
use crate::wait;
use crate::workload::shop::Shop;

/// The way of a forwarded purchase, each stretch inside of the one before, but the last two, which are parts of `entry`.
const WAY: [&str; 7] = ["POST /v1/orders", "propose", "forward", "lead", "entry", "replicate", "apply"];

/// Buys through a follower, well and badly, and looks at what is told of it.
pub async fn run(cluster: &mut Cluster, collector: &Collector, seed: &Seed) -> Result<Report> {
    let mut report = Report::titled("what an operator sees of a forwarded purchase");
    let shop = Shop::open(cluster, seed.value(), 2).await?;
    let drop_id = shop.open_drop(1, 0).await?;
    let leader = cluster.wait_leader(PATIENCE).await?;
    let follower = cluster.live().into_iter().find(|id| *id != leader).context("there is a follower")?;
    let node = cluster.url(follower).to_owned();

    let trace = format!("{:032x}", u128::from(seed.value()) | 1 << 120);
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let bought = buy(&node, &shop.buyers[0], &drop_id, "watched-bought-1", Some(&parent)).await?;
    ensure!(bought.0 == 201, "the first unit is sold: {bought:?}");
    let spans = wait::until("the whole trace to be collected", PATIENCE, async || {
        let spans = collector.trace(&trace);
        let missing: Vec<_> = WAY.iter().filter(|name| !spans.iter().any(|span| span.name == **name)).collect();
        ensure!(missing.is_empty(), "{missing:?} are missing of {spans:?}");
        Ok(spans)
    })
    .await?;
    connected(&spans, follower, leader)?;
    report.say(format!("one trace of {} spans over nodes {follower} and {leader}", spans.len()));

    let refused = buy(&node, &shop.buyers[1], &drop_id, "watched-refused-1", None).await?;
    ensure!(refused.0 == 409 && refused.1["code"] == "sold_out", "the second one is not: {refused:?}");
    both_tell(cluster, &node, follower, leader, &refused.1).await?;
    report.say("an order that the leader refused is told by both nodes under one id");

    // The leader stands still with the command in its hands, and nobody can know what became of it.
    let keyless = format!("{node}/v1/products");
    cluster.pause(leader)?;
    let body = json!({ "name": "x", "description": "", "image_url": "https://example.com/x.jpg",
        "price": { "amount": 1, "currency": "EUR" }, "tags": [] });
    let lost = post(&keyless, &shop.creator, None, body, "watched-lost-0001", None).await;
    cluster.resume(leader)?;
    let lost = lost?;
    ensure!(lost.0 == 503 && lost.1["request_id"] == "watched-lost-0001", "it has no answer: {lost:?}");
    cluster.wait_leader(PATIENCE).await?;
    let told = trace_of(cluster, "watched-lost-0001").await?;
    let own = told.iter().filter(|moment| is_of(moment, follower));
    let kinds: Vec<&str> = own.filter_map(|moment| moment["kind"].as_str()).collect();
    ensure!(kinds.contains(&"span") && kinds.contains(&"line"), "spans and lines of the log: {told:?}");
    report.say("one that was lost with its leader is told by the node that took it, with its line of the log");
    Ok(report)
}

/// Each stretch is inside of the one before, in time and by its ids, and on the node where it happened.
fn connected(spans: &[SpanHeard], follower: usize, leader: usize) -> Result<()> {
    let named = |name: &str| spans.iter().find(|span| span.name == name).expect("it was waited for");
    for (place, pair) in WAY.windows(2).enumerate() {
        let (outer, inner) = (named(if place < 4 { pair[0] } else { "entry" }), named(pair[1]));
        ensure!(inner.parent == outer.span, "{} is not inside of {}: {spans:?}", inner.name, outer.name);
        let here = if place < 2 { follower } else { leader };
        ensure!(inner.node == here.to_string(), "{} happened on node {}", inner.name, inner.node);
    }
    let first = named(WAY[0]);
    ensure!(
        first.parent == "00f067aa0ba902b7" && first.node == follower.to_string(),
        "the caller's goes on: {first:?}"
    );
    ensure!(first.attributes["livedrop.request_id"] == "watched-bought-1", "{first:?}");
    ensure!(spans.iter().all(|span| span.nanos.start <= span.nanos.end), "time goes on: {spans:?}");
    Ok(())
}

/// `livedropctl trace` shows what each of the two nodes did for a request that was refused.
async fn both_tell(cluster: &Cluster, node: &str, follower: usize, leader: usize, problem: &Value) -> Result<()> {
    let id = problem["request_id"].as_str().context("an error names its request")?;
    let told = trace_of(cluster, id).await?;
    for (node, name) in [(follower, "POST /v1/orders"), (follower, "propose"), (leader, "lead")] {
        let shown = told.iter().any(|moment| is_of(moment, node) && moment["name"] == name);
        ensure!(shown, "node {node} does not tell of {name}: {told:?}");
    }
    let at: Vec<&str> = told.iter().filter_map(|moment| moment["at"].as_str()).collect();
    ensure!(at.is_sorted(), "it is told in the order of time: {at:?}");
    let why = told.iter().find(|moment| moment["name"] == "lead").map(|lead| &lead["details"]["rejection"]);
    ensure!(why.is_some_and(|why| why.as_str().is_some_and(|why| why.contains("SoldOut"))), "at {node}: {why:?}");
    Ok(())
}

fn is_of(moment: &Value, node: usize) -> bool {
    moment["node"].as_str().is_some_and(|name| name == node.to_string())
}

/// What `livedropctl trace` shows.
async fn trace_of(cluster: &Cluster, id: &str) -> Result<Vec<Value>> {
    let tokens: Vec<String> = cluster
        .ids()
        .iter()
        .map(|id| cluster.data_of(*id).join("operator.token"))
        .map(|path| path.display().to_string())
        .collect();
    let mut ask = tokio::process::Command::new(binary::find("livedropctl")?);
    ask.args(["--endpoints", &cluster.urls().join(","), "-o", "json", "--token-file", &tokens.join(","), "trace", id]);
    let output = ask.output().await.context("running livedropctl trace")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let shown: Value =
        serde_json::from_str(&said).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    shown["moments"].as_array().cloned().context("it shows moments")
}

async fn buy(node: &str, buyer: &Account, drop_id: &str, id: &str, parent: Option<&str>) -> Result<(u16, Value)> {
    let body = json!({ "drop_id": drop_id, "quantity": 1 });
    post(&format!("{node}/v1/orders"), buyer, Some(id), body, id, parent).await
}

async fn post(
    url: &str,
    who: &Account,
    key: Option<&str>,
    body: Value,
    id: &str,
    parent: Option<&str>,
) -> Result<(u16, Value)> {
    let mut request = reqwest::Client::builder().no_proxy().build()?.post(url).bearer_auth(&who.token).json(&body);
    for (name, value) in [("Idempotency-Key", key), ("X-Request-Id", Some(id)), ("traceparent", parent)] {
        request = value.into_iter().fold(request, |request, value| request.header(name, value));
    }
    let answer = request.send().await?;
    let (status, echoed) = (answer.status().as_u16(), answer.headers().get("x-request-id").cloned());
    ensure!(echoed.is_some_and(|echoed| echoed == id), "the answer carries the request's id");
    Ok((status, answer.json().await?))
}
