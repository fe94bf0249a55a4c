//! Which nodes a demo has, and the files that make it so: one configuration file that all nodes share.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use livedrop_config::{Flags, Member, NodeConfig};

use crate::demo::{Options, certificates};
use crate::supervise::Program;

/// The file in the directory that marks it as a demo's and says which cluster lives there.
const CONFIGURATION: &str = "demo.toml";
const NODES: u16 = 3;
const HTTP_BASE: u16 = 8081;
const PEER_BASE: u16 = 9091;

/// A cluster on this machine.
#[derive(Debug)]
pub(super) struct Plan {
    /// Absolute: the nodes are told this path.
    pub directory: PathBuf,
    /// Each node as it will be configured, in the order of the ids.
    pub nodes: Vec<NodeConfig>,
    /// Nothing was there before; no node has run yet.
    pub is_new: bool,
}

impl Plan {
    /// Finds the cluster in the directory, or writes a new one into an empty directory.
    ///
    /// Errors: the directory holds something that is no demo, or another demo than the one asked for; the
    /// configuration (with what the environment adds) has mistakes.
    pub fn make(options: &Options) -> anyhow::Result<Self> {
        Self::make_with(options, std::env::vars_os().filter_map(text))
    }

    fn make_with(options: &Options, environment: impl Iterator<Item = (String, String)>) -> anyhow::Result<Self> {
        let directory = std::path::absolute(&options.dir).context("the directory has no absolute path")?;
        let file = directory.join(CONFIGURATION);
        let is_new = !file.exists();
        if is_new {
            let content = std::fs::read_dir(&directory).ok().and_then(|mut entries| entries.next());
            if content.is_some() {
                bail!("{} is not empty and holds no demo; name another directory with --dir", directory.display());
            }
            let members = members(options)?;
            std::fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
            write_configuration(&file, &directory, &members)?;
        }
        let nodes = match NodeConfig::load_all(&file, environment, &Flags::default()) {
            Ok(nodes) => nodes,
            Err(errors) => {
                if is_new {
                    forget(&directory);
                }
                return Err(errors.into());
            }
        };
        agree(options, &nodes[0].cluster.members, &directory)?;
        certificates::complete(&directory, &nodes).inspect_err(|_| {
            if is_new {
                forget(&directory);
            }
        })?;
        Ok(Self { directory, nodes, is_new })
    }

    /// Takes a new cluster back before any node has run, so that the next wish need not agree with this one.
    pub fn forget_if_new(&self) {
        if self.is_new {
            forget(&self.directory);
        }
    }

    /// The processes to start.
    pub fn programs(&self) -> anyhow::Result<Vec<Program>> {
        let executable = std::env::current_exe().context("this program cannot find itself")?;
        let program = |node: &NodeConfig| {
            let id = node.node.id;
            Program {
                node: id,
                executable: executable.clone(),
                arguments: vec![
                    "--config".into(),
                    self.directory.join(CONFIGURATION).into(),
                    "--node-id".into(),
                    id.to_string().into(),
                    "--exit-with-parent".into(),
                ],
                log: self.log(id),
                pid_file: self.pid_file(id),
            }
        };
        Ok(self.nodes.iter().map(program).collect())
    }

    pub fn log(&self, node: u64) -> PathBuf {
        self.directory.join(format!("node-{node}.log"))
    }

    /// The last line of a node's log.
    pub fn last_words(&self, node: u64) -> String {
        let text = std::fs::read(self.log(node)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        text.lines().next_back().unwrap_or("nothing").to_owned()
    }

    pub fn pid_file(&self, node: u64) -> PathBuf {
        self.directory.join(format!("node-{node}.pid"))
    }

    /// Where clients reach a node, `http://host:port`.
    pub fn http(&self, node: u64) -> &str {
        let node = self.nodes.iter().find(|candidate| candidate.node.id == node);
        &node.expect("only nodes of the plan are asked for").own().http
    }
}

/// Leaves the directory as it was found. What cannot be removed is only in the way of another wish, which says so.
fn forget(directory: &Path) {
    let _ = std::fs::remove_file(directory.join(CONFIGURATION));
    let _ = std::fs::remove_dir_all(certificates::folder(directory));
    let _ = std::fs::remove_dir(directory);
}

/// A cluster keeps its members and addresses in its log; another wish cannot be met with this data.
fn agree(options: &Options, members: &[Member], directory: &Path) -> anyhow::Result<()> {
    let port = |address: &str| address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    let met = options.nodes.is_none_or(|nodes| usize::from(nodes) == members.len())
        && options.http_base.is_none_or(|base| port(&members[0].http) == Some(base))
        && options.peer_base.is_none_or(|base| port(&members[0].peer) == Some(base));
    if !met {
        let http: Vec<&str> = members.iter().map(|member| member.http.as_str()).collect();
        bail!(
            "{} holds a cluster of {} nodes on {}; leave out --nodes, --http-base and --peer-base to start it, or \
             name another directory with --dir for a new one",
            directory.display(),
            members.len(),
            http.join(" ")
        );
    }
    Ok(())
}

/// The members that the options ask for.
fn members(options: &Options) -> anyhow::Result<Vec<Member>> {
    let http_base = options.http_base.unwrap_or(HTTP_BASE);
    let peer_base = options.peer_base.unwrap_or(PEER_BASE);
    let nodes = options.nodes.unwrap_or(NODES);
    let port = |base: u16, place: u16| {
        base.checked_add(place).with_context(|| format!("{nodes} ports from {base} on do not exist"))
    };
    let member = |place: u16| {
        Ok(Member {
            id: u64::from(place) + 1,
            peer: format!("127.0.0.1:{}", port(peer_base, place)?),
            http: format!("http://127.0.0.1:{}", port(http_base, place)?),
        })
    };
    (0..nodes).map(member).collect()
}

fn write_configuration(file: &Path, directory: &Path, members: &[Member]) -> anyhow::Result<()> {
    let data_dir = directory.join("node-{id}");
    let data_dir = data_dir.to_str().with_context(|| format!("{} is not UTF-8", directory.display()))?;
    let mut random = [0; 8];
    getrandom::fill(&mut random).context("the system gives no random bytes")?;
    let cluster = format!("demo-{:016x}", u64::from_be_bytes(random));
    let mut text = String::from(
        "# Made by `livedropd demo`, shared by its nodes; kept when the demo starts again, so it may be edited.\n\n",
    );
    text += &format!("[node]\ndata_dir = {}\n\n", quoted(data_dir));
    text += &format!("[cluster]\nid = \"{cluster}\"\nmembers = [\n");
    for Member { id, peer, http } in members {
        text += &format!("    {{ id = {id}, peer = \"{peer}\", http = \"{http}\" }},\n");
    }
    text += "]\n";
    text += &tls(directory)?;
    // Several nodes share the memory of one machine.
    text += "\n[storage]\nstate_cache_bytes = 67108864\n";
    // All that comes to a demo comes from one address, a benchmark too.
    text += "\n[limits]\naccount_per_minute = 60000\naccount_burst = 60000\n";
    text += "address_per_minute = 1000000\naddress_burst = 1000000\n";

    // Never half a file: an identity that was lost while being written would orphan the data made under it.
    let unfinished = file.with_extension("toml.new");
    let mut writer = std::fs::File::create(&unfinished)?;
    writer.write_all(text.as_bytes())?;
    writer.sync_all()?;
    std::fs::rename(&unfinished, file)?;
    Ok(())
}

/// Where the nodes find the certificates that are made for them.
fn tls(directory: &Path) -> anyhow::Result<String> {
    let path = |name: &str| {
        let path = certificates::folder(directory).join(name);
        path.to_str().map(quoted).with_context(|| format!("{} is not UTF-8", directory.display()))
    };
    let (authority, certificate, key) = (path("authority.pem")?, path("node-{id}.pem")?, path("node-{id}.key")?);
    Ok(format!("\n[peer.tls]\nauthority = {authority}\ncertificate = {certificate}\nkey = {key}\n"))
}

/// A text as TOML writes it; JSON's escapes are among TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Variables that are not UTF-8 cannot be ours.
fn text((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(dir: &Path) -> Options {
        Options { nodes: None, dir: dir.to_owned(), http_base: None, peer_base: None, empty: false }
    }

    fn make(options: &Options) -> anyhow::Result<Plan> {
        Plan::make_with(options, std::iter::empty())
    }

    #[test]
    fn a_new_directory_gets_three_nodes_with_ports_and_data_of_their_own() {
        let parent = tempfile::tempdir().expect("a directory");
        let directory = parent.path().join("new").join("shop");
        let plan = make(&options(&directory)).expect("a plan");
        let http: Vec<String> = plan.nodes.iter().map(|node| node.http.listen.to_string()).collect();
        assert_eq!(http, ["127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:8083"]);
        let peer: Vec<String> = plan.nodes.iter().map(|node| node.peer.listen.to_string()).collect();
        assert_eq!(peer, ["127.0.0.1:9091", "127.0.0.1:9092", "127.0.0.1:9093"]);
        let data: Vec<PathBuf> = plan.nodes.iter().map(|node| node.node.data_dir.clone()).collect();
        assert_eq!(data, ["node-1", "node-2", "node-3"].map(|name| directory.join(name)));
    }

    #[test]
    fn every_node_has_a_certificate_of_its_own_from_the_first_start_and_keeps_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let plan = make(&options(directory.path())).expect("a plan");
        for node in &plan.nodes {
            crate::tls::check(node).expect("its certificate is good");
        }
        let read = |name: &str| std::fs::read(directory.path().join("certificates").join(name)).expect("it is there");
        let (first, operator) = (read("node-1.pem"), read("operator-demo.pem"));
        // A start that was cut short left one of them out.
        std::fs::remove_file(directory.path().join("certificates/node-2.pem")).expect("it is there");
        let again = make(&options(directory.path())).expect("the same plan");
        assert_eq!((read("node-1.pem"), read("operator-demo.pem")), (first, operator));
        crate::tls::check(&again.nodes[1]).expect("it was made again, with its key");
    }

    #[test]
    fn a_second_start_finds_the_same_cluster_and_another_directory_gets_another() {
        let (here, there) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        let wish = Options { nodes: Some(5), http_base: Some(7001), peer_base: Some(7101), ..options(here.path()) };
        let first = make(&wish).expect("a plan");
        let again = make(&options(here.path())).expect("the same plan");
        assert_eq!(first.nodes, again.nodes);
        assert_eq!(again.nodes.len(), 5);
        assert_ne!(first.nodes[0].cluster.id, make(&options(there.path())).expect("a plan").nodes[0].cluster.id);
    }

    #[test]
    fn another_wish_than_the_directory_holds_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        make(&options(directory.path())).expect("a plan");
        for wish in [
            Options { nodes: Some(5), ..options(directory.path()) },
            Options { http_base: Some(9000), ..options(directory.path()) },
            Options { peer_base: Some(9000), ..options(directory.path()) },
        ] {
            let error = make(&wish).expect_err("this is another cluster").to_string();
            assert!(error.contains("holds a cluster of 3 nodes on http://127.0.0.1:8081"), "{error}");
        }
        make(&Options { nodes: Some(3), http_base: Some(8081), ..options(directory.path()) }).expect("the same wish");
    }

    #[test]
    fn a_directory_that_holds_something_else_is_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("thesis.txt"), "do not lose").expect("written");
        let error = make(&options(directory.path())).expect_err("not a demo").to_string();
        assert!(error.contains("is not empty and holds no demo"), "{error}");
        assert_eq!(std::fs::read_dir(directory.path()).expect("readable").count(), 1);
    }

    #[test]
    fn ports_that_do_not_exist_or_meet_are_refused() {
        for (http, peer, said) in [(65_534, 9091, "3 ports from 65534 on"), (8081, 8082, "is used more than once")] {
            let directory = tempfile::tempdir().expect("a directory");
            let wish = Options { http_base: Some(http), peer_base: Some(peer), ..options(directory.path()) };
            let error = make(&wish).expect_err("impossible ports").to_string();
            assert!(error.contains(said), "{error}");
            make(&options(directory.path())).expect("the next wish is free");
        }
    }

    #[test]
    fn a_new_cluster_that_did_not_start_is_forgotten_and_an_old_one_is_not() {
        let parent = tempfile::tempdir().expect("a directory");
        let directory = parent.path().join("shop");
        make(&options(&directory)).expect("a plan").forget_if_new();
        assert!(!directory.exists());
        make(&options(&directory)).expect("a plan");
        make(&options(&directory)).expect("the same").forget_if_new();
        assert!(directory.join(CONFIGURATION).exists());
    }
}
