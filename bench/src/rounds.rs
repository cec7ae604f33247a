//! Rounds in which every variant has its turn.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

use anyhow::{Context, Result};
use tenant_guard_tests::Envoy;

use crate::cpu;
use crate::h2load::{self, Measured};
use crate::stats::{Estimate, bootstrap, median, pick};
use crate::variant::{Traffic, Variant};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rounds that count; one more comes before them.
    pub rounds: usize,
    /// Requests of a variant in a round.
    pub requests: usize,
    /// Where each has a new token: fewer, since all have to be signed.
    pub new_tokens: usize,
    /// Seconds since 1970 at which tokens are issued.
    pub now: i64,
}

/// What a variant's rounds measured, in their order.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The variant.
    pub name: String,
    /// CPU time of Envoy in microseconds a request.
    pub cpu: Vec<f64>,
    /// That of its base in the same rounds.
    pub base: Vec<f64>,
    /// Requests a second.
    pub rate: Vec<f64>,
    /// Microseconds.
    pub p50: Vec<f64>,
    /// Microseconds.
    pub p99: Vec<f64>,
    /// Bytes that Envoy used at the end.
    pub memory: u64,
}

impl Series {
    /// The median of the CPU time a request, in microseconds.
    pub fn median_cpu(&self) -> f64 {
        median(&self.cpu)
    }

    /// CPU time over the base's, in microseconds a request: the difference of
    /// the medians.
    pub fn added(&self) -> f64 {
        median(&self.cpu) - median(&self.base)
    }

    /// The same of some rounds.
    pub fn added_in(&self, rounds: &[usize]) -> f64 {
        median(&pick(&self.cpu, rounds)) - median(&pick(&self.base, rounds))
    }
}

/// The added CPU time of one over that of another. Where the other adds
/// nothing that can be measured, the ratio is infinite.
pub fn ratio(over: &Series, under: &Series) -> Estimate {
    bootstrap(over.cpu.len().min(under.cpu.len()), |rounds| {
        let (over, under) = (over.added_in(rounds), under.added_in(rounds));
        if under > 0.0 { over / under } else { f64::INFINITY }
    })
}

/// The added CPU time of one less that of another, in microseconds.
pub fn difference(over: &Series, under: &Series) -> Estimate {
    bootstrap(over.cpu.len().min(under.cpu.len()), |rounds| {
        over.added_in(rounds) - under.added_in(rounds)
    })
}

/// A folder for files of a run, removed with its owner.
pub struct Folder(PathBuf);

impl Folder {
    /// A fresh one.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn new() -> Result<Folder> {
        let path = env::temp_dir().join(format!("tenant-guard-bench-{}", process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Folder(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Measures all variants in turns. The order moves on by one in each round, so
/// that none is always behind the same other.
///
/// # Errors
/// When a request isn't answered as expected, or a process can't be looked at.
pub fn measure(
    envoys: &[(String, Envoy)],
    variants: &[Variant],
    plan: Plan,
    dir: &Path,
) -> Result<Vec<Series>> {
    let named = |variant: &Variant| Series { name: variant.name.clone(), ..Series::default() };
    let mut series: Vec<Series> = variants.iter().map(named).collect();
    let mut numbered = 0;
    for round in 0..=plan.rounds {
        eprintln!("round {round} of {}{}", plan.rounds, if round == 0 { " (warm-up)" } else { "" });
        for place in 0..variants.len() {
            let at = (place + round) % variants.len();
            let variant = &variants[at];
            let requests = match variant.load {
                Traffic::NewTokens(_) => plan.new_tokens,
                Traffic::Same(_) => plan.requests,
            };
            let load = variant.load.load(numbered, requests, plan.now);
            numbered += requests;
            let envoy = server(envoys, &variant.server);
            let before = cpu::time(envoy.id())?;
            let run = h2load::run(envoy.address(), &load, requests, variant.status, dir);
            let measured = run.with_context(|| format!("{} (round {round})", variant.name))?;
            let used = cpu::time(envoy.id())?.saturating_sub(before);
            if round > 0 {
                let cpu = used.as_secs_f64() * 1e6 / measured.requests as f64;
                record(&mut series[at], cpu, measured);
            }
        }
    }
    for (series, variant) in series.iter_mut().zip(variants) {
        series.memory = server(envoys, &variant.server).resident_memory();
    }
    add_bases(&mut series, variants);
    Ok(series)
}

fn server<'e>(envoys: &'e [(String, Envoy)], name: &str) -> &'e Envoy {
    let found = envoys.iter().find(|(known, _)| known == name);
    found.map(|(_, envoy)| envoy).expect("every variant has its Envoy")
}

fn record(series: &mut Series, cpu: f64, measured: Measured) {
    series.cpu.push(cpu);
    series.rate.push(measured.rate);
    series.p50.push(measured.p50);
    series.p99.push(measured.p99);
}

/// Gives each the measurements of its base.
fn add_bases(series: &mut [Series], variants: &[Variant]) {
    let bases: Vec<Vec<f64>> = variants
        .iter()
        .map(|variant| {
            let base = series.iter().find(|series| series.name == variant.base);
            base.expect("every variant has its base").cpu.clone()
        })
        .collect();
    for (series, base) in series.iter_mut().zip(bases) {
        series.base = base;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(cpu: &[f64], base: f64) -> Series {
        Series { cpu: cpu.to_vec(), base: vec![base; cpu.len()], ..Series::default() }
    }

    #[test]
    fn the_ratio_is_of_what_is_added() {
        let (over, under) = (series(&[25.0; 10], 15.0), series(&[35.0; 10], 15.0));
        assert_eq!(ratio(&over, &under), Estimate { value: 0.5, low: 0.5, high: 0.5 });
        assert_eq!(difference(&over, &under).value, -10.0);
    }

    #[test]
    fn one_outlier_does_not_move_the_value() {
        let mut cpu = [25.0, 25.5, 24.5, 25.2, 24.8, 25.1, 24.9, 25.3, 24.7, 25.0, 25.0];
        let under = series(&[25.0; 11], 15.0);
        let before = ratio(&series(&cpu, 15.0), &under);
        assert!(before.low < 1.0 && before.high > 1.0, "{before:?}");
        cpu[10] = 1000.0;
        assert!((ratio(&series(&cpu, 15.0), &under).value - before.value).abs() < 0.02);
    }

    #[test]
    fn what_adds_nothing_is_no_measure() {
        let found = ratio(&series(&[20.0; 5], 15.0), &series(&[14.0; 5], 15.0));
        assert_eq!(found.value, f64::INFINITY);
    }
}
