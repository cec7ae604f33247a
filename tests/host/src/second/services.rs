//! What the guests of `proxy-wasm-host` share: our values, and its own metrics.

use std::num::NonZeroU32;

use proxy_wasm_host::abi::v0_2_1::types::{MetricType, Status};
use proxy_wasm_host::abi::v0_2_1::{
    InMemoryStore, Invocation, MetricId, SharedServices, SharedValue,
};

use crate::{SharedData, status};

pub(super) struct Services {
    values: SharedData,
    metrics: InMemoryStore,
}

impl Services {
    pub(super) fn new(values: &SharedData) -> Self {
        Self { values: values.clone(), metrics: InMemoryStore::new() }
    }
}

impl SharedServices for Services {
    fn get_shared_data(
        &self,
        _: Invocation,
        vm_id: &[u8],
        key: &[u8],
    ) -> Result<SharedValue, Status> {
        let (value, version) = self.values.get(vm_id, key).ok_or(Status::NotFound)?;
        let version = NonZeroU32::new(version).ok_or(Status::InternalFailure)?;
        Ok(SharedValue::new(value, version))
    }

    fn set_shared_data(
        &self,
        _: Invocation,
        vm_id: &[u8],
        key: &[u8],
        value: &[u8],
        cas: Option<u32>,
    ) -> Result<(), Status> {
        match self.values.set(vm_id, key, value, cas.unwrap_or(0)) {
            status::OK => Ok(()),
            _ => Err(Status::CasMismatch),
        }
    }

    fn define_metric(
        &self,
        call: Invocation,
        vm_id: &[u8],
        kind: MetricType,
        name: &[u8],
    ) -> Result<MetricId, Status> {
        self.metrics.define_metric(call, vm_id, kind, name)
    }

    fn record_metric(&self, call: Invocation, metric: MetricId, value: u64) -> Result<(), Status> {
        self.metrics.record_metric(call, metric, value)
    }

    fn increment_metric(
        &self,
        call: Invocation,
        metric: MetricId,
        delta: i64,
    ) -> Result<(), Status> {
        self.metrics.increment_metric(call, metric, delta)
    }

    fn get_metric(&self, call: Invocation, metric: MetricId) -> Result<u64, Status> {
        self.metrics.get_metric(call, metric)
    }
}
