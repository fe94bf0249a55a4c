//! `[peer]`: the port of the other nodes.

use std::net::SocketAddr;

use crate::kind::{Address, Switch};
use crate::reader::section;
use crate::sections::tls::PeerTls;

section! {
    /// The port of the other nodes: consensus, forwarding and administration.
    Peer = "peer", own {
        /// The address to listen on. By default that of this node's own entry in cluster.members; every
        /// interface when that entry has a name instead of an IP address.
        listen: SocketAddr = own.peer_listen(), Address;
        /// Allows to listen beyond the machine itself without [peer.tls], so that this traffic is neither
        /// encrypted nor authenticated: whoever reaches the port can change everything. Only for a network
        /// that is closed to all others.
        insecure_beyond_loopback: bool = false, Switch;
        section tls: PeerTls;
    }
}
