//! The certificates by which the nodes of a cluster and the people who run it know each other.
//!
//! A cluster has one authority of its own. What it signs is bound to the cluster by a name that is written as a URI
//! among the certificate's alternative names:
//!
//! ```text
//!   livedrop://shop/authority
//!   livedrop://shop/node/3
//!   livedrop://shop/client/operator/anna
//! ```
//!
//! Here certificates are made, read and written to files. Nothing here listens, connects or knows what time it is.

mod about;
mod authority;
mod error;
mod files;
mod name;

pub use about::{About, Purpose};
pub use authority::{Authority, Pair, Period};
pub use error::Error;
pub use files::{Exists, Location, read_private, write_pair};
pub use name::{Holder, NotAName, Role};
