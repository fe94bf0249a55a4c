//! `[payments]`: who takes the money, and how long is waited for it.

use serde::Serialize;

use crate::kind::{OneOf, Text, count, milliseconds, seconds};
use crate::reader::section;

/// Who takes the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentGateway {
    /// The pretend gateway that every cluster has in it. No money moves.
    Sandbox,
    /// Stripe, or whatever speaks its API.
    Stripe,
}

const GATEWAYS: &[(&str, PaymentGateway)] = &[("sandbox", PaymentGateway::Sandbox), ("stripe", PaymentGateway::Stripe)];

const FILE: Text = Text { allowed: "the path of a file, or nothing", rule: |_| true };

section! {
    /// Who takes the money, and how long is waited for it. Every node has the same section.
    Payments = "payments", own {
        /// "sandbox" is the pretend gateway in the cluster itself, "stripe" speaks Stripe's API.
        gateway: PaymentGateway = PaymentGateway::Sandbox, OneOf(GATEWAYS);
        /// Where Stripe's API is.
        stripe_url: String = "https://api.stripe.com".to_owned(), Text {
            allowed: "an address that begins with https:// or http://, without a path",
            rule: |text| is_origin(text),
        };
        /// The file whose only line is Stripe's secret key. A secret in this file would be seen by whoever sees the
        /// configuration.
        stripe_key_file: String = String::new(), FILE;
        /// Where a buyer comes back to from their bank (3-D Secure), for example the shop's page of orders. Without it
        /// Stripe gives no address to send a buyer to.
        stripe_return_url: String = String::new(), Text { allowed: "an address, or nothing", rule: |_| true };
        /// The file with the signing secrets of Stripe's webhooks, one a line: the newest and, while it is rotated,
        /// the one before. Without it webhooks are refused and payments are polled, which is enough by itself.
        stripe_webhook_secrets_file: String = String::new(), FILE;
        /// How long units stay held, at least, from when a payment begins: the time a buyer has for 3-D Secure.
        hold_seconds: u64 = 300, seconds(5..=86_400);
        /// A payment that is called off gives its units back after this time at the latest, though the gateway has
        /// not answered. Money that is found to have been taken later is refunded.
        give_up_seconds: u64 = 900, seconds(5..=604_800);
        /// How long one call of the gateway may take. What was asked is unknown then, and is asked about.
        call_timeout_ms: u64 = 10_000, milliseconds(100..=120_000);
        /// Calls of the gateway at one time, by the leader.
        concurrency: usize = 64, count("calls", 1..=10_000);
        /// The longest pause between two tries, and between two looks at an order that waits for its buyer.
        retry_max_ms: u64 = 15_000, milliseconds(100..=3_600_000);
    }
}

/// Whether a text is `http(s)://host[:port]`.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']))
}
