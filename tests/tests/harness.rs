//! The harness itself, without the plugin.

use std::time::Duration;

use serde_json::json;
use tenant_guard_tests::token::{Alg, Issuer, Key, Parts, RsaKey, jwks, now};
use tenant_guard_tests::{
    EnvoyBuilder, Failure, Protocol, Reply, Request, Stub, for_each_protocol,
};

#[test]
fn the_application_echoes_headers_as_bytes() {
    let envoy = EnvoyBuilder::bare().start();
    for_each_protocol(|over| {
        let marker = format!("echo-{over:?}");
        let request = Request::get("/a/b?q=%20").over(over).marker(&marker);
        let request =
            request.header("X-Twice", "1").header("x-twice", "2").header("x-raw", b"\xa1\xff");
        let response = envoy.send(&request);
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.echoed_value(":path").unwrap(), "/a/b?q=%20");
        assert_eq!(response.echoed_value(":authority").unwrap(), "app.test");
        assert_eq!(response.echoed_all("x-twice"), ["1", "2"]);
        assert!(
            response.echoed().contains(&("x-raw".to_owned(), vec![0xa1, 0xff])),
            "{response:?}"
        );
        let line = envoy.access_line(&marker);
        assert_eq!((&line["status"], &line["path"]), (&json!(200), &json!("/a/b?q=%20")), "{line}");
        assert_eq!(line["decision"], json!(null));
    });
    assert_eq!(envoy.access_log(2).len(), 2);
    assert_eq!(envoy.application_requests(), 2);
}

#[test]
fn bodies_and_trailers_arrive() {
    for application in [Protocol::H1, Protocol::H2] {
        let envoy = EnvoyBuilder::bare().application(application).start();
        for_each_protocol(|over| {
            let request = Request::post("/", vec![b'x'; 200_000]).over(over);
            let response = envoy.send(&request);
            assert_eq!(response.echoed_body_length(), 200_000);
            assert_eq!(response.echoed_trailers(), []);
            let response =
                envoy.send(&request.trailer("x-user-id", b"a\xa1").trailer("x-last", "2"));
            assert_eq!(response.echoed_body_length(), 200_000);
            let expected =
                [("x-user-id".to_owned(), b"a\xa1".to_vec()), ("x-last".to_owned(), b"2".to_vec())];
            assert_eq!(response.echoed_trailers(), expected);
        });
    }
}

#[test]
fn large_headers_pass() {
    let envoy = EnvoyBuilder::bare().start();
    for_each_protocol(|over| {
        let response =
            envoy.send(&Request::get("/").over(over).header("x-large", vec![b'a'; 60_000]));
        assert_eq!(response.echoed_value("x-large").map(|value| value.len()), Some(60_000));
    });
}

#[test]
fn the_backstop_alone_refuses_everything() {
    let envoy = EnvoyBuilder::new(json!({})).without_guard().start();
    for_each_protocol(|over| {
        let response = envoy.send(&Request::get("/").over(over).header("wasm.decision", "allow"));
        assert_eq!(response.status, 403);
        assert!(!response.is_from_application());
    });
    assert!(
        envoy
            .access_log(2)
            .iter()
            .all(|line| line["code"] == "rbac_access_denied_matched_policy[none]")
    );
    assert_eq!(envoy.application_requests(), 0);
}

#[test]
fn tunnels_pass_where_enabled() {
    let envoy = EnvoyBuilder::bare().upgrade("websocket").upgrade("CONNECT").start();
    for_each_protocol(|over| {
        let response = envoy.send(&Request::websocket("/ws", over));
        assert!(response.status == 200 || response.status == 101, "{response:?}");
        assert_eq!(response.echoed_value(":path").unwrap(), "/ws");
        let response = envoy.send(&Request::connect("other.test:443").over(over));
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.echoed_value(":authority").unwrap(), "other.test:443");
        assert_eq!(response.echoed_value(":path"), None);
    });
    let closed = EnvoyBuilder::bare().start();
    for_each_protocol(|over| {
        let refused = closed.try_send(&Request::websocket("/ws", over));
        assert!(refused.as_ref().map_or(true, |response| response.status >= 400), "{refused:?}");
    });
}

#[test]
fn odd_requests_are_sent_as_they_are() {
    let envoy = EnvoyBuilder::bare().hardened(false).start();
    let response = envoy.send(&Request::get("/a/../b//c;d?e#f"));
    assert_eq!(response.status, 400, "{response:?}");
    let response = envoy.send(&Request::get("/a/../b//c%2f;d"));
    assert_eq!(response.echoed_value(":path").unwrap(), "/a/../b//c%2f;d");
    let doubled = Request::get("/a").over(Protocol::H2).header(":path", "/b");
    assert!(matches!(
        envoy.try_send(&doubled),
        Err(Failure::Reset(_) | Failure::GoAway(_) | Failure::Closed)
    ));
    let pathless = Request::get("/a").over(Protocol::H2).without_path();
    assert!(!envoy.try_send(&pathless).is_ok_and(|response| response.status == 200));
    assert_eq!(envoy.send_raw(b"nonsense\r\n\r\n").unwrap().status, 400);
    assert!(envoy.is_running());
}

#[test]
fn connections_are_reused_and_addresses_chosen() {
    let envoy = EnvoyBuilder::bare().workers(4).start();
    for_each_protocol(|over| {
        let mut connection = envoy.connect(over);
        for number in 0..20 {
            let response = connection.send(&Request::get(format!("/{number}"))).unwrap();
            assert_eq!(response.echoed_value(":path").unwrap(), format!("/{number}"));
        }
        let response = envoy.send(&Request::get("/").over(over).from("127.0.0.9"));
        assert_eq!(response.echoed_value("x-forwarded-for").unwrap(), "127.0.0.9");
    });
    assert!(
        envoy
            .stats("downstream_rq_2xx")
            .contains(&("http.guarded.downstream_rq_2xx".to_owned(), 42))
    );
    assert_eq!(envoy.stat("http.guarded.downstream_rq_2xx"), Some(42));
    let trusting = EnvoyBuilder::bare().trusted_hops(1).start();
    trusting.send(&Request::get("/").header("x-forwarded-for", "2001:db8::7").marker("hops"));
    assert_eq!(trusting.access_line("hops")["remote"], "2001:db8::7");
}

#[test]
fn routes_clusters_and_filters_can_be_added() {
    let stub = Stub::start();
    stub.on("/keys", Reply::json(&json!({"keys": []})).after(Duration::from_millis(10)));
    let envoy = EnvoyBuilder::bare()
        .cluster_at("idp", stub.address(), Protocol::H1)
        .route(json!({"name": "to_stub", "match": {"prefix": "/", "headers": [
            {"name": "x-tenant-id", "string_match": {"exact": "acme"}}]}, "route": {"cluster": "idp"}}))
        .filter_before(json!({"name": "lua", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string":
                "function envoy_on_request(h) h:headers():add('x-before', h:streamInfo():filterState():get('tenant_guard.peer') or 'none') end"}}}))
        .start();
    assert_eq!(envoy.send(&Request::get("/keys").tenant("acme")).json(), json!({"keys": []}));
    assert_eq!(stub.seen().len(), 1);
    assert_eq!(envoy.get("/keys").echoed_value("x-before").unwrap(), "none");
}

#[test]
fn validation_tells_what_is_wrong() {
    let (ok, said) = EnvoyBuilder::bare().validate();
    assert!(ok, "{said}");
    let (ok, said) = EnvoyBuilder::bare().hcm(json!({"no_such_field": 1})).validate();
    assert!(!ok && said.contains("no_such_field"), "{said}");
    let log = EnvoyBuilder::bare().hcm(json!({"no_such_field": 1})).try_start().unwrap_err();
    assert!(log.contains("no_such_field"), "{log}");
}

#[test]
fn every_algorithm_signs() {
    for alg in Alg::ALL {
        let issuer = Issuer::new("https://idp.example.com/", Key::new(alg, "k"));
        let token = issuer.token(json!({"tenant": "acme", "sub": null}));
        let parts = Parts::of(&token);
        assert_eq!(parts.join(), token);
        assert_eq!(parts.header_json(), json!({"alg": alg.name(), "kid": "k", "typ": "JWT"}));
        assert_eq!(parts.payload_json()["tenant"], "acme");
        assert!(parts.payload_json().get("sub").is_none());
        assert!(parts.payload_json()["exp"].as_i64().unwrap() > now());
        assert_ne!(parts.clone().with_flipped_bit().join(), token);
    }
    let small = Key::rsa(Alg::RS256, "small", RsaKey::Bits1024);
    assert_eq!(jwks(&[&small])["keys"][0]["kid"], "small");
}
