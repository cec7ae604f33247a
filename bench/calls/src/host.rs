//! The calls, each once. One that fails ends the VM, so that no request is
//! answered as if it had been measured.
#![allow(unsafe_code, reason = "the host is called by pointer and size")]

/// A map of headers.
#[derive(Clone, Copy)]
pub(crate) enum Map {
    Request = 0,
    Response = 2,
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_header_map_pairs(map: u32, data: *const u8, size: usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
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
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        value: *const u8,
        value_size: usize,
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
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
}

fn check(status: u32) {
    if status != 0 {
        std::process::abort();
    }
}

/// Runs a call that hands over a buffer, and takes it; nothing at all ends the
/// VM too, since all that is asked for is there.
fn take(run: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Vec<u8> {
    let (mut data, mut size) = (core::ptr::null_mut(), 0);
    check(run(&raw mut data, &raw mut size));
    check(u32::from(data.is_null()));
    // SAFETY: the host allocated `size` bytes by `proxy_on_memory_allocate`,
    // which the SDK implements as a boxed slice of that size, and gave them away.
    unsafe { Vec::from_raw_parts(data, size, size) }
}

pub(crate) fn time() -> u64 {
    let mut time = 0;
    // SAFETY: the pointer is to a local of the type that the host writes.
    check(unsafe { proxy_get_current_time_nanoseconds(&raw mut time) });
    time
}

pub(crate) fn headers(map: Map) -> Vec<u8> {
    // SAFETY: both pointers are to locals of `take`.
    take(|data, size| unsafe { proxy_get_header_map_pairs(map as u32, data, size) })
}

pub(crate) fn set_headers(map: Map, pairs: &[u8]) {
    // SAFETY: pointer and size are of a slice that outlives the call.
    check(unsafe { proxy_set_header_map_pairs(map as u32, pairs.as_ptr(), pairs.len()) });
}

pub(crate) fn header(map: Map, name: &str) -> Vec<u8> {
    // SAFETY: the text outlives the call; both pointers are to locals of `take`.
    take(|data, size| unsafe {
        proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), data, size)
    })
}

pub(crate) fn replace_header(map: Map, name: &str, value: &str) {
    // SAFETY: pointers and sizes are of texts that outlive the call.
    check(unsafe {
        proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    });
}

pub(crate) fn add_header(map: Map, name: &str, value: &str) {
    // SAFETY: pointers and sizes are of texts that outlive the call.
    check(unsafe {
        proxy_add_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    });
}

pub(crate) fn remove_header(map: Map, name: &str) {
    // SAFETY: pointer and size are of a text that outlives the call.
    check(unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) });
}

/// A property; the parts of its path are joined by NUL.
pub(crate) fn property(path: &str) -> Vec<u8> {
    // SAFETY: the text outlives the call; both pointers are to locals of `take`.
    take(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

pub(crate) fn set_property(name: &str, value: &str) {
    // SAFETY: pointers and sizes are of texts that outlive the call.
    check(unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) });
}

pub(crate) fn shared(name: &str) -> Vec<u8> {
    let mut version = 0;
    // SAFETY: the text outlives the call; the pointers are to locals.
    take(|data, size| unsafe {
        proxy_get_shared_data(name.as_ptr(), name.len(), data, size, &raw mut version)
    })
}

/// Version 0 means to write over any.
pub(crate) fn set_shared(name: &str, value: &str) {
    // SAFETY: pointers and sizes are of texts that outlive the call.
    check(unsafe {
        proxy_set_shared_data(name.as_ptr(), name.len(), value.as_ptr(), value.len(), 0)
    });
}

/// A counter.
pub(crate) fn counter(name: &str) -> u32 {
    let mut id = 0;
    // SAFETY: the text outlives the call; the pointer is to a local.
    check(unsafe { proxy_define_metric(0, name.as_ptr(), name.len(), &raw mut id) });
    id
}

pub(crate) fn count(counter: u32) {
    // SAFETY: plain numbers.
    check(unsafe { proxy_increment_metric(counter, 1) });
}
