//! Calls to a proxy-wasm host (ABI 0.2.1), thin and without a panic.
//!
//! The SDK's own wrappers panic on statuses and bytes that they don't expect,
//! and a panic costs a worker its VM. Here every answer but "ok" is an error
//! that the caller turns into a refusal.
#![allow(unsafe_code, reason = "the host is called by pointer and size")]

mod environment;
mod metrics;
mod properties;
mod shared;
mod stream;

pub(super) use environment::environment;
pub(super) use metrics::{Kind, define_metric, increment, record};
pub(super) use properties::{property, set_property};
pub(super) use shared::{put_shared_data, set_shared_data, shared_data};
pub(super) use stream::{
    Map, add_header, header_map, remove_header, send_local_response, set_header,
};

use crate::host::HostError;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        most: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        arguments: *const u8,
        arguments_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
}

/// There is no such thing.
pub(super) const NOT_FOUND: u32 = 1;
/// The host doesn't have this call.
pub(super) const UNIMPLEMENTED: u32 = 12;

/// Buffers of the host.
#[derive(Debug, Clone, Copy)]
pub(super) enum Buffer {
    /// Of the answer to a call, while that is handed over.
    CallBody = 4,
    Configuration = 7,
}

type Answer<T> = Result<T, HostError>;

/// Makes a status an answer.
pub(super) fn check(call: &'static str, status: u32) -> Answer<()> {
    if status == 0 { Ok(()) } else { Err(HostError { call, status }) }
}

/// Runs a call that hands over a buffer, and takes it.
fn take(call: &'static str, run: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Answer<Vec<u8>> {
    let mut data = core::ptr::null_mut();
    let mut size = 0;
    check(call, run(&raw mut data, &raw mut size))?;
    if data.is_null() {
        // Nothing is an answer; something that isn't anywhere is none.
        return if size == 0 { Ok(Vec::new()) } else { Err(HostError { call, status: 0 }) };
    }
    // SAFETY: the host allocated `size` bytes by `proxy_on_memory_allocate`,
    // which the SDK implements as a boxed slice of that size, and gave them
    // away.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}

pub(super) fn log(level: u32, text: &str) -> Answer<()> {
    // SAFETY: pointer and size are of one text that outlives the call.
    check("proxy_log", unsafe { proxy_log(level, text.as_ptr(), text.len()) })
}

/// Nanoseconds since the epoch.
pub(super) fn now() -> Answer<u64> {
    let mut time = 0;
    // SAFETY: the pointer is to a local of the type that the host writes.
    let status = unsafe { proxy_get_current_time_nanoseconds(&raw mut time) };
    let call = "proxy_get_current_time_nanoseconds";
    check(call, status)?;
    // No time was told: at the epoch nothing would have expired.
    if time == 0 { Err(HostError { call, status: 0 }) } else { Ok(time) }
}

/// A buffer, up to so many bytes.
pub(super) fn buffer(buffer: Buffer, size: usize) -> Answer<Vec<u8>> {
    take("proxy_get_buffer_bytes", |data, length| {
        // SAFETY: both pointers are to locals of `take`.
        unsafe { proxy_get_buffer_bytes(buffer as u32, 0, size, data, length) }
    })
}

/// Calls a function that this host has beyond the ABI.
pub(super) fn call_foreign_function(name: &str, arguments: &[u8]) -> Answer<Vec<u8>> {
    take("proxy_call_foreign_function", |data, size| {
        // SAFETY: the slices outlive the call; both pointers are to locals.
        unsafe {
            proxy_call_foreign_function(
                name.as_ptr(),
                name.len(),
                arguments.as_ptr(),
                arguments.len(),
                data,
                size,
            )
        }
    })
}
