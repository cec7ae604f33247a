//! The environment of the VM, which WASI tells.
#![allow(unsafe_code, reason = "the host is called by pointer and size")]

use super::{Answer, check};
use crate::host::HostError;

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn environ_sizes_get(count: *mut usize, size: *mut usize) -> u32;
    fn environ_get(pointers: *mut *mut u8, buffer: *mut u8) -> u32;
}

/// More than any operating system hands to a process.
const MOST_VARIABLES: usize = 1 << 16;
const MOST_ENVIRONMENT_BYTES: usize = 1 << 23;

/// The VM's environment, as `NAME=value` texts.
pub(in crate::plugin) fn environment() -> Answer<Vec<Vec<u8>>> {
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
