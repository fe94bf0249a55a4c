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

    /// Adds the middle, the worst hundredth and the worst of many durations, in milliseconds.
    pub fn say_percentiles(&mut self, what: &str, durations: &[Duration]) {
        let mut sorted = durations.to_vec();
        sorted.sort_unstable();
        let Some(last) = sorted.len().checked_sub(1) else { return self.say(format!("{what}: none")) };
        let at = |hundredth: usize| sorted[last * hundredth / 100].as_secs_f64() * 1e3;
        let (p50, p99, most) = (at(50), at(99), at(100));
        self.say(format!("{what}: p50 {p50:.1} ms, p99 {p99:.1} ms, most {most:.1} ms, of {}", sorted.len()));
    }
}
