//! The sections of a configuration, one file each, in the order of the file.

pub mod audit;
pub mod auth;
pub mod batch;
pub mod cdn;
pub mod cluster;
pub mod events;
pub mod http;
pub mod join;
pub mod limits;
pub mod log;
pub mod node;
pub mod payments;
pub mod peer;
pub mod raft;
pub mod search;
pub mod storage;
pub mod telemetry;
pub mod tls;
pub mod webhooks;
