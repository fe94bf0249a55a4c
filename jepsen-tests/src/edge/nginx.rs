//! nginx before a cluster.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::at_ports;
use super::daemon::{Daemon, find};
use crate::api::Api;
use crate::cluster::{PATIENCE, Ports};
use crate::wait;

/// An nginx of its own for one run, gone with the value.
pub struct Nginx {
    ports: Ports,
    _daemon: Daemon,
    _folder: TempDir,
}

impl Nginx {
    /// Whether there is one to start. Errors: [`super::NotHere`].
    pub fn require() -> Result<()> {
        find("nginx").map(|_| ())
    }

    /// Has it check its file, starts it before the nodes at `urls`, and waits until it serves what they do.
    ///
    /// Errors: [`super::NotHere`].
    pub async fn start(urls: &[String]) -> Result<Self> {
        let (program, ports) = (find("nginx")?, Ports::take(1)?);
        let folder = tempfile::Builder::new().prefix("livedrop-nginx-").tempdir()?;
        let file = folder.path().join("nginx.conf");
        let text = at_ports(include_str!("../../../cluster-config/edge/nginx.conf"), urls);
        let text = text.replace("listen 127.0.0.1:8080", &format!("listen 127.0.0.1:{}", ports.port(0)));
        // Where it may write, and no more files than the machine of a test allows.
        let here = |name: &str| folder.path().join(name).display().to_string();
        let mut text =
            text.replace("/run/nginx-livedrop.pid", &here("pid")).replace("65536", "4096").replace("16384", "1024");
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let folders: String = folders.iter().map(|kind| format!("    {kind}_temp_path {};\n", here(kind))).collect();
        text = text.replace("http {\n", &format!("http {{\n{folders}"));
        std::fs::write(&file, text)?;
        let arguments = ["-e", "stderr", "-p", &here(""), "-c", &here("nginx.conf")].map(str::to_owned);
        let checked = Command::new(&program).arg("-t").args(&arguments).output().context("running nginx -t")?;
        ensure!(checked.status.success(), "nginx -t: {}", String::from_utf8_lossy(&checked.stderr));
        let mut command = Command::new(program);
        let mut daemon = Daemon::start("nginx", command.args(&arguments).args(["-g", "daemon off;"]), folder.path())?;
        let (api, url) = (Api::new()?, format!("http://127.0.0.1:{}/readyz", ports.port(0)));
        wait::until("nginx to serve what the nodes do", PATIENCE, async || {
            daemon.require_running()?;
            let answer = api.get(&url, None).await.context("asking it")?;
            ensure!(answer.status == 200, "it answers {} {}", answer.status, answer.body);
            Ok(())
        })
        .await?;
        Ok(Nginx { ports, _daemon: daemon, _folder: folder })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.port(0))
    }
}
