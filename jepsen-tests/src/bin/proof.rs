//! `proof`: the long versions of the cluster tests, with their figures on standard output.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};
use livedrop_jepsen::cluster::{Cluster, Options};
use livedrop_jepsen::edge::Varnish;
use livedrop_jepsen::gateway::Gateway;
use livedrop_jepsen::scenario::balanced::Balancer;
use livedrop_jepsen::scenario::{
    balanced, blackout, cached, catch_up, celebrity, crash_matrix, doors, failover, members, money, plateau, quorum,
    race, rush, search, sell_out, streams, waitlist, wiped,
};
use livedrop_jepsen::seed::Seed;

/// Shows on real processes what the shop promises while nodes fail. Exit code 0 only when everything held.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    story: Story,
    /// How many nodes.
    #[arg(long, default_value_t = 3, global = true)]
    nodes: usize,
    /// An option of livedropd that differs from its default; may be repeated.
    #[arg(long, value_name = "SECTION.KEY=VALUE", global = true, value_parser = setting)]
    set: Vec<(String, String, String)>,
}

fn setting(text: &str) -> Result<(String, String, String), String> {
    let parts = text.split_once('=').and_then(|(path, value)| Some((path.split_once('.')?, value)));
    let ((section, key), value) = parts.ok_or("this is not SECTION.KEY=VALUE")?;
    Ok((section.to_owned(), key.to_owned(), value.to_owned()))
}

#[derive(Subcommand, Clone)]
enum Story {
    /// One unit and many rivals, then one buyer at a limit of two.
    Race {
        #[arg(long, default_value_t = 1_000)]
        rounds: usize,
        #[arg(long, default_value_t = 200)]
        rivals: usize,
    },
    /// A drop is sold out while the leader is killed and comes back.
    SellOut {
        #[arg(long, default_value_t = 100_000)]
        units: usize,
        #[arg(long, default_value_t = 2_000)]
        buyers: usize,
        #[arg(long, default_value_t = 128)]
        at_once: usize,
        #[arg(long, default_value_t = 3)]
        kills: usize,
    },
    /// How long buyers wait when the leader goes: killed, paused, or stopped in order.
    Failover {
        #[arg(long, value_enum, default_value = "kill")]
        how: failover::How,
        #[arg(long, default_value_t = 20)]
        times: usize,
    },
    /// All nodes killed at once under load.
    Blackout {
        #[arg(long, default_value_t = 50_000)]
        units: usize,
    },
    /// One and two of three nodes away, stopped and paused, the leader and a follower left.
    Quorum,
    /// A node that was away for longer than the kept log.
    CatchUp,
    /// A wiped data directory under the old id.
    Wiped,
    /// The leader killed after each step of a payment.
    CrashMatrix {
        #[arg(long, default_value_t = 5)]
        times: usize,
    },
    /// Random orders paid, cancelled, expired and refunded with a bad gateway, while the leader is killed.
    Money {
        #[arg(long, default_value_t = 5_000)]
        orders: usize,
        #[arg(long, default_value_t = 32)]
        at_once: usize,
        #[arg(long, default_value_t = 10)]
        kills: usize,
        /// How long the gateway cannot be reached, in seconds.
        #[arg(long, default_value_t = 30)]
        outage: u64,
    },
    /// Varnish in front: edits and sell-outs are seen through it in time.
    Cached {
        #[arg(long, default_value_t = 40)]
        edits: usize,
        #[arg(long, default_value_t = 40)]
        sell_outs: usize,
    },
    /// HAProxy in front: no read fails while each node is killed.
    Balanced {
        #[arg(long, default_value_t = 3)]
        times: usize,
    },
    /// A creator with many followers opens drops: streams, inbox, pages of followers, log entries and memory.
    Celebrity {
        #[arg(long, default_value_t = 1_000_000)]
        followers: usize,
        /// Those of them who listen.
        #[arg(long, default_value_t = 5_000)]
        streams: usize,
        /// Drops that go live.
        #[arg(long, default_value_t = 5)]
        times: usize,
        /// By when everybody is to be told, in milliseconds.
        #[arg(long, default_value_t = 2_000)]
        within: u64,
    },
    /// Slow readers and a browse that no cache holds: the memory of each node over time.
    Plateau {
        #[arg(long, default_value_t = 10_000)]
        readers: usize,
        #[arg(long, default_value_t = 300)]
        seconds: u64,
        /// A file for all samples.
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
    },
    /// Guesses at passwords, limits and neighbours at three nodes; then purchases beside sign-ins.
    Doors {
        /// Pairs of rounds with purchases alone and beside sign-ins.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// How long a round is, in seconds.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// How many times as many purchases there may be without the sign-ins.
        #[arg(long, default_value_t = 1.2)]
        times: f64,
    },
    /// The same answers on every node, every product once on all pages, an index that is lost and made again.
    Search {
        #[arg(long, default_value_t = 100_000)]
        products: usize,
        /// Searches a second while it is measured how soon new products are found.
        #[arg(long, default_value_t = 500)]
        rate: usize,
        #[arg(long, default_value_t = 30)]
        seconds: u64,
    },
    /// Streams of events, read across nodes that are killed, by people who follow and cease to, and some who stay away
    /// for longer than the feed is kept.
    Streams {
        #[arg(long, default_value_t = 500)]
        readers: usize,
        #[arg(long, default_value_t = 300)]
        seconds: u64,
    },
    /// Holds that expire while others try to buy, and people who wait in line; then once more with the leader killed.
    Waitlist {
        #[arg(long, default_value_t = 10)]
        units: usize,
        #[arg(long, default_value_t = 30)]
        line: usize,
        /// Purchases a second by those who do not wait.
        #[arg(long, default_value_t = 1_000)]
        rate: usize,
    },
    /// Three nodes become five and three again under load, the leader among those that go; nobody, the leader or a
    /// follower killed in each change; and leadership handed on again and again.
    Members {
        #[arg(long, default_value_t = 50)]
        transfers: usize,
    },
    /// Everything above, one after the other, each at its default size.
    All,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut line: Vec<String> = std::env::args().collect();
    line[0] = "proof".to_owned();
    let mut seed = Seed::for_run(&line.join(" "));
    let apply = |options: Options, (section, key, value): &(String, String, String)| options.set(section, key, value);
    let options = arguments.set.iter().fold(Options::of(arguments.nodes), apply);
    let stories = match arguments.story {
        Story::All => vec![
            Story::Race { rounds: 1_000, rivals: 200 },
            Story::SellOut { units: 100_000, buyers: 2_000, at_once: 128, kills: 3 },
            Story::Failover { how: failover::How::Kill, times: 20 },
            Story::Failover { how: failover::How::Pause, times: 10 },
            Story::Failover { how: failover::How::Stop, times: 10 },
            Story::Blackout { units: 50_000 },
            Story::Quorum,
            Story::CatchUp,
            Story::Wiped,
            Story::CrashMatrix { times: 5 },
            Story::Money { orders: 5_000, at_once: 32, kills: 10, outage: 30 },
            Story::Cached { edits: 40, sell_outs: 40 },
            Story::Balanced { times: 3 },
            Story::Streams { readers: 500, seconds: 300 },
            Story::Celebrity { followers: 1_000_000, streams: 5_000, times: 5, within: 2_000 },
            Story::Plateau { readers: 10_000, seconds: 300, csv: None },
            Story::Doors { rounds: 5, seconds: 5, times: 1.2 },
            Story::Search { products: 100_000, rate: 500, seconds: 30 },
            Story::Waitlist { units: 10, line: 30, rate: 1_000 },
            Story::Members { transfers: 50 },
        ],
        one => vec![one],
    };
    for story in stories {
        tell(story, &options, &mut seed).await?;
    }
    Ok(())
}

async fn tell(story: Story, options: &Options, seed: &mut Seed) -> Result<()> {
    let options = options.clone();
    match story {
        Story::Race { rounds, rivals } => {
            for kind in [race::Kind::OneUnit, race::Kind::OneBuyer] {
                let run = async |cluster: &mut Cluster| race::run(cluster, seed, kind, rounds, rivals).await;
                Cluster::with(options.clone(), run).await?;
            }
        }
        Story::SellOut { units, buyers, at_once, kills } => {
            let size = sell_out::Size { units, buyers, at_once, kills };
            Cluster::with(options, async |cluster: &mut Cluster| sell_out::run(cluster, seed, size).await).await?;
        }
        Story::Failover { how, times } => {
            let run = async |cluster: &mut Cluster| failover::run(cluster, seed, how, times).await;
            Cluster::with(options, run).await?;
        }
        Story::Blackout { units } => {
            Cluster::with(options, async |cluster: &mut Cluster| blackout::run(cluster, seed, units).await).await?;
        }
        Story::Quorum => {
            for (leader_stays, paused) in [(true, false), (false, false), (true, true), (false, true)] {
                let case = quorum::Case { leader_stays, paused };
                let run = async |cluster: &mut Cluster| quorum::run(cluster, seed, case, 10).await;
                Cluster::with(options.clone(), run).await?;
            }
        }
        Story::CatchUp => {
            let options = options.with_a_short_log();
            Cluster::with(options, async |cluster: &mut Cluster| catch_up::run(cluster, seed).await).await?;
        }
        Story::Wiped => {
            Cluster::with(options, async |cluster: &mut Cluster| wiped::run(cluster, seed).await).await?;
        }
        Story::CrashMatrix { times } => {
            let (gateway, folder) = (Gateway::start().await?, tempfile::tempdir()?);
            let options = money::options(&gateway.url(), folder.path())?;
            let run = async |cluster: &mut Cluster| crash_matrix::run(cluster, &gateway, seed, times).await;
            Cluster::with(options, run).await?;
        }
        Story::Money { orders, at_once, kills, outage } => {
            let (gateway, folder) = (Gateway::start().await?, tempfile::tempdir()?);
            let options = money::options(&gateway.url(), folder.path())?;
            let size = money::Size { orders, at_once, kills, outage: Duration::from_secs(outage) };
            let run = async |cluster: &mut Cluster| money::run(cluster, &gateway, seed, size).await;
            Cluster::with(options, run).await?;
        }
        Story::Cached { edits, sell_outs } => {
            let mut varnish = Varnish::prepare()?;
            let options = varnish.told_by(options);
            let size = cached::Size { edits, sell_outs };
            let run = async |cluster: &mut Cluster| cached::run(cluster, &mut varnish, seed, size).await;
            Cluster::with(options, run).await?;
        }
        Story::Balanced { times } => {
            Cluster::with(options, async |cluster: &mut Cluster| {
                balanced::run(cluster, seed, Balancer::Haproxy, times).await
            })
            .await?;
        }
        Story::Streams { readers, seconds } => {
            let (options, size) =
                (streams::options(options), streams::Size { readers, lasts: Duration::from_secs(seconds) });
            Cluster::with(options, async |cluster: &mut Cluster| streams::run(cluster, seed, size).await).await?;
        }
        Story::Celebrity { followers, streams, times, within } => {
            let size = celebrity::Size { followers, streams, times, within: Duration::from_millis(within) };
            Cluster::with(options, async |cluster: &mut Cluster| celebrity::run(cluster, seed, size).await).await?;
        }
        Story::Plateau { readers, seconds, csv } => {
            let size = plateau::Size { readers, lasts: Duration::from_secs(seconds), csv };
            let run = async |cluster: &mut Cluster| plateau::run(cluster, seed, size).await;
            Cluster::with(plateau::options(options), run).await?;
        }
        Story::Doors { rounds, seconds, times } => {
            let run = async |cluster: &mut Cluster| doors::run(cluster, seed).await;
            Cluster::with(doors::options(options.clone()), run).await?;
            let size = rush::Size { rounds, round: Duration::from_secs(seconds), times_max: times };
            let run = async |cluster: &mut Cluster| rush::run(cluster, seed, size).await;
            Cluster::with(rush::options(options), run).await?;
        }
        Story::Search { products, rate, seconds } => {
            let size = search::Size { products, rate, seconds, lag_p99_max: Duration::from_secs(2) };
            Cluster::with(options, async |cluster: &mut Cluster| search::run(cluster, seed, size).await).await?;
        }
        Story::Waitlist { units, line, rate } => {
            for kill in [false, true] {
                let size = waitlist::Size { units, line, rate, hold_seconds: 15, kill };
                let run = async |cluster: &mut Cluster| waitlist::run(cluster, seed, size).await;
                Cluster::with(options.clone(), run).await?;
            }
        }
        Story::Members { transfers } => {
            for (killed, transfers) in
                [(members::Killed::Nobody, transfers), (members::Killed::Leader, 0), (members::Killed::Follower, 0)]
            {
                let (size, options) = (members::Size { killed, transfers }, options.clone().with_room_for(2));
                let run = async |cluster: &mut Cluster| members::run(cluster, seed, size).await;
                Cluster::with(options, run).await?;
            }
        }
        Story::All => unreachable!("it was taken apart before"),
    }
    Ok(())
}
