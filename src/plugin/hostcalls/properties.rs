//! Properties, which the host tells and keeps by name.
#![allow(unsafe_code, reason = "the host is called by pointer and size")]

use super::{Answer, NOT_FOUND, check, take};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
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
}

/// A property; `None` where there is none.
pub(in crate::plugin) fn property(path: &[&str]) -> Answer<Option<Vec<u8>>> {
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
pub(in crate::plugin) fn set_property(name: &str, value: &str) -> Answer<()> {
    // SAFETY: pointers and sizes are of texts that outlive the call.
    check("proxy_set_property", unsafe {
        proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len())
    })
}
