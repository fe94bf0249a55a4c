//! `[peer.tls]` and `[http.tls]`: the certificates of this node.

use crate::kind::Text;
use crate::reader::section;
use crate::sections::cluster::Member;

const FILE: Text = Text {
    allowed: "the path of a file, in which {id} stands for the id of the node, or nothing",
    rule: |text| !text.replace("{id}", "").contains(['{', '}', '\0']),
};

section! {
    /// TLS 1.3 between the nodes, both sides with a certificate. All three files or none; what changes in them is
    /// used for new connections within seconds. `livedropctl cert` makes them.
    PeerTls = "peer.tls", own {
        /// The certificate of the cluster's own authority, which has signed those of all nodes and operators. While it
        /// is replaced by another one: both, one after the other.
        authority: String = String::new(), FILE;
        /// This node's certificate, which names its id and its cluster.
        certificate: String = String::new(), FILE;
        /// The private key of that certificate. A file that others may read is refused.
        key: String = String::new(), FILE;
    }
}

section! {
    /// TLS 1.2 and 1.3 for clients. Both files or none; what changes in them is used for new connections within
    /// seconds. The node's certificate of [peer.tls] will do where clients know that authority.
    HttpTls = "http.tls", own {
        /// The certificate for the names that clients use, and after it what leads to an authority they know.
        certificate: String = String::new(), FILE;
        /// The private key of that certificate. A file that others may read is refused.
        key: String = String::new(), FILE;
    }
}

impl PeerTls {
    /// Whether the nodes are to speak TLS.
    pub fn is_on(&self) -> bool {
        !self.certificate.is_empty()
    }

    /// Fills in the node's id.
    pub(crate) fn of(mut self, own: &Member) -> Self {
        for path in [&mut self.authority, &mut self.certificate, &mut self.key] {
            *path = filled(path, own);
        }
        self
    }

    /// The options that have a file, and those that have none.
    pub(crate) fn given(&self) -> [(&'static str, bool); 3] {
        [("authority", &self.authority), ("certificate", &self.certificate), ("key", &self.key)]
            .map(|(key, path)| (key, !path.is_empty()))
    }
}

impl HttpTls {
    /// Whether clients are spoken to over TLS.
    pub fn is_on(&self) -> bool {
        !self.certificate.is_empty()
    }

    /// Fills in the node's id.
    pub(crate) fn of(mut self, own: &Member) -> Self {
        for path in [&mut self.certificate, &mut self.key] {
            *path = filled(path, own);
        }
        self
    }

    pub(crate) fn given(&self) -> [(&'static str, bool); 2] {
        [("certificate", &self.certificate), ("key", &self.key)].map(|(key, path)| (key, !path.is_empty()))
    }
}

/// A node that joins may not know its id yet; it is filled in when it does.
fn filled(path: &str, own: &Member) -> String {
    if own.id == 0 { path.to_owned() } else { path.replace("{id}", &own.id.to_string()) }
}
