//! A worker whose VM fails: it refuses, comes back, and knows all it knew.
//! Trailers make the VM of the connection's worker fail.

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::elsewhere::{Elsewhere, connection_to, connections, wait_until};
use common::fragile::{fragile_plugin, vm_failures};
use common::limits::{remaining, within_one_window};
use serde_json::{Value, json};
use tenant_guard_tests::token::Key;
use tenant_guard_tests::{Connection, Envoy, EnvoyBuilder, Provider, Reply, Request};

fn fragile(elsewhere: &Elsewhere, document: Value) -> EnvoyBuilder {
    elsewhere.envoy(document).plugin(fragile_plugin())
}

/// Makes the VM of this connection's worker fail.
fn fail(envoy: &Envoy, mut connection: Connection, request: Request) {
    let failures = vm_failures(envoy);
    let response = connection.send(&request.body("x").trailer("x-any", "x"));
    assert_eq!(response.map(|response| response.status), Ok(503), "the stream itself is refused");
    wait_until("the VM failed", || vm_failures(envoy) > failures);
}

#[test]
fn a_worker_whose_vm_failed_refuses_and_comes_back_with_all_it_knew() {
    within_one_window();
    let elsewhere = Elsewhere::start();
    elsewhere.limit("10000/day");
    let mut document = elsewhere.document(json!({}), json!({}));
    document["routes"] = json!([{"match": {"path": "/**"}}]);
    let envoy = fragile(&elsewhere, document).start();
    let good = elsewhere.signed("one", "acme");
    let mut connections = connections(&envoy, 4);
    let mut used = 0;
    for (_, connection) in &mut connections {
        let response = connection.send(&good).unwrap();
        used += 1;
        assert_eq!((response.status, remaining(&response)), (200, 10_000 - used), "{response:?}");
    }
    let fetched = elsewhere.fetches();
    elsewhere.stop();

    let (worker, mut broken) = connections.remove(0);
    fail(&envoy, connection_to(&envoy, &worker), good.clone());
    let failed = Instant::now();
    // The stream that it failed on was decided on before its trailers came.
    used += 1;
    let mut refused = 0;
    let served = loop {
        let response = broken.send(&good).unwrap();
        if response.status == 200 {
            break response;
        }
        assert_eq!(response.status, 503, "{response:?}");
        assert!(!response.is_from_application());
        refused += 1;
        for (other, connection) in &mut connections {
            let response = connection.send(&good).unwrap();
            used += 1;
            assert_eq!(
                (response.status, remaining(&response)),
                (200, 10_000 - used),
                "{other}: {response:?}"
            );
        }
        assert!(failed.elapsed() < Duration::from_secs(10), "{}", envoy.log());
        thread::sleep(Duration::from_millis(50));
    };
    assert!(refused > 0);
    used += 1;
    assert_eq!(remaining(&served), 10_000 - used, "{served:?}");
    assert_eq!(served.echoed_value("x-tenant-id").as_deref(), Some("acme"));
    // Its directory and its refusals are as before.
    let by_key = broken.send(&Request::get("/").api_key("globex-key")).unwrap();
    assert_eq!(by_key.echoed_value("x-tenant-id").as_deref(), Some("globex"));
    let nobody = broken.send(&elsewhere.signed("one", "nobody")).unwrap();
    assert_eq!(nobody.code().as_deref(), Some("tenant_unknown"));
    let missing = broken.send(&Request::get("/")).unwrap();
    assert_eq!(missing.code().as_deref(), Some("credentials_missing"));
    assert_eq!(elsewhere.fetches(), fetched, "nothing was fetched anew");
    // Nothing of what was refused reached the application.
    let reached = envoy.application_log();
    assert!(reached.iter().all(|line| line["tenant"] == "acme" || line["tenant"] == "globex"));
    let globex = reached.iter().filter(|line| line["tenant"] == "globex").count();
    assert_eq!((reached.len() - globex, globex), (usize::try_from(used).unwrap(), 1));
}

#[test]
fn the_fetch_of_a_worker_that_fails_meanwhile_is_made_by_another() {
    let elsewhere = Elsewhere::start();
    let keys = json!({"timeout": "1s", "cooldown": "1s"});
    let envoy = fragile(&elsewhere, elsewhere.document(keys, json!({})))
        .hcm(json!({"stream_idle_timeout": "3s"}))
        .start();
    let mut connections = connections(&envoy, 4);
    for (_, connection) in &mut connections {
        assert_eq!(connection.send(&elsewhere.signed("one", "acme")).unwrap().status, 200);
    }
    let before = elsewhere.provider.stub().count(Provider::JWKS);
    elsewhere.provider.publish_jwks(Reply::hang());
    // The worker that a request comes to with a key nobody knows fetches.
    let (worker, mut asking) = connections.remove(0);
    let asked = Instant::now();
    asking.start(&elsewhere.signed("two", "acme"));
    elsewhere.provider.stub().wait_for(Provider::JWKS, before + 1);
    fail(&envoy, connection_to(&envoy, &worker), elsewhere.signed("one", "acme"));
    elsewhere.provider.publish(&[&Key::es256("one"), &Key::es256("two")]);
    // Another worker has it fetched as soon as it may.
    let (_, other) = &mut connections[0];
    wait_until("another worker knows the key", || {
        other.send(&elsewhere.signed("two", "acme")).unwrap().status == 200
    });
    // The request whose worker died is nobody's: Envoy's own timeout ends it.
    let answer = asking.next_response().unwrap();
    assert_eq!((answer.status, answer.code()), (503, None), "{answer:?}");
    // Envoy's timers count from when its loop looked at the clock last.
    let waited = asked.elapsed();
    assert!(waited >= Duration::from_millis(2_900), "{waited:?}");
}

#[test]
fn a_first_fetch_that_no_worker_survives_is_made_again() {
    let elsewhere = Elsewhere::start();
    elsewhere.provider.publish_jwks(Reply::hang());
    let keys = json!({"timeout": "1s"});
    let envoy = fragile(&elsewhere, elsewhere.document(keys, json!({}))).start();
    elsewhere.provider.stub().wait_for(Provider::JWKS, 1);
    let inline = || Request::get("/").api_key("inline-key");
    for (worker, _) in connections(&envoy, 4) {
        fail(&envoy, connection_to(&envoy, &worker), inline());
    }
    elsewhere.provider.publish(&[&Key::es256("one")]);
    wait_until("keys are there", || envoy.send(&elsewhere.signed("one", "acme")).status == 200);
}
