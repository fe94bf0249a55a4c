//! Varnish with xkey, before a cluster that tells it what is not so any more.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::daemon::{Daemon, find};
use super::{NotHere, at_ports};
use crate::api::Api;
use crate::cluster::{Options, PATIENCE, Ports};
use crate::wait;

/// Where Debian and others put modules of Varnish.
const MODULES: [&str; 4] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/local/lib"];

/// A Varnish of its own for one run, gone with the value.
pub struct Varnish {
    program: PathBuf,
    ports: Ports,
    folder: TempDir,
    daemon: Option<Daemon>,
}

impl Varnish {
    /// Whether there is one to start, with what it takes. Errors: [`NotHere`].
    pub fn require() -> Result<()> {
        program().map(|_| ())
    }

    /// Takes a port for it, and starts nothing yet: the cluster must know the port before it starts.
    ///
    /// Errors: [`NotHere`].
    pub fn prepare() -> Result<Self> {
        let program = program()?;
        let folder = tempfile::Builder::new().prefix("livedrop-varnish-").tempdir()?;
        Ok(Varnish { program, ports: Ports::take(1)?, folder, daemon: None })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.port(0))
    }

    /// Options of a cluster that tells this cache.
    pub fn told_by(&self, options: Options) -> Options {
        options.set("cdn", "provider", "\"generic\"").set("cdn", "base_url", format!("\"{}\"", self.url()))
    }

    /// Starts it before the nodes at `urls`, and waits until it serves what they do.
    pub async fn start(&mut self, urls: &[String]) -> Result<()> {
        let file = self.folder.path().join("varnish.vcl");
        std::fs::write(&file, at_ports(include_str!("../../../cluster-config/edge/varnish.vcl"), urls))?;
        let mut command = Command::new(&self.program);
        command.arg("-F").arg("-n").arg(self.folder.path().join("work")).arg("-f").arg(file);
        command.args(["-j", "none", "-s", "malloc,64m", "-a", &format!("127.0.0.1:{}", self.ports.port(0))]);
        let daemon = self.daemon.insert(Daemon::start("varnishd", &mut command, self.folder.path())?);
        let (api, url) = (Api::new()?, format!("http://127.0.0.1:{}/v1/products", self.ports.port(0)));
        wait::until("Varnish to serve what the nodes do", PATIENCE, async || {
            daemon.require_running()?;
            let answer = api.get(&url, None).await.context("asking it")?;
            ensure!(answer.status == 200, "it answers {} {}", answer.status, answer.body);
            Ok(())
        })
        .await
    }
}

fn program() -> Result<PathBuf> {
    let program = find("varnishd")?;
    let has_xkey = MODULES.iter().any(|folder| PathBuf::from(folder).join("varnish/vmods/libvmod_xkey.so").is_file());
    ensure!(has_xkey, NotHere("Varnish's module xkey".to_owned()));
    Ok(program)
}
