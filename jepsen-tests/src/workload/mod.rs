//! Load on a cluster, written down as it happens.

pub mod buyer;
pub mod chronicle;
pub mod crowd;
pub mod following;
pub mod life;
pub mod listeners;
pub mod payer;
pub mod probe;
pub mod questions;
pub mod queue;
pub mod race;
pub mod reader;
pub mod readers;
pub mod receiver;
pub mod recorder;
pub mod sale;
pub mod shop;
pub mod sluggish;
pub mod storm;
pub mod verify;
