//! A plugin that makes one call of its host so many times for each request, as
//! its configuration says: a [`Plan`]. The benchmark links this crate too, to
//! write such configurations.

mod plan;

#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod plugin;

pub use plan::{Call, Moment, Plan, Unknown};

/// The property that is set first, and what it is set to: the decision that the
/// guard's backstop asks for.
pub const DECISION: (&str, &str) = ("tenant_guard.decision", "allow");

/// The filter state that is read.
pub const FILTER_STATE: &str = "tenant_guard.peer";
