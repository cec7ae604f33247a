//! `trust_header` by address: the peer that the connection really comes from
//! says whether a tenant named by the caller counts.

mod common;

use common::{Fleet, Session, key_entry};
use serde_json::{Value, json};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Protocol, Request};

fn document(trust: Value) -> Value {
    json!({
        "version": 1,
        "api_keys": {"keys": [key_entry("loose", "loose")]},
        "tenancy": {"strict": false, "trust_header": trust},
        "routes": [
            {"match": {"path": "/never"}, "tenancy": {"trust_header": "never"}},
            {"match": {"path": "/other"}, "tenancy": {"trust_header": ["127.0.0.2"]}},
            {"match": {"path": "/**"}},
        ],
    })
}

fn get(path: &str, from: &str) -> Request {
    Request::get(path).api_key("loose").from(from)
}

/// Sent by whoever pretends to be a trusted peer.
const CLAIMS: [(&str, &str); 5] = [
    ("x-forwarded-for", "127.0.0.1"),
    ("x-real-ip", "127.0.0.1"),
    ("forwarded", "for=127.0.0.1"),
    ("x-envoy-external-address", "127.0.0.1"),
    ("tenant-guard.peer", "127.0.0.1"),
];

#[test]
fn a_trusted_peer_names_the_tenant_and_no_other_does() {
    let trust = json!(["10.0.0.0/8", "127.0.0.0/31"]);
    // In each the client's address is another matter than the peer.
    let builder = EnvoyBuilder::new(document(trust));
    for builder in [builder.clone(), builder.clone().trusted_hops(1), builder.hardened(false)] {
        let envoy = builder.start();
        let mut session = Session::new(&envoy, Protocol::H1);
        session.allowed_as(get("/", "127.0.0.1").tenant("acme"), "acme");
        session.allowed_as(get("/", "127.0.0.1"), "default");
        for from in ["127.0.0.2", "127.0.1.1", "127.255.0.1"] {
            let named = get("/", from).tenant("acme");
            session.refused(named, 403, "tenant_header_untrusted");
            // Nothing is asserted, so that nobody needs to be trusted.
            session.allowed_as(get("/", from), "default");
        }
        // The client's address is neither here nor there.
        for (name, value) in CLAIMS {
            let forged = get("/", "127.0.0.2").tenant("acme").header(name, value);
            session.refused(forged, 403, "tenant_header_untrusted");
            let behind = get("/", "127.0.0.1").tenant("acme").header(name, "127.0.0.2");
            session.allowed_as(behind, "acme");
        }
        session.finish();
    }
}

#[test]
fn a_route_trusts_whom_it_says() {
    static FLEET: Fleet = Fleet::new(|| EnvoyBuilder::new(document(json!(["127.0.0.1"]))));
    FLEET.everywhere(|session| {
        for (path, from, trusted) in [
            ("/", "127.0.0.1", true),
            ("/", "127.0.0.2", false),
            ("/never", "127.0.0.1", false),
            ("/never", "127.0.0.2", false),
            ("/other", "127.0.0.1", false),
            ("/other", "127.0.0.2", true),
        ] {
            let request = get(path, from).tenant("acme");
            if trusted {
                session.allowed_as(request, "acme");
            } else {
                session.refused(request, 403, "tenant_header_untrusted");
            }
        }
    });
}

#[test]
fn who_isnt_told_the_peer_trusts_nobody() {
    let trust = json!(["0.0.0.0/1", "::/1"]);
    let without = EnvoyBuilder::new(document(trust.clone())).peer_filter(false);
    let refuses = |envoy: &Envoy| {
        let mut session = Session::new(envoy, Protocol::H1);
        session.refused(get("/", "127.0.0.1").tenant("acme"), 403, "tenant_header_untrusted");
        session.allowed_as(get("/", "127.0.0.1"), "default");
        session.finish();
    };
    refuses(&without.clone().start());
    let kept = |text: &str| {
        let filter = json!({"name": "peer", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config",
            "on_request_headers": [{"object_key": "tenant_guard.peer", "factory_key": "envoy.string",
                "format_string": {"text_format_source": {"inline_string": text}}}]}});
        without.clone().filter_before(filter).start()
    };
    // What is kept must be an address; with its port it is one.
    for text in ["%REQ(x-none)%", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%0"] {
        refuses(&kept(text));
    }
    let envoy = kept("%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%");
    let mut session = Session::new(&envoy, Protocol::H1);
    session.allowed_as(get("/", "127.0.0.1").tenant("acme"), "acme");
    session.finish();
}
