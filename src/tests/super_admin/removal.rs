//! The super admin's key never goes on, whatever becomes of the request.

use serde_json::{Value, json};

use crate::testing::{Request, decide, guard, jwt, key, merged, token, words};
use crate::{Guard, Verdict};

fn with(over: Value) -> Guard {
    let document = json!({
        "super_admin": {
            "from": [{"query": "root"}, {"header": "x-root"}, {"cookie": "root"}],
            "sha256": key("", "sesame", json!({}))["sha256"], "tenant": "superadmin"
        },
        "routes": [
            {"match": {"path": "/open"}, "auth": "none"},
            {"match": {"path": "/shadow"}, "shadow": true},
            {"match": {"path": "/**"}}
        ]
    });
    guard(merged(merged(jwt(json!({"tenant": {"claims": ["tenant"]}})), document), over))
}

/// A request with something in all places of the super admin's key, or in one
/// of them, among things that stay.
fn presenting(path: &str, only: Option<&str>, secret: &str) -> Request {
    let has = |place: &str| only.is_none_or(|only| only == place);
    let query = if has("query") { format!("a=1&root={secret}&b=2") } else { "a=1&b=2".into() };
    let mut request = Request::get(&format!("{path}?{query}"));
    if has("header") {
        request = request.with("x-root", secret).with("X_Root", secret);
    }
    let cookies =
        if has("cookie") { format!("c=3; root={secret}; d=4") } else { "c=3; d=4".into() };
    request.with("cookie", cookies)
}

fn check_gone(guard: &Guard, request: &Request, path: &str) {
    let sent = request.changed(&decide(guard, request));
    assert_eq!(sent.value(":path").unwrap(), format!("{path}?a=1&b=2"), "{request:?}");
    assert_eq!(sent.value("cookie").as_deref(), Some("c=3; d=4"), "{request:?}");
    assert_eq!((sent.value("x-root"), sent.value("x_root")), (None, None), "{request:?}");
}

#[test]
fn it_is_gone_on_every_verdict() {
    for over in [json!({}), json!({"upstream": {"forward_credentials": true}})] {
        let guard = with(over);
        for (path, good, wrong, twice) in [
            ("/open", "public", "public", "public"),
            ("/shadow", "allow", "shadow", "shadow"),
            ("/x", "allow", "api_key_unknown", "credentials_ambiguous"),
        ] {
            for place in ["query", "header", "cookie"] {
                for (secret, result) in [("sesame", good), ("wrong", wrong)] {
                    let request = presenting(path, Some(place), secret);
                    assert_eq!(words(&decide(&guard, &request)), result, "{path} {place}");
                    check_gone(&guard, &request, path);
                }
            }
            let request = presenting(path, None, "sesame");
            assert_eq!(words(&decide(&guard, &request)), twice, "{path}");
            check_gone(&guard, &request, path);
        }
    }
}

#[test]
fn it_is_gone_where_the_request_could_not_even_be_read() {
    let guard = with(json!({"upstream": {"forward_credentials": true}}));
    for request in [
        presenting("/a//b", None, "sesame"),
        presenting("/a/../b", None, "sesame"),
        presenting("/a%2fb", None, "sesame"),
    ] {
        let path = request.value(":path").unwrap();
        assert_eq!(words(&decide(&guard, &request)), "path_ambiguous");
        check_gone(&guard, &request, path.split_once('?').unwrap().0);
    }
    let hostless = presenting("/x", None, "sesame").set(":authority", "a b");
    assert_eq!(words(&decide(&guard, &hostless)), "path_ambiguous");
    check_gone(&guard, &hostless, "/x");
}

#[test]
fn it_is_gone_from_preflights() {
    for forward in [false, true] {
        let guard = with(json!({
            "cors_preflight": "allow", "upstream": {"forward_credentials": forward}
        }));
        let request = presenting("/x", None, "sesame")
            .set(":method", "OPTIONS")
            .with("origin", "https://app.example")
            .with("access-control-request-method", "GET");
        assert_eq!(words(&decide(&guard, &request)), "public");
        check_gone(&guard, &request, "/x");
    }
}

#[test]
fn it_is_gone_from_trailers() {
    let reply = |guard: &Guard| decide(guard, &Request::get("/x")).verdict;
    for forward in [false, true] {
        let guard = with(json!({"upstream": {"forward_credentials": forward}}));
        let refused = reply(&guard);
        for verdict in [Verdict::Allow, Verdict::Public, Verdict::Shadow, refused] {
            let names = [&b"x-root"[..], b"X_Root", b"x-root-cause", b"grpc-status"];
            let stripped = guard.strip_trailers(&verdict, names.into_iter());
            assert_eq!(stripped, [&b"x-root"[..], b"X_Root"], "{forward} {verdict:?}");
        }
    }
}

#[test]
fn other_credentials_beside_it_are_forwarded_only_where_the_document_says_so() {
    for (forward, authorization) in [(false, false), (true, true)] {
        let guard = with(json!({"upstream": {"forward_credentials": forward}}));
        let bearer = token(json!({"tenant": "acme"}));
        let request = presenting("/x", Some("header"), "sesame").bearer(&bearer);
        let decision = decide(&guard, &request);
        assert_eq!(words(&decision), "allow");
        let sent = request.changed(&decision);
        assert_eq!(sent.value("authorization").is_some(), authorization);
    }
}

#[test]
fn no_reply_repeats_it() {
    let guard = with(json!({}));
    for place in ["query", "header", "cookie"] {
        let request = presenting("/x", Some(place), "Sesame-wrong");
        let decision = decide(&guard, &request);
        let Verdict::Refuse(reply) = &decision.verdict else { panic!("{:?}", decision.verdict) };
        assert_eq!(reply.status, 401);
        let told = format!("{reply:?} {:?} {:?}", decision.audit, decision.denial);
        assert!(!told.contains("Sesame"), "{told}");
        let challenge = reply.headers.iter().find(|(name, _)| *name == "www-authenticate");
        assert_eq!(challenge.unwrap().1, "Bearer realm=\"api\", error=\"invalid_token\"");
    }
}

#[test]
fn a_place_that_others_use_is_refused_at_load() {
    for (jwt_from, from, index) in [
        (
            json!([{"header": "authorization", "scheme": "Bearer"}]),
            json!([{"header": "Authorization", "scheme": "Root"}]),
            0,
        ),
        (json!([{"query": "k"}]), json!([{"query": "k"}]), 0),
        (json!([{"cookie": "k"}]), json!([{"header": "x-k"}, {"cookie": "k"}]), 1),
    ] {
        let mut document = jwt(json!({"tenant": {"claims": ["tenant"]}}));
        document["jwt"]["from"] = jwt_from;
        document["super_admin"] =
            json!({"from": from, "sha256": key("", "sesame", json!({}))["sha256"]});
        assert_eq!(crate::testing::mistakes(document), [format!("super_admin.from[{index}]")]);
    }
}
