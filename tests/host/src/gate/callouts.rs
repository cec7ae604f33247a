//! The hostcalls that ask others, now and later.

use std::time::Duration;

use super::*;

pub(super) fn http_call(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    let (cluster, headers) = (bytes!(caller, a[0], a[1]), bytes!(caller, a[2], a[3]));
    let (body, trailers) = (bytes!(caller, a[4], a[5]), bytes!(caller, a[6], a[7]));
    let (Some(headers), Some(trailers)) = (Headers::decode(&headers), Headers::decode(&trailers))
    else {
        return Ok(status::BAD_ARGUMENT);
    };
    // As Envoy: no call is made whose token has nowhere to go.
    if !write(caller, a[9] as u32, &[0; 4]) {
        return Ok(status::INVALID_MEMORY_ACCESS);
    }
    Ok(match caller.data_mut().http_call(&cluster, headers, body, trailers, a[8] as u32) {
        Ok(token) => give_number(caller, a[9] as u32, u64::from(token), 4),
        Err(status) => status,
    })
}

pub(super) fn set_tick_period(caller: &mut Caller<'_, World>, a: &[u64]) -> Answer {
    Ok(caller.data_mut().set_tick_period(Duration::from_millis(a[0])))
}
