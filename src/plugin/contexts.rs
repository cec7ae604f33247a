//! Calls to the host that are about more than the request at hand: ticks,
//! requests to clusters, and other contexts.
#![allow(unsafe_code, reason = "the host is called by pointer and size")]

use core::time::Duration;

use proxy_wasm::types::Status;

use super::hostcalls::{UNIMPLEMENTED, check};
use crate::host::HostError;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(kind: u32) -> u32;
    fn proxy_http_call(
        cluster: *const u8,
        cluster_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout: u32,
        token: *mut u32,
    ) -> u32;
}

const REQUEST: u32 = 0;
const BAD_ARGUMENT: u32 = 2;
const INTERNAL_FAILURE: u32 = 10;

type Answer<T> = Result<T, HostError>;

/// Asks for the next tick of the plugin's root in so many milliseconds.
pub(super) fn tick_in(milliseconds: u32) -> Answer<()> {
    // SAFETY: a plain number.
    let status = unsafe { proxy_set_tick_period_milliseconds(milliseconds) };
    check("proxy_set_tick_period_milliseconds", status)
}

/// Makes the calls that follow be about another context.
pub(super) fn switch_to(context: u32) -> Answer<()> {
    // SAFETY: a plain number.
    check("proxy_set_effective_context", unsafe { proxy_set_effective_context(context) })
}

/// Lets the request go on that is paused.
pub(super) fn resume_request() -> Answer<()> {
    // SAFETY: a plain number.
    check("proxy_continue_stream", unsafe { proxy_continue_stream(REQUEST) })
}

/// Sends a request without a body to a cluster, for the root.
///
/// The SDK must know of each call, or it panics at its answer; and it panics
/// where the host says what it doesn't expect, there and when it switches to
/// the root at the answer. So a host is asked first for what can't be, and to
/// switch: one that answers that as hosts should is known by its manners.
pub(super) fn call(
    root: u32,
    cluster: &str,
    headers: &[(&str, &str)],
    timeout: Duration,
) -> Answer<u32> {
    let call = "proxy_http_call";
    switch_to(root)?;
    match refused_call() {
        BAD_ARGUMENT | INTERNAL_FAILURE => {}
        status => return Err(HostError { call, status }),
    }
    let sent = proxy_wasm::hostcalls::dispatch_http_call(
        cluster,
        headers.to_vec(),
        None,
        Vec::new(),
        timeout,
    );
    sent.map_err(|status| match status {
        Status::BadArgument => HostError { call, status: BAD_ARGUMENT },
        Status::InternalFailure => HostError { call, status: INTERNAL_FAILURE },
        _ => HostError { call, status: UNIMPLEMENTED },
    })
}

/// What the host says to a call to no cluster, without a header.
fn refused_call() -> u32 {
    // No pairs: their number.
    let none = 0u32.to_le_bytes();
    let mut token = 0;
    // SAFETY: pointers and sizes are of locals that outlive the call.
    unsafe {
        proxy_http_call(
            none.as_ptr(),
            0,
            none.as_ptr(),
            none.len(),
            none.as_ptr(),
            0,
            none.as_ptr(),
            none.len(),
            1,
            &raw mut token,
        )
    }
}
