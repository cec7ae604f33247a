//! Plugins as filters.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tenant_guard_tests::plugin_file;

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
const RBAC: &str = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";
const STRING: &str = "type.googleapis.com/google.protobuf.StringValue";

/// The guard with its backstop, as shipped configurations have them.
pub fn guarded(document: &Value) -> Vec<Value> {
    vec![guard(document), backstop()]
}

/// The guard alone.
pub fn guard(document: &Value) -> Value {
    wasm("tenant_guard", &plugin_file(), &document.to_string())
}

/// The plugin that does nothing: `EMPTY`, or where `make bench` leaves it.
pub fn empty() -> Value {
    wasm("empty", &bench_file("EMPTY", "bench-empty.wasm"), "")
}

/// A plugin of the benchmark: the file that the variable names, or where
/// `make bench` leaves it.
pub(super) fn bench_file(variable: &str, name: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(name),
        PathBuf::from,
    )
}

/// Only what the guard has let pass goes on.
pub fn backstop() -> Value {
    let decision = |value: &str| {
        json!({"filter_state": {
            "key": "wasm.tenant_guard.decision", "string_match": {"exact": value}}})
    };
    json!({"name": "backstop", "typed_config": {"@type": RBAC, "rules": {
        "action": "ALLOW",
        "policies": {"guard_decided": {
            "permissions": [{"any": true}],
            "principals": [decision("allow"), decision("public")],
        }},
    }}})
}

pub(super) fn wasm(name: &str, file: &Path, configuration: &str) -> Value {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    json!({"name": name, "typed_config": {"@type": WASM, "config": {
        "name": name,
        "root_id": name,
        "failure_policy": "FAIL_RELOAD",
        "configuration": {"@type": STRING, "value": configuration},
        "vm_config": {
            "vm_id": format!("bench_{number}"),
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": file}},
        },
    }}})
}
