//! Values that all VMs of one `vm_id` share.
#![allow(unsafe_code, reason = "the host is called by pointer and size")]

use super::{Answer, NOT_FOUND, check, take};
use crate::host::{HostError, Shared, Written};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
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
}

/// What should be compared and swapped is another by now.
const CAS_MISMATCH: u32 = 8;

/// A value that all VMs of this `vm_id` share; `None` where there is none.
pub(in crate::plugin) fn shared_data(name: &str) -> Answer<Option<Shared>> {
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
pub(in crate::plugin) fn set_shared_data(
    name: &str,
    value: &[u8],
    version: Option<u32>,
) -> Answer<Written> {
    match write_shared_data(name, value, version.unwrap_or(u32::MAX)) {
        CAS_MISMATCH => Ok(Written::Overtaken),
        status => check("proxy_set_shared_data", status).map(|()| Written::Done),
    }
}

/// Writes a shared value, whatever is there.
pub(in crate::plugin) fn put_shared_data(name: &str, value: &[u8]) -> Answer<()> {
    check("proxy_set_shared_data", write_shared_data(name, value, 0))
}

fn write_shared_data(name: &str, value: &[u8], version: u32) -> u32 {
    // SAFETY: pointers and sizes are of slices that outlive the call.
    unsafe {
        proxy_set_shared_data(name.as_ptr(), name.len(), value.as_ptr(), value.len(), version)
    }
}
