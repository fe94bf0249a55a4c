//! `livedropd restore`: the data directory of a node of a new cluster, from a backup.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc;

use anyhow::{Context, bail};
use bytes::Bytes;
use livedrop_config::NodeConfig;
use livedrop_proto::backup_file::{self, BackupFileError, Manifest, Part};
use livedrop_store::{INDEX_JUMP, Restore, Restored, StoreError};

use crate::app;

/// Parts of the state that wait to be written.
const WAITING: usize = 4;

/// What is restored.
#[derive(Debug, Clone, clap::Args)]
pub struct Wanted {
    /// The backup, as `livedropctl backup` wrote it
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// Refuse the file unless it is of this cluster
    #[arg(long, value_name = "CLUSTER")]
    pub of: Option<String>,
}

/// Makes the directory that `config` names, which must be empty. Blocks. The file is read twice: nothing is written
/// before all of it was found to be as it was written.
pub fn restore(config: &NodeConfig, wanted: &Wanted, to: &mut impl Write) -> anyhow::Result<()> {
    let open = || File::open(&wanted.from).with_context(|| format!("opening {}", wanted.from.display()));
    let manifest = backup_file::read(open()?, wanted.of.as_deref(), |_| Ok(()))
        .with_context(|| format!("{}", wanted.from.display()))?;
    if manifest.cluster_id == config.cluster.id {
        bail!(
            "the new cluster has the same id as the one that was backed up, {:?}: its former nodes could come back into \
             it; choose another cluster.id",
            manifest.cluster_id
        );
    }
    let plan = plan(config, &manifest)?;
    let made = std::thread::scope(|scope| {
        let (frames, received) = mpsc::sync_channel(WAITING);
        let file = open()?;
        let reading = scope.spawn(move || read(file, &manifest, &frames));
        let options = app::settings::store(config);
        let made = livedrop_store::restore(&config.node.data_dir, &plan, &options, received);
        // A reader whose parts nobody takes any more has nothing to say.
        match reading.join().expect("reading a file does not panic") {
            Err(error) if made.is_ok() => Err(error.into()),
            _ => made.map_err(anyhow::Error::from),
        }
    })?;
    tell(config, &plan, &made, to).context("writing to standard output")
}

fn plan(config: &NodeConfig, manifest: &Manifest) -> anyhow::Result<Restore> {
    let digits = (0..32).map(|at| u8::from_str_radix(manifest.state_hash.get(2 * at..2 * at + 2)?, 16).ok());
    let hash: Option<Vec<u8>> = digits.collect();
    let hash = hash.context("the manifest's state hash is not one")?.try_into().expect("there are 32");
    Ok(Restore {
        identity: super::identity(config),
        members: app::settings::initial_members(config),
        cluster_of_backup: manifest.cluster_id.clone(),
        index: manifest.index,
        hash,
    })
}

/// Sends the parts of the file, which must still be the one that was checked.
fn read(
    file: File,
    checked: &Manifest,
    frames: &mpsc::SyncSender<Result<Bytes, StoreError>>,
) -> Result<(), BackupFileError> {
    let taken = |sent: Result<(), _>| sent.map_err(|_| BackupFileError::Refused("the parts are not taken".to_owned()));
    let read = backup_file::read(file, Some(&checked.cluster_id), |part| match part {
        Part::Manifest(manifest) if manifest != checked => {
            Err(BackupFileError::Refused("the file was changed while it was read".to_owned()))
        }
        Part::Manifest(_) => Ok(()),
        Part::Content(content) => taken(frames.send(Ok(Bytes::copy_from_slice(content)))),
    });
    if let Err(error) = &read {
        let _gone = frames.send(Err(StoreError::Snapshot(error.to_string())));
    }
    read.map(drop)
}

fn tell(config: &NodeConfig, plan: &Restore, made: &Restored, to: &mut impl Write) -> std::io::Result<()> {
    let Restored { from, to: begins, hash, members_forgotten } = made;
    let ids: Vec<String> = plan.members.keys().map(u64::to_string).collect();
    writeln!(
        to,
        "Restored {} for node {} of cluster {}.",
        config.node.data_dir.display(),
        config.node.id,
        config.cluster.id
    )?;
    writeln!(
        to,
        "  backup       cluster {}, entry {} of term {}",
        plan.cluster_of_backup, from.index, from.leader_id.term
    )?;
    writeln!(to, "  state hash   {}, as in the backup", super::hex(hash))?;
    writeln!(to, "  log          goes on after entry {} of term {}", begins.index, begins.leader_id.term)?;
    writeln!(to, "               ({INDEX_JUMP} further, so that no id of an event is given out twice)")?;
    writeln!(to, "  forgotten    {members_forgotten} nodes of the old cluster")?;
    writeln!(to, "  members      {}", ids.join(", "))?;
    writeln!(to, "Accounts, sessions, signing keys, idempotency keys, orders and payments are as they were.")?;
    writeln!(to, "Restore the other members from the same file with the same cluster.members, then start them all.")
}
