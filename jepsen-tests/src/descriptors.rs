//! Files that may be open: every connection is one, here and in the nodes, which inherit the limit.

use anyhow::{Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process have `wanted` files open. Fails when the system's hard limit is lower, which only its operator can
/// raise.
pub fn allow(wanted: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    ensure!(
        limit.maximum.is_none_or(|most| wanted <= most),
        "{wanted} open files are needed and {:?} are allowed: raise the limit (ulimit -Hn), or ask for less",
        limit.maximum
    );
    if limit.current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_forbids_is_said_before_anything_is_begun() {
        assert!(allow(16).is_ok());
        if let Some(most) = getrlimit(Resource::Nofile).maximum {
            assert!(allow(most + 1).unwrap_err().to_string().contains("ulimit -Hn"));
        }
    }
}
