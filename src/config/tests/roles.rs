//! The `roles`, `role_case` and `wildcard_scopes` sections.

use super::*;

fn roles(roles: Value) -> Value {
    with(small(), "/roles", roles)
}

#[test]
fn a_circle_is_told_with_its_way_and_once() {
    for (value, path, way) in [
        (json!({"a": {"includes": ["a"]}}), "roles.a.includes", "a includes a;"),
        (
            json!({"a": {"includes": ["b"]}, "b": {"includes": ["a"]}}),
            "roles.a.includes",
            "a includes b includes a;",
        ),
        (
            json!({
                "a": {"includes": ["b", "d"]},
                "b": {"includes": ["c"]},
                "c": {"includes": ["d", "b"]},
                "d": {},
            }),
            "roles.b.includes",
            "b includes c includes b;",
        ),
        (
            json!({"z": {"includes": ["y"]}, "y": {"includes": ["x"]}, "x": {"includes": ["z"]}}),
            "roles.x.includes",
            "x includes z includes y includes x;",
        ),
    ] {
        refused(&roles(value), path, way);
    }
    // Two roles that include a third are no circle.
    let diamond = json!({
        "a": {"includes": ["b", "c"]}, "b": {"includes": ["d"]}, "c": {"includes": ["d"]}, "d": {},
    });
    assert_eq!(accepted(&roles(diamond)), []);
}

#[test]
fn several_circles_are_told_at_once() {
    let two = json!({
        "a": {"includes": ["b"]}, "b": {"includes": ["a"]},
        "x": {"includes": ["x", "nobody"]},
    });
    let paths: Vec<String> = errors(&roles(two)).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["roles.x.includes[1]", "roles.a.includes", "roles.x.includes"]);
}

#[test]
fn with_role_case_ignore_names_that_fold_alike_are_one() {
    let twins = json!({"Admin": {}, "admin": {"includes": ["ADMIN"]}, "x": {}});
    let said = errors(&with(roles(twins), "/role_case", json!("ignore")));
    assert_eq!(
        said[0],
        ("roles.admin".into(), "is Admin too, since role_case is ignore; keep one".into())
    );
    assert!(said[1].1.contains("admin includes admin;"), "{said:?}");
    let twins = json!({"Admin": {}, "admin": {}});
    assert_eq!(accepted(&roles(twins.clone())), [], "exact is the default");
    let document = with(roles(twins), "/role_case", json!("ignore"));
    refused(&document, "roles.admin", "is Admin too");
    // Only ASCII letters have a case.
    let other = json!({"é": {}, "É": {}});
    assert_eq!(accepted(&with(roles(other), "/role_case", json!("ignore"))), []);
}

#[test]
fn an_included_role_is_listed() {
    for (value, at, piece) in [
        (json!({"a": {"includes": ["b"]}}), "a.includes[0]", "names the role b, which roles"),
        (json!({"a": {"includes": ["A"]}}), "a.includes[0]", "names the role A, which roles"),
        (json!({"a": {"includes": ["*"]}}), "a.includes[0]", "is no role"),
        (json!({"a": {"includes": [""]}}), "a.includes[0]", "not be empty"),
        (json!({"a": {"includes": "b"}}), "a.includes", "a list"),
        (json!({"a": {"include": []}}), "a.include", "did you mean includes?"),
        (json!({"a": {"scopes": ["x y"]}}), "a.scopes[0]", "holds no space"),
        (json!({"*": {}}), "*", "is no name of a role"),
        (json!({"": {}}), "", "is no name of a role"),
        (json!({"a\n": {}}), "a\n", "control characters"),
        (json!({"a": null}), "a", "an object"),
    ] {
        refused(&roles(value), &format!("roles.{at}"), piece);
    }
    refused(&roles(json!(["admin"])), "roles", "an object");
    refused(&with(small(), "/role_case", json!("lower")), "role_case", "exact, ignore");
}

#[test]
fn every_scope_is_no_wildcard_of_tokens_and_none_to_ask_for() {
    let document = with(small(), "/wildcard_scopes", json!(["all", "*"]));
    refused(&document, "wildcard_scopes[1]", "means every scope in this document only");
    refused(&with(small(), "/wildcard_scopes", json!([""])), "wildcard_scopes[0]", "not be empty");
    refused(&with(small(), "/wildcard_scopes", json!("all")), "wildcard_scopes", "a list");
    for (scope, piece) in [
        ("*", "is no scope to ask for"),
        ("a b", "printable ASCII"),
        ("a\"b", "printable ASCII"),
        ("é", "printable ASCII"),
    ] {
        let document = with(full(), "/routes/1/scopes", json!(["x", scope]));
        refused(&document, "routes[1].scopes[1]", piece);
    }
    for field in ["scopes", "roles"] {
        let document = with(full(), &format!("/routes/5/{field}"), json!([]));
        refused(&document, &format!("routes[5].{field}"), "not be empty");
    }
}

#[test]
fn one_mistake_in_roles_is_one_message() {
    for (pointer, value, path) in [
        ("/roles", json!(5), "roles"),
        ("/roles/viewer", json!([]), "roles.viewer"),
        ("/roles/viewer/scope", json!([]), "roles.viewer.scope"),
        ("/roles/viewer/scopes", json!(["a b"]), "roles.viewer.scopes[0]"),
        ("/roles/viewer/includes", json!(["admin"]), "roles.admin.includes"),
        ("/roles/viewer/includes", json!(["ghost"]), "roles.viewer.includes[0]"),
        ("/roles/*", json!({}), "roles.*"),
        ("/role_case", json!("upper"), "role_case"),
        ("/wildcard_scopes", json!([5]), "wildcard_scopes[0]"),
    ] {
        refused(&with(full(), pointer, value), path, "");
    }
    // A list that couldn't be read blames nobody who names one of its roles.
    let both = with(full(), "/roles", json!({"Viewer": {"includes": 5}}));
    refused(&both, "roles.Viewer.includes", "a list");
}

#[test]
fn a_long_chain_of_roles_loads_soon() {
    let name = |n: usize| format!("role-{n:04}");
    let chain: serde_json::Map<String, Value> = (0..500)
        .map(|n| (name(n), if n == 0 { json!({}) } else { json!({"includes": [name(n - 1)]}) }))
        .collect();
    let started = std::time::Instant::now();
    let mut document = roles(Value::Object(chain));
    assert_eq!(accepted(&document), []);
    document["roles"][name(0)] = json!({"includes": [name(499)]});
    let said = errors(&document);
    assert_eq!(said.len(), 1);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
