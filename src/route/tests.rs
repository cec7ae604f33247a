//! Routes, by whole decisions.

mod matching;
mod rules;

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{guard, jwt, merged};

/// Tokens of acme, and a line for every request.
fn routed(document: Value) -> Guard {
    let base = json!({"audit": {"log": "all"}});
    guard(merged(merged(jwt(json!({"tenant": {"fixed": "acme"}})), base), document))
}
