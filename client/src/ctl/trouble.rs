//! What is told when something goes wrong: what, why, what to do, and the request it belongs to.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use livedrop_proto::rest::problem::code;

use crate::Error;
use crate::answer::FOREIGN;

/// How the program ends. The numbers are promised in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Ok = 0,
    Failed = 1,
    Usage = 2,
    Unreachable = 3,
    NotFound = 4,
    Refused = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command ends early.
#[derive(Debug)]
pub enum Stop {
    /// Nobody reads standard output any more, which is no mistake.
    PipeClosed,
    Trouble(Box<Trouble>),
}

#[derive(Debug, Clone)]
pub struct Trouble {
    pub exit: Exit,
    pub what: String,
    pub why: String,
    pub advice: String,
    pub request_id: Option<String>,
}

impl Stop {
    pub fn trouble(exit: Exit, what: impl Into<String>, why: impl Into<String>, advice: impl Into<String>) -> Stop {
        let (what, why, advice) = (what.into(), why.into(), advice.into());
        Stop::Trouble(Box::new(Trouble { exit, what, why, advice, request_id: None }))
    }
}

impl Trouble {
    /// Writes it to standard error, in red where that shows and `NO_COLOR` is not set.
    pub fn tell(&self) {
        let mut stderr = std::io::stderr().lock();
        let coloured = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let label = if coloured { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
        let mut text = format!("{label} {}\n", self.what);
        for (label, line) in [("why", &self.why), ("do", &self.advice)] {
            if !line.is_empty() {
                text += &format!("  {label}: {}\n", line.replace('\n', "\n       "));
            }
        }
        if let Some(request_id) = &self.request_id {
            text += &format!("  request: {request_id}\n");
        }
        // There is nobody left to tell when this fails.
        let _ = stderr.write_all(text.as_bytes());
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Stop {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Stop::PipeClosed,
            _ => Stop::trouble(Exit::Failed, "standard output cannot be written", error.to_string(), ""),
        }
    }
}

/// Says what was being done when a request failed.
pub trait Doing<T> {
    fn doing(self, what: impl Into<String>) -> Result<T, Stop>;
}

impl<T> Doing<T> for Result<T, Error> {
    fn doing(self, what: impl Into<String>) -> Result<T, Stop> {
        self.map_err(|error| {
            let (exit, why, advice) = explain(&error);
            let request_id = Some(error.request_id().to_owned()).filter(|id| !id.is_empty());
            Stop::Trouble(Box::new(Trouble { exit, what: what.into(), why, advice, request_id }))
        })
    }
}

fn explain(error: &Error) -> (Exit, String, String) {
    let advice = |text: &str| text.to_owned();
    match error {
        Error::Unreachable { .. } => {
            let todo = "check that the nodes run and that --endpoints names them (`livedropctl status`)";
            (Exit::Unreachable, error.to_string(), advice(todo))
        }
        Error::Unanswered { .. } => {
            let todo = "it may have been done: look before you repeat it; a purchase is safe to repeat with its --key";
            (Exit::Failed, error.to_string(), advice(todo))
        }
        Error::Unreadable { .. } => {
            (Exit::Failed, error.to_string(), advice("use a livedropctl of the same version as the nodes"))
        }
        Error::Refused(refusal) => {
            let problem = &refusal.problem;
            let mut why = format!("{}: {}", problem.code, or_title(&problem.detail, &problem.title));
            for field in &problem.errors {
                why += &format!("\n{}: {}", field.pointer, field.detail);
            }
            if let Some(opens_at) = &problem.opens_at {
                why += &format!("\nit opens at {opens_at}");
            }
            (exit_of(refusal.status, &problem.code), why, advice(advice_on(&problem.code, refusal.status)))
        }
    }
}

fn or_title<'a>(detail: &'a str, title: &'a str) -> &'a str {
    if detail.is_empty() { title } else { detail }
}

fn exit_of(status: u16, code: &str) -> Exit {
    match status {
        404 => Exit::NotFound,
        400..=499 => Exit::Refused,
        503 if code != code::OUTCOME_UNKNOWN && code != FOREIGN => Exit::Unreachable,
        _ => Exit::Failed,
    }
}

fn advice_on(code: &str, status: u16) -> &'static str {
    match (code, status) {
        (code::NO_QUORUM, _) => "bring more nodes up (`livedropctl status`), then repeat; nothing was done",
        (code::OUTCOME_UNKNOWN, _) => "repeat it with the same --key: that tells what became of it",
        (code::UNAUTHENTICATED, _) => "`livedropctl login`, or give a good --token-file",
        (code::BAD_CREDENTIALS, _) => "check the address and the password",
        (code::FORBIDDEN, _) => "use an account whose role may do this; operators give --token-file",
        (code::DROP_NOT_OPEN, _) => "repeat it when the drop is open",
        (code::EMAIL_TAKEN, _) => "sign in with it, or use another address",
        (code::WEAK_PASSWORD, _) => "use several unrelated words",
        (code::IDEMPOTENCY_KEY_REUSED, _) => "use a new key for a new purchase",
        (code::CHANGED_SINCE, _) => "read it again, then repeat",
        (code::TOO_MANY_REQUESTS, _) => "wait a little, then repeat",
        (code::OVERLOADED | code::STOPPING | code::BEHIND, _) => "wait a little, then repeat; nothing was done",
        (FOREIGN, 502..=504) => {
            "ask the nodes themselves (--endpoints), or look at what stands before them; a write may have been done"
        }
        (_, 404) => "check the id; what belongs to another account is not found either",
        (_, 500..) => "`livedropctl trace` and its request id tell what happened",
        _ => "",
    }
}
