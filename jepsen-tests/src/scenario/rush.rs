//! Purchases alone, and purchases while two hundred sign in, in turn: passwords are dear to check, and those who buy are
//! not to wait for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::Report;
use crate::cluster::{Cluster, Options};
use crate::seed::Seed;
use crate::wait;
use crate::workload::shop::Shop;

const SIGN_INS: usize = 200;
const BUYERS: usize = 16;
/// Whoever is told to come again comes after this.
const AGAIN: Duration = Duration::from_secs(1);

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Pairs of rounds.
    pub rounds: usize,
    pub round: Duration,
    /// How many times as many purchases there may be without the sign-ins.
    pub times_max: f64,
}

/// Passwords that cost what they cost by default.
pub fn options(options: Options) -> Options {
    options.set("auth", "password_memory_kib", 19_456).set("auth", "password_passes", 2).set(
        "auth",
        "password_hash_queue",
        32,
    )
}

/// For a cluster with these [`options`].
pub async fn run(cluster: &mut Cluster, seed: &Seed, size: Size) -> Result<Report> {
    let Size { rounds, round, times_max } = size;
    let mut report = Report::titled(&format!("purchases alone and beside {SIGN_INS} parallel sign-ins"));
    let shop = Shop::open(cluster, seed.value(), SIGN_INS).await?;
    let drop_id = shop.open_drop(100_000_000, 0).await?;
    // Whatever is slow at first is not counted.
    buy(&shop, &drop_id, "warm-up", round).await?;
    let (mut alone, mut beside, mut signed_in) = (Vec::new(), Vec::new(), 0);
    for number in 0..rounds {
        alone.push(buy(&shop, &drop_id, &format!("alone-{number}"), round).await?);
        let rush = Rush::begin(&shop);
        beside.push(buy(&shop, &drop_id, &format!("beside-{number}"), round).await?);
        let in_this_round = rush.end().await?;
        report
            .say(format!("alone {:.0} a second, beside {in_this_round} sign-ins {:.0}", alone[number], beside[number]));
        signed_in += in_this_round;
    }
    let (alone, beside) = (middle(&mut alone), middle(&mut beside));
    let times = alone / beside;
    report
        .say(format!("purchases a second, the middle of {rounds}: alone {alone:.0}, beside {beside:.0}: {times:.2}x"));
    ensure!(signed_in > 0, "nobody signed in: nothing is shown");
    ensure!(times <= times_max, "purchases alone are {times:.2} times as fast as beside sign-ins");
    Ok(report)
}

fn middle(of: &mut [f64]) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Buys as fast as it is answered, and gives purchases a second. Fails when one is not taken.
async fn buy(shop: &Shop, drop_id: &str, mark: &str, lasts: Duration) -> Result<f64> {
    let (began, mut buyers) = (Instant::now(), JoinSet::new());
    for buyer in 0..BUYERS {
        let (shop, drop_id, mark) = (shop.clone(), drop_id.to_owned(), mark.to_owned());
        buyers.spawn(async move {
            let mut bought = 0_u64;
            while began.elapsed() < lasts {
                let (node, key) = (&shop.urls[buyer % shop.urls.len()], format!("{mark}-{buyer}-{bought}"));
                let outcome = shop.api.buy(node, &shop.buyers[buyer], &key, &drop_id, 1).await;
                ensure!(outcome.is_ok(), "a purchase beside others: {outcome:?}");
                bought += 1;
            }
            Ok(bought)
        });
    }
    let mut bought = 0;
    while let Some(buyer) = buyers.join_next().await {
        bought += buyer??;
    }
    Ok(bought as f64 / began.elapsed().as_secs_f64())
}

/// People who sign in again and again.
struct Rush {
    stop: Arc<AtomicBool>,
    signed_in: Arc<AtomicU64>,
    at_work: JoinSet<()>,
}

impl Rush {
    fn begin(shop: &Shop) -> Self {
        let (stop, signed_in, mut at_work) =
            (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default(), JoinSet::new());
        for number in 0..SIGN_INS {
            let (shop, stop, signed_in) = (shop.clone(), stop.clone(), signed_in.clone());
            at_work.spawn(async move {
                let node = &shop.urls[number % shop.urls.len()];
                while !stop.load(Ordering::Relaxed) {
                    match shop.api.sign_in(node, &shop.buyers[number].name).await {
                        Ok(_) => {
                            signed_in.fetch_add(1, Ordering::Relaxed);
                        }
                        // So many at once are too many for some: they come again.
                        Err(_) => wait::pause(AGAIN).await,
                    }
                }
            });
        }
        Rush { stop, signed_in, at_work }
    }

    async fn end(mut self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.at_work.join_next().await {
            ended?;
        }
        Ok(self.signed_in.load(Ordering::Relaxed))
    }
}
