//! The command line.

use clap::{Parser, ValueEnum};

/// Measures tenant-guard side by side with Envoy's own filters.
#[derive(Debug, Parser)]
pub struct Args {
    /// What to measure
    #[arg(value_enum, default_values_t = [Part::Compare, Part::Scaling, Part::Calls, Part::Start])]
    pub parts: Vec<Part>,
    /// Rounds of the comparison, after one to warm up
    #[arg(long, default_value_t = 15, value_parser = at_least_one)]
    pub rounds: usize,
    /// Rounds of each scaling line, after one to warm up
    #[arg(long, default_value_t = 12, value_parser = at_least_one)]
    pub scaling_rounds: usize,
    /// Requests of a variant in a round
    #[arg(long, default_value_t = 10_000, value_parser = at_least_one)]
    pub requests: usize,
    /// Requests of a variant in a round where each has a new token
    #[arg(long, default_value_t = 2_000, value_parser = at_least_one)]
    pub new_tokens: usize,
    /// Rounds of single calls, after one to warm up
    #[arg(long, default_value_t = 12, value_parser = at_least_one)]
    pub call_rounds: usize,
    /// Requests of a call in a round
    #[arg(long, default_value_t = 6_000, value_parser = at_least_one)]
    pub call_requests: usize,
    /// How often each kind of Envoy is started
    #[arg(long, default_value_t = 5, value_parser = at_least_one)]
    pub starts: usize,
    /// Requests of the soak
    #[arg(long, default_value_t = 10_000_000, value_parser = at_least_one)]
    pub soak_requests: usize,
    /// Folder that gets RESULTS.md and plots/ (the soak: SOAK.md)
    #[arg(long, default_value = "bench")]
    pub out: std::path::PathBuf,
}

/// A part of the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Side by side with Envoy's own filters
    Compare,
    /// Documents that grow
    Scaling,
    /// Single calls between Envoy and a plugin
    Calls,
    /// Time and memory of a start
    Start,
    /// Many requests, and whether memory stays
    Soak,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.replace('_', "").parse() {
        Ok(0) | Err(_) => Err("must be a whole number of at least 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_itself_everything_but_the_soak_is_measured() {
        let args = Args::parse_from(["bench"]);
        assert_eq!(args.parts, [Part::Compare, Part::Scaling, Part::Calls, Part::Start]);
        assert!(args.rounds >= 10 && args.scaling_rounds >= 10 && args.call_rounds >= 10);
    }

    #[test]
    fn nothing_is_no_number_of_rounds() {
        assert!(Args::try_parse_from(["bench", "--rounds", "0"]).is_err());
        let args = Args::parse_from(["bench", "soak", "--soak-requests", "1_000"]);
        assert_eq!((args.parts, args.soak_requests), (vec![Part::Soak], 1_000));
    }
}
