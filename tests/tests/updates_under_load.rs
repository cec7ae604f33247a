//! Good and bad configurations in turn under 1,000 requests a second, with
//! keys and tenants that live elsewhere: nothing passes without the guard,
//! and nobody is refused for it.

mod common;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use common::elsewhere::Elsewhere;
use serde_json::{Value, json};
use tenant_guard_tests::{Envoy, Record, Request, Traffic};

const LONG: Duration = Duration::from_secs(60);

/// What is sent, with the status and tenant that each must get.
fn requests(elsewhere: &Elsewhere) -> Vec<(Request, u16, Option<&'static str>)> {
    let forged = || {
        Request::get("/").tenant("acme").header("x-user-id", "forged").header("x-roles", "admin")
    };
    vec![
        (elsewhere.signed("one", "acme").header("x-user-id", "forged"), 200, Some("acme")),
        (forged(), 401, None),
        (
            Request::get("/").api_key("globex-key").header("x-client-id", "forged"),
            200,
            Some("globex"),
        ),
        (forged().bearer("a.b.c"), 401, None),
        (Request::get("/").api_key("inline-key"), 200, Some("inline")),
        (elsewhere.signed("one", "globex").tenant("acme"), 403, None),
        (elsewhere.signed("another", "acme"), 401, None),
    ]
}

#[test]
fn updates_let_nothing_pass_and_refuse_nobody() {
    let elsewhere = Elsewhere::start();
    let document = |number: usize| {
        let mut document = elsewhere.document(
            json!({"refresh": "2s"}),
            json!({"revision": format!("{number}"), "audit": {"log": "none"}}),
        );
        document["directory"]["refresh"] = json!("2s");
        document
    };
    let envoy = elsewhere.envoy(document(0)).reconfigurable().drain_seconds(2).start();
    for (request, status, _) in requests(&elsewhere) {
        assert_eq!(envoy.send(&request).status, status);
    }
    let sent = requests(&elsewhere);
    let list = sent.iter().map(|(request, _, _)| request.clone()).collect();
    let traffic = Traffic::start(envoy.address(), 24, 1_000, list);
    let start = Instant::now();
    let mut updates = 0;
    while start.elapsed() < LONG {
        updates += 1;
        // For a third of the time nobody answers.
        let gone = (LONG / 3..LONG * 2 / 3).contains(&start.elapsed());
        if gone {
            elsewhere.stop()
        } else {
            elsewhere.resume()
        };
        envoy.reconfigure(document(updates));
        traffic.wait_for_more(100);
        envoy.reconfigure_in_vain(bad(updates, document(updates)));
        traffic.wait_for_more(100);
    }
    let records = traffic.stop();
    assert!(updates > 20, "{updates} updates");
    assert!(records.len() > 20_000, "{} requests", records.len());
    // Each update has the tenants judged anew, by one worker; the rest are refreshes.
    let (keys, tenants) = elsewhere.fetches();
    assert!(keys < 100 && tenants < 2 * updates + 100, "{keys} {tenants}, {updates} updates");
    check(&envoy, &records, &sent);
}

/// Documents that are refused, each for another reason.
fn bad(number: usize, good: Value) -> Value {
    match number % 3 {
        0 => json!("no document"),
        1 => {
            json!({"version": 1, "routes": [{"match": {"path": "/**"}, "auth": "none", "nonsense": 1}]})
        }
        _ => {
            let mut bad = good;
            bad["tenants"][0]["ip"] = json!(["10.0.0.1/8"]);
            bad
        }
    }
}

fn check(envoy: &Envoy, records: &[Record], sent: &[(Request, u16, Option<&str>)]) {
    let mut lost = 0;
    let mut wrong: HashMap<String, usize> = HashMap::new();
    for record in records {
        let (request, status, tenant) = &sent[record.request];
        let Ok(answer) = &record.answer else {
            // Envoy ends the connections of old configurations.
            assert!(record.reused, "{request:?}: {record:?}");
            lost += 1;
            continue;
        };
        if (answer.status, answer.tenant.as_deref()) != (*status, *tenant) {
            *wrong.entry(format!("{request:?}: {answer:?}")).or_default() += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", envoy.log());
    assert!(lost < records.len() / 100, "{lost} lost");
    // The application's own log knows of no other requests either.
    for line in envoy.application_log() {
        let told = (line["tenant"].as_str(), line["subject"].as_str());
        let known =
            [(Some("acme"), Some("user-1")), (Some("globex"), None), (Some("inline"), None)];
        assert!(known.contains(&told), "{line}");
    }
}
