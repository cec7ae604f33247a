//! How long an Envoy takes to start, and how much memory it has then.

use std::time::Instant;

use serde_json::Value;

use crate::config::{envoy, guard};
use crate::memory;
use crate::scenario::{Document, Scenario, Signer};
use crate::stats::median;
use crate::variant::MANY;

/// Envoy configures a plugin on trial, on the main thread and on each worker.
pub const LOADS: f64 = 3.0;

/// What starts of one kind measured: medians.
#[derive(Clone, Debug, Default)]
pub struct Started {
    /// Which kind.
    pub name: &'static str,
    /// The time until Envoy is ready, in milliseconds.
    pub ready: f64,
    /// The memory that it uses then, in bytes.
    pub memory: f64,
    /// The VMs' linear memory, all together, in bytes.
    pub linear: f64,
    /// The linear memory of the largest VM, in bytes.
    pub largest: f64,
}

/// All kinds of starts.
#[derive(Clone, Debug, Default)]
pub struct Starts {
    /// Without a filter.
    pub bare: Started,
    /// With the plugin that does nothing.
    pub empty: Started,
    /// With the guard, and a document without tenants.
    pub none: Started,
    /// With the guard, and ten keys.
    pub few: Started,
    /// With the guard, and [`MANY`] keys.
    pub many: Started,
    /// Bytes of the document with [`MANY`] keys.
    pub document: usize,
}

impl Starts {
    /// All of them, from small to large.
    pub fn all(&self) -> [&Started; 5] {
        [&self.bare, &self.empty, &self.none, &self.few, &self.many]
    }

    /// What the guard adds to the start of an Envoy with a small document, in
    /// milliseconds.
    pub fn ready_added(&self) -> f64 {
        self.few.ready - self.bare.ready
    }

    /// What each VM takes to load [`MANY`] keys, in milliseconds.
    pub fn load(&self) -> f64 {
        (self.many.ready - self.few.ready) / LOADS
    }

    /// What each of [`MANY`] keys takes of a VM's linear memory, in bytes: the
    /// plugin's own memory and one copy of the document are taken off.
    /// Linear memory never shrinks, so that it is the most that was ever needed.
    pub fn bytes_a_key(&self) -> f64 {
        (self.many.largest - self.none.largest - self.document as f64) / MANY as f64
    }
}

/// Starts each kind so many times, in turns.
pub fn measure(times: usize, now: i64) -> Starts {
    let none = Document::usual(Signer::Rs256).tenants(0).build();
    let few = Scenario::warm_token(Signer::Rs256, now).document;
    let many = Scenario::api_key(MANY).document;
    let kinds: [(&'static str, Vec<Value>); 5] = [
        ("no filter", vec![]),
        ("empty wasm filter", vec![guard::empty()]),
        ("guard, no tenants", guard::guarded(&none)),
        ("guard, 10 keys", guard::guarded(&few)),
        ("guard, 100,000 keys", guard::guarded(&many)),
    ];
    let mut samples: [Samples; 5] = Default::default();
    for time in 1..=times {
        eprintln!("starts: {time} of {times}");
        for ((_, filters), samples) in kinds.iter().zip(&mut samples) {
            samples.take(filters);
        }
    }
    let medians = |at: usize| samples[at].medians(kinds[at].0);
    let [bare, empty, none, few] = [0, 1, 2, 3].map(medians);
    Starts { bare, empty, none, few, many: medians(4), document: many.to_string().len() }
}

#[derive(Default)]
struct Samples {
    ready: Vec<f64>,
    memory: Vec<f64>,
    linear: Vec<f64>,
    largest: Vec<f64>,
}

impl Samples {
    /// Starts one.
    fn take(&mut self, filters: &[Value]) {
        let builder = envoy(filters.to_vec());
        let begin = Instant::now();
        let envoy = builder.start();
        self.ready.push(begin.elapsed().as_secs_f64() * 1e3);
        self.memory.push(envoy.resident_memory() as f64);
        let each = memory::each(envoy.id());
        self.linear.push(each.iter().sum::<u64>() as f64);
        self.largest.push(each.into_iter().max().unwrap_or(0) as f64);
    }

    fn medians(&self, name: &'static str) -> Started {
        Started {
            name,
            ready: median(&self.ready),
            memory: median(&self.memory),
            linear: median(&self.linear),
            largest: median(&self.largest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_judged_is_beyond_what_is_there_anyhow() {
        let started = |ready: f64, largest: f64| Started { ready, largest, ..Started::default() };
        let starts = Starts {
            bare: started(100.0, 0.0),
            none: started(390.0, 1e6),
            few: started(400.0, 1.1e6),
            many: started(3400.0, 1e6 + 25e6 + 15e6),
            document: 25_000_000,
            ..Starts::default()
        };
        assert_eq!(starts.ready_added(), 300.0);
        assert_eq!(starts.load(), 1000.0);
        assert_eq!(starts.bytes_a_key(), 150.0);
    }
}
