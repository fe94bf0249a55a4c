//! What is shipped beside the code agrees with it: the cluster files load, the list of options is true.

use std::path::Path;

use expect_test::expect_file;
use livedrop_config::{Flags, NodeConfig};

fn nobody() -> std::iter::Empty<(String, String)> {
    std::iter::empty()
}

#[test]
fn every_shipped_file_loads_for_every_node() {
    let folder = Path::new("clusters");
    for (file, nodes) in [("single.toml", 1), ("three-local.toml", 3), ("five-local.toml", 5)] {
        let mut data_dirs = Vec::new();
        for id in 1..=nodes {
            let flags = Flags::default().set("--node-id", "node.id", id.to_string());
            let config = NodeConfig::load(Some(&folder.join(file)), nobody(), flags)
                .unwrap_or_else(|errors| panic!("{file} for node {id}: {errors}"));
            assert_eq!(config.cluster.members.len(), nodes);
            assert_eq!(config.own().id, id as u64);
            assert_eq!(config.own().peer, config.peer.listen.to_string());
            assert_eq!(config.own().http, format!("http://{}", config.http.listen));
            data_dirs.push(config.node.data_dir);
        }
        data_dirs.dedup();
        assert_eq!(data_dirs.len(), nodes, "{file}: each node has a data directory of its own");
    }
    let shipped = std::fs::read_dir(folder).expect("the folder of cluster files is there").count();
    assert_eq!(shipped, 3, "a new file must be added to this test");
}

#[test]
fn a_shared_file_is_checked_for_all_its_nodes_at_once() {
    let file = Path::new("clusters/three-local.toml");
    let alone = NodeConfig::load(Some(file), nobody(), Flags::default()).expect_err("it is nobody in particular");
    assert!(alone.lack_only_the_node());
    let configs = NodeConfig::load_all(file, nobody(), &Flags::default()).expect("the file loads");
    let ids: Vec<u64> = configs.iter().map(|config| config.node.id).collect();
    assert_eq!(ids, [1, 2, 3]);
    let flags = Flags::default().set("--http-listen", "http.listen", "here").set("--set", "http.port", "80");
    let errors = NodeConfig::load_all(file, nobody(), &flags).expect_err("two mistakes");
    let paths: Vec<&str> = errors.0.iter().map(|mistake| mistake.path.as_str()).collect();
    assert_eq!(paths, ["http.listen", "http.port"], "each once, not once for each node");
}

/// Run with UPDATE_EXPECT=1 after an option was changed on purpose.
#[test]
fn the_list_of_options_is_what_the_code_reads() {
    expect_file!["../config.defaults.toml"].assert_eq(&NodeConfig::reference());
}

#[test]
fn every_documented_default_is_the_real_default() {
    let file = Path::new("config.defaults.toml");
    let written_out = NodeConfig::load(Some(file), nobody(), Flags::default()).expect("the list of options loads");
    let shortest = r#"
        [cluster]
        id = "my-shop"
        members = [{ id = 1, peer = "127.0.0.1:9090", http = "http://127.0.0.1:8080" }]
    "#;
    let defaults = NodeConfig::parse(Some(("shortest.toml", shortest)), nobody(), Flags::default());
    assert_eq!(written_out, defaults.expect("what has no default is given"));
}

#[test]
fn the_effective_configuration_loads_again_as_itself() {
    let file = Path::new("clusters/three-local.toml");
    let flags = Flags::default().set("--node-id", "node.id", "2").set("--set", "log.format", "json");
    let config = NodeConfig::load(Some(file), nobody(), flags).expect("the file loads");
    let again = NodeConfig::parse(Some(("effective", &config.to_toml())), nobody(), Flags::default());
    assert_eq!(again, Ok(config));
}
