//! Several workers of one proxy share what is fetched.

use tenant_guard_host_tests::{Callback, Effect, Fault, Host, Plan, SharedData, tokens};

use crate::common::elsewhere::*;

fn crew(shared: &SharedData, size: usize) -> Vec<Host> {
    (0..size).map(|_| elsewhere(&remote(), shared)).collect()
}

#[test]
fn one_worker_fetches_and_all_take_over() {
    let shared = SharedData::new();
    let mut crew = crew(&shared, 4);
    let waiting: Vec<[u32; 2]> = crew
        .iter_mut()
        .map(|host| [host.open(&token_of("globex")), host.open(&globex_key())])
        .collect();
    crew.iter_mut().for_each(|host| drop(host.tick()));
    let calls: Vec<usize> = crew.iter().map(|host| host.calls().len()).collect();
    assert_eq!(calls, [2, 0, 0, 0]);
    for call in crew[0].calls() {
        answer(&mut crew[0], &call);
    }
    for (host, waiting) in crew.iter_mut().zip(&waiting) {
        host.tick();
        waiting.iter().for_each(|id| assert_in(&host.look(*id), "globex"));
        assert_eq!(host.calls().len(), 0);
    }
    let fetches = |name: &str| crew.iter().filter_map(|host| host.counter(name)).sum::<i64>();
    assert_eq!(fetches("tenant_guard.keys.fetches"), 1);
    assert_eq!(fetches("tenant_guard.directory.fetches"), 1);
    assert_eq!(shared.names("tests").len(), 4, "two values for each source");
}

#[test]
fn a_worker_that_comes_later_needs_no_call() {
    let shared = SharedData::new();
    fetch(&mut elsewhere(&remote(), &shared));
    let mut late = elsewhere(&remote(), &shared);
    // It hasn't looked yet: who comes now waits for the first tick.
    let waiting = late.open(&token_of("globex"));
    late.tick();
    assert_in(&late.look(waiting), "globex");
    assert_in(&late.request(&globex_key()), "globex");
    assert!(late.calls().is_empty());
    assert_eq!(late.counter("tenant_guard.keys.fetches"), Some(0));
}

/// The canary and each worker must come to the same, whatever is shared by then.
#[test]
fn the_configuration_asks_for_nothing_but_a_tick() {
    let shared = SharedData::new();
    fetch(&mut elsewhere(&remote(), &shared));
    let host = elsewhere(&remote(), &shared);
    let made = host.start.calls.iter().map(|call| call.name);
    for name in [
        "proxy_http_call",
        "proxy_get_shared_data",
        "proxy_set_shared_data",
        "proxy_get_current_time_nanoseconds",
    ] {
        assert!(made.clone().all(|made| made != name), "{name}");
    }
    assert_eq!(made.filter(|n| *n == "proxy_set_tick_period_milliseconds").count(), 1);
    assert!(host.tick_period().is_some_and(|period| period.as_millis() <= 10));
}

#[test]
fn another_takes_the_fetch_of_one_that_died() {
    let shared = SharedData::new();
    let mut crew = crew(&shared, 2);
    crew[0].tick();
    assert_eq!(crew[0].calls().len(), 2);
    // It never answers.
    drop(crew.remove(0));
    let mut host = crew.remove(0);
    for seconds in [0, 1, 2, 1] {
        host.advance(seconds);
        host.tick();
    }
    assert_eq!(host.calls().len(), 2);
    fetch(&mut host);
    assert_in(&host.request(&token_of("globex")), "globex");
}

/// An answer that comes when another had given it up and fetched itself.
#[test]
fn a_late_answer_does_not_undo_a_newer_one() {
    let shared = SharedData::new();
    let mut crew = crew(&shared, 2);
    crew[0].tick();
    let late = crew[0].calls();
    crew[1].advance(4);
    fetch(&mut crew[1]);
    assert_in(&crew[1].request(&token_of("globex")), "globex");
    for call in late {
        crew[0].answer(call.token, 200, &[JSON], "{\"version\": 1, \"tenants\": [], \"keys\": []}");
    }
    for host in &mut crew {
        host.advance(10);
        host.tick();
        assert_in(&host.request(&token_of("globex")), "globex");
    }
}

/// Two workers at the same place of the same tick.
#[test]
fn of_workers_that_tick_at_once_one_calls_whoever_is_faster() {
    let names = ["proxy_get_shared_data", "proxy_set_shared_data"];
    let mut tick = elsewhere(&remote(), &SharedData::new());
    let calls = tick.tick().calls;
    for call in calls.iter().filter(|call| names.contains(&call.name)) {
        let shared = SharedData::new();
        let (mut host, other) = (elsewhere(&remote(), &shared), elsewhere(&remote(), &shared));
        let other = std::sync::Arc::new(std::sync::Mutex::new(other));
        let faster = other.clone();
        let effect = Effect::after(move || drop(faster.lock().unwrap().tick()));
        let fault = Fault::on(call.name).within(Callback::Tick).nth(call.nth);
        host.fault(Plan::of(fault, effect));
        host.tick();
        host.fault(Plan::none());
        let mut other = other.lock().unwrap();
        let to = |cluster: &str| {
            let all = host.calls().into_iter().chain(other.calls());
            all.filter(|call| call.cluster == cluster).count()
        };
        assert_eq!((to(KEYS), to(TENANTS)), (1, 1), "{}[{}]", call.name, call.nth);
        // Both have all in the end.
        for _ in 0..2 {
            fetch(&mut host);
            fetch(&mut other);
        }
        assert_in(&host.request(&token_of("globex")), "globex");
        assert_in(&other.request(&token_of("globex")), "globex");
    }
}

#[test]
fn a_key_that_is_gone_is_gone_for_all_workers_at_their_next_look() {
    let shared = SharedData::new();
    let mut crew = crew(&shared, 2);
    for host in &mut crew {
        fetch(host);
        assert_in(&host.request(&token_of("acme")), "acme");
    }
    for host in &mut crew {
        host.advance(300);
    }
    crew[0].tick();
    let call = call_to(&crew[0], KEYS);
    let mut set = tokens::jwks();
    set["keys"][1]["kid"] = "ec-2".into();
    crew[0].answer(call.token, 200, &[JSON], set.to_string());
    for host in &mut crew {
        host.advance(6);
        host.tick();
        // It asks whether there is a new one, and there isn't.
        let asks = host.open(&token_of("acme"));
        for _ in 0..4 {
            host.tick();
            for call in host.calls() {
                let body = if call.cluster == KEYS { set.to_string() } else { tenants() };
                host.answer(call.token, 200, &[JSON], body);
            }
            host.advance(1);
        }
        assert_eq!(short(host, asks), "401 token_key_unknown");
    }
}
