//! Routes of one path that don't ask the same.

use super::*;

/// Two routes of one path, the first with one method only.
fn pair(first: Value, second: Value) -> Value {
    let first = with(first, "/match", json!({"path": "/x", "methods": ["POST"]}));
    let second = with(second, "/match", json!({"path": "/x"}));
    let roles = json!({"admin": {"includes": ["viewer"]}, "viewer": {}, "standard": {}});
    let document = with(with(small(), "/roles", roles), "/role_case", json!("ignore"));
    with(document, "/routes", json!([first, second]))
}

#[test]
fn what_the_other_methods_are_not_asked_for_is_warned_of() {
    for (first, second) in [
        (json!({"scopes": ["a"]}), json!({})),
        (json!({"scopes": ["a", "b"]}), json!({"scopes": ["b"]})),
        (json!({"roles": ["viewer"]}), json!({})),
        (json!({"roles": ["admin"]}), json!({"roles": ["viewer"]})),
        (json!({"roles": ["admin"]}), json!({"roles": ["admin", "standard"]})),
        (json!({"ip": ["10.0.0.0/8"]}), json!({})),
        (json!({"ip": ["10.0.0.0/8"]}), json!({"ip": ["10.0.0.0/7"]})),
        (json!({"ip": ["10.0.0.0/8"]}), json!({"ip": ["*"]})),
        (json!({"scopes": ["a"], "ip": ["10.0.0.0/8"]}), json!({"scopes": ["a"]})),
        (json!({"auth": "none", "ip": ["10.0.0.0/8"]}), json!({"auth": "none"})),
        (json!({"ip": ["10.0.0.0/8"]}), json!({"auth": "none", "ip": ["10.0.0.0/8"]})),
    ] {
        warned(&pair(first, second), "routes[0]", "asks for more than routes[1]");
    }
}

#[test]
fn what_they_are_asked_for_instead_or_besides_is_not() {
    for (first, second) in [
        (json!({"scopes": ["write"]}), json!({"scopes": ["read"]})),
        (json!({"scopes": ["a"]}), json!({"scopes": ["a", "b"]})),
        (json!({"scopes": ["a", "b"]}), json!({"scopes": ["b", "a"]})),
        (json!({"roles": ["viewer"]}), json!({"roles": ["admin"]})),
        (json!({"roles": ["standard"]}), json!({"roles": ["viewer"]})),
        (json!({"roles": ["Viewer"]}), json!({"roles": ["VIEWER"]})),
        (json!({"ip": ["10.0.0.0/8"]}), json!({"ip": ["10.0.0.0/9"]})),
        (json!({"ip": ["10.0.0.0/8"]}), json!({"ip": ["11.0.0.0/8"]})),
        (json!({"ip": ["10.*.*.*"]}), json!({"ip": ["10.0.0.0/9", "10.128.0.0/9"]})),
        (json!({}), json!({"ip": ["10.0.0.0/8"]})),
        (json!({}), json!({"scopes": ["a"], "roles": ["viewer"]})),
        (json!({"auth": "none"}), json!({"auth": "none", "ip": ["10.0.0.0/8"]})),
    ] {
        assert_eq!(accepted(&pair(first.clone(), second.clone())), [], "{first} {second}");
    }
}

#[test]
fn what_no_route_matches_is_refused_where_one_asks() {
    let denied = |document: &Value| {
        let guard = try_load(document).unwrap().guard;
        let pairs: [(&[u8], &[u8]); 3] =
            [(b":path", b"/else"), (b":method", b"GET"), (b":authority", b"a.example")];
        let headers = crate::Headers::new(pairs.to_vec());
        let target = crate::request::Target::read(&headers, guard.paths).unwrap();
        guard.routes.find(&target).unwrap().is_none()
    };
    for (field, value) in [
        ("scopes", json!(["a"])),
        ("roles", json!(["a"])),
        ("ip", json!(["10.0.0.1"])),
        ("action", json!("a")),
    ] {
        let mut route = json!({"match": {"path": "/x"}});
        route[field] = value;
        let document = with(small(), "/routes", json!([route]));
        assert!(denied(&document), "{field}");
        assert!(!denied(&with(document, "/routes_unmatched", json!("auth"))));
    }
    let plain = with(small(), "/routes", json!([{"match": {"path": "/x"}, "auth": "none"}]));
    for document in [small(), plain] {
        assert!(!denied(&document));
        assert!(denied(&with(document, "/routes_unmatched", json!("deny"))));
    }
}
