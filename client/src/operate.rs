//! The peer ports of a cluster's nodes, as operators call them.
//!
//! [`Peers`] holds addresses, and tokens or a certificate; [`Peers::ask`] tries one after the other until a node answers. Every service of
//! the peer port is called over the [`Wire`] that it hands out.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};

/// How long a connection attempt may take.
const CONNECT: Duration = Duration::from_secs(2);
/// A silent connection is asked for a sign of life this often: a change of the cluster may tell nothing for minutes.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// A connection to one node, which shows the caller's token with every call, if that is what it has.
pub type Wire = InterceptedService<Channel, Bearer>;

/// Why no node has done it.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    #[error("{address:?} is not the address of a peer port (write host:port)")]
    Address { address: String },
    #[error("a token that is not one word of ASCII cannot be shown")]
    Token,
    #[error("the certificates cannot be used: {0}")]
    Certificates(String),
    /// What the last node said that could be reached, or why none could.
    #[error("{}", said(.status))]
    Refused { address: String, status: Box<Status> },
}

impl OperateError {
    pub fn code(&self) -> Code {
        match self {
            OperateError::Address { .. } | OperateError::Token | OperateError::Certificates(_) => Code::InvalidArgument,
            OperateError::Refused { status, .. } => status.code(),
        }
    }
}

/// Puts the token on every call.
#[derive(Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

/// How a person is known at a port with TLS, all in PEM: what the nodes' certificates are signed by, and the person's own
/// certificate with its key.
#[derive(Clone)]
pub struct Certificates {
    pub authority: String,
    pub certificate: String,
    pub key: SecretString,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// Where a cluster's peer ports are, and what is shown there.
pub struct Peers {
    channels: Vec<(String, Channel)>,
    tokens: Vec<Bearer>,
}

impl Peers {
    /// `addresses` are `host:port`; nothing is connected yet.
    ///
    /// Errors: `Address`, `Token`.
    pub fn new(addresses: &[String], tokens: &[SecretString]) -> Result<Self, OperateError> {
        let channels = addresses.iter().map(|address| Ok((address.clone(), endpoint(address, "http")?.connect_lazy())));
        let bearer = |token: &SecretString| {
            let mut value: MetadataValue<Ascii> =
                format!("Bearer {}", token.expose_secret()).parse().map_err(|_| OperateError::Token)?;
            value.set_sensitive(true);
            Ok(Bearer(Some(value)))
        };
        Ok(Peers {
            channels: channels.collect::<Result<_, _>>()?,
            tokens: tokens.iter().map(bearer).collect::<Result<_, _>>()?,
        })
    }

    /// As [`new`](Peers::new), for ports with TLS: the certificate says who calls, and no token is shown.
    ///
    /// Errors: `Address`, `Certificates`.
    pub fn secured(addresses: &[String], certificates: &Certificates) -> Result<Self, OperateError> {
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&certificates.authority))
            .identity(Identity::from_pem(&certificates.certificate, certificates.key.expose_secret()));
        let wrong = |error: tonic::transport::Error| {
            OperateError::Certificates(std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string))
        };
        let channel = |address: &String| {
            let endpoint = endpoint(address, "https")?.tls_config(tls.clone()).map_err(wrong)?;
            Ok((address.clone(), endpoint.connect_lazy()))
        };
        let channels = addresses.iter().map(channel).collect::<Result<_, _>>()?;
        Ok(Peers { channels, tokens: vec![Bearer(None)] })
    }

    /// Asks one node after the other, with one token after the other, until one answers: a node that cannot be reached
    /// or knows no leader makes way for the next, and so does a token that is not good there.
    ///
    /// Errors: `Refused`.
    pub async fn ask<T>(&self, call: impl AsyncFn(Wire) -> Result<T, Status>) -> Result<T, OperateError> {
        let mut refused = None;
        for (address, channel) in &self.channels {
            for token in &self.tokens {
                let status = match call(InterceptedService::new(channel.clone(), token.clone())).await {
                    Ok(answer) => return Ok(answer),
                    Err(status) => status,
                };
                let (code, address) = (status.code(), address.clone());
                let status = Box::new(status);
                match code {
                    Code::Unauthenticated => refused = Some(OperateError::Refused { address, status }),
                    Code::Unavailable => {
                        // What a node said of a token is worth more than that another is down.
                        refused.get_or_insert(OperateError::Refused { address, status });
                        break;
                    }
                    _ => return Err(OperateError::Refused { address, status }),
                }
            }
        }
        Err(refused.unwrap_or_else(|| OperateError::Refused {
            address: String::new(),
            status: Box::new(Status::unauthenticated("no node and no token was given")),
        }))
    }
}

/// Where to connect, and for how long to try.
fn endpoint(address: &str, scheme: &str) -> Result<Endpoint, OperateError> {
    let wrong = || OperateError::Address { address: address.to_owned() };
    if !address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) {
        return Err(wrong());
    }
    let endpoint = Endpoint::from_shared(format!("{scheme}://{address}")).map_err(|_| wrong())?;
    Ok(endpoint.connect_timeout(CONNECT).http2_keep_alive_interval(KEEPALIVE).keep_alive_timeout(KEEPALIVE))
}

/// A status in one line, with the cause that its own message leaves out.
fn said(status: &Status) -> String {
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(status);
    let mut text = status.message().to_owned();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_node_that_is_down_and_a_token_that_is_not_good_make_way_for_the_next() {
        let addresses = ["a:1", "b:2", "c:3"].map(str::to_owned);
        let tokens = ["bad", "good"].map(SecretString::from);
        let peers = Peers::new(&addresses, &tokens).expect("these are addresses");
        let asked = std::sync::Mutex::new(0);
        let answer = peers
            .ask(async |_wire| {
                let mut asked = asked.lock().unwrap();
                *asked += 1;
                match *asked {
                    1 => Err(Status::unavailable("down")),
                    2 => Err(Status::unauthenticated("bad")),
                    _ => Ok(*asked),
                }
            })
            .await;
        assert_eq!(answer.ok(), Some(3));
    }

    #[tokio::test]
    async fn what_a_node_decided_is_not_asked_of_another() {
        let peers = Peers::new(&["a:1".into(), "b:2".into()], &["t".into()]).expect("these are addresses");
        let asked = std::sync::Mutex::new(0);
        let refused = peers
            .ask(async |_wire| {
                *asked.lock().unwrap() += 1;
                Err::<(), _>(Status::failed_precondition("no"))
            })
            .await;
        assert_eq!((refused.map_err(|error| error.code()), *asked.lock().unwrap()), (Err(Code::FailedPrecondition), 1));
    }

    #[test]
    fn text_that_is_no_address_is_refused() {
        for address in ["", "9091", "host", ":9091", "http://a", "a:99999"] {
            assert!(Peers::new(&[address.to_owned()], &[]).is_err(), "{address}");
        }
    }
}
