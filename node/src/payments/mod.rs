//! Taking money for an order, and giving it back, by way of a gateway that is not part of the cluster.

pub mod gateway;
pub mod signature;
pub mod stripe;
