//! The two kinds of no: a rejection is an answer, a fault stops the node.

use crate::words::Rejection;

/// Why a verb did not go through.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The caller may not have what it asked for. Every replica says the same, and nothing was written.
    #[error("rejected: {0:?}")]
    Rejected(Rejection),
    /// The stored state is not what it must be, or could not be read. The node must stop.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl<R: Into<Rejection>> From<R> for Stop {
    fn from(rejection: R) -> Self {
        Stop::Rejected(rejection.into())
    }
}

/// Something that cannot be answered with a rejection: broken rows, a failed disk, bytes from nowhere.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {source}")]
pub struct Fault {
    /// What was being done, as in "decoding a drop".
    pub doing: String,
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Fault {
    pub fn new(doing: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Fault { doing: doing.into(), source: source.into() }
    }
}

/// Goes on when `condition` holds, else stops with `rejection`.
pub(crate) fn ensure(condition: bool, rejection: impl Into<Rejection>) -> Result<(), Stop> {
    if condition { Ok(()) } else { Err(Stop::Rejected(rejection.into())) }
}
