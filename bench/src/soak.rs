//! Many requests of all kinds, and whether memory stays as it is.

use std::path::Path;

use anyhow::Result;

use crate::config::{self, guard};
use crate::h2load::{self, Load};
use crate::memory;
use crate::scenario::{Junk, Request, Scenario, Signer, USUAL, tenant, token_path};
use crate::stats::median;
use crate::variant::paths;

/// Requests of one turn: mostly good ones, junk of each kind, new tokens.
const TURN: usize = 100_000;
const JUNK: usize = 3_000;
const NEW: usize = 5_000;
/// What memory may grow by and still count as steady, in bytes: less than one
/// byte a request of the whole.
const STEADY: f64 = 4.0 * 1024.0 * 1024.0;

/// What was seen.
#[derive(Clone, Debug)]
pub struct Soak {
    /// In the order they were taken.
    pub samples: Vec<Sample>,
}

/// Memory at some time.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Requests answered so far.
    pub requests: usize,
    /// Bytes that Envoy used, those of its VMs included.
    pub resident: u64,
    /// Bytes of its VMs' linear memory.
    pub linear: u64,
}

impl Soak {
    /// By how much memory grew from the second fifth of the run to the last,
    /// in bytes: the first fifth fills caches.
    pub fn growth(&self) -> f64 {
        self.growth_of(|sample| sample.resident)
    }

    /// The same of the VMs' memory.
    pub fn linear_growth(&self) -> f64 {
        self.growth_of(|sample| sample.linear)
    }

    fn growth_of(&self, bytes: impl Fn(&Sample) -> u64) -> f64 {
        let fifth = (self.samples.len() / 5).max(1);
        let of = |samples: &[Sample]| {
            median(&samples.iter().map(|sample| bytes(sample) as f64).collect::<Vec<_>>())
        };
        let early: Vec<_> = self.samples.iter().skip(fifth).take(fifth).copied().collect();
        let late = &self.samples[self.samples.len().saturating_sub(fifth)..];
        of(late) - of(&early)
    }

    /// Whether it stayed.
    pub fn is_steady(&self) -> bool {
        self.growth() <= STEADY && self.linear_growth() <= STEADY
    }
}

/// Sends at least so many requests.
///
/// # Errors
/// When one isn't answered as expected.
pub fn run(requests: usize, now: i64, dir: &Path) -> Result<Soak> {
    let signer = Signer::Es256;
    let document = Scenario::new_token(signer, 0, now).document;
    let envoy = config::start(guard::guarded(&document));
    let name = tenant(USUAL - 1);
    let good = Request::get(&token_path(&signer.token(&name, now)));
    let junk = Junk::ALL.map(|junk| Request::get(&token_path(&signer.junk(junk, &name, now))));
    let send = |load: Load, count: usize, status: u16| {
        h2load::run(envoy.address(), &load, count, status, dir)
    };
    let (mut soak, mut sent) = (Soak { samples: Vec::new() }, 0);
    while sent < requests {
        let new = paths(signer, sent, NEW, now);
        send(Load::Paths(new), NEW, 200)?;
        for request in &junk {
            send(Load::Same(request.clone()), JUNK, 401)?;
        }
        let rest = TURN - NEW - JUNK * junk.len();
        send(Load::Same(good.clone()), rest, 200)?;
        sent += TURN;
        let (resident, linear) = (envoy.resident_memory(), memory::linear(envoy.id()));
        soak.samples.push(Sample { requests: sent, resident, linear });
        eprintln!("{sent} requests: {} KiB, VMs {} KiB", resident / 1024, linear / 1024);
    }
    Ok(soak)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soak(memory: impl Fn(usize) -> u64) -> Soak {
        let sample = |turn| Sample { requests: turn * TURN, resident: memory(turn), linear: 0 };
        Soak { samples: (1..=100).map(sample).collect() }
    }

    #[test]
    fn what_fills_at_first_and_stays_is_steady() {
        assert!(soak(|turn| 100_000_000 + 1_000_000 * turn.min(15) as u64).is_steady());
    }

    #[test]
    fn what_grows_by_a_byte_a_request_is_not() {
        assert!(!soak(|turn| (100_000_000 + turn * TURN) as u64).is_steady());
    }
}
