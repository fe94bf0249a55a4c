//! `backup`: the whole state of the cluster in one file.

mod take;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use livedrop_proto::backup_file::Manifest;

use super::context::Context;
use super::reach::Reach;
use super::trouble::{Exit, Stop};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Wanted {
    #[command(subcommand)]
    command: Option<Command>,
    /// The file to write; it must not be there yet. It holds password hashes and signing keys: keep it where only
    /// operators read
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks every byte of a backup, without any node, and shows what it is of
    Verify(verify::Wanted),
}

/// Takes a backup, or checks one.
pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    match (wanted.command, wanted.file) {
        (Some(Command::Verify(wanted)), _) => verify::run(context, &wanted),
        (None, Some(file)) => take::run(context, &file, &wanted.reach).await,
        (None, None) => {
            let advice = "`livedropctl backup FILE`, or `livedropctl backup verify FILE`";
            Err(Stop::trouble(Exit::Usage, "no backup was taken", "no file was named", advice))
        }
    }
}

/// What a backup is of, for people and for programs.
fn show(context: &Context, manifest: &Manifest) -> Result<(), Stop> {
    let fields = vec![
        ("cluster", manifest.cluster_id.clone()),
        ("node", manifest.node_id.to_string()),
        ("index", manifest.index.to_string()),
        ("term", manifest.term.to_string()),
        ("taken at", manifest.taken_at.clone()),
        ("state hash", manifest.state_hash.clone()),
        ("state bytes", manifest.state_bytes.to_string()),
        ("files", manifest.files.to_string()),
        ("program", manifest.version.clone()),
        ("format", manifest.format.to_string()),
    ];
    Ok(context.output.record(manifest, fields)?)
}
