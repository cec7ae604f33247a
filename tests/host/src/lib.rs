//! Two hosts for the plugin that aren't Envoy.
//!
//! [`Host`] is a small proxy-wasm host on wasmtime's own linker. Every hostcall
//! passes one gate there, so a [`Plan`] can make any of them fail
//! with any status, or answer `Ok` with rubbish, in any callback.
//!
//! [`SecondHost`] is crates.io's `proxy-wasm-host`, written by others: what the
//! plugin does there without faults must be what it does in [`Host`], which
//! also tells whether our own host is true to the ABI. It cannot carry the
//! faults itself: its linker is private, so nothing can stand before the calls
//! it answers alone (configuration, clock, log, metrics), its `Status` lacks
//! 5, 9 and 11, and it encodes every buffer itself.
//!
//! What waits goes in [`Host`] only: [`Host::open`] sends a request that a root
//! context may resume or answer later, [`Host::tick`] and [`Host::answer`] let
//! it, and [`Host::look`] tells what became of the request.
//!
//! Both run on the same state and give the same [`Run`]:
//!
//! ```no_run
//! use tenant_guard_host_tests::{Callback, Effect, Fault, Host, Outcome, Plan, Request};
//!
//! let mut host = Host::load("target/tenant-guard.wasm", "{\"version\": 1}", &[]);
//! assert!(host.configured);
//! host.fault(Plan::of(Fault::on("proxy_get_header_map_pairs").within(Callback::RequestHeaders), Effect::Status(10)));
//! let run = host.request(&Request::get("/v1/things").header("x-api-key", "k"));
//! assert!(matches!(run.outcome, Outcome::Replied { .. }));
//! ```

mod gate;
mod headers;
mod host;
mod memory;
mod outcome;
mod plan;
mod request;
pub mod scenario;
mod second;
mod setup;
mod shared;
pub mod tokens;
pub mod verify;
#[cfg(test)]
mod wasm;
mod world;

pub use headers::Headers;
pub use host::{Host, callbacks, imports};
pub use outcome::{Call, LogLine, Outcome, Reply, Run};
pub use plan::{Callback, Effect, Fault, Plan, garbage};
pub use request::Request;
pub use second::SecondHost;
pub use setup::Setup;
pub use shared::SharedData;
pub use world::HttpCall;

/// The statuses of the ABI, by number. `Ok` is 0.
pub mod status {
    #![allow(missing_docs)]
    pub const OK: u32 = 0;
    pub const NOT_FOUND: u32 = 1;
    pub const BAD_ARGUMENT: u32 = 2;
    pub const SERIALIZATION_FAILURE: u32 = 3;
    pub const PARSE_FAILURE: u32 = 4;
    pub const INVALID_MEMORY_ACCESS: u32 = 6;
    pub const EMPTY: u32 = 7;
    pub const CAS_MISMATCH: u32 = 8;
    pub const INTERNAL_FAILURE: u32 = 10;
    pub const UNIMPLEMENTED: u32 = 12;
    /// Every failure the ABI names.
    pub const FAILURES: std::ops::RangeInclusive<u32> = 1..=12;
}
