//! Why a certificate cannot be made or read.

/// What is wrong with a certificate, a key, or what one was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this is not a certificate in PEM: {0}")]
    NotACertificate(String),
    #[error("this is not a private key in PEM: {0}")]
    NotAKey(String),
    #[error("the key does not belong to the certificate")]
    OtherKey,
    #[error("this certificate is not an authority's; it may not sign others")]
    NotAnAuthority,
    #[error("the authority's own certificate has ended ({0})")]
    AuthorityEnded(String),
    #[error("the authority is that of cluster {authority:?}, and this is to be for {wanted:?}")]
    OtherCluster { authority: String, wanted: String },
    #[error("the authority's certificate names no cluster, so the cluster must be said")]
    WhichCluster,
    #[error("{0:?} is not the name of a cluster: 1 to 64 of a-z, 0-9 and -")]
    NotACluster(String),
    #[error("{0:?} is not a name for a person: 1 to 64 of A-Z, a-z, 0-9 and . _ - @ +")]
    NotAPerson(String),
    #[error("the id of a node is 1 or more")]
    NotANode,
    #[error("{0:?} is neither a host name nor an IP address")]
    NotAHost(String),
    #[error("the certificate could not be made")]
    Unmade(#[from] rcgen::Error),
}
