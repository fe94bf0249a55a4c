//! Randomness that can be had again: every run says its seed and the command that repeats it.

/// Where one run's random choices come from.
#[derive(Debug, Clone)]
pub struct Seed {
    value: u64,
    state: u64,
}

impl Seed {
    /// Takes `LIVEDROP_SEED` from the environment, or a fresh seed, and says on stderr how to repeat the run.
    /// `repeat` is the command without the seed.
    pub fn for_run(repeat: &str) -> Self {
        let value = match std::env::var("LIVEDROP_SEED") {
            Ok(text) => text.trim().parse().expect("LIVEDROP_SEED is a whole number"),
            Err(_) => u64::from(getrandom::u32().expect("the system has randomness")),
        };
        eprintln!("seed {value}; the same again: LIVEDROP_SEED={value} {repeat}");
        Self::new(value)
    }

    pub fn new(value: u64) -> Self {
        Self { value, state: value }
    }

    pub fn value(&self) -> u64 {
        self.value
    }

    /// The next number, by splitmix64: short, and good enough to choose victims and moments.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..bound`. Panics when `bound` is 0, because then there is nothing to choose.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a choice needs something to choose from");
        self.draw() % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let mut one = Seed::new(7);
        let mut two = Seed::new(7);
        let choices: Vec<u64> = (0..50).map(|_| one.below(3)).collect();
        assert_eq!(choices, (0..50).map(|_| two.below(3)).collect::<Vec<_>>());
        assert!((0..3).all(|choice| choices.contains(&choice)));
    }
}
