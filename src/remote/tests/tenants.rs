//! Fetched tenants whose keys are fetched, too.

use super::*;
use crate::testing::ISSUER;

/// A directory, and an issuer of the document's own.
fn guarded() -> Worker {
    let own = json!({"keys": {"jwks_uri": {"uri": "https://idp.example/own"}}});
    let own = crate::testing::merged(remote(own), json!({"issuer": "https://own.example"}));
    Worker::new(&json!({
        "jwt": {"issuers": [own]},
        "directory": {
            "cluster": "tenants", "uri": "https://tenants.example/t", "refresh": "100s",
            "max_stale": "1000s", "key_clusters": ["idp"],
        },
        "tenants": [{"id": "acme"}],
    }))
}

fn place(place: &str) -> Value {
    let uri = format!("https://idp.example/{place}");
    json!({"jwks_uri": {"cluster": "idp", "uri": uri, "refresh": "100s", "timeout": "60s"}})
}

fn issuer(keys: Value) -> Value {
    json!({"issuer": ISSUER, "audiences": ["api"], "keys": keys})
}

fn tenants(entries: Value) -> Answer {
    found(&json!({"version": 1, "tenants": entries}))
}

/// Answers the call for a path.
fn tell(worker: &mut Worker, path: &str, answer: Answer, net: &Net) {
    let call = worker.calls.iter().find(|call| call.header(":path") == Some(path));
    let token = call.unwrap_or_else(|| panic!("{path} {:?}", worker.calls)).token;
    worker.hear(token, answer, net);
}

fn paths(worker: &Worker) -> Vec<&str> {
    worker.calls.iter().filter_map(|call| call.header(":path")).collect()
}

/// Keys are public: whoever lists another's later gets none of its users.
#[test]
fn a_copy_of_another_s_fetched_key_in_an_entry_takes_nothing() {
    let (net, mut worker) = (Net::new(), guarded());
    let a = json!({"id": "a", "issuers": [issuer(place("a"))]});
    // What is b's is refused, which tells whose a token is.
    let b = |keys: Value| json!({"id": "b", "active": false, "issuers": [issuer(keys)]});
    worker.tick(&net);
    tell(&mut worker, "/t", tenants(json!([a, b(place("b"))])), &net);
    worker.tick(&net);
    tell(&mut worker, "/a", keys(&["ka"]), &net);
    assert_eq!(worker.says(&by("ka"), &net), "allow");
    net.at(91.0);
    worker.tick(&net);
    let copy = b(json!({"jwks": set(&["ka", "kb"])}));
    tell(&mut worker, "/t", tenants(json!([a, copy])), &net);
    worker.tick(&net);
    for _ in 0..2 {
        assert_eq!(worker.says(&by("ka"), &net), "allow");
        assert_eq!(worker.says(&by("kb"), &net), "tenant_inactive");
        // Nor does it for a worker that comes later.
        worker = guarded();
        worker.tick(&net);
        worker.tick(&net);
    }
}

/// And the other way round, also after it was gone for a while.
#[test]
fn a_copy_of_a_listed_key_in_a_fetched_set_takes_nothing() {
    let (net, mut worker) = (Net::new(), guarded());
    let a = json!({"id": "a", "issuers": [issuer(json!({"jwks": set(&["ka"])}))]});
    let b = json!({"id": "b", "active": false, "issuers": [issuer(place("b"))]});
    for (at, entries) in
        [(0.0, json!([a])), (91.0, json!([a, b])), (182.0, json!([a])), (273.0, json!([a, b]))]
    {
        net.at(at);
        worker.tick(&net);
        tell(&mut worker, "/t", tenants(entries), &net);
        worker.tick(&net);
        if paths(&worker).contains(&"/b") {
            tell(&mut worker, "/b", keys(&["ka", "kb"]), &net);
        }
        assert_eq!(worker.says(&by("ka"), &net), "allow", "{at}");
    }
}

/// However many of a tenant's servers take their time.
#[test]
fn fetches_of_tenants_never_hold_up_those_of_the_document() {
    let (net, mut worker) = (Net::new(), guarded());
    worker.tick(&net);
    tell(&mut worker, "/own", keys(&["own"]), &net);
    let many: Vec<Value> = (0..40)
        .map(|n| {
            let iss = json!({"issuer": format!("https://{n}.example")});
            crate::testing::merged(issuer(place(&n.to_string())), iss)
        })
        .collect();
    tell(&mut worker, "/t", tenants(json!([{"id": "slow", "issuers": many}])), &net);
    net.at(50.0);
    worker.tick(&net);
    let of_tenants = paths(&worker).len();
    assert_eq!(of_tenants, 16, "as many as may be under way");
    net.at(91.0);
    worker.tick(&net);
    let found = paths(&worker);
    assert!(found.contains(&"/own") && found.contains(&"/t"), "{found:?}");
}

/// Those that wait longest are next, wherever they are.
#[test]
fn a_tenant_s_many_slow_servers_hold_up_no_other_tenant_for_ever() {
    let (net, mut worker) = (Net::new(), guarded());
    worker.tick(&net);
    let entries: Vec<Value> = (0..40)
        .map(|n| {
            let iss = json!({"issuer": format!("https://{n}.example")});
            let issuer = crate::testing::merged(issuer(place(&n.to_string())), iss);
            json!({"id": format!("t{n}"), "issuers": [issuer]})
        })
        .collect();
    tell(&mut worker, "/t", tenants(json!(entries)), &net);
    let mut asked = std::collections::BTreeSet::new();
    for round in 0..4 {
        net.at(f64::from(round) * 5.0);
        worker.tick(&net);
        for call in worker.calls.clone() {
            let path = call.header(":path").unwrap().to_owned();
            if path != "/own" && path != "/t" {
                asked.insert(path);
                worker.hear(call.token, nothing(), &net);
            }
        }
    }
    assert_eq!(asked.len(), 40, "{asked:?}");
}
