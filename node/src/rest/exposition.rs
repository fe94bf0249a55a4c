//! Numbers in Prometheus' text format, for what is counted elsewhere and only read when somebody asks.
//!
//! A number that is not there now (the lag of a follower, on a node that does not lead any more) is left out, where
//! the recorder of the `metrics` crate would go on showing the last one it was told.

use std::fmt::{Display, Write as _};

/// A text that metrics are added to.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// A number that goes up and down; left out when there is none now.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Into<Option<f64>>) {
        self.begin(name, help, "gauge");
        if let Some(value) = value.into() {
            self.sample(name, value);
        }
    }

    /// One number for each value of a label.
    pub fn gauges(&mut self, name: &str, help: &str, label: &str, values: impl IntoIterator<Item = (u64, f64)>) {
        self.begin(name, help, "gauge");
        for (of, value) in values {
            self.sample(format_args!("{name}{{{label}=\"{of}\"}}"), value);
        }
    }

    /// A text about this process, as a label of a 1.
    pub fn labelled(&mut self, name: &str, help: &str, label: &str, text: &str) {
        self.begin(name, help, "gauge");
        let text: String = text.chars().filter(|letter| !matches!(letter, '"' | '\\' | '\n')).collect();
        self.sample(format_args!("{name}{{{label}=\"{text}\"}}"), 1.0);
    }

    /// A number that only grows while the process lives.
    pub fn counter(&mut self, name: &str, help: &str, value: f64) {
        self.begin(name, help, "counter");
        self.sample(name, value);
    }

    /// `classes` are upper bounds, ascending, with how many samples lie between each and the one before; `beyond` is
    /// how many lie above all bounds.
    pub fn histogram(
        &mut self,
        name: &str,
        help: &str,
        classes: impl IntoIterator<Item = (f64, u64)>,
        beyond: u64,
        sum: f64,
    ) {
        self.begin(name, help, "histogram");
        let mut count = 0;
        for (bound, within) in classes {
            count += within;
            self.sample(format_args!("{name}_bucket{{le=\"{bound}\"}}"), count as f64);
        }
        count += beyond;
        self.sample(format_args!("{name}_bucket{{le=\"+Inf\"}}"), count as f64);
        self.sample(format_args!("{name}_sum"), sum);
        self.sample(format_args!("{name}_count"), count as f64);
    }

    pub fn text(&self) -> &str {
        &self.0
    }

    fn begin(&mut self, name: &str, help: &str, kind: &str) {
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("a string takes all text");
    }

    fn sample(&mut self, series: impl Display, value: f64) {
        writeln!(self.0, "{series} {value}").expect("a string takes all text");
    }
}

/// Panics unless every metric of a text is described, has a sample, and is named as
/// <https://prometheus.io/docs/practices/naming/> asks for, as far as a program can tell.
#[cfg(test)]
#[track_caller]
pub fn assert_conventional(text: &str) {
    let kinds: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).filter_map(|line| line.split_once(' ')).collect();
    assert!(!kinds.is_empty(), "there are no metrics in:\n{text}");
    for (name, kind) in kinds {
        assert!(name.starts_with("livedrop_"), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
        assert!(kind != "histogram" || name.ends_with("_seconds") || name.ends_with("_bytes"), "{name} has no unit");
        for unit in ["_ms", "_millis", "_micros", "_minutes", "_kib", "_mb"] {
            assert!(!name.contains(unit), "{name} is not in the base unit");
        }
        assert_eq!(text.matches(&format!("# HELP {name} ")).count(), 1, "{name} is described once");
        let series = if kind == "histogram" { format!("{name}_count") } else { name.to_owned() };
        let shown = |line: &str| line.strip_prefix(&series).is_some_and(|rest| rest.starts_with([' ', '{']));
        assert!(text.lines().any(shown), "{name} has no sample");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_not_there_has_no_sample() {
        let mut exposition = Exposition::default();
        exposition.gauge("livedrop_a", "Is there.", 3.0);
        exposition.gauge("livedrop_b", "Is not.", None);
        let expected = "# HELP livedrop_a Is there.\n# TYPE livedrop_a gauge\nlivedrop_a 3\n\
                        # HELP livedrop_b Is not.\n# TYPE livedrop_b gauge\n";
        assert_eq!(exposition.text(), expected);
    }

    #[test]
    fn the_classes_of_a_histogram_add_up() {
        let mut exposition = Exposition::default();
        exposition.histogram("livedrop_c_seconds", "Time.", [(0.000_001, 2), (0.5, 3)], 1, 2.25);
        let samples: Vec<_> = exposition.text().lines().skip(2).collect();
        let expected = [
            "livedrop_c_seconds_bucket{le=\"0.000001\"} 2",
            "livedrop_c_seconds_bucket{le=\"0.5\"} 5",
            "livedrop_c_seconds_bucket{le=\"+Inf\"} 6",
            "livedrop_c_seconds_sum 2.25",
            "livedrop_c_seconds_count 6",
        ];
        assert_eq!(samples, expected);
    }

    #[test]
    fn every_value_of_a_label_has_its_sample() {
        let mut exposition = Exposition::default();
        exposition.gauges("livedrop_d", "Of each.", "peer", [(2, 0.0), (3, 17.5)]);
        assert!(exposition.text().ends_with("livedrop_d{peer=\"2\"} 0\nlivedrop_d{peer=\"3\"} 17.5\n"));
    }
}
