//! `completions` and `man`.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::context::Context;
use super::options::Cli;
use super::trouble::{Exit, Stop};

pub fn completions(context: &Context, shell: Shell) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "livedropctl", &mut script);
    context.output.bytes(&script)?;
    Ok(Exit::Ok)
}

pub fn manual(context: &Context, dir: Option<&Path>) -> Result<Exit, Stop> {
    let Some(dir) = dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        context.output.bytes(&page)?;
        return Ok(Exit::Ok);
    };
    let write = || {
        std::fs::create_dir_all(dir)?;
        clap_mangen::generate_to(Cli::command(), dir)
    };
    write().map_err(|error| {
        let what = format!("the manual pages cannot be written to {}", dir.display());
        Stop::trouble(Exit::Failed, what, error.to_string(), "name a folder that can be written")
    })?;
    Ok(Exit::Ok)
}
