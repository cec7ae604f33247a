//! The index gives the route that a search through all of them gives.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Guard;
use crate::request::Target;
use crate::request::path::PathRules;
use crate::testing::{Request, guard, jwt, merged, mistakes};

fn any_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(str::to_owned)
}

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => any_of(&["a", "b", "cc", "a:b"]),
        2 => Just("*".to_owned()),
        2 => Just("**".to_owned()),
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    prop::collection::vec(part(), 0..5).prop_map(|parts| format!("/{}", parts.join("/")))
}

/// With more segments than lead the way.
fn long() -> impl Strategy<Value = String> {
    (prop::collection::vec(any_of(&["a", "b", "*"]), 15..19), any::<bool>())
        .prop_map(|(parts, many)| format!("/{}{}", parts.join("/"), if many { "/**" } else { "" }))
}

fn route() -> impl Strategy<Value = Value> {
    let path = prop_oneof![6 => pattern(), 1 => long()];
    let host = any_of(&["x.example", "y.example", "*.example", "*.*"]);
    let method = any_of(&["GET", "POST", "HEAD"]);
    let paths = prop::collection::vec(path, 1..4);
    let hosts = prop::collection::vec(host, 0..3);
    let methods = prop::collection::vec(method, 0..3);
    (paths, hosts, methods).prop_map(|(path, host, method)| {
        let mut matches = json!({"path": path});
        for (name, mut values) in [("host", host), ("methods", method)] {
            values.sort();
            values.dedup();
            if !values.is_empty() {
                matches[name] = json!(values);
            }
        }
        matches
    })
}

fn path() -> impl Strategy<Value = String> {
    let part = any_of(&["a", "b", "cc", "a:b", "a%3Ab", "d"]);
    let few = prop::collection::vec(part, 0..6);
    let many = prop::collection::vec(any_of(&["a", "b"]), 15..19);
    prop_oneof![5 => few, 1 => many].prop_map(|parts| format!("/{}", parts.join("/")))
}

/// Without those that can never match, which are refused.
fn routed(mut matches: Vec<Value>) -> Guard {
    loop {
        let routes: Vec<_> = matches.iter().map(|m| json!({"match": m, "auth": "none"})).collect();
        let document = merged(jwt(json!({"tenant": {"fixed": "acme"}})), json!({"routes": routes}));
        let Some(mistake) = mistakes(document.clone()).into_iter().next() else {
            return guard(document);
        };
        let index = mistake.strip_prefix("routes[").and_then(|rest| rest.split(']').next());
        matches.remove(index.and_then(|index| index.parse().ok()).expect(&mistake));
    }
}

fn agree(guard: &Guard, path: &str, host: &str, method: &str) {
    let request = Request::get(path).set(":authority", host).set(":method", method);
    let headers = request.headers();
    let target = Target::read(&headers, PathRules::default()).unwrap();
    let readings = [Some(target.path.segments()), target.path.decoded_segments()];
    for segments in readings.into_iter().flatten() {
        let routes = &guard.routes;
        assert_eq!(
            routes.index.find(&routes.routes, &target, &segments),
            routes.position(&target, &segments),
            "{method} {host} {path}"
        );
    }
}

proptest! {
    #[test]
    fn the_index_finds_what_a_search_through_all_routes_finds(
        matches in prop::collection::vec(route(), 0..12),
        requests in prop::collection::vec(
            (path(), any_of(&["x.example", "y.example", "z.example", "x.y.example", "example"]),
             any_of(&["GET", "HEAD", "POST", "PUT"])), 1..40),
    ) {
        let guard = routed(matches);
        for (path, host, method) in requests {
            agree(&guard, &path, &host, &method);
        }
    }
}

/// More of them than a route has entries for.
#[test]
fn a_route_of_many_hosts_and_paths_is_found() {
    let paths: Vec<_> = (0..40).map(|n| format!("/p{n}/*")).collect();
    let hosts: Vec<_> = (0..40).map(|n| format!("h{n}.example")).collect();
    let guard = guard(json!({"version": 1, "routes": [
        {"match": {"path": "/p7/x", "host": "h1.example"}, "auth": "none"},
        {"match": {"path": paths, "host": hosts}},
        {"match": {"path": "/**"}},
    ]}));
    for path in ["/p0/x", "/p7/x", "/p39/y", "/p40/y", "/p1"] {
        for host in ["h0.example", "h1.example", "h39.example", "h40.example"] {
            agree(&guard, path, host, "GET");
        }
    }
}
