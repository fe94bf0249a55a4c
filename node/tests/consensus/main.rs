//! Consensus between real nodes in one process, over the loopback.

mod cluster;
mod elect;
mod forward;
mod join;
mod proxy;
mod read;
mod stall;
