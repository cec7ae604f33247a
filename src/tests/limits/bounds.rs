//! Tenants that nobody listed, in any number.

use super::*;
use crate::testing::{FixedHost, NOW};

/// A trusted gateway that names tenants, of which only acme is listed.
fn gateway() -> Guard {
    let trusted = json!({"strict": false, "trust_header": ["192.0.2.0/24"]});
    limited(merged(
        tenants(json!({"requests": "3/min"}), Value::Null, Value::Null),
        json!({
            "api_keys": {"keys": [key("gateway", "gateway", json!({}))]},
            "tenancy": {"unknown": "allow"},
            "tenant_defaults": {"limits": {"requests": "2/min"}},
            "routes": [{"match": {"path": "/**"}, "tenancy": trusted}]
        }),
    ))
}

fn host() -> FixedHost {
    let host = FixedHost::at(NOW);
    host.peer.set(Some("192.0.2.1".parse().unwrap()));
    host
}

fn of(tenant: &str) -> Request {
    by_key("gateway", "/").with("x-tenant-id", tenant)
}

#[test]
fn any_number_of_tenants_leaves_a_bounded_number_of_values() {
    let guard = gateway();
    let host = host();
    for number in 0..6_000 {
        assert_eq!(outcome(&guard, &of(&format!("t{number}")), &host), "allow");
    }
    let (values, bytes) = host.shared_size();
    assert!(values <= 4_096, "{values}");
    assert_eq!(bytes, 6_000 * 16 + values * 4);
    // A minute later what is over goes as pages are written.
    host.set(NOW + 60.0);
    for number in 0..6_000 {
        assert_eq!(outcome(&guard, &of(&format!("u{number}")), &host), "allow");
    }
    assert!(host.shared_size().0 <= 4_096);
    assert!(host.shared_size().1 <= 6_000 * 16 + 4_096 * 20);
}

#[test]
fn a_crowd_takes_nothing_from_a_listed_tenant() {
    let guard = gateway();
    let host = host();
    assert_eq!(outcome(&guard, &of("acme"), &host), "allow");
    for number in 0..2_000 {
        outcome(&guard, &of(&format!("t{number}")), &host);
    }
    assert_eq!(left(&guard, &of("acme"), &host), 2);
    assert_eq!(left(&guard, &by_key("globex-1", "/"), &host), 2);
}

#[test]
fn a_refused_stranger_leaves_nothing_behind() {
    let document = json!({
        "tenants": [{"id": "acme"}], "tenant_defaults": {"limits": {"requests": "2/min"}}
    });
    let guard = limited(document);
    let host = FixedHost::at(NOW);
    for number in 0..100 {
        let request = by_token(json!({"tenant": format!("t{number}"), "plan": "gold"}), "/");
        assert_eq!(outcome(&guard, &request, &host), "tenant_unknown");
    }
    assert_eq!(host.shared_size(), (0, 0));
}
