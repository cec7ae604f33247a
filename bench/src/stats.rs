//! Medians, and intervals over rounds.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// How often the rounds are drawn again.
const DRAWS: usize = 2_000;

/// A value with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value from all rounds.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The median; NaN of nothing.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The quantile (0 to 1), interpolated; NaN of nothing.
pub fn quantile(values: &[f64], at: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = at.clamp(0.0, 1.0) * last as f64;
    let below = position.floor();
    let (low, high) = (sorted[below as usize], sorted[position.ceil() as usize]);
    let part = position - below;
    // An infinite value times nothing is no number.
    if part == 0.0 || low == high { low } else { low + (high - low) * part }
}

/// A statistic over rounds, with the percentile interval of the bootstrap:
/// whole rounds are drawn with replacement, so what was measured in one round
/// stays together. `statistic` gets the numbers of the rounds. The same
/// measurements always give the same interval.
pub fn bootstrap(rounds: usize, statistic: impl Fn(&[usize]) -> f64) -> Estimate {
    let all: Vec<usize> = (0..rounds).collect();
    let mut random = StdRng::seed_from_u64(1);
    let mut draw = || -> f64 {
        let drawn: Vec<usize> = all.iter().map(|_| random.gen_range(0..rounds)).collect();
        statistic(&drawn)
    };
    if rounds == 0 {
        return Estimate { value: f64::NAN, low: f64::NAN, high: f64::NAN };
    }
    let draws: Vec<f64> = (0..DRAWS).map(|_| draw()).collect();
    Estimate { value: statistic(&all), low: quantile(&draws, 0.025), high: quantile(&draws, 0.975) }
}

/// The values of these rounds.
pub fn pick(values: &[f64], rounds: &[usize]) -> Vec<f64> {
    rounds.iter().map(|round| values[*round]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_lies_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_quantile_is_interpolated() {
        let values: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(quantile(&values, 0.99), 99.0);
        assert_eq!(quantile(&[0.0, 10.0], 0.25), 2.5);
        assert_eq!(quantile(&[7.0], 0.99), 7.0);
        assert_eq!(quantile(&[1.0, f64::INFINITY, f64::INFINITY], 0.975), f64::INFINITY);
        assert_eq!(quantile(&[1.0, 2.0, f64::INFINITY], 0.5), 2.0);
    }

    #[test]
    fn rounds_stay_together() {
        // Wild between rounds, but always twice as much within one.
        let (under, over) = ([1.0, 100.0, 10.0, 50.0, 5.0], [2.0, 200.0, 20.0, 100.0, 10.0]);
        let found =
            bootstrap(5, |rounds| median(&pick(&over, rounds)) / median(&pick(&under, rounds)));
        assert_eq!(found, Estimate { value: 2.0, low: 2.0, high: 2.0 });
    }

    #[test]
    fn noise_makes_the_interval_wider() {
        let width = |values: &[f64]| {
            let found = bootstrap(values.len(), |rounds| median(&pick(values, rounds)));
            found.high - found.low
        };
        let calm = width(&[10.0, 10.1, 9.9, 10.0, 10.1, 9.9, 10.0]);
        let wild = width(&[10.0, 15.0, 5.0, 12.0, 8.0, 14.0, 6.0]);
        assert!(wild > 10.0 * calm, "{wild} {calm}");
    }

    #[test]
    fn no_rounds_have_no_estimate() {
        assert!(bootstrap(0, |_| 1.0).value.is_nan());
    }
}
