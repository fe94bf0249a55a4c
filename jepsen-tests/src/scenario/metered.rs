//! What a busy cluster counts: named and described by the rules of Prometheus, sent whole to a DogStatsD agent, and with
//! every number that the dashboards and the alerts of `cluster-config/telemetry` show.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt;

use super::Report;
use crate::cluster::{Cluster, PATIENCE};
use crate::edge::{NotHere, find};
use crate::listen::Agent;
use crate::seed::Seed;
use crate::wait;
use crate::workload::shop::Shop;

/// Dashboards and alerts.
const SHOWN: [&str; 3] = ["grafana.json", "datadog.json", "alerts.yaml"];

/// Makes the cluster busy, and reads what it counts from the leader and from a follower.
pub async fn run(cluster: &mut Cluster, agent: &Agent, seed: &Seed) -> Result<Report> {
    let mut report = Report::titled("what a cluster counts");
    let shop = Shop::open(cluster, seed.value(), 2).await?;
    let drop_id = shop.open_drop(100, 0).await?;
    for id in cluster.ids() {
        shop.api.buy(cluster.url(id), &shop.buyers[0], &format!("metered-{id}"), &drop_id, 1).await;
        shop.api.get(&format!("{}/v1/drops/{drop_id}", cluster.url(id)), None).await?;
        shop.api.get(&format!("{}/v1/products/{}", cluster.url(id), shop.product()), None).await?;
        shop.api.get(&format!("{}/v1/creators/{}/followers", cluster.url(id), shop.creator.id), None).await?;
        // How far search lags is known once it has something to find.
        wait::until("search to find the product", PATIENCE, async || {
            let found = shop.api.get(&format!("{}/v1/search?q=", cluster.url(id)), None).await?;
            ensure!(found.body["total"].as_u64() > Some(0), "it finds nothing: {}", found.body);
            Ok(())
        })
        .await?;
    }
    let leader = cluster.wait_leader(PATIENCE).await?;
    let mut all = BTreeSet::new();
    for id in cluster.ids() {
        let text = reqwest::Client::builder().no_proxy().build()?.get(format!("{}/metrics", cluster.url(id)));
        let text = text.send().await?.error_for_status()?.text().await?;
        let kinds = conventional(&text).with_context(|| format!("node {id}"))?;
        report.say(format!("node {id}{}: {} metrics", if id == leader { ", the leader" } else { "" }, kinds.len()));
        all.extend(kinds.into_iter().flat_map(|(name, kind)| series_of(name, &kind)));
        promtool(&["check", "metrics"], &text, &mut report).await?;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster-config/telemetry");
    for file in SHOWN {
        let shown = named_in(&std::fs::read_to_string(folder.join(file)).with_context(|| file.to_owned())?);
        let unknown: Vec<_> = shown.difference(&all).collect();
        ensure!(unknown.is_empty(), "{file} shows what no node counts: {unknown:?}");
        ensure!(shown.len() > 5, "{file} shows something");
        report.say(format!("{file}: {} metrics, all counted", shown.len()));
    }
    let path = |file: &str| folder.join(file).display().to_string();
    promtool(&["check", "rules", &path("alerts.yaml")], "", &mut report).await?;
    promtool(&["test", "rules", &path("alerts_test.yaml")], "", &mut report).await?;
    heard(cluster, agent, leader, &mut report).await?;
    Ok(report)
}

/// The kind of each metric. Fails unless each is described, and named by
/// <https://prometheus.io/docs/practices/naming/> as far as a program can tell.
fn conventional(text: &str) -> Result<BTreeMap<String, String>> {
    let typed = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let kinds: BTreeMap<String, String> = typed.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
    for (name, kind) in &kinds {
        // What every process counts has names that every dashboard knows.
        ensure!(name.starts_with("livedrop_") || name.starts_with("process_"), "{name}: whose is it?");
        let described = text
            .lines()
            .any(|line| line.strip_prefix("# HELP ").is_some_and(|rest| rest.starts_with(&format!("{name} "))));
        ensure!(described, "{name} is not described");
        ensure!(name.ends_with("_total") == (kind == "counter"), "{name} is a {kind}");
        ensure!(kind != "histogram" || name.ends_with("_seconds") || name.ends_with("_bytes"), "{name} has no unit");
        ensure!(kind != "summary", "{name} is a summary, which cannot be added up over nodes");
        for unit in ["_ms", "_millis", "_micros", "_minutes", "_kib", "_mb", "_percent"] {
            ensure!(!name.ends_with(unit) && !name.contains(&format!("{unit}_")), "{name} is not in the base unit");
        }
    }
    let series = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count();
    ensure!(series < 5_000, "{series} series: some label is not bounded");
    for id in ["usr_", "ord_", "drp_", "prd_", "req_"] {
        ensure!(!text.contains(id), "an id ({id}…) is a label");
    }
    Ok(kinds)
}

/// The names under which the numbers of a metric are stored.
fn series_of(name: String, kind: &str) -> Vec<String> {
    match kind {
        "histogram" => ["_bucket", "_sum", "_count"].map(|part| format!("{name}{part}")).into(),
        _ => vec![name],
    }
}

/// Every name of a metric in a file.
fn named_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let ours = words.filter(|word| word.starts_with("livedrop_") || word.starts_with("process_"));
    ours.map(str::to_owned).collect()
}

/// Runs promtool, and says so when there is none.
async fn promtool(arguments: &[&str], input: &str, report: &mut Report) -> Result<()> {
    let program: PathBuf = match find("promtool") {
        Ok(program) => program,
        Err(error) if error.is::<NotHere>() => {
            eprintln!("==================== SKIPPED: {error} ====================");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let mut asked = tokio::process::Command::new(program);
    asked.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut asked = asked.spawn().context("running promtool")?;
    let mut stdin = asked.stdin.take().context("it reads")?;
    stdin.write_all(input.as_bytes()).await?;
    drop(stdin);
    let output = asked.wait_with_output().await?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "promtool {}: {said}", arguments.join(" "));
    report.say(format!("promtool {} has nothing to say", arguments[..2].join(" ")));
    Ok(())
}

/// The agent hears of every node, with what it is, and of requests by their route.
async fn heard(cluster: &Cluster, agent: &Agent, leader: usize, report: &mut Report) -> Result<()> {
    let lines = wait::until("the agent to hear of every node", PATIENCE, async || {
        let lines = agent.lines()?;
        for id in cluster.ids() {
            let role = if id == leader { "leader" } else { "follower" };
            let is_its = |line: &&_| tags_are(line, &[("node", &id.to_string()), ("role", role)]);
            let its: Vec<_> = lines.iter().filter(is_its).collect();
            let bought = its.iter().any(|line| line.kind == 'c' && tags_are(line, &[("route", "/v1/orders")]));
            ensure!(bought, "nothing of orders from node {id}, the {role}");
            ensure!(
                its.iter().any(|line| line.kind == 'g' && line.name == "livedrop_raft_term"),
                "no term from node {id}"
            );
        }
        Ok(lines)
    })
    .await?;
    let names: BTreeSet<&str> = lines.iter().map(|line| line.name.as_str()).collect();
    report.say(format!("the agent heard {} lines of {} metrics, all well-formed", lines.len(), names.len()));
    Ok(())
}

fn tags_are(line: &crate::listen::Line, tags: &[(&str, &str)]) -> bool {
    tags.iter().all(|(name, value)| line.tags.get(*name).is_some_and(|is| is == value))
}
