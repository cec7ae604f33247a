//! Metrics that the host keeps, each by a number.
#![allow(unsafe_code, reason = "the host is called by pointer and size")]

use super::{Answer, check};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
}

/// What a metric does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plugin) enum Kind {
    Counter = 0,
    Gauge = 1,
}

pub(in crate::plugin) fn define_metric(kind: Kind, name: &str) -> Answer<u32> {
    let mut id = 0;
    // SAFETY: the text outlives the call; the pointer is to a local.
    let status =
        unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &raw mut id) };
    check("proxy_define_metric", status).map(|()| id)
}

/// Counts up.
pub(in crate::plugin) fn increment(id: u32, by: i64) -> Answer<()> {
    // SAFETY: plain numbers.
    check("proxy_increment_metric", unsafe { proxy_increment_metric(id, by) })
}

/// Sets a gauge.
pub(in crate::plugin) fn record(id: u32, value: u64) -> Answer<()> {
    // SAFETY: plain numbers.
    check("proxy_record_metric", unsafe { proxy_record_metric(id, value) })
}
