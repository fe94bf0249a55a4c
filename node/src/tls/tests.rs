//! Handshakes over a pipe, and files that are refused.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use livedrop_certificates::{Authority, Location, Pair, Period, Role, write_pair};
use livedrop_config::{Flags, NodeConfig};
use tempfile::TempDir;

use super::*;

fn today() -> Period {
    Period::days(crate::clock::now().0 / 1_000, 1)
}

/// A folder with the authority's certificate and what it has signed.
struct Folder {
    directory: TempDir,
    authority: Authority,
}

impl Folder {
    fn of(cluster: &str) -> Self {
        let (authority, pair) = Authority::make(cluster, today()).expect("an authority");
        let folder = Folder { directory: tempfile::tempdir().expect("a directory"), authority };
        std::fs::write(folder.path("authority.pem"), &pair.certificate).expect("written");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn put(&self, name: &str, pair: &Pair) -> Files {
        let location = Location::in_directory(self.directory.path(), name);
        for path in [&location.certificate, &location.key] {
            let _absent = std::fs::remove_file(path);
        }
        write_pair(&location, pair).expect("written");
        let Location { certificate, key } = location;
        Files { section: "peer.tls", authority: Some(self.path("authority.pem")), certificate, key }
    }

    fn pair(&self, id: u64) -> Pair {
        self.authority.node(None, id, &["127.0.0.1".to_owned()], today()).expect("a certificate")
    }

    fn node(&self, id: u64) -> PeerTls {
        PeerTls::open(self.put(&format!("node-{id}"), &self.pair(id)), "shop", id).expect("good files")
    }
}

/// Node `to` is meant, and `there` answers. Why the caller gives up, if it does.
async fn handshake(own: &PeerTls, to: u64, there: &PeerTls) -> Option<Reason> {
    let (near, far) = tokio::io::duplex(1 << 16);
    let acceptor = there.acceptor();
    let answering = tokio::spawn(async move { acceptor.accept(far).await.map(drop) });
    let name = rustls::pki_types::ServerName::try_from("livedrop").expect("a name");
    let called = own.connector(Some(to)).expect("a connector").connect(name, near).await;
    let _either_way = answering.await;
    called.err().map(|error| reason_of(&error).0)
}

#[tokio::test]
async fn a_node_talks_to_the_node_it_means_and_to_nobody_else() {
    let (shop, other) = (Folder::of("shop"), Folder::of("shop"));
    let (one, two) = (shop.node(1), shop.node(2));
    assert_eq!(handshake(&one, 2, &two).await, None);
    assert_eq!(handshake(&one, 3, &two).await, Some(Reason::OtherNode));
    assert_eq!(handshake(&one, 2, &other.node(2)).await, Some(Reason::OtherAuthority));
}

#[tokio::test]
async fn newer_files_are_for_new_handshakes() {
    let shop = Folder::of("shop");
    let (one, two) = (shop.node(1), shop.node(2));
    assert_eq!(two.look(), Look::Unchanged);
    let before = two.acceptor();
    shop.put("node-2", &shop.pair(2));
    assert_eq!(two.look(), Look::Used);
    assert!(!std::sync::Arc::ptr_eq(before.config(), two.acceptor().config()));
    assert_eq!(handshake(&one, 2, &two).await, None);
    shop.put("node-2", &shop.pair(3));
    assert_eq!((two.look(), two.look()), (Look::Refused, Look::Refused));
    assert_eq!(handshake(&one, 2, &two).await, None, "those from before stay in use");
}

/// What is said of files that cannot be used.
fn refused(files: Files, node: u64) -> String {
    let refused = PeerTls::open(files, "shop", node).map(drop);
    refused.expect_err("they cannot be used").to_string()
}

fn contains(said: &str, all: &[&str]) {
    assert!(all.iter().all(|part| said.contains(part)), "{said}");
}

#[test]
fn files_that_cannot_be_used_are_refused_with_the_option_that_names_them() {
    let (shop, other) = (Folder::of("shop"), Folder::of("shop"));
    let good = || shop.put("node-1", &shop.pair(1));
    let says = |files: Files, all: &[&str]| contains(&refused(files, 1), all);

    let files = good();
    std::fs::set_permissions(&files.key, std::fs::Permissions::from_mode(0o644)).expect("it is ours");
    says(files, &["peer.tls.key: ", "others may use it (mode 0644)", "chmod 600"]);
    says(Files { key: shop.path("gone.key"), ..good() }, &["peer.tls.key: ", "gone.key: No such file"]);
    says(Files { certificate: shop.path("gone.pem"), ..good() }, &["peer.tls.certificate: ", "gone.pem: No such file"]);
    let files = good();
    std::fs::write(&files.certificate, "nothing").expect("written");
    says(files, &["peer.tls.certificate: ", "holds no certificate"]);
    let files = good();
    std::fs::write(shop.path("empty.pem"), "").expect("written");
    says(Files { authority: Some(shop.path("empty.pem")), ..files }, &["peer.tls.authority: ", "holds no certificate"]);
    let two = shop.put("node-2", &shop.pair(2));
    says(two.clone(), &["peer.tls.certificate: ", "is that of livedrop://shop/node/2", "livedrop://shop/node/1"]);
    says(Files { key: two.key, ..good() }, &["peer.tls.key: ", "does not go with the certificate"]);
    says(shop.put("node-1", &other.pair(1)), &["peer.tls.certificate: ", "not signed by this cluster's authority"]);
    let ended = Period { from: 1_000_000_000, until: 1_000_100_000 };
    let old = shop.authority.node(None, 1, &[], ended).expect("a certificate");
    says(shop.put("node-1", &old), &["peer.tls.certificate: ", "expired"]);
    let person = shop.authority.client(None, Role::Operator, "anna", today()).expect("a certificate");
    says(shop.put("node-1", &person), &["peer.tls.certificate: ", "is that of livedrop://shop/client/operator/anna"]);
    PeerTls::open(good(), "shop", 1).map(drop).expect("all is well");
}

/// A configuration of node 1 whose files are in `folder`.
fn config(folder: &Path) -> NodeConfig {
    let text = format!(
        "[cluster]\nid = \"shop\"\nmembers = [{{ id = 1, peer = \"10.0.0.1:9090\", http = \"https://10.0.0.1:8080\" }}]\n\
         [peer.tls]\nauthority = \"{0}/authority.pem\"\ncertificate = \"{0}/node-{{id}}.pem\"\nkey = \
         \"{0}/node-{{id}}.key\"\n[http.tls]\ncertificate = \"{0}/http.pem\"\nkey = \"{0}/http.key\"\n",
        folder.display()
    );
    NodeConfig::parse(Some(("shop.toml", &text)), std::iter::empty(), Flags::default()).expect("a configuration")
}

#[test]
fn what_is_wrong_with_the_files_of_both_ports_is_said_at_once() {
    let shop = Folder::of("shop");
    let config = config(shop.directory.path());
    let mistakes = check(&config).expect_err("no file is there").0;
    let paths: Vec<&str> = mistakes.iter().map(|mistake| mistake.path.as_str()).collect();
    assert_eq!(paths, ["peer.tls.certificate", "http.tls.certificate"]);
    shop.put("node-1", &shop.pair(1));
    shop.put("http", &shop.pair(1));
    check(&config).expect("all is there");
}
