//! How long an Envoy takes to start, and how much memory it has then.

use std::time::Instant;

use serde_json::Value;

use crate::config::{envoy, guard};
use crate::memory;
use crate::scenario::{Scenario, Signer};
use crate::stats::median;
use crate::variant::MANY;

/// Envoy configures a plugin on trial, on the main thread and on each worker.
pub const LOADS: f64 = 3.0;

/// The VMs that stay configured: that of the trial doesn't.
pub const KEPT: f64 = 2.0;

/// What starts of one kind measured.
#[derive(Clone, Debug)]
pub struct Started {
    /// Which kind.
    pub name: &'static str,
    /// The median of the time until Envoy is ready, in milliseconds.
    pub ready: f64,
    /// The median of the memory that it uses then, in bytes.
    pub memory: f64,
    /// The median of the VMs' linear memory, all together, in bytes.
    pub linear: f64,
}

/// Starts each kind so many times, in turns.
pub fn measure(times: usize, now: i64) -> Vec<Started> {
    let usual = Scenario::warm_token(Signer::Rs256, now).document;
    let many = Scenario::api_key(MANY).document;
    let kinds: [(&'static str, Vec<Value>); 4] = [
        ("no filter", vec![]),
        ("empty wasm filter", vec![guard::empty()]),
        ("guard, 10 keys", guard::guarded(&usual)),
        ("guard, 100,000 keys", guard::guarded(&many)),
    ];
    let mut ready: Vec<Vec<f64>> = vec![Vec::new(); kinds.len()];
    let mut resident = ready.clone();
    let mut linear = ready.clone();
    for time in 1..=times {
        eprintln!("starts: {time} of {times}");
        for (at, (_, filters)) in kinds.iter().enumerate() {
            let builder = envoy(filters.clone());
            let begin = Instant::now();
            let envoy = builder.start();
            ready[at].push(begin.elapsed().as_secs_f64() * 1e3);
            resident[at].push(envoy.resident_memory() as f64);
            linear[at].push(memory::linear(envoy.id()) as f64);
        }
    }
    let started = |(at, (name, _)): (usize, &(&'static str, Vec<Value>))| Started {
        name,
        ready: median(&ready[at]),
        memory: median(&resident[at]),
        linear: median(&linear[at]),
    };
    kinds.iter().enumerate().map(started).collect()
}
