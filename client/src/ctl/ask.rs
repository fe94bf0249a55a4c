//! What is asked of the person at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::{Command, Stdio};

use super::context::Context;
use super::trouble::{Exit, Stop};

/// Asks before something that cannot be taken back. Without a terminal, or in a CI job, nobody could answer.
pub fn confirm(context: &Context, question: &str) -> Result<(), Stop> {
    if context.yes {
        return Ok(());
    }
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    if in_ci || !io::stdin().is_terminal() {
        let why = "it cannot be taken back, and nobody is there to be asked";
        return Err(Stop::trouble(Exit::Usage, format!("not done: {question}"), why, "repeat it with --yes"));
    }
    eprint(&format!("{question} [y/N] "));
    match line()?.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Stop::trouble(Exit::Failed, "not done", "you did not say yes", "")),
    }
}

/// The password: as given, or typed at the terminal without being shown, or the first line of standard input.
pub fn password(given: Option<String>) -> Result<String, Stop> {
    if let Some(password) = given {
        return Ok(password);
    }
    let typed = if io::stdin().is_terminal() {
        eprint("Password: ");
        let _quiet = Quiet::begin();
        let typed = line()?;
        eprint("\n");
        typed
    } else {
        line()?
    };
    let password = typed.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        let advice = "type it, pipe it in, or set LIVEDROPCTL_PASSWORD";
        return Err(Stop::trouble(Exit::Usage, "there is no password", "standard input is empty", advice));
    }
    Ok(password.to_owned())
}

fn line() -> Result<String, Stop> {
    let mut text = String::new();
    io::stdin()
        .lock()
        .read_line(&mut text)
        .map_err(|error| Stop::trouble(Exit::Failed, "standard input cannot be read", error.to_string(), ""))?;
    Ok(text)
}

fn eprint(text: &str) {
    // There is nobody to tell when standard error is closed.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// The terminal shows nothing of what is typed until this goes.
struct Quiet;

impl Quiet {
    fn begin() -> Self {
        stty("-echo");
        Quiet
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        stty("echo");
    }
}

fn stty(setting: &str) {
    let _ = Command::new("stty").arg(setting).stdin(Stdio::inherit()).stderr(Stdio::null()).status();
}
