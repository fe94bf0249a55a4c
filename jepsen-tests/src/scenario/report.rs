//! The figures of a run, said as soon as they are known.

use std::time::Duration;

/// Lines of figures. Each is printed to standard output when it is added.
#[derive(Debug, Default)]
pub struct Report {
    pub lines: Vec<String>,
}

impl Report {
    pub fn titled(title: &str) -> Self {
        println!("== {title}");
        Self::default()
    }

    pub fn say(&mut self, line: impl Into<String>) {
        let line = line.into();
        println!("   {line}");
        self.lines.push(line);
    }

    /// Adds the middle and the extremes of some durations, in milliseconds.
    pub fn say_durations(&mut self, what: &str, durations: &[Duration]) {
        let mut sorted: Vec<u128> = durations.iter().map(Duration::as_millis).collect();
        sorted.sort_unstable();
        match sorted.as_slice() {
            [] => self.say(format!("{what}: none")),
            [only] => self.say(format!("{what}: {only} ms")),
            [least, .., most] => {
                let middle = sorted[sorted.len() / 2];
                self.say(format!("{what}: p50 {middle} ms, least {least} ms, most {most} ms, of {}", sorted.len()));
            }
        }
    }
}
