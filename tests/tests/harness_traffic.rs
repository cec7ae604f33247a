//! The harness's requests in the background are sent and recorded rightly.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenant_guard_tests::token::sha256_hex;
use tenant_guard_tests::{
    Answer, EnvoyBuilder, Failure, Protocol, Record, Reply, Request, Stub, Traffic, worker_filter,
};

fn answer(record: &Record) -> &Answer {
    record.answer.as_ref().unwrap_or_else(|_| panic!("{record:?}"))
}

#[test]
fn each_request_has_its_turn_and_its_record() {
    let stub = Stub::start();
    let problem = Reply::bytes(r#"{"code":"tenant_required"}"#).with_status(403);
    stub.on("/problem", problem.content_type("application/problem+json"));
    let envoy = EnvoyBuilder::bare()
        .workers(2)
        .filter_before(worker_filter())
        .cluster_at("stub", stub.address(), Protocol::H1)
        .route(json!({"match": {"path": "/problem"}, "route": {"cluster": "stub"}}))
        .start();
    let requests = vec![
        Request::get("/").tenant("acme"),
        Request::get("/").tenant("globex"),
        Request::get("/"),
        Request::get("/problem").tenant("acme"),
        Request::get("/").tenant("acme").tenant("globex"),
    ];
    let start = Instant::now();
    let traffic = Traffic::start(envoy.address(), 8, 1_000, requests);
    traffic.wait_for_more(1_000);
    let records = traffic.stop();
    let end = Instant::now();

    let times = (records.len() as f64, (end - start).as_secs_f64() * 1_000.0);
    // Never faster; slower only as far as the machine is.
    assert!(times.0 <= times.1 + 1.0 && times.0 > times.1 / 2.0, "{times:?}");
    let mut counts = [0_usize; 5];
    for record in &records {
        let (tenant, code, status) = [
            (Some("acme"), None, 200),
            (Some("globex"), None, 200),
            (None, None, 200),
            (None, Some("tenant_required"), 403),
            (Some("acme, globex"), None, 200),
        ][record.request];
        let answer = answer(record);
        assert_eq!(
            (answer.tenant.as_deref(), answer.code.as_deref()),
            (tenant, code),
            "{record:?}"
        );
        assert_eq!(answer.status, status, "{record:?}");
        assert!(start <= record.sent && record.sent < record.ended && record.ended <= end);
        counts[record.request] += 1;
    }
    assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 8, "{counts:?}");
    assert!(records.iter().is_sorted_by_key(|record| record.sent));
    assert_eq!(records.iter().filter(|record| !record.reused).count(), 8);
    assert_eq!(envoy.stat("http.guarded.downstream_cx_total"), Some(8));
    let mut connections: HashMap<&str, u64> = HashMap::new();
    for record in records.iter().filter(|record| !record.reused) {
        let worker = answer(record).worker.as_deref().expect("the filter says it");
        *connections.entry(worker).or_default() += 1;
    }
    for (worker, count) in connections {
        let stats = envoy.stats(&format!("{worker}.downstream_cx_total"));
        assert!(stats.iter().any(|(_, value)| *value == count), "{worker}: {count}, {stats:?}");
    }
}

#[test]
fn connections_that_the_server_ends_are_opened_again() {
    let envoy = EnvoyBuilder::bare()
        .hcm(json!({"common_http_protocol_options": {"max_requests_per_connection": 10}}))
        .start();
    let traffic = Traffic::start(envoy.address(), 4, 1_000, vec![Request::get("/")]);
    traffic.wait_for_more(400);
    let records = traffic.stop();
    assert!(records.iter().all(|record| answer(record).status == 200));
    let opened = records.iter().filter(|record| !record.reused).count();
    assert!((records.len() / 10..=records.len() / 10 + 4).contains(&opened), "{opened}");
    assert_eq!(envoy.stat("http.guarded.downstream_cx_total"), Some(opened as u64));
}

#[test]
fn idle_connections_that_were_closed_are_not_used() {
    let envoy = EnvoyBuilder::bare()
        .hcm(json!({
            "common_http_protocol_options": {"idle_timeout": "0.05s"}, "drain_timeout": "0.05s",
        }))
        .start();
    // Each of the connections has a request every 400 ms.
    let traffic = Traffic::start(envoy.address(), 2, 5, vec![Request::get("/")]);
    traffic.wait_for_more(8);
    let records = traffic.stop();
    assert!(records.iter().all(|record| answer(record).status == 200 && !record.reused));
}

#[test]
fn requests_without_an_answer_are_recorded_as_such() {
    let stub = Stub::start();
    stub.on("/x", Reply::status(200));
    let requests = vec![Request::get("/x"), Request::get("/y")];
    let traffic = Traffic::start(stub.address(), 3, 500, requests);
    traffic.wait_for_more(50);
    stub.on("/y", Reply::close());
    traffic.wait_for_more(50);
    stub.on("/y", Reply::status(404));
    traffic.wait_for_more(10);
    let stopping = Instant::now();
    stub.stop();
    let stopped = Instant::now();
    traffic.wait_for_more(50);
    let resuming = Instant::now();
    stub.resume();
    let resumed = Instant::now();
    traffic.wait_for_more(50);
    let records = traffic.stop();

    let failed = |record: &&Record| record.answer.as_ref().err() == Some(&Failure::Closed);
    let before = || records.iter().filter(|record| record.ended < stopping);
    assert!(before().filter(failed).all(|record| record.request == 1));
    assert!((20..=60).contains(&before().filter(failed).count()));
    let down = records.iter().filter(|record| record.sent > stopped && record.ended < resuming);
    let down = down.collect::<Vec<_>>();
    assert!(down.len() >= 40 && down.iter().all(failed), "{down:?}");
    let after = records.iter().filter(|record| record.sent > resumed).collect::<Vec<_>>();
    assert!(after.len() >= 40, "{}", after.len());
    let expected = [200, 404];
    assert!(after.iter().all(|record| answer(record).status == expected[record.request]));
}

#[test]
fn traffic_stops_at_once_also_where_it_is_slow() {
    let stub = Stub::start();
    let start = Instant::now();
    let traffic = Traffic::start(stub.address(), 10, 1, vec![Request::get("/")]);
    traffic.wait_for_more(1);
    assert_eq!(traffic.stop().len(), 1);
    drop(Traffic::start(stub.address(), 10, 1, vec![Request::get("/")]));
    assert!(start.elapsed() < Duration::from_millis(900));
    let sent = stub.seen().len();
    std::thread::sleep(Duration::from_millis(1_200));
    assert!(stub.seen().len() <= sent + 1, "it goes on");
}

/// One client, whose key is of this tenant.
fn document(tenant: &str) -> Value {
    let key = json!({"id": "key", "sha256": sha256_hex("the-key")});
    json!({
        "version": 1, "routes": [{"match": {"path": "/**"}}],
        "tenants": [{"id": tenant, "clients": [{"id": "client", "keys": [key]}]}],
    })
}

#[test]
fn a_change_of_the_listener_shows_in_the_records() {
    let envoy = EnvoyBuilder::new(document("acme"))
        .workers(2)
        .filter_before(worker_filter())
        .reconfigurable()
        .start();
    let requests = vec![Request::get("/").api_key("the-key"), Request::get("/").api_key("wrong")];
    let traffic = Traffic::start(envoy.address(), 8, 1_000, requests);
    traffic.wait_for_more(300);
    let changing = Instant::now();
    envoy.reconfigure(document("globex"));
    // Envoy drains the old connections one by one.
    traffic.wait_for_more(3_000);
    let records = traffic.stop();
    let lost: Vec<_> =
        records.iter().filter(|record| record.answer.is_err() && !record.reused).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let known = || records.iter().filter(|record| record.request == 0 && record.answer.is_ok());
    let tenant = |record: &Record| answer(record).tenant.clone().unwrap();
    let before: HashSet<_> = known().filter(|record| record.ended < changing).map(tenant).collect();
    assert_eq!(before, HashSet::from(["acme".to_owned()]));
    let all: HashSet<_> = known().map(tenant).collect();
    assert_eq!(all, HashSet::from(["acme".to_owned(), "globex".to_owned()]));
    for record in records.iter().filter(|record| record.request == 1 && record.answer.is_ok()) {
        let answer = answer(record);
        assert_eq!((answer.status, answer.code.as_deref()), (401, Some("api_key_unknown")));
        assert!(answer.worker.as_deref().is_some_and(|worker| worker.starts_with("worker_")));
    }
}
