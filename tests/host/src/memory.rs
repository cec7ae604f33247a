//! The guest's memory, from inside a hostcall.

use wasmtime::{AsContext, AsContextMut, Caller, Extern, Memory};

use crate::plan::Effect;
use crate::status;
use crate::world::World;

/// What a hostcall comes to: a status, or the end of the guest.
pub(crate) type Answer = wasmtime::Result<u32>;

pub(crate) fn memory(caller: &mut Caller<'_, World>) -> wasmtime::Result<Memory> {
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => Ok(memory),
        _ => Err(wasmtime::Error::msg("the guest exports no memory")),
    }
}

/// Bytes of the guest; `None` where they aren't all its own.
pub(crate) fn read(caller: &mut Caller<'_, World>, at: u32, length: u32) -> Option<Vec<u8>> {
    let memory = memory(caller).ok()?;
    let at = at as usize;
    memory.data(caller.as_context()).get(at..at.checked_add(length as usize)?).map(<[u8]>::to_vec)
}

/// Writes into the guest; false where the place isn't its own.
pub(crate) fn write(caller: &mut Caller<'_, World>, at: u32, bytes: &[u8]) -> bool {
    memory(caller)
        .is_ok_and(|memory| memory.write(caller.as_context_mut(), at as usize, bytes).is_ok())
}

fn allocate(caller: &mut Caller<'_, World>, size: u32) -> wasmtime::Result<u32> {
    for name in ["proxy_on_memory_allocate", "malloc"] {
        if let Some(Extern::Func(function)) = caller.get_export(name) {
            return function
                .typed::<u32, u32>(caller.as_context())?
                .call(caller.as_context_mut(), size);
        }
    }
    Err(wasmtime::Error::msg("the guest exports no allocator"))
}

/// Gives the guest a buffer through its two return addresses, or what the plan says instead.
pub(crate) fn give(
    caller: &mut Caller<'_, World>,
    data_at: u32,
    size_at: u32,
    bytes: &[u8],
) -> Answer {
    let (bytes, pointer) = match caller.data_mut().effect.take() {
        Some(Effect::Silent) => return Ok(status::OK),
        Some(Effect::Null) => (bytes.to_vec(), Some(0)),
        Some(Effect::Empty) => (Vec::new(), Some(0)),
        Some(Effect::Bytes(rewrite)) => (rewrite(bytes), None),
        _ => (bytes.to_vec(), None),
    };
    let size = bytes.len() as u32;
    let pointer = match pointer {
        Some(pointer) => pointer,
        // As Envoy: nothing to give is a null pointer and no length.
        None if bytes.is_empty() => 0,
        None => {
            let pointer = allocate(caller, size)?;
            if pointer == 0 || !write(caller, pointer, &bytes) {
                return Ok(status::INVALID_MEMORY_ACCESS);
            }
            pointer
        }
    };
    let done = write(caller, data_at, &pointer.to_le_bytes())
        && write(caller, size_at, &size.to_le_bytes());
    Ok(if done { status::OK } else { status::INVALID_MEMORY_ACCESS })
}

/// Gives the guest a number, or what the plan says instead.
pub(crate) fn give_number(
    caller: &mut Caller<'_, World>,
    at: u32,
    number: u64,
    width: usize,
) -> u32 {
    let number = match caller.data_mut().effect.take() {
        Some(Effect::Silent) => return status::OK,
        Some(Effect::Number(other)) => other,
        _ => number,
    };
    if write(caller, at, &number.to_le_bytes()[..width]) {
        status::OK
    } else {
        status::INVALID_MEMORY_ACCESS
    }
}
