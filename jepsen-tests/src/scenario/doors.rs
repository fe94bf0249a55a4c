//! What stands at the door holds for the whole cluster: guessing at a password ends soon wherever one guesses, a limit is
//! one limit on three nodes, neighbours do not pay for each other, and a rush of sign-ins does not hold up purchases.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::Report;
use crate::api::{Account, Api, PASSWORD};
use crate::cluster::{Cluster, Options, PATIENCE};
use crate::seed::Seed;
use crate::wait;
use crate::workload::shop::Shop;

const WRONG: usize = 100;
/// The first refusal comes at this guess at the latest.
const REFUSED_BY: usize = 10;
/// The limits that are tried: large enough that a tenth is not a handful.
const ACCOUNT: Limit = Limit { burst: 1_000, per_minute: 6_000 };
const ADDRESS: Limit = Limit { burst: 2_000, per_minute: 12_000 };
/// How long nodes know each other before anything is tried. A node whose neighbours came or went just now gives less for
/// as long as a bucket takes to be full, ten seconds here: it may not know what was used up.
const ACQUAINTED: Duration = Duration::from_secs(12);
/// What is sent, in times of the limit, and by how many at once.
const TIMES_THE_LIMIT: u64 = 10;
const AT_ONCE: usize = 30;
/// What may be let through, in times of the limit, and what must be.
const AT_MOST: f64 = 1.1;
const AT_LEAST: f64 = 0.9;
/// Between two requests of one sender of somebody who asks for more than they may: all of them send three times as much.
const HAMMERS_EVERY: Duration = Duration::from_millis(100);
/// A wait after wrong passwords is a minute at most.
const LONGEST_WAIT: Duration = Duration::from_secs(90);

/// How often one may ask.
struct Limit {
    burst: u64,
    per_minute: u64,
}

/// Limits of which ten times as much is sent in a moment, and a proxy that is believed.
pub fn options(options: Options) -> Options {
    options
        .set("limits", "enabled", true)
        .set("limits", "account_burst", ACCOUNT.burst)
        .set("limits", "account_per_minute", ACCOUNT.per_minute)
        .set("limits", "address_burst", ADDRESS.burst)
        .set("limits", "address_per_minute", ADDRESS.per_minute)
        .set("http", "trusted_proxies", "[\"127.0.0.1\"]")
}

/// For a cluster with these [`options`].
pub async fn run(cluster: &mut Cluster, seed: &Seed) -> Result<Report> {
    let mut report = Report::titled("guesses, limits and neighbours at three nodes");
    let shop = Shop::open(cluster, seed.value(), 5).await?;
    let began = Instant::now();
    wait::until("nodes to have known each other for a while", PATIENCE, async || {
        ensure!(began.elapsed() >= ACQUAINTED, "{:.0} s", began.elapsed().as_secs_f32());
        Ok(())
    })
    .await?;
    guesses(&shop, &mut report).await?;
    limited(&shop, "an account", ACCOUNT, Some(&shop.buyers[1]), &mut report).await?;
    limited(&shop, "an address", ADDRESS, None, &mut report).await?;
    neighbours(&shop, &mut report).await?;
    Ok(report)
}

fn address(last: u8) -> IpAddr {
    // For documentation (RFC 5737): nobody's.
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, last))
}

/// A hundred wrong passwords, one after the other and then at once, each at the next node.
async fn guesses(shop: &Shop, report: &mut Report) -> Result<()> {
    let guess = async |api: &Api, number: usize, name: &str| -> Result<u16> {
        let node = &shop.urls[number % shop.urls.len()];
        Ok(api.try_sign_in(node, name, &format!("wrong-{number}-lantern-93")).await?.status)
    };
    let (api, name) = (shop.api.speaking_for(address(1)), &shop.buyers[0].name);
    let mut answers = Vec::new();
    for number in 0..WRONG {
        answers.push(guess(&api, number, name).await?);
    }
    let refused = answers.iter().position(|status| *status == 429).map_or(WRONG, |place| place + 1);
    let checked = answers.iter().filter(|status| **status == 401).count();
    report.say(format!("{WRONG} wrong passwords: 429 from try {refused} on, {checked} were checked"));
    ensure!(refused <= REFUSED_BY, "the first 429 came at try {refused}");
    ensure!(answers.iter().all(|status| [401, 429].contains(status)), "guesses were answered {answers:?}");
    ensure!(checked <= REFUSED_BY, "{checked} guesses were checked");

    let began = Instant::now();
    let waited = wait::until("the right password to be taken", LONGEST_WAIT, async || {
        let answer = api.try_sign_in(&shop.urls[1], name, PASSWORD).await?;
        answer.expect(201, "signing in with the right password")
    });
    waited.await?;
    report.say(format!("the right password was taken after {:.1} s", began.elapsed().as_secs_f32()));

    let (api, name) = (shop.api.speaking_for(address(2)), shop.buyers[2].name.clone());
    let mut at_once = JoinSet::new();
    for number in 0..WRONG {
        let (api, name, node) = (api.clone(), name.clone(), shop.urls[number % shop.urls.len()].clone());
        at_once.spawn(async move { api.try_sign_in(&node, &name, &format!("wrong-{number}")).await });
    }
    let mut checked = 0;
    while let Some(answer) = at_once.join_next().await {
        checked += usize::from(answer??.status == 401);
    }
    report.say(format!("{WRONG} wrong passwords at once: {checked} were checked"));
    ensure!(checked <= REFUSED_BY, "{checked} guesses that came at once were checked");
    // Whoever knows the password is not held up by a guess at somebody else's.
    shop.api.speaking_for(address(3)).sign_in(&shop.urls[2], &shop.buyers[3].name).await?;
    Ok(())
}

/// Sends ten times the limit through all nodes at once, and counts what was let through.
async fn limited(
    shop: &Shop,
    whose: &str,
    Limit { burst, per_minute }: Limit,
    who: Option<&Account>,
    report: &mut Report,
) -> Result<()> {
    let path = if who.is_some() { "/v1/me".to_owned() } else { format!("/v1/products/{}", shop.product()) };
    let each = usize::try_from(TIMES_THE_LIMIT * burst)? / AT_ONCE;
    let (began, mut senders) = (Instant::now(), JoinSet::new());
    for sender in 0..AT_ONCE {
        // An account comes from many places.
        let place = if who.is_some() { u8::try_from(sender)? } else { 0 };
        let api = shop.api.speaking_for(address(100 + place));
        let (url, who) = (format!("{}{path}", shop.urls[sender % shop.urls.len()]), who.cloned());
        senders.spawn(async move {
            let (mut let_through, mut refused) = (0_u64, 0_u64);
            for _ in 0..each {
                match api.get(&url, who.as_ref()).await?.status {
                    200 => let_through += 1,
                    429 => refused += 1,
                    other => anyhow::bail!("{url} was answered {other}"),
                }
            }
            Ok((let_through, refused))
        });
    }
    let (mut let_through, mut refused) = (0, 0);
    while let Some(sent) = senders.join_next().await {
        let (more, turned_away) = sent??;
        let_through += more;
        refused += turned_away;
    }
    let seconds = began.elapsed().as_secs_f64();
    // What comes back meanwhile is part of the limit.
    let allowed = burst as f64 + per_minute as f64 / 60.0 * seconds;
    let (sent, times) = (let_through + refused, let_through as f64 / allowed);
    report.say(format!(
        "{whose}: of {sent} in {seconds:.1} s {let_through} went through, {times:.3} of {allowed:.0} allowed"
    ));
    ensure!(
        (AT_LEAST..=AT_MOST).contains(&times),
        "{whose} had {let_through} let through where {allowed:.0} are allowed"
    );
    Ok(())
}

/// Two buyers behind one address both buy, while a third one there asks for more than it may.
async fn neighbours(shop: &Shop, report: &mut Report) -> Result<()> {
    let (drop_id, api) = (shop.open_drop(10, 0).await?, shop.api.speaking_for(address(200)));
    let refused = Arc::new(AtomicU64::new(0));
    let mut hammering = JoinSet::new();
    for sender in 0..AT_ONCE {
        let (api, shop, refused) = (api.clone(), shop.clone(), refused.clone());
        hammering.spawn(async move {
            let url = format!("{}/v1/me", shop.urls[sender % shop.urls.len()]);
            loop {
                // Nobody minds what becomes of the others.
                if let Ok(answer) = api.get(&url, Some(&shop.buyers[1])).await
                    && answer.status == 429
                    && answer.retry_after
                {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                wait::pause(HAMMERS_EVERY).await;
            }
        });
    }
    let seen = async |at_least: u64| {
        let over = wait::until("a neighbour to be over the limit", PATIENCE, async || {
            let refused = refused.load(Ordering::Relaxed);
            ensure!(refused >= at_least, "it was refused {refused} times");
            Ok(refused)
        });
        over.await
    };
    let before = seen(1).await?;
    for buyer in [3, 4] {
        let outcome = api.buy(&shop.urls[buyer % 3], &shop.buyers[buyer], &format!("door-{buyer}"), &drop_id, 1).await;
        ensure!(outcome.is_ok(), "buyer {buyer} behind the address of others: {outcome:?}");
    }
    let refused = seen(before + 1).await?;
    report.say(format!("two buyers behind one address bought, beside a third one who was refused {refused} times"));
    Ok(())
}
