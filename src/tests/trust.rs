//! Whose word counts for a tenant where no credential is bound to one.

use serde_json::{Value, json};

use crate::testing::{
    BrokenHost, FixedHost, NOW, Request, guard, jwt, merged, mistakes, token, words,
};
use crate::{Guard, Memory};

const PROXIES: [&str; 3] = ["10.1.0.0/16", "192.168.0.50-192.168.0.60", "2001:db8:1::/48"];

fn trusting(tenancy: Value) -> Guard {
    let rules = json!({"tenant": {"claims": ["tenant"]}});
    guard(merged(jwt(rules), json!({ "tenancy": tenancy })))
}

fn lax(trust: Value) -> Guard {
    trusting(json!({"strict": false, "trust_header": trust, "assertions": [{"query": "t"}]}))
}

/// What comes of a request from a peer, with a client behind it.
fn from(guard: &Guard, request: &Request, peer: Option<&str>, client: Option<&str>) -> String {
    let host = FixedHost::at(NOW);
    host.peer.set(peer.map(|address| address.parse().unwrap()));
    host.client.set(client.map(|address| address.parse().unwrap()));
    let decision = guard.decide(&request.headers(), &host, &mut Memory::new(0, 0));
    match words(&decision).as_str() {
        "allow" => request.changed(&decision).value("x-tenant-id").unwrap(),
        other => other.to_owned(),
    }
}

fn unbound() -> Request {
    Request::get("/x").bearer(&token(json!({})))
}

fn asserting(name: &str) -> Request {
    unbound().with("x-tenant-id", name)
}

#[test]
fn a_peer_within_the_list_is_believed_and_no_other() {
    let guard = lax(json!(PROXIES));
    for (peer, result) in [
        (Some("10.1.0.0"), "acme"),
        (Some("10.1.255.255"), "acme"),
        (Some("::ffff:10.1.2.3"), "acme"),
        (Some("192.168.0.55"), "acme"),
        (Some("2001:db8:1::9"), "acme"),
        (Some("10.2.0.0"), "tenant_header_untrusted"),
        (Some("192.168.0.61"), "tenant_header_untrusted"),
        (Some("2001:db8:2::9"), "tenant_header_untrusted"),
        (Some("127.0.0.1"), "tenant_header_untrusted"),
        (None, "tenant_header_untrusted"),
    ] {
        assert_eq!(from(&guard, &asserting("acme"), peer, None), result, "{peer:?}");
        // Other places follow the header.
        let by_query = unbound().set(":path", "/x?t=acme");
        assert_eq!(from(&guard, &by_query, peer, None), result, "{peer:?}");
    }
}

#[test]
fn the_clients_address_never_makes_a_peer_trusted() {
    let guard = lax(json!(PROXIES));
    let inside = Some("10.1.2.3");
    for peer in [None, Some("192.0.2.1")] {
        let forwarded = asserting("acme").with("x-forwarded-for", "10.1.2.3");
        assert_eq!(from(&guard, &forwarded, peer, inside), "tenant_header_untrusted");
    }
    assert_eq!(from(&guard, &asserting("acme"), inside, Some("192.0.2.1")), "acme");
}

#[test]
fn a_request_that_asserts_nothing_is_of_the_reserved_tenant_from_anywhere() {
    let guard = lax(json!(PROXIES));
    for peer in [None, Some("192.0.2.1"), Some("10.1.2.3")] {
        assert_eq!(from(&guard, &unbound(), peer, None), "default");
        assert_eq!(from(&guard, &asserting(""), peer, None), "default");
    }
}

#[test]
fn a_trusted_peer_is_believed_in_nothing_that_is_refused_anyway() {
    let guard = lax(json!(PROXIES));
    let bound = |name: &str| {
        Request::get("/x").bearer(&token(json!({"tenant": "acme"}))).with("x-tenant-id", name)
    };
    for (request, result) in [
        (asserting("default"), "tenant_reserved"),
        (asserting("Default"), "tenant_reserved"),
        (asserting("a,b"), "tenant_malformed"),
        (asserting("acme").with("x-tenant-id", "acme"), "tenant_malformed"),
        (asserting("acme").set(":path", "/x?t=globex"), "tenant_mismatch"),
        (asserting("acme").set(":path", "/x?t=acme"), "acme"),
        (bound("globex"), "tenant_mismatch"),
        (bound("acme"), "acme"),
    ] {
        assert_eq!(from(&guard, &request, Some("10.1.2.3"), None), result, "{request:?}");
    }
}

#[test]
fn strict_wins_over_trust() {
    for trust in [json!(PROXIES), json!("any_peer"), json!("never"), json!("ignore")] {
        let guard = trusting(json!({"strict": true, "trust_header": trust}));
        for peer in [None, Some("10.1.2.3")] {
            let result = from(&guard, &asserting("acme"), peer, None);
            assert_eq!(result, "tenant_required", "{trust} {peer:?}");
            assert_eq!(from(&guard, &unbound(), peer, None), "tenant_required");
        }
    }
}

#[test]
fn a_route_may_trust_others_than_the_document() {
    let lax = |trust: Value| json!({"strict": false, "trust_header": trust});
    let guard = guard(merged(
        jwt(json!({"tenant": {"claims": ["tenant"]}})),
        json!({
            "tenancy": {"trust_header": PROXIES},
            "tenants": [{"id": "acme"}],
            "routes": [
                {"match": {"path": "/own"}, "tenancy": lax(json!(["172.16.0.0/12"]))},
                {"match": {"path": "/never"}, "tenancy": lax(json!("never"))},
                {"match": {"path": "/lax"}, "tenancy": {"strict": false}}
            ]
        }),
    ));
    for (path, peer, result) in [
        ("/own", "172.16.0.1", "acme"),
        ("/own", "10.1.2.3", "tenant_header_untrusted"),
        ("/never", "10.1.2.3", "tenant_header_untrusted"),
        ("/lax", "10.1.2.3", "acme"),
        ("/lax", "172.16.0.1", "tenant_header_untrusted"),
        ("/strict", "10.1.2.3", "tenant_required"),
    ] {
        let request = asserting("acme").set(":path", path);
        assert_eq!(from(&guard, &request, Some(peer), None), result, "{path} {peer}");
    }
}

#[test]
fn a_peer_that_cannot_be_asked_for_is_no_way_in() {
    let guard = lax(json!(PROXIES));
    let decide = |request: &Request| {
        let mut cache = Memory::new(0, 0);
        words(&guard.decide(&request.headers(), &BrokenHost::Addresses, &mut cache))
    };
    assert_eq!(decide(&asserting("acme")), "guard_unavailable");
    // It is asked for only where it decides.
    assert_eq!(decide(&unbound()), "allow");
    let bound = Request::get("/x").bearer(&token(json!({"tenant": "acme"})));
    assert_eq!(decide(&bound.with("x-tenant-id", "acme")), "allow");
}

#[test]
fn a_list_that_trusts_everybody_or_nobody_is_refused() {
    for trust in [
        json!([]),
        json!(["0.0.0.0/0"]),
        json!(["10.0.0.0/8", "::/0"]),
        json!(["0.0.0.0/1", "128.0.0.0/1"]),
        json!(["*"]),
        json!(["*.*.*.*"]),
        json!("everybody"),
        json!(true),
    ] {
        let document = json!({"tenancy": {"trust_header": trust}});
        let paths = mistakes(merged(jwt(json!({"tenant": {"claims": ["tenant"]}})), document));
        assert_eq!(paths, ["tenancy.trust_header"], "{trust}");
    }
}
