//! Which tenant a request is for where a trusted peer names the tenant, and what
//! counts as a tenant's name.

mod common;

use common::{Fleet, idp, key_entry};
use serde_json::{Value, json};
use tenant_guard_tests::{EnvoyBuilder, Request};

const LOOSE_KEY: &str = "key-of-nobody";

static FLEET: Fleet = Fleet::new(|| EnvoyBuilder::new(document()));

/// Nothing is bound but by claims; the header is trusted, and a route may say otherwise.
fn document() -> Value {
    let route = |name: &str, tenancy: Value| json!({"match": {"path": format!("/{name}/**")}, "tenancy": tenancy});
    json!({
        "version": 1,
        "jwt": {"issuers": [idp("claims").config(json!({"tenant": {"claims": ["tenant"]}}))]},
        "api_keys": {"keys": [key_entry("loose", LOOSE_KEY)]},
        "tenancy": {"strict": false, "trust_header": "any_peer",
            "assertions": [{"path": "/*/orgs/{tenant}"}, {"host": "{tenant}.api.test"}, {"query": "org"}]},
        "routes": [
            route("trusted", json!({})),
            route("untrusted", json!({"trust_header": "never"})),
            route("ignored", json!({"trust_header": "ignore"})),
            route("strict", json!({"strict": true})),
            {"match": {"path": "/optional/**"}, "auth": "optional"},
        ],
    })
}

#[test]
fn a_trusted_peer_names_the_tenant_of_an_unbound_credential() {
    let nothing = idp("claims").token(json!({}));
    FLEET.everywhere(|session| {
        let of = |request: Request| [request.clone().api_key(LOOSE_KEY), request.bearer(&nothing)];
        for place in [
            |route: &str, name: &str| Request::get(format!("/{route}/x")).tenant(name),
            |route: &str, name: &str| Request::get(format!("/{route}/orgs/{name}")),
            |route: &str, name: &str| {
                Request::get(format!("/{route}/x")).host(format!("{name}.api.test"))
            },
            |route: &str, name: &str| Request::get(format!("/{route}/x?org={name}")),
        ] {
            for request in of(place("trusted", "acme")) {
                session.allowed_as(request, "acme");
            }
            for request in of(place("untrusted", "acme")) {
                session.refused(request, 403, "tenant_header_untrusted");
            }
            for request in of(place("strict", "acme")) {
                session.refused(request, 403, "tenant_required");
            }
            for route in ["trusted", "untrusted", "strict"] {
                for request in of(place(route, "DeFault")) {
                    session.refused(request, 403, "tenant_reserved");
                }
            }
            let anonymous = session.allowed_as(place("optional", "acme"), "acme");
            assert_eq!(anonymous.echoed_value("x-auth-method").unwrap(), "anonymous");
        }
        for route in ["trusted", "untrusted", "ignored"] {
            for request in of(Request::get(format!("/{route}/x"))) {
                session.allowed_as(request, "default");
            }
        }
        for request in of(Request::get("/strict/x")) {
            session.refused(request, 403, "tenant_required");
        }
        for request in of(Request::get("/ignored/x").tenant("acme")) {
            session.allowed_as(request, "default");
        }
        // It is ignored even where it is no name.
        let broken = Request::get("/ignored/x").tenant("a b").tenant("default");
        session.allowed_as(broken.api_key(LOOSE_KEY), "default");
        session.allowed_as(Request::get("/optional/x"), "default");
        session.refused(Request::get("/trusted/x"), 401, "credentials_missing");
    });
}

#[test]
fn a_trusted_peer_does_not_move_a_bound_credential() {
    let acme = idp("claims").token(json!({"tenant": "acme"}));
    FLEET.everywhere(|session| {
        for route in ["trusted", "untrusted", "strict", "optional"] {
            let request = || Request::get(format!("/{route}/x")).bearer(&acme);
            session.allowed_as(request(), "acme");
            session.allowed_as(request().tenant("acme"), "acme");
            session.refused(request().tenant("globex"), 403, "tenant_mismatch");
            session.refused(request().tenant("default"), 403, "tenant_reserved");
        }
        let ignored = Request::get("/ignored/x").bearer(&acme).tenant("globex");
        session.allowed_as(ignored, "acme");
        // On an optional route what is there must verify.
        let broken = Request::get("/optional/x").bearer(format!("{acme}="));
        session.refused(broken, 401, "token_malformed");
    });
}

#[test]
fn what_is_no_name_is_malformed_wherever_it_stands() {
    FLEET.everywhere(|session| {
        let get = || Request::get("/trusted/x").api_key(LOOSE_KEY);
        let long = "a".repeat(129);
        for name in ["a b", "acme,globex", "acme, globex", "-acme", "acme/globex", "a\u{e9}", &long]
        {
            session.refused(get().tenant(name), 400, "tenant_malformed");
        }
        session.refused(get().tenant(b"acme\xff"), 400, "tenant_malformed");
        session.refused(get().tenant("acme").tenant("acme"), 400, "tenant_malformed");
        session.refused(get().tenant("acme").tenant(""), 400, "tenant_malformed");
        for query in [
            "org=a%20b",
            "org=acme&org=acme",
            "org[]=a&org=a",
            "org=acme%2Cglobex",
            "%6frg=a&org=a",
        ] {
            let request = Request::get(format!("/trusted/x?{query}")).api_key(LOOSE_KEY);
            session.refused(request, 400, "tenant_malformed");
        }
        for path in ["/trusted/orgs/a%20b", "/trusted/orgs/a+b", "/trusted/orgs/a%2Cb"] {
            session.refused(Request::get(path).api_key(LOOSE_KEY), 400, "tenant_malformed");
        }
        // An empty header or parameter names nobody.
        session.allowed_as(get().tenant(""), "default");
        session.allowed_as(Request::get("/trusted/x?org=").api_key(LOOSE_KEY), "default");
        // Names as long and as odd as they may be.
        for name in [&long[..128], "9", "did:web:agents.example:alice", "A_b.c-d"] {
            session.allowed_as(get().tenant(name), name);
        }
        session.allowed_as(Request::get("/trusted/x?org=%64id%3Ax").api_key(LOOSE_KEY), "did:x");
    });
}

#[test]
fn claims_name_tenants_in_text_and_whole_numbers_only() {
    let claim = |claim: Value| {
        let token = idp("claims").token(json!({"tenant": claim}));
        Request::get("/untrusted/x").bearer(token)
    };
    FLEET.everywhere(|session| {
        session.allowed_as(claim(json!(42)), "42");
        session.allowed_as(claim(json!(1_i64 << 53)), "9007199254740992");
        session.allowed_as(claim(json!([42])), "42");
        for empty in [json!(""), json!(" "), json!(null), json!([])] {
            session.allowed_as(claim(empty), "default");
        }
        for odd in [
            json!({"id": "acme"}),
            json!(true),
            json!(1.5),
            json!(-1),
            json!((1_i64 << 53) + 1),
            json!(["acme", {"id": "acme"}]),
            json!(["acme", null]),
            json!(["acme", ""]),
            json!([["acme"]]),
            json!("a b"),
            json!("acme,globex"),
        ] {
            session.refused(claim(odd), 400, "tenant_malformed");
        }
        // What is malformed goes before everything else.
        session.refused(claim(json!("a b")).tenant("default"), 400, "tenant_malformed");
        session.refused(claim(json!("default")).tenant("a b"), 400, "tenant_malformed");
    });
}
