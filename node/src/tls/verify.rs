//! Whose certificate is believed, and why another one is not.

use std::io;
use std::sync::Arc;

use livedrop_certificates::{About, Holder};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, RootCertStore, SignatureScheme,
};

use super::refused::Reason;

/// A certificate that is good by itself, and not good here.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
struct Stranger {
    reason: Reason,
    said: String,
}

fn stranger(reason: Reason, said: String) -> Error {
    CertificateError::Other(OtherError(Arc::new(Stranger { reason, said }))).into()
}

/// Who holds a certificate that the authority has signed: a node or a person of this cluster.
pub(super) fn holder(certificate: &CertificateDer<'_>, cluster: &str) -> Result<Holder, Error> {
    let nobody = |error: &dyn std::fmt::Display| stranger(Reason::NoName, error.to_string());
    let holder = About::of_der(certificate).map_err(|error| nobody(&error))?.holder.map_err(|error| nobody(&error))?;
    match holder {
        Holder::Authority { .. } => Err(stranger(Reason::NoName, "it is the certificate of an authority".to_owned())),
        holder if holder.cluster() != cluster => {
            let said = format!("the certificate is for {holder}, and this is cluster {cluster}");
            Err(stranger(Reason::OtherCluster, said))
        }
        holder => Ok(holder),
    }
}

/// Lets in the nodes and the people of one cluster.
#[derive(Debug)]
pub(super) struct OfCluster {
    /// Proves that the authority has signed it, and that it is good now.
    pub chain: Arc<dyn ClientCertVerifier>,
    pub cluster: String,
}

impl ClientCertVerifier for OfCluster {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.chain.verify_client_cert(end_entity, intermediates, now)?;
        holder(end_entity, &self.cluster)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// Talks to one node of one cluster, at whatever address it answers.
#[derive(Debug)]
pub(super) struct ThatNode {
    pub roots: Arc<RootCertStore>,
    pub algorithms: WebPkiSupportedAlgorithms,
    pub cluster: String,
    /// Any node of the cluster when absent.
    pub node: Option<u64>,
}

impl ServerCertVerifier for ThatNode {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let all = self.algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &self.roots, intermediates, now, all)?;
        match holder(end_entity, &self.cluster)? {
            Holder::Node { node, .. } if self.node.is_none_or(|meant| meant == node) => {
                Ok(ServerCertVerified::assertion())
            }
            other => {
                let meant = self.node.map_or("a node".to_owned(), |node| format!("node {node}"));
                let said = format!("{other} answers where {meant} was meant to");
                Err(stranger(Reason::OtherNode, said))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Why a handshake failed, as a reason to count and in words.
pub fn reason_of(error: &io::Error) -> (Reason, String) {
    let inside = error.get_ref().and_then(|inside| inside.downcast_ref::<Error>());
    match (inside, error.kind()) {
        (Some(error), _) => (reason_in(error), said_of(error)),
        (None, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            (Reason::BrokenOff, "the connection ended before it was agreed who talks to whom".to_owned())
        }
        (None, io::ErrorKind::TimedOut) => (Reason::Slow, "it took too long to say who it is".to_owned()),
        (None, _) => (Reason::Other, error.to_string()),
    }
}

fn reason_in(error: &Error) -> Reason {
    match error {
        Error::NoCertificatesPresented => Reason::NoCertificate,
        Error::InvalidCertificate(wrong) => match wrong {
            // An authority of the same name and with another key is another authority.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Reason::OtherAuthority,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Reason::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Reason::NotYetValid,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => Reason::OtherPurpose,
            CertificateError::Other(OtherError(other)) => {
                other.downcast_ref::<Stranger>().map_or(Reason::Unfit, |stranger| stranger.reason)
            }
            _ => Reason::Unfit,
        },
        Error::AlertReceived(_) => Reason::TurnedAway,
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerIncompatible(_)
        | Error::PeerMisbehaved(_)
        | Error::NoApplicationProtocol => Reason::Protocol,
        _ => Reason::Other,
    }
}

/// rustls shows an error of ours as its innards.
fn said_of(error: &Error) -> String {
    match error {
        Error::NoCertificatesPresented => "it has no certificate".to_owned(),
        Error::InvalidCertificate(CertificateError::Other(OtherError(other))) => other.to_string(),
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "its certificate is not signed by this cluster's authority".to_owned()
        }
        other => other.to_string(),
    }
}
