//! Proofs with somebody else's program. Where that is not installed they are counted as ignored, each by its name and
//! with the reason, and never as passed. `REQUIRE_ALL=1` makes them fail instead.

use std::future::Future;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// A proof by its name, and why it cannot be done here, if it cannot.
pub fn proof<R: Future<Output = ()>>(
    name: &str,
    lacks: Option<String>,
    run: impl FnOnce() -> R + Send + 'static,
) -> Trial {
    let required = std::env::var_os("REQUIRE_ALL").is_some_and(|value| !value.is_empty());
    let skipped = lacks.filter(|_| !required);
    if let Some(why) = &skipped {
        eprintln!("==================== SKIPPED: {name}: {why} ====================");
    }
    let run = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(run());
        Ok(())
    };
    Trial::test(name, run).with_ignored_flag(skipped.is_some())
}

/// Does those that the command line asks for, and tells how many were done, failed and left out.
pub fn run(proofs: Vec<Trial>) -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), proofs).exit_code()
}
