//! The built `livedropctl`, run as a person would.

use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

/// A shell without any variable of ours, and a home folder of its own.
pub struct Shell {
    pub home: TempDir,
    endpoints: String,
}

/// What a command left behind.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Shell {
    pub fn new(endpoints: &str) -> Shell {
        Shell { home: TempDir::new().unwrap(), endpoints: endpoints.to_owned() }
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_livedropctl"));
        command.args(line.split_whitespace()).stdin(Stdio::null()).kill_on_drop(true);
        command.env_clear().env("HOME", self.home.path()).env("LIVEDROPCTL_ENDPOINTS", &self.endpoints);
        command
    }

    pub async fn run(&self, line: &str) -> Ended {
        let output = self.command(line).output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended {
            code: output.status.code().expect("it was not killed"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}
