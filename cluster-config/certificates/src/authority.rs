//! The authority of a cluster, and what it signs.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};

use crate::about::{About, shown};
use crate::error::Error;
use crate::name::{Holder, Role, is_cluster, is_who};

/// Clocks differ: a certificate is good this long before it was made.
const EARLIER_SECONDS: u64 = 3_600;
const DAY_SECONDS: u64 = 86_400;

/// From when until when a certificate is good, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: u64,
    pub until: u64,
}

impl Period {
    /// `days` from `now` (seconds since 1970) on, beginning an hour earlier.
    pub fn days(now: u64, days: u32) -> Self {
        Period { from: now.saturating_sub(EARLIER_SECONDS), until: now + u64::from(days) * DAY_SECONDS }
    }
}

/// A certificate and its private key, both in PEM.
pub struct Pair {
    pub certificate: String,
    /// To be shown to nobody.
    pub key: String,
}

/// Signs the certificates of one cluster, or of several when its own certificate names none.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    about: About,
}

impl Authority {
    /// Makes the key and the certificate of a new authority.
    ///
    /// Errors: `NotACluster`.
    pub fn make(cluster: &str, period: Period) -> Result<(Self, Pair), Error> {
        let cluster = checked_cluster(cluster)?;
        let mut params = named(&Holder::Authority { cluster: cluster.clone() }, period)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("Live Drops authority of {cluster}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.use_authority_key_identifier_extension = false;
        let key = KeyPair::generate()?;
        let pair = Pair { certificate: params.self_signed(&key)?.pem(), key: key.serialize_pem() };
        Ok((Self::open(&pair.certificate, &pair.key)?, pair))
    }

    /// Opens an authority again from its two PEM files.
    ///
    /// Errors: `NotACertificate`, `NotAKey`, `NotAnAuthority`, `OtherKey`.
    pub fn open(certificate: &str, key: &str) -> Result<Self, Error> {
        let about = About::of_pem(certificate)?;
        let key = KeyPair::from_pem(key).map_err(|error| Error::NotAKey(error.to_string()))?;
        if !about.is_authority {
            return Err(Error::NotAnAuthority);
        }
        if about.public_key != key.subject_public_key_info() {
            return Err(Error::OtherKey);
        }
        Ok(Authority { issuer: Issuer::from_ca_cert_pem(certificate, key)?, about })
    }

    /// What its certificate says.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Makes a node's certificate: it serves under `hosts` (names and IP addresses), and calls the other nodes.
    /// Without `cluster` it is for the cluster that the authority names. It ends with the authority at the latest.
    ///
    /// Errors: `WhichCluster`, `NotACluster`, `OtherCluster`, `NotANode`, `NotAHost`, `AuthorityEnded`.
    pub fn node(&self, cluster: Option<&str>, node: u64, hosts: &[String], period: Period) -> Result<Pair, Error> {
        if node == 0 {
            return Err(Error::NotANode);
        }
        let holder = Holder::Node { cluster: self.cluster(cluster)?, node };
        let mut params = named(&holder, period)?;
        for host in hosts {
            params.subject_alt_names.push(host_name(host)?);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params, period)
    }

    /// Makes a person's certificate. It cannot serve, so that nobody can pass for a node with it.
    ///
    /// Errors: `WhichCluster`, `NotACluster`, `OtherCluster`, `NotAPerson`, `AuthorityEnded`.
    pub fn client(&self, cluster: Option<&str>, role: Role, who: &str, period: Period) -> Result<Pair, Error> {
        if !is_who(who) {
            return Err(Error::NotAPerson(who.to_owned()));
        }
        let holder = Holder::Client { cluster: self.cluster(cluster)?, role, who: who.to_owned() };
        let mut params = named(&holder, period)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params, period)
    }

    fn cluster(&self, wanted: Option<&str>) -> Result<String, Error> {
        let own = self.about.holder.as_ref().map(Holder::cluster).ok();
        match (own, wanted) {
            (Some(own), Some(wanted)) if own != wanted => {
                Err(Error::OtherCluster { authority: own.to_owned(), wanted: wanted.to_owned() })
            }
            (own, wanted) => checked_cluster(wanted.or(own).ok_or(Error::WhichCluster)?),
        }
    }

    fn sign(&self, mut params: CertificateParams, period: Period) -> Result<Pair, Error> {
        if self.about.until <= period.from.saturating_add(EARLIER_SECONDS) {
            return Err(Error::AuthorityEnded(shown(self.about.until)));
        }
        params.not_after = time(period.until.min(self.about.until));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        // NIST P-256: every TLS library knows it, and a handshake costs little.
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

fn checked_cluster(cluster: &str) -> Result<String, Error> {
    if is_cluster(cluster) { Ok(cluster.to_owned()) } else { Err(Error::NotACluster(cluster.to_owned())) }
}

/// The name as a URI, where programs look, and as the subject, where people look.
fn named(holder: &Holder, period: Period) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::default();
    let uri = holder.to_string();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, uri.trim_start_matches("livedrop://"));
    params.subject_alt_names = vec![SanType::URI(uri.as_str().try_into()?)];
    params.not_before = time(period.from);
    params.not_after = time(period.until);
    Ok(params)
}

fn host_name(host: &str) -> Result<SanType, Error> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let label = |label: &str| {
        let inner = label.strip_prefix("*").filter(|rest| rest.is_empty()).map_or(label, |_| "any");
        (1..=63).contains(&inner.len())
            && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !inner.starts_with('-')
            && !inner.ends_with('-')
    };
    if host.len() > 253 || !host.split('.').all(label) {
        return Err(Error::NotAHost(host.to_owned()));
    }
    Ok(SanType::DnsName(host.try_into()?))
}

fn time(seconds: u64) -> time::OffsetDateTime {
    rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::about::Purpose;

    const NOW: u64 = 1_800_000_000;

    fn authority() -> Authority {
        Authority::make("shop", Period::days(NOW, 3650)).expect("an authority").0
    }

    #[test]
    fn a_nodes_certificate_says_which_node_of_which_cluster_it_is() {
        let hosts = ["10.0.0.3".to_owned(), "node-3.shop.internal".to_owned(), "[::1]".to_owned()];
        let pair = authority().node(None, 3, &hosts, Period::days(NOW, 365)).expect("a certificate");
        let about = About::of_pem(&pair.certificate).expect("it can be read");
        assert_eq!(about.holder, Ok(Holder::Node { cluster: "shop".into(), node: 3 }));
        assert_eq!(about.hosts, ["10.0.0.3", "node-3.shop.internal", "::1"]);
        assert_eq!(about.purposes, [Purpose::Serve, Purpose::Call]);
        assert_eq!((about.from, about.until), (NOW - 3_600, NOW + 365 * 86_400));
        assert_eq!(about.until_shown(), "2028-01-15T08:00:00Z");
        assert!(!about.is_authority && about.issuer.contains("authority of shop"), "{about:?}");
    }

    #[test]
    fn a_persons_certificate_cannot_serve() {
        let pair = authority().client(None, Role::Viewer, "anna", Period::days(NOW, 90)).expect("a certificate");
        let about = About::of_pem(&pair.certificate).expect("it can be read");
        assert_eq!(about.holder.expect("named").to_string(), "livedrop://shop/client/viewer/anna");
        assert_eq!(about.purposes, [Purpose::Call]);
    }

    #[test]
    fn an_authority_is_opened_again_with_its_own_key_only() {
        let (first, pair) = Authority::make("shop", Period::days(NOW, 10)).expect("an authority");
        let (_, other) = Authority::make("shop", Period::days(NOW, 10)).expect("another");
        let again = Authority::open(&pair.certificate, &pair.key).expect("the same");
        assert_eq!(again.about().fingerprint, first.about().fingerprint);
        assert!(matches!(Authority::open(&pair.certificate, &other.key), Err(Error::OtherKey)));
        let node = first.node(None, 1, &[], Period::days(NOW, 1)).expect("a node's");
        assert!(matches!(Authority::open(&node.certificate, &node.key), Err(Error::NotAnAuthority)));
        assert!(matches!(Authority::open("nothing", &pair.key), Err(Error::NotACertificate(_))));
        assert!(matches!(Authority::open(&pair.certificate, "nothing"), Err(Error::NotAKey(_))));
    }

    #[test]
    fn an_authority_signs_for_its_own_cluster_and_for_nothing_that_outlives_it() {
        let authority = authority();
        let year = Period::days(NOW, 365);
        assert!(matches!(authority.node(Some("other"), 1, &[], year), Err(Error::OtherCluster { .. })));
        assert!(matches!(authority.node(None, 0, &[], year), Err(Error::NotANode)));
        for host in ["", "a b", "http://a", "-a", "a..b", "a:80"] {
            assert!(matches!(authority.node(None, 1, &[host.to_owned()], year), Err(Error::NotAHost(_))), "{host}");
        }
        assert!(matches!(authority.client(None, Role::Viewer, "a/b", year), Err(Error::NotAPerson(_))));
        let long = authority.node(None, 1, &[], Period::days(NOW, 40_000)).expect("cut short");
        let about = About::of_pem(&long.certificate).expect("it can be read");
        assert_eq!(about.until, authority.about().until);
        let later = Period::days(NOW + 3650 * 86_400, 1);
        assert!(matches!(authority.node(None, 1, &[], later), Err(Error::AuthorityEnded(_))));
    }
}
