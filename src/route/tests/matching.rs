//! Which route a request is held to.

use serde_json::{Value, json};

use super::routed;
use crate::Guard;
use crate::testing::{Request, audit_line, decide, jwt, merged, mistakes, outcome, tenant, token};

/// The index of the route that decides, or what becomes of the request.
fn route(guard: &Guard, request: &Request) -> String {
    let line = audit_line(&decide(guard, request));
    match line["route"].as_str() {
        Some(name) => name.split(' ').next().unwrap().replace("routes", ""),
        None => line["code"].as_str().unwrap().to_owned(),
    }
}

#[test]
fn the_first_route_that_matches_decides() {
    let guard = routed(json!({"routes": [
        {"match": {"path": ["/healthz", "/readyz"]}, "auth": "none"},
        {"match": {"path": "/v1/*/open"}, "auth": "none"},
        {"match": {"path": "/v1/**"}},
        {"match": {"path": "/**"}, "auth": "none"}
    ]}));
    for (path, index) in [
        ("/healthz", "[0]"),
        ("/readyz/", "[0]"),
        ("/healthz/x", "[3]"),
        ("/HEALTHZ", "[3]"),
        ("/v1/a/open", "[1]"),
        ("/v1/a/open?x=/y", "[1]"),
        ("/v1/a/b/open", "[2]"),
        ("/v1", "[2]"),
        ("/%76%31/a", "[2]"),
        ("/v10", "[3]"),
        ("/", "[3]"),
    ] {
        assert_eq!(route(&guard, &Request::get(path)), index, "{path}");
    }
}

#[test]
fn a_route_is_for_its_methods_and_head_is_read_as_get() {
    let guard = routed(json!({"routes": [
        {"match": {"path": "/a", "methods": ["GET", "PUT"]}, "auth": "none"},
        {"match": {"path": "/a", "methods": "POST"}},
        {"match": {"path": "/head", "methods": ["HEAD"]}}
    ], "routes_unmatched": "deny"}));
    for (path, method, index) in [
        ("/a", "GET", "[0]"),
        ("/a", "HEAD", "[0]"),
        ("/a", "PUT", "[0]"),
        ("/a", "POST", "[1]"),
        ("/a", "DELETE", "route_refused"),
        ("/a", "get", "route_refused"),
        ("/a", "HEAD ", "route_refused"),
        ("/head", "HEAD", "[2]"),
        ("/head", "GET", "route_refused"),
    ] {
        let request = Request::get(path).set(":method", method);
        assert_eq!(route(&guard, &request), index, "{method} {path}");
    }
}

#[test]
fn a_route_is_for_its_hosts() {
    let guard = routed(json!({"routes": [
        {"match": {"host": "*.Shop.example"}},
        {"match": {"host": ["api.example", "api.example.org"], "path": "/x"}}
    ], "routes_unmatched": "deny"}));
    for (host, path, index) in [
        ("a.shop.example", "/any/where", "[0]"),
        ("A.SHOP.example.:8443", "/", "[0]"),
        ("shop.example", "/", "route_refused"),
        ("a.b.shop.example", "/", "route_refused"),
        ("api.example", "/x", "[1]"),
        ("api.example.org:80", "/x", "[1]"),
        ("api.example", "/y", "route_refused"),
        ("api.example.com", "/x", "route_refused"),
    ] {
        let request = Request::get(path).set(":authority", host);
        assert_eq!(route(&guard, &request), index, "{host} {path}");
    }
}

#[test]
fn what_no_route_matches_is_held_to_the_document_or_refused() {
    let routes = json!([{"match": {"path": "/open"}, "auth": "none"}]);
    for (unmatched, anonymous, known) in [
        (json!({}), "credentials_missing", "acme"),
        (json!({"routes_unmatched": "auth"}), "credentials_missing", "acme"),
        (json!({"routes_unmatched": "deny"}), "route_refused", "route_refused"),
    ] {
        let guard = routed(merged(json!({ "routes": routes }), unmatched.clone()));
        assert_eq!(outcome(&guard, &Request::get("/open")), "public");
        assert_eq!(outcome(&guard, &Request::get("/x")), anonymous, "{unmatched}");
        let request = Request::get("/x").bearer(&token(json!({})));
        assert_eq!(tenant(&guard, &request), known, "{unmatched}");
    }
    let closed = routed(json!({"routes_unmatched": "deny"}));
    assert_eq!(outcome(&closed, &Request::get("/")), "route_refused");
    assert_eq!(outcome(&routed(json!({})), &Request::get("/")), "credentials_missing");
}

#[test]
fn an_encoded_character_that_decides_between_routes_is_refused() {
    let guard = routed(json!({"routes": [
        {"match": {"path": "/a:b/**"}},
        {"match": {"path": "/x/[id]"}},
        {"match": {"path": "/**"}, "auth": "none"}
    ]}));
    for (path, index) in [
        ("/a:b/c", "[0]"),
        ("/a%3Ab/c", "path_ambiguous"),
        ("/%61%3ab", "path_ambiguous"),
        ("/x/[id]", "[1]"),
        ("/x/%5Bid%5D", "path_ambiguous"),
        ("/x/[id%5d", "path_ambiguous"),
        // Whichever way these are read, one route takes them.
        ("/a:b/%3A", "[0]"),
        ("/a%2Ab", "[2]"),
        ("/%40", "[2]"),
    ] {
        assert_eq!(route(&guard, &Request::get(path)), index, "{path}");
    }
}

#[test]
fn a_kept_parameter_is_no_way_around_a_route() {
    let guard = routed(json!({
        "paths": {"parameters": "keep"},
        "routes": [{"match": {"path": "/a;v=1"}}, {"match": {"path": "/**"}, "auth": "none"}]
    }));
    for (path, index) in
        [("/a;v=1", "[0]"), ("/a%3Bv=1", "path_ambiguous"), ("/a;v%3d1", "path_ambiguous")]
    {
        assert_eq!(route(&guard, &Request::get(path)), index, "{path}");
    }
}

#[test]
fn a_target_with_two_readings_is_refused_even_where_nothing_is_asked() {
    let guard = routed(json!({"routes": [{"match": {"path": "/**"}, "auth": "none"}]}));
    for path in ["", "a", "*", "http://h/", "/a/../b", "/a//b", "/a%2fb", "/a;b", "/a\\b", "/%"] {
        assert_eq!(outcome(&guard, &Request::get(path)), "path_ambiguous", "{path}");
    }
    for host in ["", "a b", "u@h", "a:b", "h/x"] {
        let request = Request::get("/").set(":authority", host);
        assert_eq!(outcome(&guard, &request), "path_ambiguous", "{host}");
    }
    for name in [":path", ":method", ":authority"] {
        let twice = Request::get("/").with(name, "/b");
        assert_eq!(outcome(&guard, &twice), "path_ambiguous", "{name}");
    }
}

#[test]
fn a_route_that_can_never_match_is_an_error() {
    let open = |route: Value| merged(route, json!({"auth": "none"}));
    for (first, second, reachable) in [
        (json!({"path": "/a/**"}), json!({"path": "/a/b"}), false),
        (json!({"path": "/a/**"}), json!({"path": ["/a", "/b"]}), true),
        (json!({"path": ["/a/*", "/b"]}), json!({"path": ["/a/x", "/b"]}), false),
        (json!({"path": "/a"}), json!({"path": "/a"}), false),
        (json!({"path": "/a", "methods": "GET"}), json!({"path": "/a"}), true),
        (json!({"path": "/a", "methods": "GET"}), json!({"path": "/a", "methods": "HEAD"}), false),
        (json!({"path": "/a", "methods": "HEAD"}), json!({"path": "/a", "methods": "GET"}), true),
        (json!({"path": "/a", "host": "*.x"}), json!({"path": "/a", "host": "b.x"}), false),
        (json!({"path": "/a", "host": "b.x"}), json!({"path": "/a", "host": "*.x"}), true),
        (json!({}), json!({"path": "/a"}), false),
    ] {
        let routes = [open(json!({ "match": first })), open(json!({ "match": second }))];
        let paths = mistakes(merged(jwt(json!({})), json!({ "routes": routes })));
        let expected: &[&str] = if reachable { &[] } else { &["routes[1]"] };
        assert_eq!(paths, expected, "{first} {second}");
    }
    for path in ["/a/../b", "/a//b", "x", "/a;b", "/a*"] {
        let routes = json!({"routes": [{"match": {"path": path}}]});
        assert_eq!(mistakes(merged(jwt(json!({})), routes)), ["routes[0].match.path"], "{path}");
    }
}
