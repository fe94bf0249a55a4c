//! The files of the workspace.

use std::path::{Path, PathBuf};

/// A text file with its path from the top of the workspace.
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    /// A file as it might be, for showing that a rule fails.
    pub fn sample(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether all of the file is test code: an integration test, or a module that only tests use.
    pub fn is_test(&self) -> bool {
        let test_name = |part: &str| matches!(part, "tests" | "tests.rs" | "testing.rs" | "examples" | "sample.rs");
        self.path.split('/').any(test_name)
    }

    /// The numbered lines before the file's own tests. Tests stand at the end of a file.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(number, line)| (number + 1, line));
        lines.take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
    }

    /// The numbered lines of code without comments.
    pub fn statements(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code().filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    pub fn finding(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// The top of the workspace. Tests run in the folder of their package; where it was built may be another checkout.
fn top() -> PathBuf {
    let package = std::env::current_dir().expect("there is a current folder");
    package.parent().expect("the package lies in the workspace").to_owned()
}

/// Every Rust file and every manifest.
pub fn every_file() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&top(), &mut files);
    assert!(files.len() > 50, "found only {} files under {}", files.len(), top().display());
    files
}

fn collect(folder: &Path, files: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&path, files);
            }
        } else if name.ends_with(".rs") || name == "Cargo.toml" {
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(top()).unwrap().to_string_lossy().into_owned();
            files.push(Source { path, text });
        }
    }
}

const AT_THE_TOP: [&str; 17] = [
    "node",
    "raft-store",
    "client",
    "proto",
    "cluster-config",
    "jepsen-tests",
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "clippy.toml",
    "rustfmt.toml",
    "deny.toml",
    "target",
];

/// What lies at the top and is neither listed nor a dotfile nor ignored by git.
pub fn unknown_at_the_top() -> Vec<String> {
    let ignored = std::fs::read_to_string(top().join(".gitignore")).unwrap();
    let names = std::fs::read_dir(top()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let known = |name: &str| {
        AT_THE_TOP.contains(&name)
            || name.starts_with('.')
            || ignored.lines().any(|line| line.trim_matches('/') == name)
    };
    names.filter(|name| !known(name)).collect()
}
