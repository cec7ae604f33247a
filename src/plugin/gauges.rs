//! Gauges: what is known of what lives elsewhere. Each issuer of the
//! configuration has one; those of fetched tenants have one together, since a
//! host never forgets a gauge.

use std::cell::RefCell;
use std::collections::HashMap;

use super::hostcalls::{self, Kind};
use crate::host::HostError;

/// The gauges of a worker, each defined when it is first set.
#[derive(Debug, Default)]
pub(super) struct Gauges(RefCell<HashMap<String, u32>>);

impl Gauges {
    pub(super) fn set(&self, name: &str, value: u64) -> Result<(), HostError> {
        let busy = |_| HostError { call: "gauges", status: 0 };
        let mut known = self.0.try_borrow_mut().map_err(busy)?;
        let id = match known.get(name) {
            Some(id) => *id,
            None => {
                let id = hostcalls::define_metric(Kind::Gauge, &format!("tenant_guard.{name}"))?;
                known.insert(name.to_owned(), id);
                id
            }
        };
        hostcalls::record(id, value)
    }
}
