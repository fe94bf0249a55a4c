//! TLS for clients of the HTTP port, who show no certificate.

use std::sync::Arc;

use livedrop_config::{Mistake, NodeConfig};
use rustls::ServerConfig;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::files::{Contents, Files};
use super::fresh::{Fresh, Look};
use super::peer::certified;
use super::provider;

const SECTION: &str = "http.tls";

/// The certificate that clients are shown, as it is at the time.
#[derive(Clone)]
pub struct HttpTls(Arc<Fresh<Arc<ServerConfig>>>);

impl HttpTls {
    /// What a configuration names; nothing when it names nothing.
    ///
    /// Errors: the first file that cannot be used.
    pub fn of(config: &NodeConfig) -> Result<Option<Self>, Mistake> {
        let tls = &config.http.tls;
        let files = Files {
            section: SECTION,
            authority: None,
            certificate: tls.certificate.clone().into(),
            key: tls.key.clone().into(),
        };
        tls.is_on().then(|| Self::open(files)).transpose()
    }

    /// Reads the certificate and its key.
    ///
    /// Errors: a file cannot be read or understood; the key can be read by others, or belongs to another certificate;
    /// the certificate has ended.
    pub fn open(files: Files) -> Result<Self, Mistake> {
        Fresh::open("http", files, make).map(HttpTls)
    }

    /// Looks for newer files until `stop`.
    pub async fn keep(self, stop: CancellationToken) {
        self.0.keep(stop).await;
    }

    /// Looks for newer files now, as SIGHUP asks for.
    pub fn look(&self) -> Look {
        self.0.look(true)
    }

    /// For one connection that came in.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.0.current().as_ref().clone().into()
    }
}

fn make(files: &Files, contents: &Contents) -> Result<Arc<ServerConfig>, Mistake> {
    let own = certified(files, contents)?;
    if contents.own.until <= crate::clock::now().0 / 1_000 {
        let problem = format!("{} has ended at {}", files.certificate.display(), contents.own.until_shown());
        return Err(files.mistake("certificate", problem, "Put a new one in its place."));
    }
    let made = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13, &TLS12]);
    let made = made.map_err(|error| files.unusable(&error))?;
    let mut server = made.with_no_client_auth().with_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(server))
}
