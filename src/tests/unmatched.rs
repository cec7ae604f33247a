//! What no route matches: refused where some route asks for more than a
//! credential, since one that was forgotten is likelier then.

use serde_json::{Value, json};

use crate::testing::{Request, decide, guard, jwt, merged, token, words};

/// What becomes of a good request that no route matches.
fn unmatched(route: Value, over: Value) -> String {
    let route = merged(json!({"match": {"path": "/x"}}), route);
    let base = merged(jwt(json!({"tenant": {"claims": ["tenant"]}})), json!({"routes": [route]}));
    let guard = guard(merged(base, over));
    let request = Request::get("/other").bearer(&token(json!({"tenant": "acme"})));
    words(&decide(&guard, &request))
}

#[test]
fn one_route_that_asks_for_more_closes_the_rest() {
    for (route, result) in [
        (json!({"scopes": ["s"]}), "route_refused"),
        (json!({"roles": ["r"]}), "route_refused"),
        (json!({"ip": ["10.0.0.0/8"]}), "route_refused"),
        (json!({"ip": ["*"]}), "route_refused"),
        (json!({"ip": []}), "route_refused"),
        (json!({"auth": "none", "ip": ["10.0.0.0/8"]}), "route_refused"),
        (json!({"action": "generate"}), "route_refused"),
        (json!({}), "allow"),
        (json!({"auth": "none"}), "allow"),
        (json!({"mode": "jwt"}), "allow"),
        (json!({"tenancy": "none"}), "allow"),
        (json!({"shadow": true}), "allow"),
    ] {
        assert_eq!(unmatched(route.clone(), json!({})), result, "{route}");
    }
}

#[test]
fn the_document_may_say_otherwise() {
    for (said, asking, plain) in
        [("auth", "allow", "allow"), ("deny", "route_refused", "route_refused")]
    {
        let over = json!({ "routes_unmatched": said });
        assert_eq!(unmatched(json!({"scopes": ["s"]}), over.clone()), asking, "{said}");
        assert_eq!(unmatched(json!({}), over), plain, "{said}");
    }
}

#[test]
fn a_route_that_takes_some_methods_leaves_the_others_unmatched() {
    let route = json!({"match": {"path": "/**", "methods": ["POST"]}, "scopes": ["s"]});
    let base = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    let guard = guard(merged(base, json!({"routes": [route]})));
    let bearer = token(json!({"tenant": "acme", "scope": "s"}));
    for (method, result) in [
        ("POST", "allow"),
        ("GET", "route_refused"),
        ("HEAD", "route_refused"),
        ("DELETE", "route_refused"),
        ("post", "route_refused"),
    ] {
        let request = Request::get("/x").set(":method", method).bearer(&bearer);
        assert_eq!(words(&decide(&guard, &request)), result, "{method}");
    }
}

#[test]
fn a_refused_route_reads_no_credential() {
    let base = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    let guard = guard(merged(base, json!({"routes_unmatched": "deny"})));
    for request in [
        Request::get("/x"),
        Request::get("/x").bearer("a.b.c"),
        Request::get("/x").bearer("a").bearer("b"),
        Request::get("/x").bearer(&token(json!({"tenant": "acme"}))),
    ] {
        let decision = decide(&guard, &request);
        assert_eq!(words(&decision), "route_refused", "{request:?}");
        assert!(decision.changes.set.is_empty());
    }
}
