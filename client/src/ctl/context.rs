//! What every command needs: a client, the tokens it may use, and where to write.

use std::path::{Path, PathBuf};

use livedrop_proto::rest::problem::code;
use secrecy::SecretString;

use super::options::Global;
use super::output::Output;
use super::session::{self, Kept};
use super::trouble::{Doing, Exit, Stop};
use crate::operate::Certificates;
use crate::{Client, Endpoint, Error};

pub struct Context {
    /// Without a token.
    pub client: Client,
    pub output: Output,
    /// Asks nothing.
    pub yes: bool,
    pub timeout: std::time::Duration,
    /// Shown at the peer ports of nodes with TLS.
    pub certificates: Option<Certificates>,
    /// Given by flags, in the order in which they are tried.
    tokens: Vec<String>,
    session_file: Option<PathBuf>,
    refreshing: tokio::sync::Mutex<()>,
}

impl Context {
    pub fn new(global: Global) -> Result<Self, Stop> {
        let mut tokens: Vec<String> = global.token.into_iter().collect();
        for file in &global.token_file {
            tokens.push(read_token(file)?);
        }
        let mut client = Client::with_timeout(global.endpoints, global.timeout);
        let authority = global.authority.as_deref().map(read_authority).transpose()?;
        if let Some((pem, file)) = authority.as_deref().zip(global.authority.as_deref()) {
            client = client.believing(pem).map_err(|error| not_certificates(file, error.to_string()))?;
        }
        let own = global.certificate.map(|file| {
            let key = global.certificate_key.unwrap_or_else(|| file.with_extension("key"));
            certificates(authority.unwrap_or_default(), &file, &key)
        });
        Ok(Context {
            client,
            certificates: own.transpose()?,
            output: Output(global.output),
            yes: global.yes,
            timeout: global.timeout,
            tokens,
            session_file: global.session_file.or_else(session::default_path),
            refreshing: tokio::sync::Mutex::new(()),
        })
    }

    /// Does something as whoever the flags or the kept session say. A token that is not good makes way for the next;
    /// a session whose access token has run out is refreshed once.
    pub async fn signed_in<T>(&self, what: &str, act: impl AsyncFn(Client) -> Result<T, Error>) -> Result<T, Stop> {
        self.signed_in_at(None, what, act).await
    }

    /// As `signed_in`, at one node.
    pub async fn signed_in_at<T>(
        &self,
        endpoint: Option<&Endpoint>,
        what: &str,
        act: impl AsyncFn(Client) -> Result<T, Error>,
    ) -> Result<T, Stop> {
        let client = endpoint.map_or_else(|| self.client.clone(), |endpoint| self.client.at(endpoint));
        let mut refused = None;
        for token in &self.tokens {
            match act(client.with_token(token.as_str())).await {
                Err(error) if error.code() == Some(code::UNAUTHENTICATED) => refused = Some(error),
                outcome => return outcome.doing(what),
            }
        }
        if refused.is_some() && endpoint.is_none() && self.tokens.len() > 1 {
            // A node's own token is good at that node only, and between two tries another node may have become the one
            // that is asked: then each was tried where it is not good.
            for endpoint in client.endpoints() {
                for token in &self.tokens {
                    match act(client.at(endpoint).with_token(token.as_str())).await {
                        Err(error) if error.code() == Some(code::UNAUTHENTICATED) => refused = Some(error),
                        Err(Error::Unreachable { .. }) => break,
                        outcome => return outcome.doing(what),
                    }
                }
            }
        }
        if let Some(error) = refused {
            return Err(error).doing(what);
        }
        let kept = self.kept_or_refuse(what)?;
        match act(client.with_token(kept.access_token.as_str())).await {
            Err(error) if error.code() == Some(code::UNAUTHENTICATED) => {
                let fresh = self.refresh(kept, what).await?;
                act(client.with_token(fresh.access_token.as_str())).await.doing(what)
            }
            outcome => outcome.doing(what),
        }
    }

    /// What is shown at peer ports: the tokens of the flags, or that of the kept session.
    pub fn tokens(&self, what: &str) -> Result<Vec<SecretString>, Stop> {
        if !self.flags_give_no_token() {
            return Ok(self.tokens.iter().map(|token| SecretString::from(token.as_str())).collect());
        }
        Ok(vec![self.kept_or_refuse(what)?.access_token.into()])
    }

    pub fn flags_give_no_token(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The kept session's token, made anew.
    pub async fn fresh_token(&self, what: &str) -> Result<SecretString, Stop> {
        Ok(self.refresh(self.kept_or_refuse(what)?, what).await?.access_token.into())
    }

    fn kept_or_refuse(&self, what: &str) -> Result<Kept, Stop> {
        let advice = "`livedropctl login`, or give --token-file";
        self.kept()?.ok_or_else(|| Stop::trouble(Exit::Refused, what, "you are not signed in", advice))
    }

    /// Ends the kept session on every node, whatever tokens the flags give, and forgets it. One that the nodes do not
    /// know any more has ended already. Answers whether there was one.
    pub async fn sign_out(&self) -> Result<bool, Stop> {
        let what = "the session cannot be ended";
        let Some(kept) = self.kept()? else { return Ok(false) };
        let mut ended = self.client.with_token(kept.access_token).sign_out().await;
        if is_unauthenticated(&ended) {
            // The access token may have run out while the session goes on.
            ended = match self.client.refresh(&kept.refresh_token).await {
                Ok(session) => self.client.with_token(session.access_token).sign_out().await,
                Err(error) => Err(error),
            };
        }
        if !is_unauthenticated(&ended) {
            ended.doing(what)?;
        }
        self.session_file.as_deref().map_or(Ok(()), session::remove)?;
        Ok(true)
    }

    /// The kept session, when all nodes that would be asked are nodes that it was made for.
    pub fn kept(&self) -> Result<Option<Kept>, Stop> {
        let Some(path) = &self.session_file else { return Ok(None) };
        let ours = |kept: &Kept| self.client.endpoints().iter().all(|one| kept.endpoints.contains(&one.to_string()));
        Ok(session::load(path)?.filter(ours))
    }

    pub fn keep(&self, kept: &Kept) -> Result<(), Stop> {
        let Some(path) = &self.session_file else {
            let why = "neither HOME nor XDG_STATE_HOME is set";
            return Err(Stop::trouble(Exit::Failed, "the session cannot be kept", why, "give --session-file"));
        };
        session::store(path, kept)
    }

    /// Exchanges the refresh token, once: whoever comes second, in this process or another, takes what the first got.
    /// (A refresh token that is used twice closes the session.)
    async fn refresh(&self, stale: Kept, what: &str) -> Result<Kept, Stop> {
        let _first = self.refreshing.lock().await;
        let _others = self.session_file.as_deref().map(session::lock).transpose()?;
        if let Some(kept) = self.kept()?.filter(|kept| kept.access_token != stale.access_token) {
            return Ok(kept);
        }
        let session = self.client.refresh(&stale.refresh_token).await.doing(what)?;
        let fresh = Kept::new(session, stale.endpoints);
        self.keep(&fresh)?;
        Ok(fresh)
    }
}

fn is_unauthenticated<T>(outcome: &Result<T, Error>) -> bool {
    outcome.as_ref().is_err_and(|error| error.code() == Some(code::UNAUTHENTICATED))
}

fn read_authority(file: &Path) -> Result<String, Stop> {
    std::fs::read_to_string(file).map_err(|error| not_certificates(file, error.to_string()))
}

fn certificates(authority: String, file: &Path, key_file: &Path) -> Result<Certificates, Stop> {
    let certificate = std::fs::read_to_string(file).map_err(|error| not_certificates(file, error.to_string()))?;
    let key = livedrop_certificates::read_private(key_file);
    let key = key.map_err(|error| not_certificates(key_file, error.to_string()))?.into();
    Ok(Certificates { authority, certificate, key })
}

fn not_certificates(file: &Path, why: String) -> Stop {
    let what = format!("{} cannot be used", file.display());
    Stop::trouble(Exit::Usage, what, why, "name files that `livedropctl cert` has made")
}

fn read_token(file: &Path) -> Result<String, Stop> {
    let what = format!("the token in {} cannot be read", file.display());
    let advice = "name a file that holds one token, such as operator.token in a node's data folder";
    let text = std::fs::read_to_string(file)
        .map_err(|error| Stop::trouble(Exit::Usage, what.as_str(), error.to_string(), advice))?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Stop::trouble(Exit::Usage, what, "the file does not hold one word of ASCII", advice));
    }
    Ok(token.to_owned())
}
