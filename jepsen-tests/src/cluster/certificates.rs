//! The certificates of a cluster under test: its nodes talk as they do elsewhere.

use std::path::PathBuf;

use anyhow::Result;
use livedrop_certificates::{Authority, Location, Period, Role, write_pair};

use crate::cluster::options::CLUSTER;
use crate::gateway::now_s;

/// Longer than any test.
const DAYS: u32 = 30;

/// The folder with an authority's certificate, one for each node, and one for an operator.
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Makes them, for the nodes 1 to `nodes` of the cluster that tests begin with.
    pub fn make(folder: PathBuf, nodes: usize) -> Result<Self> {
        Self::of(CLUSTER, folder, nodes)
    }

    /// Makes them for a cluster of any name.
    pub fn of(cluster: &str, folder: PathBuf, nodes: usize) -> Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let period = Period::days(now_s(), DAYS);
        let place = |name: &str| Location::in_directory(&folder, name);
        let (authority, pair) = Authority::make(cluster, period)?;
        write_pair(&place("authority"), &pair)?;
        for id in 1..=nodes {
            let pair = authority.node(None, id as u64, &["127.0.0.1".to_owned()], period)?;
            write_pair(&place(&format!("node-{id}")), &pair)?;
        }
        write_pair(&place("operator"), &authority.client(None, Role::Operator, "proof", period)?)?;
        Ok(Self { folder })
    }

    /// The section of the file that all nodes share.
    pub fn section(&self) -> String {
        let folder = self.folder.display();
        format!(
            "[peer.tls]\nauthority = \"{folder}/authority.pem\"\ncertificate = \"{folder}/node-{{id}}.pem\"\nkey = \
             \"{folder}/node-{{id}}.key\"\n"
        )
    }
}
