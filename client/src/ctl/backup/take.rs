//! A backup from a node into a file: checked as it comes, and under its name only when it is whole and on the disk.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use livedrop_proto::backup as pb;
use livedrop_proto::backup::backup_client::BackupClient;
use livedrop_proto::backup_file::{Checker, Manifest, Part};
use tonic::Streaming;

use crate::ctl::context::Context;
use crate::ctl::reach::Reach;
use crate::ctl::trouble::{Exit, Stop};

const WHAT: &str = "no backup was taken";

/// Writes the backup to `file`, by way of a temporary file beside it. Nothing is left when that fails.
pub async fn run(context: &Context, file: &Path, reach: &Reach) -> Result<Exit, Stop> {
    if file.exists() {
        let why = format!("{} is there already", file.display());
        return Err(Stop::trouble(Exit::Refused, WHAT, why, "name another file, or move that one away"));
    }
    let begun = Unfinished::begin(file)?;
    let ask = async |wire| Ok(BackupClient::new(wire).take(pb::TakeRequest {}).await?.into_inner());
    let parts = reach.ask_a_follower(context, WHAT, ask).await?;
    let manifest = receive(parts, &begun).await?;
    begun.finish(file)?;
    super::show(context, &manifest)?;
    Ok(Exit::Ok)
}

async fn receive(mut parts: Streaming<pb::FilePart>, into: &Unfinished) -> Result<Manifest, Stop> {
    let again = "repeat it; nothing was left behind";
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {msg}");
    let bar = ProgressBar::new(0).with_style(style.expect("the template is sound"));
    let mut checker = Checker::new();
    loop {
        let part = match parts.message().await {
            Ok(Some(part)) => part.bytes,
            Ok(None) => break,
            Err(status) => return Err(Stop::trouble(Exit::Failed, WHAT, status.message(), again)),
        };
        let mut show = |part: Part<'_>| {
            match part {
                Part::Manifest(manifest) => {
                    bar.set_length(manifest.state_bytes);
                    bar.set_message(format!("from node {}", manifest.node_id));
                }
                Part::Content(content) => bar.inc(content.len() as u64),
            }
            Ok(())
        };
        checker.push(&part, &mut show).map_err(|error| Stop::trouble(Exit::Failed, WHAT, error.to_string(), again))?;
        into.write(&part)?;
    }
    bar.finish_and_clear();
    checker.finish().map_err(|error| Stop::trouble(Exit::Failed, WHAT, error.to_string(), again))
}

/// The file under its temporary name; removed unless it is finished.
struct Unfinished {
    path: PathBuf,
    file: File,
}

impl Unfinished {
    fn begin(of: &Path) -> Result<Self, Stop> {
        let mut name = of.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        // Password hashes and signing keys are in it.
        let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let file = opened.map_err(|error| failed(&path, &error))?;
        Ok(Unfinished { path, file })
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Stop> {
        (&self.file).write_all(bytes).map_err(|error| failed(&self.path, &error))
    }

    fn finish(self, as_file: &Path) -> Result<(), Stop> {
        let parent = as_file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.file
            .sync_all()
            // Unlike a rename, this never takes the place of a file that somebody else made meanwhile.
            .and_then(|()| fs::hard_link(&self.path, as_file))
            .and_then(|()| File::open(parent)?.sync_all())
            .map_err(|error| failed(as_file, &error))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // One that stays is written over by the next backup of that name.
        let _stays = fs::remove_file(&self.path);
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Stop {
    Stop::trouble(Exit::Failed, WHAT, format!("{}: {error}", path.display()), "see that there is room and permission")
}
