//! Linear memory never shrinks and a host never forgets a shared value: neither
//! may grow with what is fetched, or with who waits for it.

use serde_json::{Value, json};
use tenant_guard_host_tests::{Callback, Host, SharedData, tokens};

use crate::common::elsewhere::*;

/// The last time something is fetched before memory stays as it is.
const WARM: usize = 300;

/// How often; 10,000 leave no more.
const ROUNDS: usize = 2_500;

fn directory(round: usize) -> String {
    let tenant = |n: usize| {
        let id = format!("t{}", (round * 7 + n) % 500);
        let key = json!({"id": "k", "sha256": tokens::sha256_hex(&format!("{id} {round}"))});
        json!({"id": id, "clients": [{"id": "web", "keys": [key]}]})
    };
    json!({"version": 1, "tenants": (0..100).map(tenant).collect::<Vec<_>>()}).to_string()
}

fn key_set(round: usize) -> String {
    let mut set: Value = tokens::jwks();
    for (n, key) in set["keys"].as_array_mut().unwrap().iter_mut().enumerate() {
        key["kid"] = json!(format!("kid-{round}-{n}"));
    }
    set.to_string()
}

fn refresh(host: &mut Host, round: usize) {
    host.advance(if round.is_multiple_of(30) { 300 } else { 10 });
    host.tick();
    for call in host.calls() {
        let body = if call.cluster == KEYS { key_set(round) } else { directory(round) };
        host.answer(call.token, 200, &[JSON, ("etag", &format!("\"{round}\""))], body);
    }
}

#[test]
fn refreshes_without_end_leave_nothing_behind() {
    let shared = SharedData::new();
    let mut document = remote();
    document["jwt"]["issuers"][0]["keys"]["jwks_uri"]["refresh"] = json!("10s");
    let (mut host, mut warm) = (elsewhere(&document, &shared), 0);
    for round in 0..ROUNDS {
        refresh(&mut host, round);
        if round == WARM {
            warm = host.memory();
        }
    }
    assert_eq!(host.dead(), None);
    let fetches = ["keys", "directory"].map(|w| host.counter(&format!("tenant_guard.{w}.fetches")));
    assert!(fetches.iter().all(|n| n.unwrap() as usize >= ROUNDS), "{fetches:?}");
    let failures =
        ["keys", "directory"].map(|w| host.counter(&format!("tenant_guard.{w}.failures")));
    assert_eq!(failures, [Some(0), Some(0)]);
    assert_eq!(host.gauge("tenant_guard.tenants.count"), Some(101));
    assert_eq!(host.memory(), warm, "after {ROUNDS} refreshes");
    assert_eq!(shared.names("tests").len(), 4);
}

#[test]
fn requests_that_come_and_go_while_they_wait_leave_nothing_behind() {
    let mut host = alone(&remote());
    let request = globex_key().only(&[Callback::RequestHeaders, Callback::Done]);
    let mut warm = 0;
    for round in 0..100_usize {
        // Longer than any pause after a failure: the next try is under way.
        host.advance(80);
        host.tick();
        let waiting: Vec<u32> = (0..100).map(|_| host.open(&request)).collect();
        assert!(waiting.iter().all(|id| is_waiting(&host, *id)), "round {round}");
        let end = if round.is_multiple_of(2) {
            waiting.iter().for_each(|id| drop(host.reset(*id)));
            "paused in RequestHeaders"
        } else {
            "503 tenants_unavailable"
        };
        for call in host.calls() {
            host.fail(call.token);
        }
        host.advance(2);
        for _ in 0..4 {
            host.tick();
        }
        assert!(waiting.iter().all(|id| short(&host, *id) == end), "round {round}");
        for call in host.calls() {
            host.fail(call.token);
        }
        if round == 10 {
            warm = host.memory();
        }
    }
    assert_eq!(host.memory(), warm);
    host.advance(80);
    fetch(&mut host);
    assert_in(&host.request(&globex_key()), "globex");
}
