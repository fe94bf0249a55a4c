//! Proof that the shop keeps its one promise while machines fail: an acknowledged purchase is durable on a majority,
//! and every purchase can be asked about by its idempotency key, on any node.
//!
//! In reading order: a [`cluster`] of real `livedropd` processes, a [`workload`] of buyers that writes down a
//! [`history`], and [`checker`]s that look for one broken property each. A [`scenario`] puts them together; the tests
//! run it small, the `proof` binary runs it big and prints figures.
//!
//! Nothing here trusts the server's own account of itself where the buyers' answers can be used instead.

pub mod api;
pub mod checker;
pub mod cluster;
pub mod descriptors;
pub mod edge;
pub mod gateway;
pub mod history;
pub mod listen;
pub mod outcome;
pub mod scenario;
pub mod seed;
pub mod wait;
pub mod workload;
