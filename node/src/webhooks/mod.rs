//! What creators' own servers are told: signed as Standard Webhooks says, and sent nowhere that is not on the public
//! internet.

pub mod address;
pub mod send;
pub mod sign;
