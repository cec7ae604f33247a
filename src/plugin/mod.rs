//! The plugin: the only place that knows proxy-wasm.
//!
//! The SDK runs the life of contexts, in `root` and `stream`. A `worker`
//! decides on requests, and between them keeps up to date what is fetched
//! (`keeping`). Calls to the host go through `hostcalls` and `contexts`. Where
//! one that a decision needs fails, the request is refused.

#[cfg(target_arch = "wasm32")]
mod contexts;
#[cfg(target_arch = "wasm32")]
mod gauges;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod hostcalls;
#[cfg(target_arch = "wasm32")]
mod keeping;
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "tested natively"))]
mod metric_name;
#[cfg(target_arch = "wasm32")]
mod metrics;
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "tested natively"))]
mod pairs;
#[cfg(target_arch = "wasm32")]
mod root;
#[cfg(target_arch = "wasm32")]
mod stream;
#[cfg(target_arch = "wasm32")]
mod ticks;
#[cfg(target_arch = "wasm32")]
mod worker;

/// The host that this VM runs in.
#[cfg(all(target_arch = "wasm32", feature = "probe"))]
pub(crate) fn host() -> impl crate::host::SignatureVerifier {
    host::ProxyHost::default()
}
