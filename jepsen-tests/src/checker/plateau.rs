//! Memory reaches a plateau: over the last third of a run it grows by hardly anything, whatever it took to get there.

use std::time::Duration;

use crate::checker::Verdict;

/// What a process may take more of at the end of the last third than at its begin, by the straight line through it: so
/// much of what it has, or so many bytes, whichever is more. An allocator breathes.
const GROWTH_MAX: f64 = 0.05;
const GROWTH_MAX_BYTES: f64 = (16_u64 << 20) as f64;
/// Fewer samples in the last third show no line.
const SAMPLES_MIN: usize = 8;

/// What one process took, over time.
#[derive(Debug, Clone, Default)]
pub struct Curve {
    pub process: String,
    /// When, since the begin, and how many bytes.
    pub samples: Vec<(Duration, u64)>,
}

pub fn check(curves: &[Curve]) -> Verdict {
    let mut violations = Vec::new();
    for curve in curves {
        let last = curve.last_third();
        if last.len() < SAMPLES_MIN {
            let why = format!("{}: {} samples in the last third are too few", curve.process, last.len());
            return Verdict::Unproven { why };
        }
        let (growth, mean) = (curve.growth(), mean(last.iter().map(|sample| sample.1)));
        if growth > (mean * GROWTH_MAX).max(GROWTH_MAX_BYTES) {
            let mib = |bytes: f64| bytes / f64::from(1 << 20);
            let (process, growth, mean) = (&curve.process, mib(growth), mib(mean));
            violations.push(format!("{process} still grew by {growth:.1} MiB in the last third, of {mean:.0} MiB"));
        }
    }
    let samples = curves.iter().map(|curve| curve.samples.len()).sum();
    Verdict::from_violations(violations, samples, "samples of memory")
}

impl Curve {
    fn last_third(&self) -> &[(Duration, u64)] {
        let end = self.samples.last().map_or(Duration::ZERO, |sample| sample.0);
        let first = self.samples.partition_point(|sample| sample.0 < end * 2 / 3);
        &self.samples[first..]
    }

    /// By how many bytes the straight line through the last third (least squares) rises.
    pub fn growth(&self) -> f64 {
        let last = self.last_third();
        let seconds = |sample: &(Duration, u64)| sample.0.as_secs_f64();
        let (Some(from), Some(to)) = (last.first(), last.last()) else { return 0.0 };
        let (middle, mean) =
            (last.iter().map(seconds).sum::<f64>() / last.len() as f64, mean(last.iter().map(|it| it.1)));
        let with = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            last.iter().map(|sample| of(seconds(sample) - middle, sample.1 as f64 - mean)).sum()
        };
        let (together, alone) = (with(&|time, bytes| time * bytes), with(&|time, _| time * time));
        if alone == 0.0 { 0.0 } else { together / alone * (seconds(to) - seconds(from)) }
    }
}

fn mean(values: impl ExactSizeIterator<Item = u64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.map(|value| value as f64).sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(bytes: impl Fn(u64) -> u64) -> Curve {
        let samples = (0..60).map(|number| (Duration::from_secs(5 * number), bytes(number))).collect();
        Curve { process: "node 1".into(), samples }
    }

    const MIB: u64 = 1 << 20;

    #[test]
    fn what_rises_and_then_stays_has_reached_a_plateau() {
        let breathes = curve(|number| number.min(20) * 20 * MIB + number % 3 * 4 * MIB);
        assert_eq!(check(&[breathes]), Verdict::Holds { examined: 60 });
        let shrinks = curve(|number| (900 - number * 5) * MIB);
        assert!(matches!(check(&[shrinks]), Verdict::Holds { .. }));
    }

    #[test]
    fn what_goes_on_rising_is_found() {
        let leaks = curve(|number| (300 + number * 2) * MIB + number % 3 * 4 * MIB);
        let Verdict::Broken { violations } = check(&[curve(|_| 300 * MIB), leaks]) else { panic!("it leaks") };
        assert!(
            violations[0].contains("still grew by 38") || violations[0].contains("still grew by 39"),
            "{violations:?}"
        );
    }

    #[test]
    fn a_few_samples_prove_nothing() {
        let short = Curve { samples: curve(|_| MIB).samples[..12].to_vec(), ..Curve::default() };
        assert!(matches!(check(&[short]), Verdict::Unproven { .. }));
    }
}
