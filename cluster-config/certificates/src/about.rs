//! What a certificate says.

use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;

use crate::error::Error;
use crate::name::{Holder, NotAName};

/// What a certificate says of itself. Nothing of it is proved before a chain of signatures is verified.
#[derive(Clone, Debug)]
pub struct About {
    /// Whose it is, or why it is nobody's.
    pub holder: Result<Holder, NotAName>,
    /// Who holds it and who signed it, as X.509 has it.
    pub subject: String,
    pub issuer: String,
    /// Host names and IP addresses that it serves under.
    pub hosts: Vec<String>,
    /// Seconds since 1970.
    pub from: u64,
    pub until: u64,
    pub is_authority: bool,
    pub purposes: Vec<Purpose>,
    /// SHA-256 of the certificate, in hexadecimal, as `openssl x509 -fingerprint -sha256` has it without colons.
    pub fingerprint: String,
    /// The key with its algorithm, as DER.
    pub public_key: Vec<u8>,
}

/// What a certificate may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Serve,
    Call,
}

impl About {
    /// Reads the first certificate of a PEM file; a chain has its own certificate first.
    ///
    /// Errors: `NotACertificate`.
    pub fn of_pem(text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::NotACertificate(why.to_owned());
        for pem in Pem::iter_from_buffer(text.as_bytes()) {
            let pem = pem.map_err(|error| wrong(&error.to_string()))?;
            if pem.label == "CERTIFICATE" {
                return Self::of_der(&pem.contents);
            }
        }
        Err(wrong("no BEGIN CERTIFICATE is in it"))
    }

    /// Reads a certificate as it is sent.
    ///
    /// Errors: `NotACertificate`.
    pub fn of_der(der: &[u8]) -> Result<Self, Error> {
        let wrong = |error: &dyn std::fmt::Display| Error::NotACertificate(error.to_string());
        let (_, certificate) = x509_parser::parse_x509_certificate(der).map_err(|error| wrong(&error))?;
        let (uris, hosts) = names(&certificate).map_err(|error| wrong(&error))?;
        let usage = certificate.extended_key_usage().map_err(|error| wrong(&error))?.map(|usage| usage.value.clone());
        let purposes = [
            (Purpose::Serve, usage.as_ref().is_none_or(|usage| usage.server_auth || usage.any)),
            (Purpose::Call, usage.as_ref().is_none_or(|usage| usage.client_auth || usage.any)),
        ];
        let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap_or(0);
        Ok(About {
            holder: Holder::among(uris.iter().map(String::as_str)),
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            hosts,
            from: seconds(certificate.validity().not_before),
            until: seconds(certificate.validity().not_after),
            is_authority: certificate.is_ca(),
            purposes: purposes.into_iter().filter(|(_, may)| *may).map(|(purpose, _)| purpose).collect(),
            fingerprint: hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der).as_ref()),
            public_key: certificate.public_key().raw.to_vec(),
        })
    }

    /// When it begins and ends, as people write it: `2027-01-01T00:00:00Z`.
    pub fn from_shown(&self) -> String {
        shown(self.from)
    }

    pub fn until_shown(&self) -> String {
        shown(self.until)
    }
}

/// The URIs, and the hosts, among the alternative names.
fn names(certificate: &X509Certificate<'_>) -> Result<(Vec<String>, Vec<String>), x509_parser::error::X509Error> {
    let (mut uris, mut hosts) = (Vec::new(), Vec::new());
    let names = certificate.subject_alternative_name()?;
    for name in names.iter().flat_map(|names| &names.value.general_names) {
        match name {
            GeneralName::URI(uri) => uris.push((*uri).to_owned()),
            GeneralName::DNSName(host) => hosts.push((*host).to_owned()),
            GeneralName::IPAddress(bytes) => hosts.extend(address(bytes).map(|address| address.to_string())),
            _ => {}
        }
    }
    Ok((uris, hosts))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// Seconds since 1970 as people write a time.
pub(crate) fn shown(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(|| format!("{seconds} seconds after 1970"), |time| time.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
