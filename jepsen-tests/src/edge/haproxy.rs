//! HAProxy before a cluster, sending requests to those nodes that are ready.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::at_ports;
use super::daemon::{Daemon, find};
use crate::api::Api;
use crate::cluster::{PATIENCE, Ports};
use crate::wait;

/// An HAProxy of its own for one run, gone with the value.
pub struct Haproxy {
    ports: Ports,
    _daemon: Daemon,
    _folder: TempDir,
}

impl Haproxy {
    /// Whether there is one to start. Errors: [`super::NotHere`].
    pub fn require() -> Result<()> {
        find("haproxy").map(|_| ())
    }

    /// Starts it before the nodes at `urls`, and waits until it serves what they do.
    ///
    /// Errors: [`super::NotHere`].
    pub async fn start(urls: &[String]) -> Result<Self> {
        let (program, ports) = (find("haproxy")?, Ports::take(1)?);
        let folder = tempfile::Builder::new().prefix("livedrop-haproxy-").tempdir()?;
        let file = folder.path().join("haproxy.cfg");
        let text = at_ports(include_str!("../../../cluster-config/edge/haproxy.cfg"), urls);
        let text = text.replace("bind 127.0.0.1:8080", &format!("bind 127.0.0.1:{}", ports.port(0)));
        // It does not start when it may not have as many files open as that would take.
        std::fs::write(&file, text.replace("maxconn 50000", "maxconn 2000"))?;
        let mut command = Command::new(program);
        let mut daemon = Daemon::start("haproxy", command.arg("-db").arg("-f").arg(file), folder.path())?;
        let (api, url) = (Api::new()?, format!("http://127.0.0.1:{}/readyz", ports.port(0)));
        wait::until("HAProxy to serve what the nodes do", PATIENCE, async || {
            daemon.require_running()?;
            let answer = api.get(&url, None).await.context("asking it")?;
            ensure!(answer.status == 200, "it answers {} {}", answer.status, answer.body);
            Ok(())
        })
        .await?;
        Ok(Haproxy { ports, _daemon: daemon, _folder: folder })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.port(0))
    }
}
