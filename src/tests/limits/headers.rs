//! Which responses tell of limits.

use super::*;
use crate::testing::{BrokenHost, FixedHost, NOW, outcome as outcome_at_rest};

const NAMES: [&str; 5] = [
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "ratelimit",
    "ratelimit-policy",
];

fn told(decision: &Decision) -> Vec<&'static str> {
    decision.response.iter().map(|(name, _)| *name).collect()
}

fn remaining(decision: &Decision) -> Option<String> {
    header(decision, "x-rate-limit-remaining")
}

#[test]
fn the_headers_are_those_that_are_asked_for() {
    let limits = || tenants(json!({"requests": "5/min"}), Value::Null, Value::Null);
    for (headers, expected) in [
        (json!({}), &NAMES[..3]),
        (json!({"limits": {"headers": ["x-rate-limit", "ratelimit"]}}), &NAMES[..]),
        (json!({"limits": {"headers": ["ratelimit"]}}), &NAMES[3..]),
        (json!({"limits": {"headers": []}}), &[]),
    ] {
        let guard = limited(merged(limits(), headers.clone()));
        let decision = decide_at(&guard, &by_key("web-1", "/"), &FixedHost::at(NOW));
        assert_eq!(told(&decision), expected, "{headers}");
    }
}

#[test]
fn every_refusal_of_a_known_tenant_tells_of_its_limits() {
    let web = json!({"requests": "9/min"});
    let mut listed = tenants(json!({"requests": "50/min"}), web, Value::Null);
    let tenants = listed["tenants"].as_array_mut().unwrap();
    tenants.push(json!({"id": "off", "active": false, "limits": {"requests": "7/min"}}));
    tenants.push(json!({"id": "inside", "ip": ["10.0.0.0/8"], "limits": {"requests": "8/min"}}));
    listed["tenant_defaults"] = json!({"limits": {"requests": "6/min"}});
    let guard = limited(merged(listed, json!({"tenancy": {"unknown_clients": "deny"}})));
    let host = FixedHost::at(NOW).from("192.0.2.1");
    let named = |tenant: &str| by_token(json!({"tenant": tenant}), "/");
    for (request, code, left) in [
        (by_key("web-1", "/scoped"), "scope_missing", Some("9")),
        (by_key("web-1", "/edit"), "role_missing", Some("9")),
        (by_key("web-1", "/inside"), "ip_refused", Some("9")),
        (named("off"), "tenant_inactive", Some("7")),
        (named("inside"), "client_unknown", Some("8")),
        (named("acme"), "client_unknown", Some("50")),
        (named("unlisted"), "tenant_unknown", Some("6")),
        // Of no tenant.
        (by_key("nobody", "/"), "api_key_unknown", None),
        (Request::get("/"), "credentials_missing", None),
        (named("default"), "tenant_reserved", None),
        (named("a b"), "tenant_malformed", None),
        (by_key("web-1", "/").with("x-tenant-id", "globex"), "tenant_mismatch", None),
        (by_key("web-1", "/a//b"), "path_ambiguous", None),
    ] {
        let decision = decide_at(&guard, &request, &host);
        assert_eq!(decision.denial.as_ref().unwrap().code.name(), code, "{request:?}");
        assert_eq!(remaining(&decision).as_deref(), left, "{code}");
    }
    assert_eq!(host.shared_size(), (0, 0));
}

#[test]
fn what_no_limit_covers_is_told_of_no_limit() {
    let limits = json!({"actions": {"publish": "5/min"}});
    let guard = limited(tenants(limits, Value::Null, Value::Null));
    let host = FixedHost::at(NOW);
    for (request, covered) in [
        (by_key("web-1", "/publish"), true),
        (by_key("web-1", "/scoped"), true),
        (by_key("web-1", "/read"), false),
        (by_key("web-1", "/"), false),
        (by_key("globex-1", "/publish"), false),
        (by_token(json!({"tenant": "globex", "plan": "gold"}), "/"), true),
    ] {
        let decision = decide_at(&guard, &request, &host);
        assert_eq!(!decision.response.is_empty(), covered, "{request:?}");
    }
}

#[test]
fn the_tightest_level_is_told_and_all_are_in_the_policy() {
    let document = merged(
        tenants(
            json!({"requests": "100/hour", "actions": {"publish": "6/day"}}),
            json!({"requests": "5/min"}),
            json!({"requests": "3/sec"}),
        ),
        json!({"limits": {"headers": ["x-rate-limit", "ratelimit"]}}),
    );
    let guard = limited(document);
    let host = FixedHost::at(NOW);
    let policy = "\"tenant\";q=100;w=3600, \"tenant/publish\";q=6;w=86400, \
                  \"client\";q=5;w=60, \"key\";q=3;w=1";
    for (later, code, limit, left, ratelimit) in [
        (0.0, "allow", "3", "2", "\"key\";r=2;t=1"),
        (0.5, "allow", "3", "1", "\"key\";r=1;t=1"),
        (0.9, "allow", "3", "0", "\"key\";r=0;t=1"),
        (0.9, "rate_limited", "3", "0", "\"key\";r=0;t=1"),
        // The client's 1 is less than the key's 2.
        (1.0, "allow", "5", "1", "\"client\";r=1;t=59"),
        (1.0, "allow", "5", "0", "\"client\";r=0;t=59"),
        (2.0, "rate_limited", "5", "0", "\"client\";r=0;t=58"),
        // The tenant's publish has had five by now.
        (60.0, "allow", "6", "0", "\"tenant/publish\";r=0;t=57540"),
        (60.0, "rate_limited", "6", "0", "\"tenant/publish\";r=0;t=57540"),
    ] {
        host.set(NOW + later);
        let decision = decide_at(&guard, &by_key("web-1", "/publish"), &host);
        let told = NAMES.map(|name| header(&decision, name).unwrap());
        let found = decision.verdict.marker();
        let found = found.unwrap_or_else(|| decision.denial.as_ref().unwrap().code.name());
        assert_eq!(found, code, "{later} {told:?}");
        let reset = told[2].clone();
        assert_eq!(told, [limit, left, &reset, ratelimit, policy], "{later}");
    }
}

#[test]
fn a_subject_is_named_as_one() {
    let styles = json!({"limits": {"headers": ["ratelimit"]}});
    let guard = limited(styles);
    let request = by_token(json!({"tenant": "acme", "plan": "gold"}), "/");
    let decision = decide_at(&guard, &request, &FixedHost::at(NOW));
    assert_eq!(header(&decision, "ratelimit").unwrap(), "\"subject\";r=4;t=60");
    assert_eq!(header(&decision, "ratelimit-policy").unwrap(), "\"subject\";q=5;w=60");
}

#[test]
fn a_refusal_stays_what_it_is_where_its_limits_cannot_be_read() {
    let guard = limited(tenants(json!({"requests": "5/min"}), Value::Null, Value::Null));
    for host in [BrokenHost::Reads, BrokenHost::Clock] {
        let decision = decide_at(&guard, &by_key("web-1", "/scoped"), &host);
        assert_eq!(decision.denial.as_ref().unwrap().code.name(), "scope_missing");
        assert!(decision.response.is_empty(), "{host:?}");
    }
    assert_eq!(outcome_at_rest(&guard, &by_key("web-1", "/scoped")), "scope_missing");
}
