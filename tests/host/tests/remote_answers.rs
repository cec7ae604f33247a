//! Answers made to hurt, and shared values by nobody.

use serde_json::json;
use tenant_guard_host_tests::{Callback, Effect, Fault, Headers, Host, Plan, SharedData, garbage};

use crate::common::elsewhere::*;
use crate::common::*;

fn good_headers() -> Headers {
    Headers::of(&[(":status", "200"), JSON])
}

/// Ticks until there are calls.
fn called(host: &mut Host) -> Vec<tenant_guard_host_tests::HttpCall> {
    for _ in 0..70 {
        host.tick();
        if !host.calls().is_empty() {
            return host.calls();
        }
        host.advance(1);
    }
    panic!("no calls")
}

/// That it lives, lets nobody in by what came, and goes on by the next answer.
fn assert_unharmed(mut host: Host, case: &str) {
    assert_eq!(host.dead(), None, "{case}");
    for request in [token_of("globex"), globex_key()] {
        let id = host.open(&request);
        assert!(!host.look(id).outcome.reached_application(), "{case}: {}", short(&host, id));
    }
    assert!(host.request(&with_key()).outcome.reached_application(), "{case}");
    for _ in 0..4 {
        host.advance(2);
        fetch(&mut host);
    }
    let id = host.open(&token_of("globex"));
    assert_in(&settle(&mut host, &[id], 70)[0], "globex");
}

#[test]
fn sizes_that_lie_are_failed_fetches() {
    for (headers, body) in
        [(9, None), (0, None), (u32::MAX, None), (2, Some(0)), (2, Some(1)), (2, Some(u32::MAX))]
    {
        let mut host = alone(&remote());
        for call in called(&mut host) {
            let whole = what_is_at(&call.cluster);
            let told = (headers, body.unwrap_or(whole.len() as u32));
            host.answer_telling(call.token, good_headers(), whole, told);
        }
        let case = format!("{headers} {body:?}");
        // A wrong number of headers alone hurts nobody: the rest is whole.
        if headers == 0 || body.is_some() {
            assert_eq!(host.counter("tenant_guard.keys.failures"), Some(1), "{case}");
            assert_unharmed(host, &case);
        } else {
            assert_in(&host.request(&token_of("globex")), "globex");
        }
    }
}

#[test]
fn headers_and_bodies_that_lie_are_failed_fetches() {
    for name in ["proxy_get_header_map_pairs", "proxy_get_buffer_bytes"] {
        for (word, effect) in garbage(name) {
            let mut host = alone(&remote());
            let calls = called(&mut host);
            let fault = Fault::on(name).within(Callback::HttpCallResponse);
            host.fault(Plan::of(fault, effect));
            for call in calls {
                answer(&mut host, &call);
            }
            host.fault(Plan::none());
            assert_eq!(host.dead(), None, "{name}: {word}");
            // Some lies change nothing that counts.
            if host.counter("tenant_guard.keys.failures") == Some(1) {
                assert_unharmed(host, &format!("{name}: {word}"));
            } else {
                let id = host.open(&token_of("globex"));
                assert_in(&settle(&mut host, &[id], 3)[0], "globex");
            }
        }
    }
}

#[test]
fn headers_of_any_bytes_do_no_harm() {
    let headers: [&[(&[u8], &[u8])]; 7] = [
        &[(b":status", b"\xff\xfe")],
        &[(b":status", b"")],
        &[(b":status", b"200"), (b"content-type", b"\xc3\x28")],
        &[(b":status", b"200"), (b"content-encoding", b"\xff")],
        &[(b"\xff\xff", b"\xff")],
        &[(b":status", b"2000")],
        &[(b":status", b"301"), (b"location", b"https://evil.test/\xff")],
    ];
    for pairs in headers {
        let mut host = alone(&remote());
        for call in called(&mut host) {
            let mut all = Headers::default();
            pairs.iter().for_each(|(name, value)| all.add(name, value));
            let body = what_is_at(&call.cluster);
            let told = (pairs.len() as u32, body.len() as u32);
            host.answer_telling(call.token, all, body, told);
        }
        assert_eq!(host.counter("tenant_guard.keys.failures"), Some(1), "{pairs:?}");
        assert_unharmed(host, &format!("{pairs:?}"));
    }
    // What isn't looked at may be anything.
    let mut host = alone(&remote());
    for call in called(&mut host) {
        let mut all = good_headers();
        all.add(b"x-note", b"\xa1\xff");
        all.add(b"etag", b"\"\xff\"");
        let body = what_is_at(&call.cluster);
        host.answer_telling(call.token, all, &body, (4, body.len() as u32));
    }
    assert_in(&host.request(&token_of("globex")), "globex");
}

/// What is longer than is read isn't even copied.
#[test]
fn bodies_over_the_cap_never_come_into_the_vm() {
    let mut document = remote();
    document["directory"]["max_bytes"] = json!("512KiB");
    let mut host = alone(&document);
    let before = host.memory();
    for call in called(&mut host) {
        let run = host.answer(call.token, 200, &[JSON], vec![b' '; 1 << 20]);
        assert!(run.calls.iter().all(|call| call.name != "proxy_get_buffer_bytes"));
        let most = if call.cluster == KEYS { "65536" } else { "524288" };
        assert!(run.log().contains(&format!("more than the {most}")), "{}", run.log());
    }
    assert!(host.memory() - before < 64 << 10, "{} bytes more", host.memory() - before);
    assert_unharmed(host, "too long");
}

/// The same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self) -> Vec<u8> {
        let size = self.next() % 300;
        (0..size).map(|_| self.next() as u8).collect()
    }

    /// The same, but for some bytes; often still JSON.
    fn spoilt(&mut self, text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        for _ in 0..self.next() % 4 + 1 {
            let at = (self.next() % bytes.len().max(1) as u64) as usize;
            let words: [&[u8]; 8] =
                [b"\"", b"{", b"]", b"null", b"-1", b"1e308", b"\xff", b"99999999999999999999"];
            match self.next() % 4 {
                0 => drop(bytes.splice(at..at, words[(self.next() % 8) as usize].to_vec())),
                1 => bytes.truncate(at.max(1)),
                2 => bytes[at] = self.next() as u8,
                _ => {
                    let end = bytes.len().min(at + (self.next() % 40) as usize);
                    drop(bytes.drain(at..end));
                }
            }
            if bytes.is_empty() {
                bytes.push(b'0');
            }
        }
        bytes
    }
}

#[test]
fn answers_of_any_bytes_trap_nothing() {
    let mut document = remote();
    document["jwt"]["issuers"].as_array_mut().unwrap().push(json!({
        "issuer": "https://other.test/", "name": "other", "audiences": ["api"],
        "keys": {"discovery": {"cluster": "other", "uri": "https://other.test/conf"}},
        "tenant": {"fixed": "acme"},
    }));
    let mut noise = Noise(0x2545_f491_4f6c_dd1d);
    let setup = setup_elsewhere(&document, &SharedData::new());
    let mut host = started(setup.clusters(&[KEYS, TENANTS, "other"]));
    let found = json!({"issuer": "https://other.test/", "jwks_uri": "https://other.test/keys"});
    let mut answered = [0; 4];
    for round in 0..700 {
        host.advance(300);
        host.tick();
        for call in host.calls() {
            let (kind, whole) = match (&*call.cluster, &*call.path) {
                (KEYS, _) => (0, keys()),
                (TENANTS, _) => (1, tenants()),
                (_, "/conf") => (2, found.to_string()),
                _ => (3, keys()),
            };
            answered[kind] += 1;
            let body = match round % 3 {
                0 => noise.bytes(),
                1 => noise.spoilt(whole.as_bytes()),
                _ if kind == 2 => whole.into_bytes(),
                _ => noise.spoilt(whole.as_bytes()),
            };
            host.answer(call.token, 200, &[JSON], &body);
            assert_eq!(host.dead(), None, "round {round}: {:?}", String::from_utf8_lossy(&body));
        }
    }
    assert!(answered.iter().all(|n| *n > 200), "{answered:?}");
    host.advance(300);
    fetch(&mut host);
    assert!(host.request(&with_key()).outcome.reached_application());
}

/// By whoever has the same `vm_id`, or by a version to come.
#[test]
fn shared_values_of_any_bytes_trap_nothing_and_stop_nothing() {
    let shared = SharedData::new();
    fetch(&mut elsewhere(&remote(), &shared));
    let whole: Vec<(String, Vec<u8>)> = shared
        .names("tests")
        .into_iter()
        .map(|name| (name.clone(), shared.get("tests", &name).unwrap().0))
        .collect();
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let huge =
        [vec![b'x'; 1 << 20], format!("{{\"kids\":{{\"{}\":1}}}}", "k".repeat(1 << 20)).into()];
    for round in 0..300 {
        let spoilt = shared.copied();
        for (name, value) in &whole {
            let value = match round % 4 {
                0 => noise.bytes(),
                1 | 2 => noise.spoilt(value),
                _ if round < 8 => huge[round / 4].clone(),
                _ => value.clone(),
            };
            if !noise.next().is_multiple_of(3) {
                spoilt.set("tests", name, &value, 0);
            }
        }
        let mut crew = [elsewhere(&remote(), &spoilt), elsewhere(&remote(), &spoilt)];
        let mut decided = [None, None];
        for (host, decided) in crew.iter_mut().zip(&mut decided) {
            // Lest a fetch has the number of the first.
            host.advance(round as u64 % 400);
            let id = host.open(&token_of("globex"));
            for _ in 0..9 {
                fetch(host);
                host.advance(1);
            }
            assert_eq!(host.dead(), None, "round {round}");
            assert!(!is_waiting(host, id), "round {round}");
            *decided = Some(short(host, id));
        }
        // However it began, the next refresh mends it.
        for host in &mut crew {
            host.advance(400);
        }
        for _ in 0..3 {
            for host in &mut crew {
                fetch(host);
                host.advance(1);
            }
        }
        for host in &mut crew {
            let id = host.open(&token_of("globex"));
            let run = &settle(host, &[id], 70)[0];
            assert_eq!(run.outcome.short(), "continued", "round {round}: {decided:?} {:?}", {
                let names = spoilt.names("tests").into_iter();
                names
                    .map(|n| {
                        String::from_utf8_lossy(&spoilt.get("tests", &n).unwrap().0).into_owned()
                    })
                    .filter(|text| text.len() < 2_000)
                    .collect::<Vec<_>>()
            });
        }
    }
}

/// A fault of a sweep leaves the clock where it is.
#[test]
fn an_answer_at_a_moment_without_a_clock_is_asked_for_again() {
    let mut host = alone(&remote());
    let waiting = host.open(&token_of("globex"));
    let calls = called(&mut host);
    let fault = Fault::on("proxy_get_current_time_nanoseconds").within(Callback::HttpCallResponse);
    host.fault(Plan::of(fault, Effect::Status(10)));
    for call in calls {
        answer(&mut host, &call);
    }
    host.fault(Plan::none());
    assert!(short(&host, waiting).starts_with("503 "), "{}", short(&host, waiting));
    host.advance(4);
    fetch(&mut host);
    assert_in(&host.request(&token_of("globex")), "globex");
}
