//! A client of Live Drops: typed calls that fail over between the nodes of a cluster, and the command line.
//!
//! Every node answers every request, so a [`Client`] holds a list of addresses and stays with one as long as it answers.
//! What is repeated when an answer does not come, and what is not, is one policy: [`retry`].
//!
//! ```no_run
//! # async fn run() -> Result<(), livedrop_client::Error> {
//! use livedrop_client::{Client, Endpoints, IdempotencyKey};
//! use livedrop_proto::rest::orders::PlaceOrder;
//!
//! let endpoints: Endpoints = "http://127.0.0.1:8081,http://127.0.0.1:8082".parse().expect("these are addresses");
//! let client = Client::new(endpoints);
//! let session = client.sign_in("ada@example.com", "correct horse battery staple").await?;
//! let client = client.with_token(session.access_token);
//! let wanted = PlaceOrder { drop_id: "drp_01KAS0FJX0D2W8NMC0D3F5H7KA".into(), sku: None, quantity: 1, payment_method: None };
//! let order = client.place_order(&wanted, &IdempotencyKey::random()).await?.body;
//! # let _ = order; Ok(()) }
//! ```
//!
//! It knows the wire (`livedrop-proto`) and nothing of the server behind it.

mod accounts;
mod administration;
mod answer;
mod call;
mod client;
mod cluster;
#[doc(hidden)]
pub mod ctl;
mod drops;
mod endpoints;
mod error;
mod events;
mod follows;
pub mod operate;
mod orders;
mod payments;
mod products;
mod random;
pub mod retry;
mod search;
mod waitlist;

pub use client::{Answer, Client};
pub use endpoints::{Endpoint, Endpoints, NotAnEndpoint};
pub use error::{Attempt, Error, Refusal};
pub use events::{Event, Events};
pub use random::IdempotencyKey;
pub use retry::Policy;
