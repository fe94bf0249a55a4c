//! Load on a cluster, written down as it happens.

pub mod buyer;
pub mod payer;
pub mod probe;
pub mod queue;
pub mod race;
pub mod reader;
pub mod readers;
pub mod receiver;
pub mod recorder;
pub mod sale;
pub mod shop;
pub mod storm;
pub mod verify;
