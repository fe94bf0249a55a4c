//! Taking money for an order, and giving it back, by way of a gateway that is not part of the cluster.
//!
//! ```text
//!  REST: pay, cancel, refund ─► log: an intent ─► desk (leader only) ─► gateway ─► log: its outcome ─► desk …
//!  Stripe: a webhook ─► any node asks the gateway ─────────────────────────────► log: its outcome
//! ```
//!
//! Every call is preceded by an intent in the log and followed by its outcome there, so whoever leads next goes on
//! where the last one stopped. The life of a payment is the domain's (room `payments`).

pub mod desk;
pub mod gateway;
mod meter;
pub mod pause;
mod sandbox;
pub mod signature;
pub mod steps;
pub mod stripe;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use livedrop_config::{PaymentGateway, Payments};
use livedrop_domain::payments::{self as domain, Command};
use livedrop_domain::{OrderId, Timestamp};

use self::gateway::Gateway;
use self::sandbox::Sandbox;
use self::signature::{Refusal, Secrets, Told};
use self::stripe::{Settings, Stripe};
use crate::rest::{PaymentTerms, Shop};

/// Every gateway that this node can talk to. Payments stay with the gateway they began with.
#[derive(Clone)]
pub struct Gateways {
    sandbox: Arc<dyn Gateway>,
    stripe: Option<Arc<dyn Gateway>>,
}

impl Gateways {
    /// Opens the gateways of a configuration: the sandbox always, since it may have payments from before.
    ///
    /// Errors: a key file that cannot be read or holds no key.
    pub fn open(config: &Payments, shop: Arc<dyn Shop>) -> anyhow::Result<Self> {
        let stripe: Option<Arc<dyn Gateway>> = match config.stripe_key_file.as_str() {
            "" => None,
            file => {
                let key = secret(file).context("reading Stripe's key")?;
                let deadline = Duration::from_millis(config.call_timeout_ms);
                let return_url = Some(config.stripe_return_url.clone()).filter(|url| !url.is_empty());
                let settings = Settings { deadline, return_url, ..Settings::new(&config.stripe_url, key) };
                Some(Arc::new(Stripe::new(settings)?))
            }
        };
        Ok(Gateways { sandbox: Arc::new(Sandbox::new(shop)), stripe })
    }

    fn of(&self, gateway: domain::Gateway) -> Option<&dyn Gateway> {
        match gateway {
            domain::Gateway::Sandbox => Some(&*self.sandbox),
            domain::Gateway::Stripe => self.stripe.as_deref(),
        }
    }
}

/// Where Stripe's webhooks are checked, and looked after.
pub struct StripeDoor {
    pub gateway: Arc<dyn Gateway>,
    secrets: Secrets,
}

impl StripeDoor {
    /// The door of a configuration; none without Stripe or without a secret to know it by.
    ///
    /// Errors: a file of secrets that cannot be read.
    pub fn open(config: &Payments, gateways: &Gateways) -> anyhow::Result<Option<Self>> {
        let (Some(gateway), false) = (&gateways.stripe, config.stripe_webhook_secrets_file.is_empty()) else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(&config.stripe_webhook_secrets_file);
        let text = text.context("reading the secrets of Stripe's webhooks")?;
        let secrets = Secrets::new(text.lines().map(str::trim).filter(|line| !line.is_empty()));
        Ok(Some(StripeDoor { gateway: gateway.clone(), secrets }))
    }

    /// What a webhook tells, if it is signed with one of the secrets and not too long ago; none when that is nothing
    /// about a payment.
    pub fn verify(&self, header: &str, body: &[u8], now: Timestamp) -> Result<Option<Told>, Refusal> {
        signature::verify(header, body, &self.secrets, now)
    }
}

/// What payments of this configuration are begun with.
pub fn terms(config: &Payments) -> PaymentTerms {
    PaymentTerms {
        gateway: match config.gateway {
            PaymentGateway::Sandbox => domain::Gateway::Sandbox,
            PaymentGateway::Stripe => domain::Gateway::Stripe,
        },
        hold_ms: config.hold_seconds * 1_000,
        give_up_ms: config.give_up_seconds * 1_000,
    }
}

/// How much the leader does at once.
pub fn bounds(config: &Payments) -> desk::Bounds {
    meter::describe();
    desk::Bounds { calls: config.concurrency, pause_max: Duration::from_millis(config.retry_max_ms) }
}

fn secret(file: &str) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("the file {file}"))?;
    let key = text.trim();
    anyhow::ensure!(!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()), "{file} does not hold one key");
    Ok(key.to_owned())
}

/// The order that a command is about.
fn order_of(command: &Command) -> OrderId {
    match command {
        Command::Pay(command) => command.order_id,
        Command::PlaceAndPay(command) => command.place.order_id,
        Command::Cancel(command) => command.order_id,
        Command::Report(command) => command.order_id,
        Command::Refund(command) => command.order_id,
        Command::ReportRefund(command) => command.order_id,
    }
}
