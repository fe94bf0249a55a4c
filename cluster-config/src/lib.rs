//! The configuration of a node, typed and checked.
//!
//! Four sources, each stronger than the one before: defaults, a TOML file, the environment
//! (`LIVEDROP_SECTION__KEY`), flags. Whatever is wrong is reported at once, each mistake with its path, where
//! it came from and what to do. `config.defaults.toml` beside this crate lists every option; it is written from
//! the code.
//!
//! One file may serve all nodes of a cluster: each finds its own entry in `cluster.members` by its id, listens
//! where that entry says, and fills its id into `data_dir`.

mod agree;
mod doubts;
mod error;
mod kind;
mod layers;
mod network;
mod reader;
mod reference;
mod sections;

use std::path::Path;

use serde::Serialize;

pub use error::{ConfigErrors, Mistake, Origin};
pub use layers::Flags;
pub use network::Network;
pub use sections::audit::Audit;
pub use sections::auth::Auth;
pub use sections::batch::Batch;
pub use sections::cdn::{Cdn, CdnProvider};
pub use sections::cluster::{Cluster, Member};
pub use sections::events::Events;
pub use sections::http::{ClientAddress, Http};
pub use sections::limits::Limits;
pub use sections::log::{Log, LogFormat};
pub use sections::node::Node;
pub use sections::payments::{PaymentGateway, Payments};
pub use sections::peer::Peer;
pub use sections::raft::Raft;
pub use sections::search::Search;
pub use sections::storage::Storage;
pub use sections::telemetry::Telemetry;
pub use sections::tls::{HttpTls, PeerTls};
pub use sections::webhooks::Webhooks;

use layers::Layers;
use reader::Reader;

/// Everything a node is told before it starts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeConfig {
    pub node: Node,
    pub cluster: Cluster,
    pub http: Http,
    pub peer: Peer,
    pub raft: Raft,
    pub storage: Storage,
    pub batch: Batch,
    pub limits: Limits,
    pub auth: Auth,
    pub audit: Audit,
    pub payments: Payments,
    pub webhooks: Webhooks,
    pub events: Events,
    pub search: Search,
    pub cdn: Cdn,
    pub log: Log,
    pub telemetry: Telemetry,
}

impl NodeConfig {
    /// Reads and checks the configuration from `file`, the environment and flags.
    ///
    /// Errors: every mistake of every source, never only the first.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        flags: Flags,
    ) -> Result<Self, ConfigErrors> {
        let Some(path) = file else {
            return Self::parse(None, environment, flags);
        };
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(Some((&name, &text)), environment, flags),
            Err(error) => Err(ConfigErrors(vec![Mistake {
                path: name,
                origin: Origin::Flag("--config".to_owned()),
                problem: format!("the file cannot be read: {error}"),
                advice: "Name a file that exists and that this user may read.".to_owned(),
            }])),
        }
    }

    /// Reads and checks the configuration of every member, from a file that the nodes share.
    ///
    /// Errors: as `load`; a mistake that all members have is reported once.
    pub fn load_all(
        file: &Path,
        environment: impl Iterator<Item = (String, String)>,
        flags: &Flags,
    ) -> Result<Vec<Self>, ConfigErrors> {
        let environment: Vec<(String, String)> = environment.collect();
        let load = |flags: Flags| Self::load(Some(file), environment.iter().cloned(), flags);
        let mut layers = Layers::default();
        layers.add_file("", &std::fs::read_to_string(file).unwrap_or_default());
        layers.add_environment(environment.iter().cloned());
        layers.add_flags(flags.clone());
        let Some(cluster) = Cluster::read(&mut Reader::new(layers)) else {
            return load(flags.clone()).map(|config| vec![config]);
        };
        let mut configs = Vec::new();
        let mut mistakes = Vec::new();
        for member in cluster.members {
            match load(flags.clone().set("--node-id", "node.id", member.id.to_string())) {
                Ok(config) => configs.push(config),
                Err(errors) => mistakes.extend(errors.0),
            }
        }
        let mut said = Vec::new();
        for mistake in mistakes {
            if !said.contains(&mistake) {
                said.push(mistake);
            }
        }
        if said.is_empty() { Ok(configs) } else { Err(ConfigErrors(said)) }
    }

    /// Reads and checks the configuration from the text of a file (with its name), the environment and flags.
    pub fn parse(
        file: Option<(&str, &str)>,
        environment: impl Iterator<Item = (String, String)>,
        flags: Flags,
    ) -> Result<Self, ConfigErrors> {
        let mut layers = Layers::default();
        if let Some((name, text)) = file {
            layers.add_file(name, text);
        }
        layers.add_environment(environment);
        layers.add_flags(flags);

        let mut reader = Reader::new(layers);
        let (config, complete) = Self::read(&mut reader);
        let mut mistakes = reader.finish();
        mistakes.extend(agree::check(&config));
        if complete {
            mistakes.extend(agree::listeners(&config));
        }
        if mistakes.is_empty() { Ok(config) } else { Err(ConfigErrors(mistakes)) }
    }

    /// Reads every section, and says whether the cluster and this node's entry in it were found. Where they were
    /// not, which is reported already, a stand-in makes it possible to find the mistakes of the other sections.
    fn read(reader: &mut Reader) -> (Self, bool) {
        let cluster = Cluster::read(reader);
        let own = Node::read(reader, cluster.as_ref());
        let complete = cluster.is_some() && own.is_some();
        let (node, own) = own.unwrap_or_else(|| (Node::placeholder(), Member::placeholder()));
        let cluster = cluster.unwrap_or_else(|| Cluster::placeholder(own.clone()));
        let mut config = Self {
            node,
            cluster,
            http: Http::read(reader, &own),
            peer: Peer::read(reader, &own),
            raft: Raft::read(reader, &own),
            storage: Storage::read(reader, &own),
            batch: Batch::read(reader, &own),
            limits: Limits::read(reader, &own),
            auth: Auth::read(reader, &own),
            audit: Audit::read(reader, &own),
            payments: Payments::read(reader, &own),
            webhooks: Webhooks::read(reader, &own),
            events: Events::read(reader, &own),
            search: Search::read(reader, &own),
            cdn: Cdn::read(reader, &own),
            log: Log::read(reader, &own),
            telemetry: Telemetry::read(reader, &own),
        };
        config.peer.tls = config.peer.tls.of(&own);
        config.http.tls = config.http.tls.of(&own);
        if config.http.threads == 0 {
            config.http.threads = std::thread::available_parallelism().map_or(1, usize::from);
        }
        (config, complete)
    }

    /// Fills in who this node is, when it joins a cluster and has found out.
    pub fn become_node(&mut self, cluster_id: String, node_id: u64) {
        (self.cluster.id, self.node.id) = (cluster_id, node_id);
        let own = Member { id: node_id, ..Member::placeholder() };
        self.peer.tls = self.peer.tls.clone().of(&own);
        self.http.tls = self.http.tls.clone().of(&own);
    }

    /// This node's own entry among the members that the cluster begins with.
    pub fn own(&self) -> &Member {
        let own = self.cluster.members.iter().find(|member| member.id == self.node.id);
        own.expect("a checked configuration has its own node among the members")
    }

    /// What the node can run with and hardly anybody means, such as limits of which one makes the other one pointless.
    pub fn doubts(&self) -> Vec<Mistake> {
        doubts::doubts(self)
    }

    /// The effective configuration as a file; loading it gives the same configuration.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("every section is a plain table of numbers and texts")
    }

    /// Every option with its effect, unit, range, variable and default, as a file that can be loaded.
    pub fn reference() -> String {
        let mut reader = Reader::default();
        // With no members given, defaults are shown for the placeholder's own entry, which the examples name.
        let _ = Self::read(&mut reader);
        reference::write(&reader)
    }
}
