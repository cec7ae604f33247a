//! Which credential counts, by whole decisions.

mod fallback;
mod modes;
mod removal;
mod sources;

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{guard, jwt, key, merged};

/// Tokens and two keys, on routes that ask for no tenant.
fn document(over: Value) -> Value {
    let keys = [key("k1", "sesame", json!({})), key("k3", "one.two.three", json!({}))];
    let base = json!({
        "api_keys": {"keys": keys},
        "routes": [{"match": {"path": "/**"}, "tenancy": "none"}]
    });
    merged(merged(jwt(json!({})), base), over)
}

fn with(over: Value) -> Guard {
    guard(document(over))
}
