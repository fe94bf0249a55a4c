//! Every mistake is reported at once, with its path, its source and what to do.

use expect_test::{Expect, expect};
use livedrop_config::{Flags, NodeConfig};

const ONE: &str = r#"
[cluster]
id = "shop"
members = [{ id = 1, peer = "127.0.0.1:9090", http = "http://127.0.0.1:8080" }]
"#;

fn load(text: &str, environment: &[(&str, &str)], flags: Flags) -> Result<NodeConfig, String> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    NodeConfig::parse(Some(("shop.toml", text)), environment, flags).map_err(|errors| errors.to_string())
}

fn refused(text: &str, environment: &[(&str, &str)], expected: &Expect) {
    let errors = load(text, environment, Flags::default()).expect_err("this must be refused");
    expected.assert_eq(&errors);
}

#[test]
fn a_flag_wins_over_the_environment_and_the_environment_over_the_file() {
    let text = format!("{ONE}[raft]\nheartbeat_ms = 50\nkeep_entries = 1\nsnapshot_every_entries = 1000\n");
    let environment = [("LIVEDROP_RAFT__HEARTBEAT_MS", "60"), ("LIVEDROP_RAFT__KEEP_ENTRIES", "2")];
    let flags = Flags::default().set("--set", "raft.heartbeat_ms", "70");
    let config = load(&text, &environment, flags).expect("this is good");
    assert_eq!(config.raft.heartbeat_ms, 70);
    assert_eq!(config.raft.keep_entries, 2);
    assert_eq!(config.raft.snapshot_every_entries, 1000);
}

#[test]
fn all_mistakes_of_all_sources_are_reported_at_once() {
    let text = r#"
        colour = "blue"
        [cluster]
        id = "My Shop"
        members = [
            { id = 0, peer = "somewhere", http = "http://127.0.0.1:8081" },
            { id = 2, peer = "127.0.0.1:9092", http = "127.0.0.1:8082", weight = 3 },
        ]
        [raft]
        hartbeat_ms = 100
        heartbeat_ms = 5
        [http]
        listen = "localhost:8080"
        [limits]
        enabled = "yes"
    "#;
    let environment = [("LIVEDROP_HTTP__THREADS", "many"), ("LIVEDROP_LOG_FILTER", "info"), ("LIVEDROP_PORT", "1")];
    refused(
        text,
        &environment,
        &expect![[r#"
        13 mistakes in the configuration:
          colour (in shop.toml): this stands outside of every section. Put it under its section, for example [node] or [http].
          cluster.id (in shop.toml): "My Shop" is not 1 to 64 of a-z, 0-9 and -. Write 1 to 64 of a-z, 0-9 and -.
          cluster.members[0].id (in shop.toml): this is not a whole number of 1 or more. Give each node a number of its own.
          cluster.members[0].peer (in shop.toml): "somewhere" is not an address. Write host:port, for example 10.0.0.1:9090.
          cluster.members[1].http (in shop.toml): "127.0.0.1:8082" is not an address. Write http://host:port without a path, for example http://10.0.0.1:8080.
          cluster.members[1].weight (in shop.toml): there is no such option. Write { id = 1, peer = "10.0.0.1:9090", http = "http://10.0.0.1:8080" } for each node.
          node.id: this must be given and is not. Say which of cluster.members this is: --node-id N, LIVEDROP_NODE__ID=N or id = N.
          http.listen (in shop.toml): "localhost:8080" is not an address with a port. Write an IP address and a port, for example 127.0.0.1:8080 or [::]:8080; a name is not resolved here.
          http.threads (from LIVEDROP_HTTP__THREADS): "many" is not a whole number that fits. Write a number of threads, 0 to 256.
          raft.heartbeat_ms (in shop.toml): 5 is outside of 10 to 10000. Write a number of milliseconds, 10 to 10000.
          limits.enabled (in shop.toml): "yes" is neither true nor false. Write true or false.
          raft.hartbeat_ms (in shop.toml): there is no such option. Did you mean raft.heartbeat_ms?
          log.filter (from LIVEDROP_LOG_FILTER): a section and its key are joined by two underscores. Write LIVEDROP_LOG__FILTER.
    "#]],
    );
}

#[test]
fn a_file_that_is_no_toml_is_reported_with_its_line() {
    refused(
        "[cluster]\nid = shop\n",
        &[("LIVEDROP_HTTP__THREADS", "x")],
        &expect![[r#"
            2 mistakes in the configuration:
              line 2 (in shop.toml): this is not TOML: string values must be quoted, expected literal string. Mend the file; nothing after this line was read.
              http.threads (from LIVEDROP_HTTP__THREADS): "x" is not a whole number that fits. Write a number of threads, 0 to 256.
        "#]],
    );
}

#[test]
fn nothing_at_all_is_answered_with_what_must_be_given() {
    refused(
        "",
        &[],
        &expect![[r#"
        3 mistakes in the configuration:
          cluster.id: this must be given and is not. Write 1 to 64 of a-z, 0-9 and -.
          cluster.members: this must be given and is not. Write { id = 1, peer = "10.0.0.1:9090", http = "http://10.0.0.1:8080" } for each node.
          node.id: this must be given and is not. Say which of cluster.members this is: --node-id N, LIVEDROP_NODE__ID=N or id = N.
    "#]],
    );
}

#[test]
fn options_that_do_not_go_together_are_reported() {
    let text = r#"
        [node]
        id = 4
        [cluster]
        id = "shop"
        members = [
            { id = 1, peer = "127.0.0.1:9091", http = "http://127.0.0.1:8081" },
            { id = 1, peer = "127.0.0.1:9091", http = "http://127.0.0.1:8082" },
        ]
        [http]
        listen = "0.0.0.0:9091"
        [peer]
        listen = "10.1.2.3:9091"
        [raft]
        heartbeat_ms = 200
        election_timeout_min_ms = 400
        election_timeout_max_ms = 500
        [batch]
        max_bytes = 65536
        queue_commands = 10
        [auth]
        refresh_token_seconds = 60
    "#;
    refused(
        text,
        &[],
        &expect![[r#"
            8 mistakes in the configuration:
              cluster.members (in shop.toml): the id 1 is given to more than one member. Give each node a number of its own.
              cluster.members (in shop.toml): the address 127.0.0.1:9091 is used more than once. Give each node a peer and an http address that nobody else has.
              node.id (in shop.toml): 4 is not among the members of the cluster. Choose one of cluster.members, or add this node to that list.
              raft.election_timeout_min_ms: 400 is less than three heartbeats of 200. Two lost heartbeats must not cost the leader its place: raise it or lower raft.heartbeat_ms.
              raft.election_timeout_max_ms: 500 is less than a heartbeat above raft.election_timeout_min_ms, 400. Without room between the two all nodes ask for votes at once: raise it.
              auth.refresh_token_seconds: 60 is not longer than auth.access_token_seconds. A refresh token must outlive the access token that it replaces: raise it.
              batch.max_bytes: 65536 is less than twice limits.body_bytes, 65536. A command of the longest body must fit into an entry: raise it.
              batch.queue_commands: 10 is less than batch.max_commands, 1024. A queue that cannot fill one entry only refuses callers: raise it.
        "#]],
    );
}

#[test]
fn a_node_beyond_loopback_must_be_told_so_in_those_words() {
    let text = ONE.replace("127.0.0.1:9090", "shop-0.shop:9090");
    refused(
        &text,
        &[],
        &expect![[r#"
            1 mistake in the configuration:
              peer.listen: 0.0.0.0:9090 can be reached from other machines, and [peer.tls] has no certificates. Make certificates with `livedropctl cert` and name them in [peer.tls]; or listen on 127.0.0.1; or set peer.insecure_beyond_loopback = true in a network that is closed to all others.
        "#]],
    );
    let told = [("LIVEDROP_PEER__INSECURE_BEYOND_LOOPBACK", "true")];
    let config = load(&text, &told, Flags::default()).expect("it was told");
    assert_eq!(config.peer.listen.to_string(), "0.0.0.0:9090");
}

#[test]
fn a_node_beyond_loopback_has_certificates_or_must_be_told_so_for_each_port() {
    let text = ONE.replace("127.0.0.1", "10.0.0.1");
    refused(
        &text,
        &[],
        &expect![[r#"
        2 mistakes in the configuration:
          peer.listen: 10.0.0.1:9090 can be reached from other machines, and [peer.tls] has no certificates. Make certificates with `livedropctl cert` and name them in [peer.tls]; or listen on 127.0.0.1; or set peer.insecure_beyond_loopback = true in a network that is closed to all others.
          http.listen: 10.0.0.1:8080 can be reached from other machines, and [http.tls] has no certificate: passwords and tokens could be read on their way. Name a certificate and its key in [http.tls]; or listen on 127.0.0.1; or set http.insecure_beyond_loopback = true where something in front speaks TLS, in a network that is closed to all others.
    "#]],
    );
    let told =
        [("LIVEDROP_PEER__INSECURE_BEYOND_LOOPBACK", "true"), ("LIVEDROP_HTTP__INSECURE_BEYOND_LOOPBACK", "true")];
    load(&text, &told, Flags::default()).expect("it was told");
    let secured = format!(
        "{}[peer.tls]\nauthority = \"tls/authority.pem\"\ncertificate = \"tls/node-{{id}}.pem\"\nkey = \
         \"tls/node-{{id}}.key\"\n",
        text.replace("http://", "https://")
    );
    let http = [("LIVEDROP_HTTP__TLS__CERTIFICATE", "tls/shop.pem"), ("LIVEDROP_HTTP__TLS__KEY", "tls/shop.key")];
    let config = load(&secured, &http, Flags::default()).expect("both ports have certificates");
    assert_eq!(config.peer.tls.certificate, "tls/node-1.pem");
    assert_eq!(config.http.tls.key, "tls/shop.key");
    let again = load(&config.to_toml(), &[], Flags::default()).expect("what check prints loads again");
    assert_eq!(again, config);
}

#[test]
fn half_of_the_files_of_tls_is_a_mistake() {
    let text = format!("{ONE}[peer.tls]\nkey = \"node.key\"\nchain = \"x\"\n[http.tls]\ncertificate = \"a.pem\"\n");
    refused(
        &text,
        &[],
        &expect![[r#"
        5 mistakes in the configuration:
          peer.tls.chain (in shop.toml): there is no such option. Remove it; config.defaults.toml lists every option.
          peer.tls.authority: peer.tls.key is given and this is not. Name the file, or leave all of the section out.
          peer.tls.certificate: peer.tls.key is given and this is not. Name the file, or leave all of the section out.
          http.tls.key: http.tls.certificate is given and this is not. Name the file, or leave all of the section out.
          cluster.members: clients are told to reach node 1 at http://127.0.0.1:8080, and [http.tls] is on. Write https:// in http of each member.
    "#]],
    );
}

#[test]
fn members_may_come_from_the_environment() {
    let members = r#"[{ id = 7, peer = "[::1]:9090", http = "http://localhost:8080" }]"#;
    let environment = [("LIVEDROP_CLUSTER__ID", "shop"), ("LIVEDROP_CLUSTER__MEMBERS", members)];
    let config = load("", &environment, Flags::default()).expect("this is good");
    assert_eq!(config.node.id, 7);
    assert_eq!(config.node.data_dir.to_str(), Some("livedrop-data/7"));
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.peer.listen.to_string(), "[::1]:9090");
}

const JOINS: &str = "[node]\ndata_dir = \"/data\"\n[cluster]\njoin = [\"10.0.0.1:9090\"]\n";

#[test]
fn a_node_that_joins_needs_neither_members_nor_an_id() {
    let config = load(JOINS, &[], Flags::default()).expect("this is good");
    assert!(config.cluster.joins() && config.cluster.members.is_empty());
    assert_eq!((config.node.id, config.cluster.id.as_str()), (0, ""));
    let again = load(&config.to_toml(), &[], Flags::default()).expect("what is shown can be loaded");
    assert_eq!(again, config);
    let flags = Flags::default().set("--join", "cluster.join_token", "4.c2VjcmV0").set(
        "--data-dir",
        "node.data_dir",
        "/d/{id}",
    );
    let invited = load(JOINS, &[], flags).expect("the token says the id");
    assert_eq!((invited.node.id, invited.node.data_dir.to_str()), (4, Some("/d/4")));
}

#[test]
fn a_node_joins_a_cluster_or_begins_one() {
    let both = format!("{ONE}join = [\"10.0.0.1:9090\", \"nowhere\"]\n");
    refused(
        &both,
        &[],
        &expect![[r#"
            1 mistake in the configuration:
              cluster.join (in shop.toml): "nowhere" is not an address. Write a list such as ["10.0.0.1:9090", "10.0.0.2:9090"]; in a variable 10.0.0.1:9090,10.0.0.2:9090.
        "#]],
    );
    let both = format!("{ONE}join = [\"10.0.0.1:9090\"]\n");
    refused(
        &both,
        &[("LIVEDROP_CLUSTER__JOIN_TOKEN", "4")],
        &expect![[r#"
            2 mistakes in the configuration:
              cluster.join_token (from LIVEDROP_CLUSTER__JOIN_TOKEN): "4" is not a token of `livedropctl member add`: the node's id, a full stop and the secret; or nothing. Write a token of `livedropctl member add`: the node's id, a full stop and the secret; or nothing.
              cluster.members: members begin a cluster, and cluster.join joins one. Leave out one of the two.
        "#]],
    );
    refused(
        &format!("{ONE}join_token = \"4.c2VjcmV0\"\n"),
        &[],
        &expect![[r#"
            1 mistake in the configuration:
              cluster.join_token: there is a token and nobody to show it to. Name the peer addresses of members with --peers or cluster.join; `livedropctl member add` shows both.
        "#]],
    );
    refused(
        &JOINS.replace("/data", "/data/{id}"),
        &[],
        &expect![[r#"
            1 mistake in the configuration:
              node.data_dir: without a token, nobody knows what {id} stands for. Write the directory that this node has, or give its token with --join.
        "#]],
    );
}

#[test]
fn limits_that_contradict_each_other_are_doubted_and_defaults_are_not() {
    assert_eq!(load(ONE, &[], Flags::default()).expect("this is good").doubts(), []);
    let text = format!(
        "{ONE}[http]\nmax_connections = 5000\n[limits]\naccount_burst = 20000\nsign_in_failures = 200\n\
         [events]\nstreams_per_address = 3000\n"
    );
    let config = load(&text, &[], Flags::default()).expect("a node can run with it");
    let doubts: Vec<String> = config.doubts().iter().map(ToString::to_string).collect();
    expect![[r#"
        events.streams: 20000 is more than four fifths of http.max_connections, 4000. So many streams are never open: raise http.max_connections.
        limits.account_burst: 20000 is more than limits.address_burst, 15000. An account that comes from one address never gets so far: raise the address's limit.
        limits.sign_in_failures: 200 is more than limits.sign_in_failures_address, 100. One who mistypes a password stops everybody behind the same address: raise the address's limit.
        events.streams_per_address: 3000 is more than half of the streams that the node has, 2000. Two addresses could take every stream of the node: lower it.
    "#]]
    .assert_eq(&(doubts.join("\n") + "\n"));
    let off = load(&text, &[("LIVEDROP_LIMITS__ENABLED", "false")], Flags::default()).expect("a node can run with it");
    assert_eq!(off.doubts().len(), 1, "what does not hold contradicts nothing");
}
