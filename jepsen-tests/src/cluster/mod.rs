//! A cluster of real `livedropd` processes on loopback, in a folder of its own, with faults on demand.

pub mod binary;
mod certificates;
mod control;
mod grow;
mod machine;
mod measure;
mod observe;
mod offline;
mod options;
mod ports;
mod process;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::api::Api;
use crate::wait::Hopeless;
use certificates::Certificates;
use machine::Machine;
use process::Process;

pub use options::Options;
pub use ports::Ports;

/// How long a node or a cluster may take to reach a state that it reaches in a second or two on a quiet machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The running cluster. Nodes are numbered from 1. Dropped, it ends its own processes and removes its folder.
pub struct Cluster {
    nodes: Vec<Option<Process>>,
    urls: Vec<String>,
    binary: PathBuf,
    config: PathBuf,
    folder: tempfile::TempDir,
    data: PathBuf,
    api: Api,
    ports: Ports,
    /// The most nodes that there will be.
    room: usize,
    /// The configuration of nodes that come later, and the flags of those that came.
    joins: PathBuf,
    joined: BTreeMap<usize, Vec<String>>,
    _machine: Machine,
}

impl Cluster {
    /// Starts a cluster, runs `body` with it, and stops it. When `body` fails, the folder with data, logs and
    /// history is kept and its path and the end of every log are printed.
    pub async fn with<T>(options: Options, body: impl AsyncFnOnce(&mut Cluster) -> Result<T>) -> Result<T> {
        let mut cluster = Self::prepare(&options)?;
        let result = async {
            for id in cluster.ids() {
                cluster.start(id)?;
            }
            cluster.wait_ready(PATIENCE).await?;
            body(&mut cluster).await
        };
        let result = result.await;
        if result.is_err() {
            cluster.keep_folder();
        }
        result
    }

    fn prepare(options: &Options) -> Result<Self> {
        let machine = Machine::alone()?;
        let folder = tempfile::Builder::new().prefix("livedrop-proof-").tempdir()?;
        let ports = Ports::take(u16::try_from(2 * options.room())?)?;
        let config = folder.path().join("cluster.toml");
        let data = options.folder.clone().unwrap_or_else(|| folder.path().join("data"));
        let certificates = Certificates::make(folder.path().join("certificates"), options.room())?;
        std::fs::write(&config, options.file(&ports, &data, &certificates))?;
        let joins = folder.path().join("joining.toml");
        std::fs::write(&joins, options.joining_file(&certificates))?;
        let urls = (0..options.nodes).map(|place| {
            let place = u16::try_from(2 * place).expect("a handful of nodes");
            format!("http://127.0.0.1:{}", ports.port(place))
        });
        Ok(Self {
            nodes: (0..options.nodes).map(|_| None).collect(),
            urls: urls.collect(),
            binary: binary::find("livedropd")?,
            config,
            api: Api::new()?,
            folder,
            ports,
            room: options.room(),
            joins,
            joined: BTreeMap::new(),
            data,
            _machine: machine,
        })
    }

    /// All node numbers.
    pub fn ids(&self) -> Vec<usize> {
        (1..=self.nodes.len()).collect()
    }

    /// The numbers of the nodes whose process runs and is not paused.
    pub fn live(&self) -> Vec<usize> {
        let answers = |node: &Option<Process>| node.as_ref().is_some_and(|process| !process.is_paused());
        self.ids().into_iter().filter(|id| answers(&self.nodes[id - 1])).collect()
    }

    pub fn url(&self, id: usize) -> &str {
        &self.urls[id - 1]
    }

    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn log_of(&self, id: usize) -> PathBuf {
        self.folder.path().join(format!("node-{id}.log"))
    }

    pub fn data_of(&self, id: usize) -> PathBuf {
        self.data.join(id.to_string())
    }

    /// Starts a node that does not run, without waiting for it.
    pub fn start(&mut self, id: usize) -> Result<()> {
        if self.nodes[id - 1].is_some() {
            bail!("node {id} runs already");
        }
        let process = match self.joined.get(&id) {
            Some(own) => Process::start_with(&self.binary, &self.joins, own, &self.log_of(id))?,
            None => Process::start(&self.binary, &self.config, id, &self.log_of(id))?,
        };
        self.nodes[id - 1] = Some(process);
        Ok(())
    }

    /// Whether a node that was started has ended by itself; from then on it does not run.
    pub fn has_ended(&mut self, id: usize) -> Result<bool> {
        let ended = match &mut self.nodes[id - 1] {
            Some(process) => process.ended()?.is_some(),
            None => true,
        };
        if ended {
            self.nodes[id - 1] = None;
        }
        Ok(ended)
    }

    /// SIGKILL.
    pub fn kill(&mut self, id: usize) -> Result<()> {
        self.take(id)?.kill()
    }

    /// SIGTERM; fails unless the node stops by itself with exit code 0.
    pub async fn stop(&mut self, id: usize) -> Result<()> {
        let status = self.take(id)?.stop(PATIENCE).await?;
        if !status.success() {
            bail!("node {id} was asked to stop and ended with {status}");
        }
        Ok(())
    }

    /// SIGSTOP.
    pub fn pause(&mut self, id: usize) -> Result<()> {
        self.process(id)?.pause()
    }

    /// SIGCONT.
    pub fn resume(&mut self, id: usize) -> Result<()> {
        self.process(id)?.resume()
    }

    /// Waits until a node that was started ends by itself, and says how.
    pub async fn ended(&mut self, id: usize) -> Result<ExitStatus> {
        self.take(id)?.exited(PATIENCE).await
    }

    /// Fails when a node that should run has ended.
    fn require_running(&mut self) -> Result<()> {
        for (place, node) in self.nodes.iter_mut().enumerate() {
            if let Some(process) = node
                && let Some(status) = process.ended()?
            {
                bail!(Hopeless(format!("node {} ended by itself: {status}", place + 1)));
            }
        }
        Ok(())
    }

    fn take(&mut self, id: usize) -> Result<Process> {
        self.nodes[id - 1].take().with_context(|| format!("node {id} does not run"))
    }

    fn process(&mut self, id: usize) -> Result<&mut Process> {
        self.nodes[id - 1].as_mut().with_context(|| format!("node {id} does not run"))
    }

    /// Keeps data, logs and history for whoever looks into a failure, and says where.
    fn keep_folder(&mut self) {
        self.nodes.iter_mut().for_each(|node| *node = None);
        self.folder.disable_cleanup(true);
        eprintln!("kept for a look: {}", self.folder.path().display());
        for id in self.ids() {
            let log = self.log_of(id);
            let words = std::fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<&str> = words.lines().collect();
            eprintln!("--- the end of {}", log.display());
            lines[lines.len().saturating_sub(15)..].iter().for_each(|line| eprintln!("    {line}"));
        }
    }
}
