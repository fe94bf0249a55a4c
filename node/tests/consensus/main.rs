//! Consensus between real nodes in one process, over the loopback.

mod certificates;
mod cluster;
mod elect;
mod forward;
mod join;
mod members;
mod proxy;
mod read;
mod refused;
mod rotate;
mod stall;
