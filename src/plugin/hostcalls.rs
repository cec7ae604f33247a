//! Calls to a proxy-wasm host (ABI 0.2.1), thin and without a panic.
//!
//! The SDK's own wrappers panic on statuses and bytes that they don't expect,
//! and a panic costs a worker its VM. Here every answer but "ok" is an error
//! that the caller turns into a refusal.
#![allow(unsafe_code, reason = "the one place where the host's memory is handed over")]

use crate::host::{HostError, Shared, Written};

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
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_shared_data(
        name: *const u8,
        name_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        version: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
        version: u32,
    ) -> u32;
    fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        arguments: *const u8,
        arguments_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn environ_sizes_get(count: *mut usize, size: *mut usize) -> u32;
    fn environ_get(pointers: *mut *mut u8, buffer: *mut u8) -> u32;
}

/// There is no such thing.
pub(super) const NOT_FOUND: u32 = 1;
/// What should be compared and swapped is another by now.
const CAS_MISMATCH: u32 = 8;
/// The host doesn't have this call.
pub(super) const UNIMPLEMENTED: u32 = 12;

/// Header maps of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Map {
    RequestHeaders = 0,
    RequestTrailers = 1,
    ResponseHeaders = 2,
    /// Of the answer to a call, while that is handed over.
    CallHeaders = 6,
}

/// Buffers of the host.
#[derive(Debug, Clone, Copy)]
pub(super) enum Buffer {
    /// Of the answer to a call, while that is handed over.
    CallBody = 4,
    Configuration = 7,
}

/// What a metric does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter = 0,
    Gauge = 1,
}

/// More than any operating system hands to a process.
const MOST_VARIABLES: usize = 1 << 16;
const MOST_ENVIRONMENT_BYTES: usize = 1 << 23;

type Answer<T> = Result<T, HostError>;

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

/// All names and values of a map, as the host serialises them.
pub(super) fn header_map(map: Map) -> Answer<Vec<u8>> {
    take("proxy_get_header_map_pairs", |data, size| {
        // SAFETY: both pointers are to locals of `take`.
        unsafe { proxy_get_header_map_pairs(map as u32, data, size) }
    })
}

pub(super) fn set_header(map: Map, name: &[u8], value: &[u8]) -> Answer<()> {
    // SAFETY: pointers and sizes are of slices that outlive the call.
    check("proxy_replace_header_map_value", unsafe {
        proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

pub(super) fn remove_header(map: Map, name: &[u8]) -> Answer<()> {
    // SAFETY: pointer and size are of a slice that outlives the call.
    check("proxy_remove_header_map_value", unsafe {
        proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len())
    })
}

/// A property; `None` where there is none.
pub(super) fn property(path: &[&str]) -> Answer<Option<Vec<u8>>> {
    let path = path.join("\0");
    let answer = take("proxy_get_property", |data, size| {
        // SAFETY: the text outlives the call; both pointers are to locals.
        unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) }
    });
    match answer {
        Err(error) if error.status == NOT_FOUND => Ok(None),
        answer => answer.map(Some),
    }
}

/// Sets the filter state `wasm.NAME`.
pub(super) fn set_property(name: &str, value: &str) -> Answer<()> {
    // SAFETY: pointers and sizes are of texts that outlive the call.
    check("proxy_set_property", unsafe {
        proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len())
    })
}

/// A value that all VMs of this `vm_id` share; `None` where there is none.
pub(super) fn shared_data(name: &str) -> Answer<Option<Shared>> {
    let mut version = 0;
    let answer = take("proxy_get_shared_data", |data, size| {
        // SAFETY: the text outlives the call; the pointers are to locals.
        unsafe { proxy_get_shared_data(name.as_ptr(), name.len(), data, size, &raw mut version) }
    });
    match answer {
        Err(error) if error.status == NOT_FOUND => Ok(None),
        // No value has it, and to a host it means to write over any.
        Ok(_) if version == 0 => Err(HostError { call: "proxy_get_shared_data", status: 0 }),
        answer => answer.map(|value| Some(Shared { value, version })),
    }
}

/// Writes a shared value if it has that version. To a host, the largest
/// version is that of no value: a value that isn't there takes any version,
/// and one that is there has another (measured).
pub(super) fn set_shared_data(name: &str, value: &[u8], version: Option<u32>) -> Answer<Written> {
    match write_shared_data(name, value, version.unwrap_or(u32::MAX)) {
        CAS_MISMATCH => Ok(Written::Overtaken),
        status => check("proxy_set_shared_data", status).map(|()| Written::Done),
    }
}

/// Writes a shared value, whatever is there.
pub(super) fn put_shared_data(name: &str, value: &[u8]) -> Answer<()> {
    check("proxy_set_shared_data", write_shared_data(name, value, 0))
}

fn write_shared_data(name: &str, value: &[u8], version: u32) -> u32 {
    // SAFETY: pointers and sizes are of slices that outlive the call.
    unsafe {
        proxy_set_shared_data(name.as_ptr(), name.len(), value.as_ptr(), value.len(), version)
    }
}

/// One reply for HTTP and gRPC: the host picks by the request.
pub(super) fn send_local_response(
    status: u16,
    details: &str,
    headers: &[u8],
    body: &str,
    grpc_status: u8,
) -> Answer<()> {
    // SAFETY: pointers and sizes are of slices that outlive the call.
    check("proxy_send_local_response", unsafe {
        proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            i32::from(grpc_status),
        )
    })
}

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

pub(super) fn define_metric(kind: Kind, name: &str) -> Answer<u32> {
    let mut id = 0;
    // SAFETY: the text outlives the call; the pointer is to a local.
    let status =
        unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &raw mut id) };
    check("proxy_define_metric", status).map(|()| id)
}

pub(super) fn increment(id: u32, by: i64) -> Answer<()> {
    // SAFETY: plain numbers.
    check("proxy_increment_metric", unsafe { proxy_increment_metric(id, by) })
}

/// Sets a gauge.
pub(super) fn record(id: u32, value: u64) -> Answer<()> {
    // SAFETY: plain numbers.
    check("proxy_record_metric", unsafe { proxy_record_metric(id, value) })
}

/// The VM's environment, as `NAME=value` texts.
pub(super) fn environment() -> Answer<Vec<Vec<u8>>> {
    let (mut count, mut size) = (0usize, 0usize);
    // SAFETY: both pointers are to locals.
    check("environ_sizes_get", unsafe { environ_sizes_get(&raw mut count, &raw mut size) })?;
    // What can't be is no reason to ask for memory that isn't there.
    if count > MOST_VARIABLES || size > MOST_ENVIRONMENT_BYTES {
        return Err(HostError { call: "environ_sizes_get", status: 0 });
    }
    let mut pointers: Vec<*mut u8> = vec![core::ptr::null_mut(); count];
    let mut buffer = vec![0u8; size];
    // SAFETY: both buffers have the sizes that the host just told.
    check("environ_get", unsafe { environ_get(pointers.as_mut_ptr(), buffer.as_mut_ptr()) })?;
    // The host wrote each variable with a NUL at its end, one after the other.
    let variables = buffer.split(|&byte| byte == 0).filter(|variable| !variable.is_empty());
    Ok(variables.map(<[u8]>::to_vec).collect())
}
