//! TLS: this node's certificates, who is let in with which, and what becomes of them while the node runs.
//!
//! ```text
//!   files ──read──► checked ──► in use ──► new handshakes
//!     ▲                           │
//!     └── looked at every few ────┘   bad new files are told and change nothing
//!         seconds, and on SIGHUP
//! ```
//!
//! Between nodes it is always mutual, and a name is an id: what counts is that the cluster's own authority signed a
//! certificate for `livedrop://CLUSTER/node/ID`, not at which address somebody answers. Sessions are not resumed there,
//! so every connection proves again who it is.

mod expiry;
mod files;
mod fresh;
mod http;
mod peer;
mod refused;
mod verify;

use livedrop_config::{ConfigErrors, NodeConfig};

pub use files::Files;
pub use fresh::Look;
pub use http::HttpTls;
pub use peer::PeerTls;
pub use refused::{Door, Reason, tell};
pub use verify::reason_of;

/// How long a handshake may take, either side.
pub const HANDSHAKE: std::time::Duration = std::time::Duration::from_secs(5);

/// Describes what is counted here. Called once, by who sets up the metrics of the process.
pub fn describe() {
    refused::describe();
    expiry::describe();
    fresh::describe();
}

/// Reads and checks the certificates that a configuration names, without using them.
///
/// Errors: every mistake, each with the option that names the file.
pub fn check(config: &NodeConfig) -> Result<(), ConfigErrors> {
    let mut mistakes = Vec::new();
    // A node that joins finds out who it is first.
    if config.node.id != 0 && !config.cluster.id.is_empty() {
        mistakes.extend(PeerTls::of(config).err());
    }
    mistakes.extend(HttpTls::of(config).err());
    if mistakes.is_empty() { Ok(()) } else { Err(ConfigErrors(mistakes)) }
}

/// All ciphers and curves are those of one library.
fn provider() -> std::sync::Arc<rustls::crypto::CryptoProvider> {
    static PROVIDER: std::sync::LazyLock<std::sync::Arc<rustls::crypto::CryptoProvider>> =
        std::sync::LazyLock::new(|| std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    PROVIDER.clone()
}

#[cfg(test)]
mod tests;
