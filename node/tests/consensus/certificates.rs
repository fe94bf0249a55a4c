//! Certificates of nodes in one process, and what a test does to them.

use std::sync::Mutex;

use livedrop_certificates::{Authority, Location, Pair, Period, write_pair};
use livedrop_node::tls::{Files, Look, PeerTls};
use tempfile::TempDir;

/// An authority, and the folder with the files of its nodes.
pub struct Certificates {
    pub cluster: String,
    authority: Mutex<(Authority, Pair)>,
    folder: TempDir,
    used: Mutex<Vec<(u64, PeerTls)>>,
}

/// A day that begins an hour ago.
pub fn today() -> Period {
    Period::days(livedrop_node::clock::since_epoch().as_secs(), 1)
}

impl Certificates {
    pub fn of(cluster: &str) -> Self {
        Self::signed_by(cluster, Authority::make(cluster, today()).unwrap())
    }

    /// As `of`, with an authority that several clusters share.
    pub fn of_a_company(cluster: &str) -> Self {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let pair = Pair { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() };
        Self::signed_by(cluster, (Authority::open(&pair.certificate, &pair.key).unwrap(), pair))
    }

    fn signed_by(cluster: &str, authority: (Authority, Pair)) -> Self {
        let made = Self {
            cluster: cluster.to_owned(),
            folder: tempfile::tempdir().unwrap(),
            authority: Mutex::new(authority),
            used: Mutex::default(),
        };
        made.put_authorities(&[&made.authority()]);
        made
    }

    /// The authority's certificate, in PEM.
    pub fn authority(&self) -> String {
        self.authority.lock().unwrap().1.certificate.clone()
    }

    /// Signs with another authority from now on.
    pub fn replace_authority(&self) {
        *self.authority.lock().unwrap() = Authority::make(&self.cluster, today()).unwrap();
    }

    /// Does something with the authority.
    pub fn signed(&self, make: impl FnOnce(&Authority) -> Pair) -> Pair {
        make(&self.authority.lock().unwrap().0)
    }

    /// Writes which authorities the nodes believe.
    pub fn put_authorities(&self, certificates: &[&str]) {
        std::fs::write(self.folder.path().join("authority.pem"), certificates.concat()).unwrap();
    }

    /// Writes a new certificate for a node in place of the one that it has.
    pub fn put_node(&self, id: u64) {
        let pair =
            self.signed(|authority| authority.node(Some(&self.cluster), id, &["127.0.0.1".into()], today()).unwrap());
        self.put(&format!("node-{id}"), &pair);
    }

    pub fn put(&self, name: &str, pair: &Pair) {
        let location = Location::in_directory(self.folder.path(), name);
        for path in [&location.certificate, &location.key] {
            let _ = std::fs::remove_file(path);
        }
        write_pair(&location, pair).unwrap();
    }

    pub fn files(&self, name: &str) -> Files {
        let Location { certificate, key } = Location::in_directory(self.folder.path(), name);
        let authority = Some(self.folder.path().join("authority.pem"));
        Files { section: "peer.tls", authority, certificate, key }
    }

    pub fn tls(&self, id: u64) -> PeerTls {
        let tls = PeerTls::open(self.files(&format!("node-{id}")), &self.cluster, id).unwrap();
        self.used.lock().unwrap().push((id, tls.clone()));
        tls
    }

    /// Has every node look at its files.
    pub fn look(&self) -> Vec<Look> {
        self.used.lock().unwrap().iter().map(|(_, tls)| tls.look()).collect()
    }
}
