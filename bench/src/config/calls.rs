//! Filters for the measurement of single calls.

use serde_json::{Value, json};
use tenant_guard_bench_calls::{FILTER_STATE, Plan};

use super::guard::{bench_file, wasm};

const SET: &str = "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config";

/// Which callbacks the plugin exports. A host calls each that it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callbacks {
    /// Those that the guard has: linked by `scripts/link.sh`.
    Needed,
    /// All that the SDK has: linked as plugins usually are.
    Every,
}

/// The plugin that follows this plan: `CALLS` or `CALLBACKS`, or where
/// `make bench` leaves it.
pub fn calls(plan: Plan, callbacks: Callbacks) -> Value {
    let file = match callbacks {
        Callbacks::Needed => bench_file("CALLS", "bench-calls.wasm"),
        Callbacks::Every => bench_file("CALLBACKS", "bench-callbacks.wasm"),
    };
    wasm("calls", &file, &plan.to_string())
}

/// Envoy's filter that keeps the client's address as filter state.
pub fn set_filter_state() -> Value {
    json!({"name": "peer", "typed_config": {"@type": SET, "on_request_headers": [{
        "object_key": FILTER_STATE,
        "factory_key": "envoy.string",
        "format_string": {"text_format_source": {
            "inline_string": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"}},
    }]}})
}
