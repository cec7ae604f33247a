//! Counters, gauges and histograms, as Envoy has them.

use super::World;
use crate::status;

const COUNTER: u32 = 0;
const GAUGE: u32 = 1;
const HISTOGRAM: u32 = 2;

impl World {
    /// Ids as Envoy's: the kind in the low bits; the same name, the same metric.
    pub(crate) fn define_metric(&mut self, kind: u32, name: &[u8]) -> Result<u32, u32> {
        self.about(name);
        let name = String::from_utf8_lossy(name).into_owned();
        if kind > HISTOGRAM {
            return Err(status::BAD_ARGUMENT);
        }
        let known = self.metrics.iter().position(|(n, k, _)| *n == name && *k == kind);
        let index = known.unwrap_or_else(|| {
            self.metrics.push((name, kind, 0));
            self.metrics.len() - 1
        });
        Ok((index as u32) << 2 | kind)
    }

    fn metric(&mut self, id: u32) -> Option<&mut (String, u32, i64)> {
        let found = self.metrics.get((id >> 2) as usize).filter(|(_, kind, _)| *kind == id & 3)?;
        let name = found.0.clone();
        self.about(name.as_bytes());
        self.metrics.get_mut((id >> 2) as usize)
    }

    pub(crate) fn increment_metric(&mut self, id: u32, offset: i64) -> u32 {
        match self.metric(id) {
            // As Envoy: a counter only rises.
            Some((_, COUNTER, _)) if offset <= 0 => status::BAD_ARGUMENT,
            Some((_, _, value)) => {
                *value = value.wrapping_add(offset);
                status::OK
            }
            None => status::BAD_ARGUMENT,
        }
    }

    /// A gauge is set, a counter rises by the value.
    pub(crate) fn record_metric(&mut self, id: u32, recorded: u64) -> u32 {
        let recorded = recorded as i64;
        match self.metric(id) {
            Some((_, COUNTER, value)) => *value = value.wrapping_add(recorded),
            Some((_, _, value)) => *value = recorded,
            None => return status::NOT_FOUND,
        }
        status::OK
    }

    pub(crate) fn counter(&self, name: &str) -> Option<i64> {
        self.value(COUNTER, name)
    }

    pub(crate) fn gauge(&self, name: &str) -> Option<i64> {
        self.value(GAUGE, name)
    }

    fn value(&self, kind: u32, name: &str) -> Option<i64> {
        let found = self.metrics.iter().find(|(n, k, _)| n == name && *k == kind);
        found.map(|(_, _, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_what_was_recorded_last_and_a_counter_the_sum() {
        let mut world = World::new("");
        let counter = world.define_metric(COUNTER, b"a").unwrap();
        let gauge = world.define_metric(GAUGE, b"a").unwrap();
        for id in [counter, gauge] {
            assert_eq!(world.record_metric(id, 5), status::OK);
            assert_eq!(world.record_metric(id, 3), status::OK);
        }
        assert_eq!((world.counter("a"), world.gauge("a")), (Some(8), Some(3)));
        assert_eq!(world.increment_metric(gauge, -1), status::OK);
        assert_eq!(world.increment_metric(counter, -1), status::BAD_ARGUMENT);
        assert_eq!((world.counter("a"), world.gauge("a")), (Some(8), Some(2)));
    }

    #[test]
    fn metrics_nobody_defined_are_not_found() {
        let mut world = World::new("");
        world.define_metric(GAUGE, b"a").unwrap();
        // The same place, and another kind.
        for id in [COUNTER, 4 | GAUGE] {
            assert_eq!(world.record_metric(id, 1), status::NOT_FOUND, "{id}");
            assert_eq!(world.increment_metric(id, 1), status::BAD_ARGUMENT, "{id}");
        }
        assert_eq!((world.counter("a"), world.gauge("a"), world.gauge("b")), (None, Some(0), None));
        assert_eq!(world.define_metric(3, b"a"), Err(status::BAD_ARGUMENT));
    }
}
