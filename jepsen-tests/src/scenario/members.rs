//! Nodes come and go under a load that never lets up: three become five and three again, the leader among those that
//! go; the same with a node killed in the middle of each change; and leadership handed on again and again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Report;
use crate::checker;
use crate::cluster::{Cluster, PATIENCE};
use crate::history::History;
use crate::outcome::Outcome;
use crate::seed::Seed;
use crate::wait;
use crate::workload::probe::Probe;
use crate::workload::shop::Shop;

const BUYERS: usize = 50;
/// What a node that was removed ends with.
const REMOVED: i32 = 79;
/// Two acknowledgements may be so far apart in a transfer of leadership and belong to it.
const AFTER: Duration = Duration::from_millis(500);

/// Who is killed while a change is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Killed {
    Nobody,
    /// Whoever leads, as soon as the change tells its first step.
    Leader,
    /// A voter that neither leads nor is about to go.
    Follower,
}

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub killed: Killed,
    /// How often leadership is handed on afterwards.
    pub transfers: usize,
}

pub async fn run(cluster: &mut Cluster, seed: &Seed, size: Size) -> Result<Report> {
    let Size { killed, transfers } = size;
    let mut report = Report::titled(&format!("3 → 5 → 3 nodes under load, killed in each change: {killed:?}"));
    let mut shop = Shop::open(cluster, seed.value(), BUYERS).await?;
    let drop_id = shop.open_drop(1_000_000, 0).await?;
    // Buyers know all five addresses from the start; who is not there refuses them, and they ask the next.
    shop.urls = cluster.all_urls().into();
    let probe = Probe::begin(&shop, &drop_id, &seed.value().to_string());

    for _ in 0..2 {
        let (_, peer, http) = cluster.next();
        let change = Change { arguments: vec!["member".into(), "add".into(), peer, "--http".into(), http], goes: None };
        let took = change.run(cluster, &shop, killed).await?;
        report.say(format!("node {} added in {} ms", cluster.ids().len(), took.as_millis()));
    }
    for goes_first in [true, false] {
        let leader = cluster.wait_leader(PATIENCE).await?;
        let followers = cluster.live().into_iter().filter(|id| *id != leader);
        let goes = if goes_first { leader } else { followers.min().context("there are others")? };
        let change = Change { arguments: vec!["member".into(), "remove".into(), goes.to_string()], goes: Some(goes) };
        let took = change.run(cluster, &shop, killed).await?;
        let role = if goes_first { "the leader" } else { "a follower" };
        report.say(format!("node {goes}, {role}, removed in {} ms", took.as_millis()));
    }
    cluster.wait_ready(PATIENCE).await?;
    hand_on(cluster, &shop, transfers, &mut report).await?;
    let undecided = probe.end().await?;
    ensure!(undecided == 0, "{undecided} purchases were never decided");
    report.say(format!("{} purchases acknowledged, 0 failed", shop.recorder.acknowledged()));

    let read = shop.read_everything(cluster).await;
    let history = shop.recorder.history();
    history.save(&cluster.folder().join("history.jsonl"))?;
    read?;
    for line in checker::require(&checker::ALL, &history)? {
        report.say(line);
    }
    Ok(report)
}

/// One change, as an operator types it.
struct Change {
    arguments: Vec<String>,
    /// The node that is not there afterwards.
    goes: Option<usize>,
}

impl Change {
    /// Runs it to its end, and once more, which must change nothing. Starts the new node when it is invited, and whoever
    /// was killed when the change is over.
    async fn run(&self, cluster: &mut Cluster, shop: &Shop, killed: Killed) -> Result<Duration> {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let began = Instant::now();
        let mut told = cluster.ctl(&arguments)?;
        let mut down = None;
        while let Some(step) = told.step().await? {
            if let (Some(token), Some(peers)) = (step["start"]["token"].as_str(), step["start"]["peers"].as_array()) {
                let peers: Vec<String> = peers.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                cluster.join(token, &peers)?;
            } else if down.is_none()
                && let Some(victim) = self.victim(cluster, shop, killed).await?
            {
                shop.recorder.fault("kill", victim);
                cluster.kill(victim)?;
                down = Some(victim);
                // Down for a moment; whoever supervises it starts it again.
                cluster.start(victim)?;
            }
        }
        told.ended().await?;
        let took = began.elapsed();
        if let Some(goes) = self.goes {
            let status = cluster.ended(goes).await?;
            ensure!(status.code() == Some(REMOVED), "node {goes} was removed and ended with {status}");
        }
        cluster.wait_ready(PATIENCE).await?;
        cluster.ctl(&arguments)?.ended().await.context("the same change once more")?;
        Ok(took)
    }

    /// Who is to be killed now; nobody while whoever it would be is about to go anyway.
    async fn victim(&self, cluster: &Cluster, shop: &Shop, killed: Killed) -> Result<Option<usize>> {
        if killed == Killed::Nobody {
            return Ok(None);
        }
        let stays: Vec<usize> = cluster.live().into_iter().filter(|id| self.goes != Some(*id)).collect();
        let seen = shop.api.get(&format!("{}/v1/cluster", cluster.url(stays[0])), None).await?;
        let leader = seen.body["leader"].as_str().and_then(|id| id.parse::<usize>().ok());
        let newest = cluster.ids().last().copied();
        Ok(match killed {
            Killed::Leader => leader.filter(|id| stays.contains(id)),
            _ => stays.into_iter().find(|id| Some(*id) != leader && Some(*id) != newest),
        })
    }
}

/// Hands leadership on, each time to the next node, and says how long buyers waited.
async fn hand_on(cluster: &mut Cluster, shop: &Shop, times: usize, report: &mut Report) -> Result<()> {
    let mut waits = Vec::new();
    for time in 0..times {
        let leader = cluster.wait_leader(PATIENCE).await?;
        let others: Vec<usize> = cluster.live().into_iter().filter(|id| *id != leader).collect();
        let to = others[time % others.len()];
        let from_ns = shop.recorder.fault("transfer", to);
        cluster.ctl(&["leader", "transfer", "--to", &to.to_string()])?.ended().await?;
        let until_ns = shop.recorder.now_ns() + AFTER.as_nanos() as u64;
        let acknowledged = shop.recorder.acknowledged();
        shop.recorder.wait_acknowledged(acknowledged + 30, PATIENCE).await?;
        wait::until("the new leader to be known everywhere", PATIENCE, async || {
            let now = cluster.wait_leader(PATIENCE).await?;
            ensure!(now == to, "node {now} leads");
            Ok(())
        })
        .await?;
        waits.push(longest_wait(&shop.recorder.history(), from_ns, until_ns));
    }
    if times > 0 {
        waits.sort_unstable();
        let at = |share: usize| waits[(waits.len() * share / 100).min(waits.len() - 1)].as_millis();
        report.say(format!(
            "{times} transfers of leadership: no purchase acknowledged for p50 {} ms, p99 {} ms",
            at(50),
            at(99)
        ));
    }
    Ok(())
}

/// The longest time without an acknowledgement between two moments.
fn longest_wait(history: &History, from_ns: u64, until_ns: u64) -> Duration {
    let acknowledged = history.attempts().filter(|attempt| matches!(attempt.outcome, Outcome::Ok { .. }));
    let within = |at: &u64| (from_ns..until_ns).contains(at);
    let mut moments: Vec<u64> = acknowledged.map(|attempt| attempt.returned_ns).filter(within).collect();
    moments.extend([from_ns, until_ns]);
    moments.sort_unstable();
    let longest = moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
    Duration::from_nanos(longest)
}

/// A node that joined later and lost its data is not let back in, neither with its old token nor without.
pub async fn wiped(cluster: &mut Cluster) -> Result<String> {
    let (id, peer, http) = cluster.next();
    let mut told = cluster.ctl(&["member", "add", &peer, "--http", &http])?;
    while let Some(step) = told.step().await? {
        if let Some(token) = step["start"]["token"].as_str() {
            let peers = step["start"]["peers"].as_array().context("the members are named")?;
            let peers: Vec<String> = peers.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            cluster.join(token, &peers)?;
            cluster.keep_token(id, token);
        }
    }
    told.ended().await?;
    cluster.wait_ready(PATIENCE).await?;
    cluster.stop(id).await?;
    cluster.start(id)?;
    cluster.wait_ready(PATIENCE).await.context("restarted with its data, and with a token that is used up")?;
    cluster.stop(id).await?;
    std::fs::remove_dir_all(cluster.data_of(id))?;
    let said_before = std::fs::read_to_string(cluster.log_of(id))?.len();
    cluster.start(id)?;
    let status = cluster.ended(id).await?;
    ensure!(!status.success(), "it ended as if all were well");
    Ok(std::fs::read_to_string(cluster.log_of(id))?[said_before..].to_owned())
}
