//! `livedropctl`, as an operator of the cluster would run it.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Cluster, binary};

impl Cluster {
    /// `livedropctl` for the running nodes, with the rights of an operator and without a word on what to do.
    pub fn control(&self) -> Result<Command> {
        let live = self.live();
        let endpoints: Vec<&str> = live.iter().map(|id| self.url(*id)).collect();
        let tokens: Vec<String> = live.iter().map(|id| self.operator_token(*id).display().to_string()).collect();
        let mut command = Command::new(binary::find("livedropctl")?);
        let inherited = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("LIVEDROPCTL_"));
        inherited.for_each(|name| {
            command.env_remove(name);
        });
        command.args(["--endpoints", &endpoints.join(","), "--token-file", &tokens.join(",")]);
        Ok(command)
    }

    /// Has `livedropctl` do something and gives what it says, which is JSON. Fails when it does.
    pub async fn have(&self, what: &[String]) -> Result<Value> {
        let (mut command, line) = (self.control()?, what.join(" "));
        command.args(["-o", "json"]).args(what);
        // It may take minutes, and this thread has other things to do.
        let output = tokio::task::spawn_blocking(move || command.output()).await?;
        let output = output.with_context(|| format!("running livedropctl {line}"))?;
        let (said, why) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "livedropctl {line}: {}\n{said}{why}", output.status);
        serde_json::from_str(&said).with_context(|| format!("livedropctl {line} said {said}"))
    }
}
