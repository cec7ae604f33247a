//! What a worker remembers of callers never outlives what it was made of.

use proptest::prelude::*;

use super::*;

/// Entries of a tenant that say different things of the same callers.
fn entries() -> Vec<Value> {
    let acme = |key_fields: Value, fields: Value| {
        let clients = json!([{"id": "web", "keys": [key("k", "acme-key", key_fields)]}]);
        merged(json!({"id": "acme", "clients": clients}), fields)
    };
    vec![
        acme(json!({"scopes": ["a", "b"]}), json!({})),
        acme(json!({"scopes": ["a"], "roles": ["viewer"]}), json!({})),
        acme(json!({"scopes": ["a", "b"]}), json!({"scopes": ["b"]})),
        acme(json!({}), json!({"active": false})),
        acme(json!({"id": "other", "ip": ["192.0.2.9"]}), json!({})),
        acme(json!({}), json!({"ip": ["192.0.2.1"], "limits": {"requests": "7/min"}})),
        json!({"id": "acme"}),
        json!({"id": "globex", "clients": [{"id": "jobs", "keys": [key("g", "acme-key", json!({}))]}]}),
    ]
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Directory(usize),
    Key { path: &'static str },
    Token { tenant: &'static str, asserted: Option<&'static str>, path: &'static str },
}

fn step() -> impl Strategy<Value = Step> {
    let path = || prop::sample::select(vec!["/", "/me", "/open"]);
    let tenant = || prop::sample::select(vec!["acme", "globex", "inline"]);
    prop_oneof![
        1 => (0..entries().len()).prop_map(Step::Directory),
        3 => path().prop_map(|path| Step::Key { path }),
        3 => (tenant(), prop::option::of(tenant()), path())
            .prop_map(|(tenant, asserted, path)| Step::Token { tenant, asserted, path }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn who_is_remembered_is_decided_on_as_who_is_new(steps in prop::collection::vec(step(), 1..40)) {
        let over = json!({"routes": [
            {"match": {"path": "/me"}, "tenancy": "none"},
            {"match": {"path": "/open"}, "scopes": ["b"]},
            {"match": {"path": "/"}},
        ]});
        let mut guard = configured(over);
        // Each has counts of its own, or one's requests would be the other's.
        let (host, other) = (FixedHost::at(NOW), FixedHost::at(NOW));
        let mut memory = guard.new_memory();
        for step in steps {
            let request = match step {
                Step::Directory(number) => {
                    take_over(&mut guard, json!({"tenants": [entries()[number].clone()]}));
                    continue;
                }
                Step::Key { path } => Request::get(path).with("x-api-key", "acme-key"),
                Step::Token { tenant, asserted, path } => {
                    let request = Request::get(path).bearer(&token(json!({"tenant": tenant})));
                    match asserted {
                        Some(name) => asserting(request, name),
                        None => request,
                    }
                }
            };
            let with = guard.decide(&request.headers(), &host, &mut memory);
            let without = guard.decide(&request.headers(), &other, &mut Memory::new(0, 0));
            prop_assert_eq!(Decision { cache: None, ..with }, Decision { cache: None, ..without });
        }
    }
}

#[test]
fn a_remembered_key_is_asked_for_its_dates_anew() {
    let document = json!({"tenants": [{
        "id": "acme",
        "clients": [{"id": "web", "keys": [
            key("k", "dated", json!({"not_before": "2026-11-22T00:00:00Z", "expires": "2026-11-23T00:00:00Z"})),
        ]}],
    }]});
    let (guard, host) = (guard(document), FixedHost::at(1_795_305_600.0));
    let mut memory = guard.new_memory();
    let mut at = |time: f64| {
        host.set(time);
        word(&guard.decide(&with_key("dated").headers(), &host, &mut memory))
    };
    let day = 1_795_305_600.0;
    assert_eq!(at(day), "allow");
    assert_eq!(at(day + 86_400.0), "api_key_expired");
    assert_eq!(at(day - 1.0), "api_key_inactive");
    assert_eq!(at(day + 1.0), "allow");
}
