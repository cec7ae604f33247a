//! Ticks, HTTP calls and metrics.

use std::time::Duration;

use super::*;
use crate::wasm::keep;
use crate::{Effect, Fault, HttpCall};

const BODY: usize = ANSWERS;
const PAIRS: usize = ANSWERS + 8;
const GIVEN: usize = ANSWERS + 16;

/// Wants the body and the headers of a response.
fn read_response() -> Vec<u8> {
    let body = call("proxy_get_buffer_bytes", &[4, 0, 1000, BODY, BODY + 4]);
    [body, call("proxy_get_header_map_pairs", &[6, PAIRS, PAIRS + 4])].concat()
}

/// Asks on each tick, and keeps the answer.
fn asking() -> Host {
    let given = (0..5).map(|n| keep(GIVEN + 4 * usize::from(n), n));
    let answered = [given.collect::<Vec<_>>().concat(), read_response()].concat();
    host(&[
        ("proxy_on_tick", [ask(), read_response()].concat(), 0),
        ("proxy_on_http_call_response", answered, 0),
    ])
}

#[test]
fn a_host_ticks_until_the_period_is_nothing() {
    let stop = call("proxy_set_tick_period_milliseconds", &[0]);
    let mut host = host(&[("proxy_on_tick", stop, 0)]);
    assert_eq!(host.tick_period(), Some(Duration::from_secs(1)));
    assert_eq!(callbacks(&host.tick()), [Callback::Tick]);
    assert_eq!(host.tick_period(), None);
    assert_eq!(callbacks(&host.tick()), []);
}

#[test]
fn a_call_is_in_flight_until_it_is_answered() {
    let mut host = asking();
    let run = host.tick();
    // Nothing is to be read before the answer is there.
    let early = [("proxy_get_buffer_bytes", 1), ("proxy_get_header_map_pairs", 2)];
    assert_eq!(made(&run), [&[("proxy_http_call", 0)][..], &early].concat());
    assert_eq!(run.calls[1].about, "idp");
    let token = host.words::<1>(TOKEN)[0];
    let expected = HttpCall {
        token,
        cluster: "idp".into(),
        method: "GET".into(),
        path: "/jwks".into(),
        authority: "idp.test".into(),
        headers: jwks(),
        body: vec![],
        trailers: Headers::default(),
        timeout: Duration::from_millis(2500),
        root: ROOT,
    };
    assert_eq!(host.calls(), [expected]);

    let run = host.answer(token, 200, &[("etag", "1")], "{\"keys\": []}");
    assert_eq!(callbacks(&run), [Callback::HttpCallResponse]);
    assert_eq!(host.words(GIVEN), [ROOT, token, 2, 12, 0]);
    let [body, size] = host.words(BODY);
    assert_eq!(host.read(body as usize, size as usize), b"{\"keys\": []}");
    let [pairs, size] = host.words(PAIRS);
    let pairs = host.read(pairs as usize, size as usize);
    assert_eq!(Headers::decode(&pairs), Some(Headers::of(&[(":status", "200"), ("etag", "1")])));
    assert_eq!(host.calls(), []);
    // Nor is it afterwards.
    assert_eq!(made(&host.tick())[1..], early);
}

#[test]
fn a_call_that_fails_has_neither_headers_nor_body() {
    let mut host = asking();
    host.tick();
    host.tick();
    let tokens: Vec<u32> = host.calls().iter().map(|call| call.token).collect();
    let run = host.fail(tokens[0]);
    assert_eq!(made(&run), [("proxy_get_buffer_bytes", 1), ("proxy_get_header_map_pairs", 2)]);
    assert_eq!(host.words(GIVEN), [ROOT, tokens[0], 0, 0, 0]);
    assert_eq!(host.calls().iter().map(|call| call.token).collect::<Vec<_>>(), [tokens[1]]);
    assert_ne!(tokens[0], tokens[1]);
}

#[test]
#[should_panic(expected = "no call 1 is in flight")]
fn a_call_is_answered_once() {
    let mut host = asking();
    host.tick();
    host.fail(1);
    host.fail(1);
}

#[test]
fn a_call_needs_a_cluster_and_three_headers() {
    let mut host = asking();
    for name in [":method", ":path", ":authority", "a"] {
        let mut headers = jwks();
        let (_, value) = headers.0.iter().find(|(n, _)| n == name.as_bytes()).unwrap().clone();
        headers.remove(name.as_bytes());
        // The guest gives as many bytes as ever.
        headers.add(&vec![b'x'; name.len()], &value);
        host.write(HEADERS, &headers.encode());
        let expected = if name == "a" { status::OK } else { status::BAD_ARGUMENT };
        assert_eq!(made(&host.tick())[0], ("proxy_http_call", expected), "without {name}");
    }
    host.write(HEADERS, &jwks().encode());
    for (clusters, expected) in [(&["other", "idp"][..], status::OK), (&["idq"], 2), (&[], 2)] {
        host.clusters(clusters);
        assert_eq!(made(&host.tick())[0], ("proxy_http_call", expected), "{clusters:?}");
    }
    host.clusters(&["idp"]);
    host.write(HEADERS, &[0xff; 4]);
    assert_eq!(made(&host.tick())[0], ("proxy_http_call", status::BAD_ARGUMENT));
    assert_eq!(host.calls().len(), 2);
}

#[test]
fn a_call_goes_wrong_as_planned() {
    for (effect, status, token, calls) in [
        (Effect::Status(10), 10, 0, 0),
        (Effect::Status(12), 12, 0, 0),
        // "Done", and it wasn't.
        (Effect::Status(0), 0, 0, 0),
        (Effect::DoneBut(10), 10, 1, 1),
        (Effect::Silent, 0, 0, 1),
        (Effect::Number(77), 0, 77, 1),
    ] {
        let mut host = asking();
        host.fault(Plan::of(Fault::on("proxy_http_call").within(Callback::Tick), effect.clone()));
        let run = host.tick();
        assert_eq!(made(&run)[0], ("proxy_http_call", status), "{effect:?}");
        assert!(run.calls[1].faulted && run.calls[1].about == "idp", "{effect:?}");
        assert_eq!((host.words(TOKEN), host.calls().len()), ([token], calls), "{effect:?}");
    }
}

#[test]
fn a_period_that_was_not_taken_makes_no_ticks() {
    for effect in [Effect::Status(10), Effect::Status(0)] {
        let period = call("proxy_set_tick_period_milliseconds", &[7]);
        let mut host = host(&[("proxy_on_tick", period, 0)]);
        host.fault(Plan::of(Fault::on("proxy_set_tick_period_milliseconds"), effect));
        host.tick();
        assert_eq!(host.tick_period(), Some(Duration::from_secs(1)));
        host.fault(Plan::none());
        host.tick();
        assert_eq!(host.tick_period(), Some(Duration::from_millis(7)));
    }
}

#[test]
fn gauges_are_told_beside_counters() {
    // The first gauge has the id 1.
    let define = call("proxy_define_metric", &[1, NAME, 11, TOKEN]);
    let record = |value| call("proxy_record_metric", &[1, value]);
    let tick = [record(9), define, record(300), call("proxy_record_metric", &[2, 5])].concat();
    let mut host = host(&[("proxy_on_tick", tick, 0)]);
    assert_eq!(host.gauge("x-tenant-id"), None);
    let run = host.tick();
    assert_eq!(made(&run).iter().map(|(_, status)| *status).collect::<Vec<_>>(), [1, 0, 0, 1]);
    assert_eq!((host.gauge("x-tenant-id"), host.counter("x-tenant-id")), (Some(300), None));
    assert_eq!(run.calls[3].about, "x-tenant-id");
    host.fault(Plan::of(Fault::on("proxy_record_metric").nth(0), Effect::Status(10)));
    assert_eq!(made(&host.tick())[0], ("proxy_record_metric", 10));
}
