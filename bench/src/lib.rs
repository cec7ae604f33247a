//! What tenant-guard costs, side by side with Envoy's own filters.
//!
//! [`scenario`] has the guard's documents and the requests that meet them; it
//! needs neither Envoy nor a clock, so other measurements may use it too.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a tool for developers: a measurement that can't go on ends"
)]

pub mod scenario;
