//! The hostcalls of ABI 0.2.1 that the plugin makes, all through one gate
//! where the [`Plan`](crate::Plan) may act.

use wasmtime::{Caller, FuncType, Linker, Module, Val, ValType};

use crate::memory::{Answer, give, give_number, read, write};
use crate::outcome::Reply;
use crate::plan::Effect;
use crate::world::World;
use crate::{Headers, status};

type Body = fn(&mut Caller<'_, World>, &[u64]) -> Answer;

const WASI: &str = "wasi_snapshot_preview1";

/// Module, name, parameters (`i` 32 bits, `I` 64 bits), where the guest wants
/// data and size written (index of the first of the two), and the body.
#[rustfmt::skip]
const HOSTCALLS: &[(&str, &str, &str, Option<usize>, Body)] = &[
    ("env", "proxy_log", "iii", None, log),
    ("env", "proxy_get_current_time_nanoseconds", "i", None, |c, a| { let now = c.data().now; Ok(give_number(c, a[0] as u32, now, 8)) }),
    ("env", "proxy_get_buffer_bytes", "iiiii", Some(3), get_buffer),
    ("env", "proxy_get_header_map_pairs", "iii", Some(1), get_pairs),
    ("env", "proxy_replace_header_map_value", "iiiii", None, |c, a| change(c, a, Headers::set)),
    ("env", "proxy_add_header_map_value", "iiiii", None, |c, a| change(c, a, Headers::add)),
    ("env", "proxy_remove_header_map_value", "iii", None, |c, a| change(c, &[a[0], a[1], a[2], 0, 0], |h, n, _| h.remove(n))),
    ("env", "proxy_get_property", "iiii", Some(2), get_property),
    ("env", "proxy_set_property", "iiii", None, set_property),
    ("env", "proxy_get_shared_data", "iiiii", Some(2), get_shared_data),
    ("env", "proxy_set_shared_data", "iiiii", None, set_shared_data),
    ("env", "proxy_send_local_response", "iiiiiiii", None, send_local_response),
    ("env", "proxy_call_foreign_function", "iiiiii", Some(4), call_foreign_function),
    ("env", "proxy_define_metric", "iiii", None, define_metric),
    ("env", "proxy_increment_metric", "iI", None, |c, a| Ok(c.data_mut().increment_metric(a[0] as u32, a[1] as i64))),
    ("env", "proxy_record_metric", "iI", None, |c, a| Ok(c.data_mut().record_metric(a[0] as u32, a[1]))),
    ("env", "proxy_http_call", "iiiiiiiiii", None, callouts::http_call),
    ("env", "proxy_set_tick_period_milliseconds", "i", None, callouts::set_tick_period),
    ("env", "proxy_set_effective_context", "i", None, |c, a| Ok(c.data_mut().set_effective(a[0] as u32))),
    ("env", "proxy_continue_stream", "i", None, |c, a| Ok(c.data_mut().resume(a[0] as u32))),
    (WASI, "environ_sizes_get", "ii", None, environ_sizes_get),
    (WASI, "environ_get", "ii", None, environ_get),
];

/// Registers the hostcalls, each behind the gate. Any other import traps.
pub(crate) fn register(linker: &mut Linker<World>, module: &Module) -> wasmtime::Result<()> {
    for &(space, name, parameters, out, body) in HOSTCALLS {
        let types = parameters.chars().map(|p| if p == 'I' { ValType::I64 } else { ValType::I32 });
        let signature = FuncType::new(linker.engine(), types.collect::<Vec<_>>(), [ValType::I32]);
        linker.func_new(space, name, signature, move |mut caller, values, results| {
            let arguments: Vec<u64> = values
                .iter()
                .map(|value| match value {
                    Val::I32(v) => u64::from(*v as u32),
                    Val::I64(v) => *v as u64,
                    _ => 0,
                })
                .collect();
            results[0] = Val::I32(pass(&mut caller, name, &arguments, out, body)? as i32);
            Ok(())
        })?;
    }
    linker.define_unknown_imports_as_traps(module)
}

fn pass(
    caller: &mut Caller<'_, World>,
    name: &'static str,
    arguments: &[u64],
    out: Option<usize>,
    body: Body,
) -> Answer {
    let effect = caller.data_mut().enter(name);
    let index = caller.data().records.calls.len() - 1;
    let answer = match effect {
        Some(Effect::Status(status)) => {
            describe(caller, name, arguments);
            status
        }
        Some(Effect::DoneBut(status)) => {
            body(caller, arguments)?;
            status
        }
        Some(Effect::After(first)) => {
            first();
            body(caller, arguments)?
        }
        other => {
            caller.data_mut().effect = other;
            let status = body(caller, arguments)?;
            // A call that had nothing to give still lies where the plan says so.
            match (caller.data().effect.is_some(), out) {
                (true, Some(at)) => {
                    give(caller, arguments[at] as u32, arguments[at + 1] as u32, &[])?
                }
                _ => status,
            }
        }
    };
    caller.data_mut().effect = None;
    caller.data_mut().records.calls[index].1.status = answer;
    Ok(answer)
}

/// What a call is about, where its body doesn't run to say so.
fn describe(caller: &mut Caller<'_, World>, name: &str, arguments: &[u64]) {
    let at = match name {
        "proxy_get_property" | "proxy_set_property" | "proxy_call_foreign_function" => 0,
        "proxy_get_shared_data" | "proxy_set_shared_data" | "proxy_http_call" => 0,
        "proxy_define_metric" => 1,
        "proxy_add_header_map_value"
        | "proxy_replace_header_map_value"
        | "proxy_remove_header_map_value" => 1,
        _ => return,
    };
    if let Some(what) = read(caller, arguments[at] as u32, arguments[at + 1] as u32) {
        caller.data_mut().about(&what);
    }
}

/// Reads guest bytes or answers the status for a bad address.
macro_rules! bytes {
    ($caller:ident, $at:expr, $length:expr) => {
        match read($caller, $at as u32, $length as u32) {
            Some(bytes) => bytes,
            None => return Ok(status::INVALID_MEMORY_ACCESS),
        }
    };
}

mod callouts;

fn log(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let message = bytes!(caller, a[1], a[2]);
    caller.data_mut().log(a[0] as u32, &message);
    Ok(status::OK)
}

fn get_buffer(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let Some(buffer) = caller.data().buffer(a[0] as u32).map(<[u8]>::to_vec) else {
        return Ok(status::NOT_FOUND);
    };
    let start = (a[1] as usize).min(buffer.len());
    let end = start.saturating_add(a[2] as usize).min(buffer.len());
    give(caller, a[3] as u32, a[4] as u32, &buffer[start..end])
}

fn get_pairs(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let Some(encoded) = caller.data_mut().map(a[0] as u32, false).map(|map| map.encode()) else {
        return Ok(status::BAD_ARGUMENT);
    };
    give(caller, a[1] as u32, a[2] as u32, &encoded)
}

fn change(
    caller: &mut Caller<'_, World>,
    a: &[u64],
    change: fn(&mut Headers, &[u8], &[u8]),
) -> Answer {
    let (name, value) = (bytes!(caller, a[1], a[2]), bytes!(caller, a[3], a[4]));
    caller.data_mut().about(&name);
    Ok(match caller.data_mut().map(a[0] as u32, true) {
        Some(map) => {
            change(map, &name, &value);
            status::OK
        }
        None => status::BAD_ARGUMENT,
    })
}

fn get_property(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let path = bytes!(caller, a[0], a[1]);
    match caller.data_mut().property(&path) {
        Ok(value) => give(caller, a[2] as u32, a[3] as u32, &value),
        Err(status) => Ok(status),
    }
}

fn set_property(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let (path, value) = (bytes!(caller, a[0], a[1]), bytes!(caller, a[2], a[3]));
    Ok(caller.data_mut().set_property(&path, &value))
}

fn get_shared_data(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let name = bytes!(caller, a[0], a[1]);
    // A lie of the plan is told for the value and its version, also where there is neither.
    let lie = caller.data().effect.clone();
    let (value, version) = match (caller.data_mut().shared(&name), &lie) {
        (Some(found), _) => found,
        (None, Some(_)) => Default::default(),
        (None, None) => return Ok(status::NOT_FOUND),
    };
    let answer = give(caller, a[2] as u32, a[3] as u32, &value)?;
    caller.data_mut().effect = lie;
    Ok(answer | give_number(caller, a[4] as u32, u64::from(version), 4))
}

fn set_shared_data(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let (name, value) = (bytes!(caller, a[0], a[1]), bytes!(caller, a[2], a[3]));
    Ok(caller.data_mut().set_shared(&name, &value, a[4] as u32))
}

fn send_local_response(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let (details, body) = (bytes!(caller, a[1], a[2]), bytes!(caller, a[3], a[4]));
    let Some(headers) = Headers::decode(&bytes!(caller, a[5], a[6])) else {
        return Ok(status::BAD_ARGUMENT);
    };
    let reply = Reply {
        status: a[0] as u32,
        details: String::from_utf8_lossy(&details).into_owned(),
        headers,
        body,
        grpc_status: (a[7] as u32 != u32::MAX).then_some(a[7] as u32),
    };
    Ok(caller.data_mut().reply(reply))
}

fn call_foreign_function(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let (name, arguments) = (bytes!(caller, a[0], a[1]), bytes!(caller, a[2], a[3]));
    match caller.data_mut().call_foreign(&name, &arguments) {
        Ok(result) => give(caller, a[4] as u32, a[5] as u32, &result),
        Err(status) => Ok(status),
    }
}

fn define_metric(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let name = bytes!(caller, a[1], a[2]);
    Ok(match caller.data_mut().define_metric(a[0] as u32, &name) {
        Ok(id) => give_number(caller, a[3] as u32, u64::from(id), 4),
        Err(status) => status,
    })
}

fn environment(caller: &Caller<'_, World>) -> Vec<Vec<u8>> {
    caller
        .data()
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value}\0").into_bytes())
        .collect()
}

fn environ_sizes_get(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let all = environment(caller);
    // A lie of the plan is told for both numbers.
    let lie = caller.data().effect.clone();
    let answer = give_number(caller, a[0] as u32, all.len() as u64, 4);
    caller.data_mut().effect = lie;
    let size: usize = all.iter().map(Vec::len).sum();
    Ok(answer | give_number(caller, a[1] as u32, size as u64, 4))
}

fn environ_get(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let (mut pointer, mut at) = (a[0] as u32, a[1] as u32);
    for entry in environment(caller) {
        if !write(caller, pointer, &at.to_le_bytes()) || !write(caller, at, &entry) {
            return Ok(21);
        }
        pointer += 4;
        at += entry.len() as u32;
    }
    Ok(0)
}

#[cfg(test)]
mod tests;
