//! Headers of the stream at hand, and the reply to it.
#![allow(unsafe_code, reason = "the host is called by pointer and size")]

use super::{Answer, check, take};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
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
}

/// Header maps of a stream.
#[derive(Debug, Clone, Copy)]
pub(in crate::plugin) enum Map {
    RequestHeaders = 0,
    RequestTrailers = 1,
    ResponseHeaders = 2,
    /// Of the answer to a call, while that is handed over.
    CallHeaders = 6,
}

/// All names and values of a map, as the host serialises them.
pub(in crate::plugin) fn header_map(map: Map) -> Answer<Vec<u8>> {
    take("proxy_get_header_map_pairs", |data, size| {
        // SAFETY: both pointers are to locals of `take`.
        unsafe { proxy_get_header_map_pairs(map as u32, data, size) }
    })
}

pub(in crate::plugin) fn set_header(map: Map, name: &[u8], value: &[u8]) -> Answer<()> {
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

/// Adds a header to a map that has none of that name: half the cost of setting
/// it.
pub(in crate::plugin) fn add_header(map: Map, name: &[u8], value: &[u8]) -> Answer<()> {
    // SAFETY: pointers and sizes are of slices that outlive the call.
    check("proxy_add_header_map_value", unsafe {
        proxy_add_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

pub(in crate::plugin) fn remove_header(map: Map, name: &[u8]) -> Answer<()> {
    // SAFETY: pointer and size are of a slice that outlives the call.
    check("proxy_remove_header_map_value", unsafe {
        proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len())
    })
}

/// One reply for HTTP and gRPC: the host picks by the request.
pub(in crate::plugin) fn send_local_response(
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
