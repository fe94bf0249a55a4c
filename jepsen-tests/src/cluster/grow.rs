//! Nodes that come later, and the tool that operators change the cluster with.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::Cluster;
use super::process::Process;

/// A run of `livedropctl -o json` that tells its steps, one line each.
pub struct Told {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Told {
    /// The next step; none when the tool has ended.
    pub async fn step(&mut self) -> Result<Option<Value>> {
        let line = self.lines.next_line().await?;
        line.map(|line| serde_json::from_str(&line).with_context(|| line.clone())).transpose()
    }

    /// Waits until the tool has ended, which must be well.
    pub async fn ended(mut self) -> Result<()> {
        while self.step().await?.is_some() {}
        let output = self.child.wait_with_output().await?;
        if !output.status.success() {
            bail!("livedropctl ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}

impl Cluster {
    /// The next node that will come, and where it is reached: the peer address, and that of clients.
    pub fn next(&self) -> (usize, String, String) {
        let id = self.nodes.len() + 1;
        let place = u16::try_from(2 * id - 2).expect("a handful of nodes");
        let at = |place| format!("127.0.0.1:{}", self.ports.port(place));
        (id, at(place + 1), format!("http://{}", at(place)))
    }

    /// Where clients reach the nodes that there are, and those that there is room for.
    pub fn all_urls(&self) -> Vec<String> {
        let places = 0..u16::try_from(self.room).expect("a handful of nodes");
        places.map(|place| format!("http://127.0.0.1:{}", self.ports.port(2 * place))).collect()
    }

    /// Starts the next node, which joins with a token.
    pub fn join(&mut self, token: &str, peers: &[String]) -> Result<usize> {
        let (id, peer, http) = self.next();
        if id > self.room {
            bail!("there is room for {} nodes", self.room);
        }
        let own = [
            ("--data-dir", self.data_of(id).display().to_string()),
            ("--peer-listen", peer),
            ("--http-listen", http.trim_start_matches("http://").to_owned()),
            ("--peers", peers.join(",")),
        ];
        let own: Vec<String> = own.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect();
        let first = [own.clone(), vec!["--join".to_owned(), token.to_owned()]].concat();
        let process = Process::start_with(&self.binary, &self.joins, &first, &self.log_of(id))?;
        self.nodes.push(Some(process));
        self.urls.push(http);
        self.joined.insert(id, own);
        Ok(id)
    }

    /// Has a node that came later show its token at every start, as whoever supervises it may.
    pub fn keep_token(&mut self, id: usize, token: &str) {
        if let Some(own) = self.joined.get_mut(&id) {
            own.extend(["--join".to_owned(), token.to_owned()]);
        }
    }

    /// `livedropctl -o json …` as an operator of any running node.
    pub fn ctl(&self, arguments: &[&str]) -> Result<Told> {
        let mut command = Command::from(self.control()?);
        command.args(self.operator_certificate());
        command.args(["-o", "json", "--yes"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("running livedropctl")?;
        let stdout = child.stdout.take().context("its output is piped")?;
        Ok(Told { child, lines: BufReader::new(stdout).lines() })
    }
}
