//! The configuration file of a cluster under test.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::cluster::certificates::Certificates;
use crate::cluster::ports::Ports;

/// The name of every cluster under test.
pub(crate) const CLUSTER: &str = "proof";

/// How many nodes, and what differs from the defaults.
#[derive(Debug, Clone)]
pub struct Options {
    pub nodes: usize,
    /// How many more may come.
    more: usize,
    /// Where the data lies, a folder for each node; in the cluster's own folder when absent.
    pub(super) folder: Option<PathBuf>,
    settings: BTreeMap<(String, String), String>,
}

impl Options {
    /// Three nodes with passwords that are cheap to hash, no rate limits, and no file that only takes up space.
    pub fn three() -> Self {
        Self::of(3)
    }

    pub fn of(nodes: usize) -> Self {
        Self { nodes, more: 0, folder: None, settings: BTreeMap::new() }
            .set("auth", "password_memory_kib", 64)
            .set("auth", "password_passes", 1)
            .set("auth", "password_hash_queue", 10_000)
            .set("limits", "enabled", false)
            .set("storage", "ballast_bytes", 0)
    }

    /// Sets an option of livedropd, a number or a switch.
    pub fn set(mut self, section: &str, key: &str, value: impl ToString) -> Self {
        self.settings.insert((section.to_owned(), key.to_owned()), value.to_string());
        self
    }

    /// Keeps addresses for nodes that come later.
    pub fn with_room_for(self, more: usize) -> Self {
        Self { more, ..self }
    }

    /// The most nodes that there will be.
    pub(crate) fn room(&self) -> usize {
        self.nodes + self.more
    }

    /// Has the data lie in `folder`, which is left there.
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// A few entries of log and no more: a node that is away for a moment needs a snapshot.
    pub fn with_a_short_log(self) -> Self {
        self.set("raft", "snapshot_every_entries", 100).set("raft", "keep_entries", 100)
    }

    /// The file that all nodes of the cluster share; node N listens on ports 2N-2 (clients) and 2N-1 (peers).
    pub(crate) fn file(&self, ports: &Ports, data: &Path, certificates: &Certificates) -> String {
        let mut file = format!(
            "[node]\ndata_dir = \"{}/{{id}}\"\n\n{}\n[cluster]\nid = \"{CLUSTER}\"\nmembers = [\n",
            data.display(),
            certificates.section()
        );
        for id in 1..=self.nodes {
            let place = u16::try_from(2 * id - 2).expect("a handful of nodes");
            let (http, peer) = (ports.port(place), ports.port(place + 1));
            // Writing to a String cannot fail.
            let _ =
                writeln!(file, "    {{ id = {id}, peer = \"127.0.0.1:{peer}\", http = \"http://127.0.0.1:{http}\" }},");
        }
        file.push_str("]\n");
        self.add_settings(&mut file);
        file
    }

    /// The file of nodes that come later; who they are, and whom they ask, they are told by flags.
    pub(crate) fn joining_file(&self, certificates: &Certificates) -> String {
        let mut file = format!("{}\n[cluster]\nid = \"{CLUSTER}\"\n", certificates.section());
        self.add_settings(&mut file);
        file
    }

    fn add_settings(&self, file: &mut String) {
        let mut section = "";
        for ((in_section, key), value) in &self.settings {
            if in_section != section {
                section = in_section;
                let _ = writeln!(file, "\n[{section}]");
            }
            let _ = writeln!(file, "{key} = {value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_every_node_and_setting() {
        let ports = Ports::take(6).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::make(folder.path().to_owned(), 1).unwrap();
        let file = Options::three().with_a_short_log().file(&ports, Path::new("/data"), &certificates);
        assert!(file.contains("data_dir = \"/data/{id}\""), "{file}");
        assert!(file.contains("/node-{id}.key\"\n"), "{file}");
        assert!(file.contains(&format!("id = 3, peer = \"127.0.0.1:{}\"", ports.port(5))), "{file}");
        assert!(file.contains("[raft]\nkeep_entries = 100\nsnapshot_every_entries = 100\n"), "{file}");
    }
}
