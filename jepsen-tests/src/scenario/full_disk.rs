//! Disks of a limited size, filled to the last byte: one node's, then all. Nothing acknowledged is lost, reads go on,
//! and the service returns by itself when there is room.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::{Report, conclude};
use crate::cluster::{Cluster, Options, PATIENCE};
use crate::outcome::Outcome;
use crate::seed::Seed;
use crate::wait;
use crate::workload::buyer::Purchase;
use crate::workload::shop::Shop;

const BUYERS: usize = 20;
const MIB: usize = 1 << 20;
/// Of each disk, and of what a node keeps free.
const DISK: usize = 256 * MIB;
const RESERVE: usize = 48 * MIB;
const BALLAST: usize = 24 * MIB;

/// One file system in memory for each node, unmounted when dropped.
pub struct Disks {
    folder: tempfile::TempDir,
    mounted: Vec<PathBuf>,
}

impl Disks {
    /// None when the system does not let this process mount anything.
    pub fn mount(count: usize) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let mut disks =
            Disks { folder: tempfile::Builder::new().prefix("livedrop-disks-").tempdir()?, mounted: vec![] };
        for id in 1..=count {
            let place = disks.folder.path().join(id.to_string());
            fs::create_dir(&place)?;
            let size = format!("size={DISK},mode=0700");
            let mounted =
                Command::new("mount").args(["-t", "tmpfs", "-o", &size, "livedrop-test"]).arg(&place).status();
            if !mounted.is_ok_and(|status| status.success()) {
                return Ok(None);
            }
            disks.mounted.push(place);
        }
        Ok(Some(disks))
    }

    fn filler(&self, id: usize) -> PathBuf {
        self.mounted[id - 1].join("filler")
    }

    /// Takes every byte that is left.
    fn fill(&self, id: usize) -> Result<()> {
        let mut file = File::create(self.filler(id))?;
        let mut block = vec![7_u8; MIB];
        while !block.is_empty() {
            if file.write_all(&block).is_err() {
                block.truncate(block.len() / 2);
            }
        }
        Ok(())
    }

    fn free(&self, id: usize) -> Result<()> {
        fs::remove_file(self.filler(id)).context("removing the filler")
    }
}

impl Drop for Disks {
    fn drop(&mut self) {
        for place in &self.mounted {
            // One that stays is seen in the list of mounts by its name.
            let _stays = Command::new("umount").arg("-l").arg(place).status();
        }
    }
}

/// Three nodes whose data lies on those disks.
pub fn options(disks: &Disks) -> Options {
    Options::three()
        .in_folder(disks.folder.path())
        .set("storage", "reserve_bytes", RESERVE)
        .set("storage", "ballast_bytes", BALLAST)
        .set("storage", "write_buffer_bytes", 4 * MIB)
}

/// A shop, and purchases that are written down.
struct Selling {
    shop: Shop,
    drop_id: String,
    next: usize,
}

impl Selling {
    fn next(&mut self) -> Purchase {
        self.next += 1;
        Purchase {
            drop_id: self.drop_id.clone(),
            buyer: self.next % BUYERS,
            key: format!("key-{}", self.next),
            quantity: 1,
        }
    }
}

pub async fn run(cluster: &mut Cluster, disks: &Disks, seed: &Seed) -> Result<Report> {
    let mut report = Report::titled("one full disk, then three");
    let shop = Shop::open(cluster, seed.value(), BUYERS).await?;
    let drop_id = shop.open_drop(100_000, 0).await?;
    let mut selling = Selling { shop, drop_id, next: 0 };

    let first = cluster.wait_leader(PATIENCE).await?;
    disks.fill(first)?;
    let began = Instant::now();
    wait::until("the full node to be not ready", PATIENCE, async || {
        restart_the_dead(cluster)?;
        not_ready(cluster, &selling.shop, first).await
    })
    .await?;
    for _ in 0..50 {
        let purchase = selling.next();
        let node = 1 + first % 3;
        ensure!(selling.shop.buy(&purchase, node, PATIENCE).await.is_ok(), "two nodes have room");
    }
    let leader = wait::until("another leader", PATIENCE, async || {
        restart_the_dead(cluster)?;
        let leader = cluster.leader_of(1 + first % 3).await?.context("none is known")?;
        ensure!(leader != first, "the full one leads");
        Ok(leader)
    })
    .await?;
    report.say(format!(
        "node {first} full: node {leader} leads and 50 of 50 purchases went on, within {} ms",
        began.elapsed().as_millis()
    ));

    let others: Vec<usize> = cluster.ids().into_iter().filter(|id| *id != first).collect();
    others.iter().try_for_each(|id| disks.fill(*id))?;
    let refused = wait::until("writes to be refused", PATIENCE, async || {
        restart_the_dead(cluster)?;
        let purchase = selling.next();
        match selling.shop.attempt(&purchase, others[0]).await {
            Outcome::Refused { reason } if reason.contains("disk_full") => Ok(reason),
            other => anyhow::bail!("{other:?}"),
        }
    })
    .await?;
    let stock = wait::until("a read", PATIENCE, async || {
        restart_the_dead(cluster)?;
        selling.shop.read_stock(others[0], &selling.drop_id, false).await
    })
    .await?;
    ensure!(stock.held >= 50, "a read on a full disk lost purchases: {stock:?}");
    report.say(format!("all full: writes are answered {refused}, reads go on ({} held)", stock.held));

    cluster.ids().into_iter().try_for_each(|id| disks.free(id))?;
    let began = Instant::now();
    wait::until("all nodes to be ready again", PATIENCE, async || {
        restart_the_dead(cluster)?;
        for id in cluster.ids() {
            let ready = selling.shop.api.get(&format!("{}/readyz", cluster.url(id)), None).await?;
            ensure!(ready.status == 200, "node {id}: {}", ready.body);
        }
        Ok(())
    })
    .await?;
    for id in cluster.ids() {
        let purchase = selling.next();
        // The others say that they have room again within a second.
        wait::until("every node to sell again", PATIENCE, async || {
            let outcome = selling.shop.attempt(&purchase, id).await;
            ensure!(outcome.is_ok(), "node {id}: {outcome:?}");
            Ok(())
        })
        .await?;
    }
    report.say(format!("room again: all ready and selling after {} ms", began.elapsed().as_millis()));
    conclude(cluster, &mut selling.shop, &mut report).await?;
    Ok(report)
}

/// A write that failed ends a process; whatever supervises it starts it again.
fn restart_the_dead(cluster: &mut Cluster) -> Result<()> {
    for id in cluster.ids() {
        if cluster.has_ended(id)? {
            cluster.start(id)?;
        }
    }
    Ok(())
}

async fn not_ready(cluster: &Cluster, shop: &Shop, id: usize) -> Result<()> {
    let ready = shop.api.get(&format!("{}/readyz", cluster.url(id)), None).await?;
    let said = ready.body.as_str().unwrap_or_default().to_owned();
    ensure!(ready.status == 503 && said.contains("[-]disk"), "node {id}: {} {said}", ready.status);
    Ok(())
}
