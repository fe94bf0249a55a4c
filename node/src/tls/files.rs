//! The files of one port's certificates, and what is in them.

use std::path::{Path, PathBuf};

use livedrop_certificates::{About, read_private};
use livedrop_config::{Mistake, Origin};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Where the certificates of one port are.
#[derive(Debug, Clone)]
pub struct Files {
    /// The section of the configuration that names them.
    pub section: &'static str,
    /// Whose signatures are believed; clients of the HTTP port need none.
    pub authority: Option<PathBuf>,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// The files as they are on the disk.
pub(super) struct Texts {
    authority: Option<String>,
    certificate: String,
    key: String,
    /// Changes with any of them.
    pub digest: [u8; 32],
}

/// The files, understood. Whether they fit together is not known yet.
pub(super) struct Contents {
    pub authorities: Vec<CertificateDer<'static>>,
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
    /// What this node's own certificate says.
    pub own: About,
    /// When the authority that lasts longest ends, in seconds since 1970.
    pub authority_until: Option<u64>,
}

impl Files {
    /// A mistake in one of the files: `key` is the option that names it.
    pub(super) fn mistake(&self, key: &str, problem: impl Into<String>, advice: &str) -> Mistake {
        let path = format!("{}.{key}", self.section);
        Mistake { path, origin: Origin::Nowhere, problem: problem.into(), advice: advice.to_owned() }
    }

    /// Reads the files. Errors: one cannot be read, or the key can be read by others.
    pub(super) fn read(&self) -> Result<Texts, Mistake> {
        let authority = self.authority.as_ref().map(|path| self.text("authority", path)).transpose()?;
        let certificate = self.text("certificate", &self.certificate)?;
        let key = read_private(&self.key).map_err(|error| {
            self.mistake("key", format!("{}: {error}", self.key.display()), "Name a file that only this user may read.")
        })?;
        let mut hasher = blake3::Hasher::new();
        for text in [authority.as_deref().unwrap_or_default(), &certificate, &key] {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        Ok(Texts { authority, certificate, key, digest: hasher.finalize().into() })
    }

    fn text(&self, key: &str, path: &Path) -> Result<String, Mistake> {
        std::fs::read_to_string(path).map_err(|error| {
            let advice = "Name a file that exists and that this user may read; `livedropctl cert` makes them.";
            self.mistake(key, format!("{}: {error}", path.display()), advice)
        })
    }

    /// Understands the files. Errors: one does not hold what it should.
    pub(super) fn understand(&self, texts: &Texts) -> Result<Contents, Mistake> {
        const PEM: &str = "Write PEM, as `livedropctl cert` makes it.";
        let authorities = texts.authority.as_deref().map(certificates).unwrap_or_default();
        if let Some(path) = self.authority.as_ref().filter(|_| authorities.is_empty()) {
            return Err(self.mistake("authority", format!("{} holds no certificate", path.display()), PEM));
        }
        let chain = certificates(&texts.certificate);
        let unreadable = |why: String| {
            self.mistake("certificate", format!("{} holds no certificate: {why}", self.certificate.display()), PEM)
        };
        let own = chain.first().ok_or_else(|| unreadable("it is empty".to_owned()))?;
        let own = About::of_der(own).map_err(|error| unreadable(error.to_string()))?;
        let key = PrivateKeyDer::from_pem_slice(texts.key.as_bytes())
            .map_err(|_| self.mistake("key", format!("{} holds no private key", self.key.display()), PEM))?;
        let ends = authorities.iter().filter_map(|authority| About::of_der(authority).ok());
        let authority_until = ends.map(|about| about.until).max();
        Ok(Contents { authorities, chain, key, own, authority_until })
    }
}

/// Every certificate of a PEM file up to the first that is damaged: what is missed then is missed by who verifies.
fn certificates(text: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(text.as_bytes()).map_while(Result::ok).collect()
}
