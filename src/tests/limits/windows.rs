//! What is told and done at the edges of windows.

use super::*;
use crate::Verdict;
use crate::testing::{FixedHost, NOW};

/// When the day ends that `NOW` is in: 16 hours later.
const MIDNIGHT: f64 = 1_800_057_600.0;

/// A key that may do this, with both styles of headers.
fn keyed(rate: &str) -> Guard {
    let limits = json!({"requests": rate});
    limited(merged(
        tenants(Value::Null, Value::Null, limits),
        json!({"limits": {"headers": ["x-rate-limit", "ratelimit"]}}),
    ))
}

/// Whether it is let in, what is left, when that resets, and in how many
/// seconds.
fn ask(guard: &Guard, host: &FixedHost) -> (bool, u64, u64, u64) {
    let decision = decide_at(guard, &by_key("web-1", "/"), host);
    let number = |name| header(&decision, name).unwrap().parse().unwrap();
    let ratelimit = header(&decision, "ratelimit").unwrap();
    let seconds: u64 = ratelimit.rsplit_once("t=").unwrap().1.parse().unwrap();
    let (left, reset) = (number("x-rate-limit-remaining"), number("x-rate-limit-reset"));
    if let Verdict::Refuse(reply) = &decision.verdict {
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(body["code"], "rate_limited");
        assert_eq!(body["retry_after"], seconds);
        assert_eq!((&body["level"], &body["status"]), (&json!("key"), &json!(429)));
        let retry = reply.headers.iter().find(|(name, _)| *name == "retry-after");
        assert_eq!(retry.unwrap().1, seconds.to_string());
        assert_eq!((reply.status, reply.grpc_status), (429, 8));
        assert_eq!(left, 0);
    }
    (decision.verdict == Verdict::Allow, left, reset, seconds)
}

#[test]
fn a_window_ends_to_the_millisecond() {
    for (rate, start, length) in [
        ("2/sec", NOW, 1.0),
        ("2/min", NOW, 60.0),
        ("2/hour", NOW, 3_600.0),
        ("2/day", MIDNIGHT, 86_400.0),
    ] {
        let guard = keyed(rate);
        let host = FixedHost::at(start);
        let end = (start + length) as u64;
        let seconds = length as u64;
        let next = end + seconds;
        for (at, expected) in [
            // The first of a window, its last, and one more.
            (start, (true, 1, end, seconds)),
            (start + length - 0.001, (true, 0, end, 1)),
            (start + length - 0.001, (false, 0, end, 1)),
            // The first of the next.
            (start + length, (true, 1, next, seconds)),
            (start + length, (true, 0, next, seconds)),
            (start + length + 0.001, (false, 0, next, seconds)),
            (start + 2.0 * length - 0.001, (false, 0, next, 1)),
            // One window without any request.
            (start + 3.0 * length, (true, 1, next + 2 * seconds, seconds)),
        ] {
            host.set(at);
            assert_eq!(ask(&guard, &host), expected, "{rate} at {at}");
        }
    }
}

#[test]
fn the_rest_of_a_window_is_told_in_whole_seconds() {
    let guard = keyed("1/min");
    let host = FixedHost::at(NOW + 12.5);
    let end = NOW as u64 + 60;
    assert_eq!(ask(&guard, &host), (true, 0, end, 48));
    for (later, seconds) in [(12.5, 48), (13.0, 47), (58.999, 2), (59.0, 1), (59.999, 1)] {
        host.set(NOW + later);
        assert_eq!(ask(&guard, &host), (false, 0, end, seconds), "{later}");
    }
}

#[test]
fn a_refusal_lasts_as_long_as_the_longest_limit_that_is_full() {
    let levels = (json!({"requests": "2/min"}), json!({"requests": "2/hour"}));
    let guard = limited(tenants(levels.0, levels.1, json!({"requests": "2/sec"})));
    let host = FixedHost::at(NOW + 1.0);
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 2);
    for (later, seconds, level) in
        [(1.0, 3_599, "client"), (2.0, 3_598, "client"), (3_599.0, 1, "client")]
    {
        host.set(NOW + later);
        let denial = decide_at(&guard, &by_key("web-1", "/"), &host).denial.unwrap();
        let found = (denial.retry_after, denial.level.map(|level| level.name()));
        assert_eq!(found, (Some(seconds), Some(level)), "{later}");
    }
    host.set(NOW + 3_600.0);
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 2);
}

#[test]
fn windows_are_those_of_the_clock_and_not_of_the_first_request() {
    let guard = keyed("2/min");
    let host = FixedHost::at(NOW + 59.0);
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 2);
    host.set(NOW + 60.0);
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 2);
    host.set(NOW + 118.0);
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 0);
}

#[test]
fn a_clock_that_is_set_back_by_a_second_gives_no_second_quota() {
    let guard = keyed("2/min");
    let host = FixedHost::at(NOW + 60.0);
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 2);
    host.set(NOW + 59.0);
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 0);
}

#[test]
fn a_clock_that_was_far_ahead_keeps_nobody_out() {
    let guard = keyed("2/min");
    let host = FixedHost::at(NOW + 1e7);
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 2);
    host.set(NOW);
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 2);
}
