//! `[http]`: the port of clients.

use std::net::SocketAddr;

use serde::Serialize;

use crate::kind::{Address, OneOf, Switch, bytes, count, milliseconds};
use crate::network::{Network, Networks};
use crate::reader::section;
use crate::sections::tls::HttpTls;

/// Which header a trusted proxy names its client in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAddress {
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

section! {
    /// The port of clients: REST, pages, health and metrics.
    Http = "http", own {
        /// The address to listen on. By default that of this node's own entry in cluster.members; every
        /// interface when that entry has a name instead of an IP address.
        listen: SocketAddr = own.http_listen(), Address;
        /// Threads that serve clients. 0 is one for each processor.
        threads: usize = 0, count("threads", 0..=256);
        /// How long a connection may take to send the whole header of a request, a new one its first byte.
        /// A slower one is closed.
        header_timeout_ms: u64 = 10_000, milliseconds(100..=120_000);
        /// How long a connection may stay open between two requests.
        idle_timeout_ms: u64 = 75_000, milliseconds(100..=3_600_000);
        /// How long a request may take to send its body; then it is answered 408 and closed.
        body_timeout_ms: u64 = 30_000, milliseconds(100..=600_000);
        /// Connections open at one time. Further ones wait in the system's queue until one closes.
        max_connections: usize = 25_000, count("connections", 1..=1_000_000);
        /// Requests in work at one time. Further ones are answered 503 with Retry-After at once.
        max_in_flight: usize = 8_192, count("requests", 1..=1_000_000);
        /// How long a node that is told to stop says at /readyz that it is not ready, and goes on answering, before it
        /// closes its connections: a little more than the balancer in front takes to notice.
        drain_ms: u64 = 0, milliseconds(0..=600_000);
        /// Bodies of public answers (products, creators) that are kept, so that they are written once. What is
        /// asked for least falls out.
        cache_bytes: usize = 33_554_432, bytes(65_536..=68_719_476_736);
        /// The proxies in front of the nodes. What one of them says of whom it speaks for is believed; of
        /// everybody else the address of the connection counts. Without the proxies' addresses here, all
        /// their clients would share one limit.
        trusted_proxies: Vec<Network> = Vec::new(), Networks;
        /// Where a trusted proxy says whom it speaks for. Only this header is read: the other one may be
        /// the client's own invention, which the proxy passes on.
        client_address_header: ClientAddress = ClientAddress::XForwardedFor,
            OneOf(&[("x-forwarded-for", ClientAddress::XForwardedFor), ("forwarded", ClientAddress::Forwarded)]);
        /// Allows to listen beyond the machine itself without [http.tls], so that passwords and tokens, the
        /// operator's too, can be read on their way. Only where something in front speaks TLS to clients, in
        /// a network that is closed to all others.
        insecure_beyond_loopback: bool = false, Switch;
        section tls: HttpTls;
    }
}
