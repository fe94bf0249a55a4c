use std::fs::File;
use std::path::PathBuf;

use clap::Args;
use livedrop_proto::backup_file;

use crate::ctl::context::Context;
use crate::ctl::output::note;
use crate::ctl::trouble::{Exit, Stop};

#[derive(Debug, Args)]
pub struct Wanted {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Refuse it unless it is of this cluster
    #[arg(long = "of", value_name = "CLUSTER")]
    cluster: Option<String>,
}

/// Reads the whole file; asks no node.
pub fn run(context: &Context, wanted: &Wanted) -> Result<Exit, Stop> {
    let what = format!("{} is no backup to rely on", wanted.file.display());
    let opened = File::open(&wanted.file);
    let file = opened.map_err(|error| Stop::trouble(Exit::NotFound, &what, error.to_string(), ""))?;
    let manifest = backup_file::read(file, wanted.cluster.as_deref(), |_| Ok(()))
        .map_err(|error| Stop::trouble(Exit::Failed, &what, error.to_string(), ""))?;
    super::show(context, &manifest)?;
    note("every byte is as it was written");
    Ok(Exit::Ok)
}
