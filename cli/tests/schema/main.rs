//! The JSON Schema: what it says is what the guard does.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails"
)]

mod agreement;
mod current;
mod defaults;
mod documents;
mod laxity;

use jsonschema::Validator;
use tenant_guard_cli::schema::{Kind, schema};

/// A validator of plugin documents.
fn validator() -> Validator {
    jsonschema::validator_for(&schema(Kind::Plugin)).unwrap()
}
