//! What an operator does with the two programs, beside running nodes.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::certificates::Certificates;
use super::{Cluster, binary};

impl Cluster {
    /// Runs `livedropd WORDS` for a node that does not run, with the cluster's configuration. What it wrote; fails when
    /// it does.
    pub fn offline(&self, id: usize, words: &[&str]) -> Result<String> {
        ensure!(self.nodes[id - 1].is_none(), "node {id} runs");
        let mut command = Command::new(&self.binary);
        let place = self.config.to_str().context("the path is text")?;
        command.args(words).args(["--config", place, "--node-id", &id.to_string()]);
        said(command, &format!("livedropd {}", words.join(" ")))
    }

    /// Runs `livedropctl WORDS` as an operator, against the nodes that run. What it wrote; fails when it does.
    pub fn operate(&self, words: &[&str]) -> Result<String> {
        let mut command = self.as_operator()?;
        command.args(self.operator_certificate()).args(words);
        said(command, &format!("livedropctl {}", words.join(" ")))
    }

    /// `livedropctl` with the running nodes' addresses and tokens, and JSON asked for.
    pub(super) fn as_operator(&self) -> Result<Command> {
        let live = self.live();
        let endpoints: Vec<&str> = live.iter().map(|id| self.url(*id)).collect();
        let tokens: Vec<String> = live.iter().map(|id| self.operator_token(*id).display().to_string()).collect();
        let mut command = Command::new(binary::find("livedropctl")?);
        command.args(["--endpoints", &endpoints.join(","), "-o", "json", "--token-file", &tokens.join(",")]);
        Ok(command)
    }

    /// What `livedropctl` is given to be let in at peer ports.
    pub(super) fn operator_certificate(&self) -> [OsString; 4] {
        let certificate = |name: &str| self.folder().join("certificates").join(name).into_os_string();
        let (authority, own) = (certificate("authority.pem"), certificate("operator.pem"));
        ["--authority".into(), authority, "--certificate".into(), own]
    }

    /// Gives the cluster another name, and certificates of that name, for the nodes that are started from here on.
    pub fn rename(&self, name: &str) -> Result<()> {
        let file = std::fs::read_to_string(&self.config)?;
        let renamed = file.replacen("id = \"proof\"", &format!("id = \"{name}\""), 1);
        ensure!(renamed != file, "the configuration does not name the cluster");
        std::fs::write(&self.config, renamed).context("writing the configuration")?;
        let folder = self.folder().join("certificates");
        std::fs::remove_dir_all(&folder)?;
        Certificates::of(name, folder, self.nodes.len()).map(drop)
    }

    /// What a node has written into its log.
    pub fn words_of(&self, id: usize) -> Result<String> {
        let log: &Path = &self.log_of(id);
        std::fs::read_to_string(log).with_context(|| format!("reading {}", log.display()))
    }
}

fn said(mut command: Command, what: &str) -> Result<String> {
    let output = command.output().with_context(|| format!("running {what}"))?;
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{what}: {}\n{out}{error}", output.status);
    Ok(out.into_owned())
}
