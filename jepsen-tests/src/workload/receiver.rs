//! A creator's server that takes webhooks as <https://www.standardwebhooks.com> says: it believes what is signed with its
//! secret, a moment ago, and refuses all else. Written from the specification, with nothing of the shop in it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::gateway::now_s;

/// How far the sender's clock may be from ours, in seconds.
const TOLERANCE_S: u64 = 300;

/// The server. Clones are the same.
#[derive(Clone)]
pub struct Receiver {
    address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Default)]
struct Desk {
    secret: Vec<u8>,
    /// What was believed, by its id, and how often it came.
    taken: BTreeMap<String, (Value, usize)>,
    refused: Vec<String>,
    /// So many of the next deliveries are answered 500, though they are good.
    broken: usize,
}

impl Receiver {
    /// Starts on a free port, for as long as the process lives.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let receiver = Receiver { address: listener.local_addr()?, desk: Arc::default() };
        let router = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(receiver)
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// Takes the secret that the shop showed: `whsec_` and base64.
    pub fn trust(&self, secret: &str) -> Result<()> {
        let bytes = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").context("a secret begins with whsec_")?)?;
        self.desk().secret = bytes;
        Ok(())
    }

    /// Answers the next `count` good deliveries with 500.
    pub fn break_next(&self, count: usize) {
        self.desk().broken = count;
    }

    /// The bodies that were believed, in the order of their ids.
    pub fn taken(&self) -> Vec<Value> {
        self.desk().taken.values().map(|(body, _)| body.clone()).collect()
    }

    /// Why each delivery was refused that was not signed as it should be.
    pub fn refused(&self) -> Vec<String> {
        self.desk().refused.clone()
    }

    /// Whether a delivery is to be believed.
    pub fn verify(&self, header: impl Fn(&str) -> Option<String>, body: &[u8]) -> Result<String> {
        let id = header("webhook-id").context("no webhook-id")?;
        let timestamp = header("webhook-timestamp").context("no webhook-timestamp")?;
        let signatures = header("webhook-signature").context("no webhook-signature")?;
        let at: u64 = timestamp.parse().context("the timestamp is no number")?;
        let age = Duration::from_secs(now_s().abs_diff(at));
        ensure!(age.as_secs() <= TOLERANCE_S, "it was signed {} s from now", age.as_secs());
        let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.desk().secret);
        let is_good = |signature: &str| {
            let bytes = signature.strip_prefix("v1,").and_then(|text| BASE64_STANDARD.decode(text).ok());
            bytes.is_some_and(|bytes| hmac::verify(&key, &signed, &bytes).is_ok())
        };
        ensure!(signatures.split(' ').any(is_good), "no signature is of this secret");
        Ok(id)
    }

    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.desk.lock().expect("nobody panics while the desk is theirs")
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    match receiver.verify(header, &body) {
        Ok(id) => {
            let mut desk = receiver.desk();
            if desk.broken > 0 {
                desk.broken -= 1;
                return StatusCode::INTERNAL_SERVER_ERROR;
            }
            let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
            desk.taken.entry(id).or_insert((value, 0)).1 += 1;
            StatusCode::NO_CONTENT
        }
        Err(why) => {
            receiver.desk().refused.push(format!("{why:#}"));
            StatusCode::BAD_REQUEST
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const AT: &str = "1614265330";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    async fn refusal(signature: &str, at: &str) -> String {
        let receiver = Receiver::start().await.unwrap();
        receiver.trust(SECRET).unwrap();
        let header = |name: &str| {
            Some(match name {
                "webhook-id" => ID.to_owned(),
                "webhook-timestamp" => at.to_owned(),
                _ => signature.to_owned(),
            })
        };
        receiver.verify(header, BODY).map_or_else(|why| why.to_string(), |_| String::new())
    }

    #[tokio::test]
    async fn the_published_example_is_known_but_old_and_a_forged_one_is_refused() {
        assert!(refusal(SIGNATURE, AT).await.contains("it was signed"), "the example is of 2021");
        let now = now_s().to_string();
        assert!(refusal(SIGNATURE, &now).await.contains("no signature"), "another time is another message");
        let bytes = BASE64_STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        let sign = |at: &str| {
            let signed = [ID.as_bytes(), b".", at.as_bytes(), b".", BODY].concat();
            format!("v1,{}", BASE64_STANDARD.encode(hmac::sign(&key, &signed)))
        };
        assert_eq!(sign(AT), SIGNATURE, "this is how the published example was made");
        assert_eq!(refusal(&format!("v1,AAAA v2,x {}", sign(&now)), &now).await, "", "one good one is enough");
    }
}
