//! The bar on standard error. It shows on a terminal only.

use std::sync::atomic::Ordering;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::profile::Load;
use super::tally::Shared;

pub struct Progress(ProgressBar);

impl Progress {
    pub fn new(load: &Load) -> Self {
        let (bar, template) = match load.measured {
            Some(measured) => {
                let total = (load.warm_up + measured).as_millis() as u64;
                (ProgressBar::new(total), "{bar:40} {elapsed} {msg}")
            }
            None => (ProgressBar::new_spinner(), "{spinner} {elapsed} {msg}"),
        };
        Progress(bar.with_style(ProgressStyle::with_template(template).expect("the templates are sound")))
    }

    /// For steps that are counted, such as accounts that are made.
    pub fn steps(total: usize, what: &'static str) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}").expect("the template is sound");
        Progress(ProgressBar::new(total as u64).with_style(style).with_message(what))
    }

    pub fn step(&self) {
        self.0.inc(1);
    }

    pub fn show(&self, shared: &Shared) {
        let elapsed = Instant::now() - shared.start;
        let bought = shared.acknowledged.load(Ordering::Relaxed);
        let rate = bought as f64 / elapsed.as_secs_f64();
        self.0.set_position(elapsed.as_millis() as u64);
        self.0.set_message(format!("{bought} bought, {rate:.0} a second"));
    }

    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
