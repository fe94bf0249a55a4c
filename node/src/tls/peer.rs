//! TLS between nodes: both sides show a certificate that the cluster's authority has signed.

use std::sync::Arc;

use livedrop_certificates::Holder;
use livedrop_config::{Mistake, NodeConfig};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::sync::CancellationToken;

use super::files::{Contents, Files};
use super::fresh::{Fresh, Look};
use super::provider;
use super::verify::{OfCluster, ThatNode, holder};

const SECTION: &str = "peer.tls";
const ALPN: &[u8] = b"h2";

/// This node's certificate among the nodes, as it is at the time.
#[derive(Clone)]
pub struct PeerTls {
    fresh: Arc<Fresh<Material>>,
    cluster: Arc<str>,
}

/// What the handshakes of one set of files are made of.
struct Material {
    server: Arc<ServerConfig>,
    own: Arc<CertifiedKey>,
    roots: Arc<RootCertStore>,
}

impl PeerTls {
    /// What a configuration names; nothing when it names nothing.
    ///
    /// Errors: the first file that cannot be used.
    pub fn of(config: &NodeConfig) -> Result<Option<Self>, Mistake> {
        let tls = &config.peer.tls;
        let files = Files {
            section: SECTION,
            authority: Some(tls.authority.clone().into()),
            certificate: tls.certificate.clone().into(),
            key: tls.key.clone().into(),
        };
        tls.is_on().then(|| Self::open(files, &config.cluster.id, config.node.id)).transpose()
    }

    /// Reads the certificates of node `node` of `cluster`.
    ///
    /// Errors: a file cannot be read or understood; the key can be read by others, or belongs to another certificate;
    /// the certificate is not this node's, not signed by the authority, or not good now.
    pub fn open(files: Files, cluster: &str, node: u64) -> Result<Self, Mistake> {
        let own = cluster.to_owned();
        let fresh = Fresh::open("peer", files, move |files, contents| Material::make(files, contents, &own, node))?;
        Ok(PeerTls { fresh, cluster: cluster.into() })
    }

    /// Looks for newer files until `stop`.
    pub async fn keep(self, stop: CancellationToken) {
        self.fresh.keep(stop).await;
    }

    /// When this node's own certificate ends, in seconds since 1970.
    pub fn ends_at(&self) -> u64 {
        self.fresh.ends_at()
    }

    /// Looks for newer files now, as SIGHUP asks for.
    pub fn look(&self) -> Look {
        self.fresh.look(true)
    }

    /// For one connection that came in: it is accepted when it shows a certificate of this cluster.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.fresh.current().server.clone().into()
    }

    /// For one connection to a node, or to any of the cluster: it is given up unless such a certificate is shown.
    pub fn connector(&self, node: Option<u64>) -> Result<TlsConnector, rustls::Error> {
        let material = self.fresh.current();
        let provider = provider();
        let verifier = ThatNode {
            roots: material.roots.clone(),
            algorithms: provider.signature_verification_algorithms,
            cluster: self.cluster.to_string(),
            node,
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(material.own.clone())));
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.enable_sni = false;
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Arc::new(config).into())
    }

    /// Who holds a certificate that a handshake has verified.
    pub fn holder(&self, certificate: &CertificateDer<'_>) -> Option<Holder> {
        holder(certificate, &self.cluster).ok()
    }
}

impl Material {
    fn make(files: &Files, contents: &Contents, cluster: &str, node: u64) -> Result<Self, Mistake> {
        let own = certified(files, contents)?;
        let wanted = Holder::Node { cluster: cluster.to_owned(), node };
        match &contents.own.holder {
            Ok(named) if *named == wanted => {}
            other => {
                let named = other.as_ref().map_or_else(ToString::to_string, |named| format!("it is that of {named}"));
                let problem = format!("{} is not the certificate of {wanted}: {named}", files.certificate.display());
                let advice =
                    format!("Make it with `livedropctl cert node --id {node}`, signed by this cluster's authority.");
                return Err(files.mistake("certificate", problem, &advice));
            }
        }
        let mut roots = RootCertStore::empty();
        for authority in &contents.authorities {
            roots.add(authority.clone()).map_err(|error| {
                files.mistake("authority", format!("it cannot be used: {error}"), "Name the authority's certificate.")
            })?;
        }
        let roots = Arc::new(roots);
        let verifier = of_cluster(&roots, cluster)
            .map_err(|problem| files.mistake("authority", problem, "Name the authority's certificate."))?;
        // As the others will verify it: better told here than by every one of them.
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_millis(crate::clock::now().0));
        verifier.verify_client_cert(&own.cert[0], &own.cert[1..], now).map_err(|error| {
            let (_, said) = super::reason_of(&std::io::Error::other(error));
            let problem = format!("{} would be refused by the other nodes: {said}", files.certificate.display());
            files.mistake("certificate", problem, "Make a new one with `livedropctl cert node` and this authority.")
        })?;
        let server = server(&own, verifier).map_err(|error| files.unusable(&error))?;
        Ok(Material { server: Arc::new(server), own, roots })
    }
}

fn server(own: &Arc<CertifiedKey>, verifier: Arc<dyn ClientCertVerifier>) -> Result<ServerConfig, rustls::Error> {
    let mut server = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(own.clone())));
    server.alpn_protocols = vec![ALPN.to_vec()];
    // A resumed session would not show its certificate again, which may have ended since.
    server.send_tls13_tickets = 0;
    server.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(server)
}

fn of_cluster(roots: &Arc<RootCertStore>, cluster: &str) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let chain = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider()).build();
    let chain = chain.map_err(|error| error.to_string())?;
    Ok(Arc::new(OfCluster { chain, cluster: cluster.to_owned() }))
}

/// The certificate with its key. Errors: they do not belong together, or are of a kind that is not spoken here.
pub(super) fn certified(files: &Files, contents: &Contents) -> Result<Arc<CertifiedKey>, Mistake> {
    let made = CertifiedKey::from_der(contents.chain.clone(), contents.key.clone_key(), &provider());
    made.map(Arc::new).map_err(|error| {
        let problem = format!("{} does not go with the certificate: {error}", files.key.display());
        files.mistake("key", problem, "Name the certificate and the key that were made together.")
    })
}

impl Files {
    pub(super) fn unusable(&self, error: &rustls::Error) -> Mistake {
        let problem = format!("{} cannot be used: {error}", self.certificate.display());
        self.mistake("certificate", problem, "Make a new one with `livedropctl cert`.")
    }
}
