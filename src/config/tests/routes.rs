//! Routes.

use super::*;

fn routes(routes: Value) -> Value {
    with(small(), "/routes", routes)
}

#[test]
fn a_route_that_can_never_match_is_refused() {
    let get = json!({"match": {"path": "/x", "methods": ["GET"]}});
    let any = json!({"match": {"path": "/x"}});
    let host = |host: &str| json!({"match": {"path": "/x", "host": host}});
    let path = |path: Value| json!({"match": {"path": path}});
    for (before, route) in [
        (vec![any.clone()], any.clone()),
        (vec![any.clone()], get.clone()),
        (vec![any.clone()], host("a.example")),
        (vec![path(json!("/**"))], any.clone()),
        (vec![path(json!("/*"))], any.clone()),
        (vec![path(json!("/x/**"))], path(json!("/x/y/z"))),
        (vec![path(json!("/x/"))], any.clone()),
        (vec![path(json!("/%78"))], any.clone()),
        (vec![path(json!(["/a", "/b"]))], path(json!(["/b", "/a"]))),
        (vec![path(json!("/a")), path(json!("/b"))], path(json!(["/a", "/b"]))),
        (vec![get.clone()], json!({"match": {"path": "/x", "methods": ["HEAD"]}})),
        (vec![host("*.example")], host("a.example")),
        (vec![host("A.Example")], host("a.example")),
        (vec![json!({"match": {}})], any.clone()),
        (vec![json!({"match": {}})], json!({"match": {}})),
    ] {
        let mut list = before.clone();
        list.push(route.clone());
        let at = format!("routes[{}]", before.len());
        refused(&routes(json!(list)), &at, "can never match: routes before it");
        // The other way round it could.
        if before.len() == 1 && before[0] != route {
            let document = routes(json!([route, before[0]]));
            let said = try_load(&document).map_err(|errors| errors[0].clone());
            let unreachable = said.is_err_and(|error| error.problem.contains("never match"));
            let same = ["/x/", "/%78", "A.Example", "/b"];
            assert!(
                !unreachable || same.iter().any(|s| document.to_string().contains(s)),
                "{document}"
            );
        }
    }
    for reachable in [
        json!([get, any]),
        json!([host("a.example"), host("b.example"), any]),
        json!([path(json!("/a")), path(json!(["/a", "/b"]))]),
        json!([host("*.example"), host("a.b.example")]),
        json!([path(json!("/x/*")), any]),
    ] {
        assert_eq!(accepted(&routes(reachable)), []);
    }
}

#[test]
fn a_pattern_that_no_request_has_is_refused() {
    for (matches, at, piece) in [
        (json!({"path": "x"}), "path", "can never match"),
        (json!({"path": ""}), "path", "not be empty"),
        (json!({"path": []}), "path", "not be empty"),
        (json!({"path": ["/a", "/b//c"]}), "path[1]", "can never match"),
        (json!({"path": "/a/../b"}), "path", "can never match"),
        (json!({"path": "/a%2fb"}), "path", "can never match"),
        (json!({"path": "/a;b"}), "path", "can never match"),
        (json!({"path": "/a*"}), "path", "within a segment"),
        (json!({"path": "/{tenant}"}), "path", "belongs into tenancy.assertions"),
        (json!({"methods": ["get"]}), "methods[0]", "upper case"),
        (json!({"methods": ["GET", "A B"]}), "methods[1]", "no method name"),
        (json!({"methods": []}), "methods", "not be empty"),
        (json!({"host": "a:80"}), "host", "is no host"),
        (json!({"host": "a."}), "host", "is no host"),
        (json!({"host": "*a.example"}), "host", "is no host"),
        (json!({"host": "{tenant}.example"}), "host", "belongs into tenancy.assertions"),
        (json!({"host": ""}), "host", "not be empty"),
    ] {
        refused(&routes(json!([{ "match": matches }])), &format!("routes[0].match.{at}"), piece);
    }
    refused(&routes(json!([{}])), "routes[0].match", "is required");
    // What `paths` keeps can match.
    let kept =
        with(routes(json!([{"match": {"path": "/a;b"}}])), "/paths/parameters", json!("keep"));
    assert_eq!(accepted(&kept), []);
}

#[test]
fn a_route_names_issuers_that_are_there() {
    let named = |names: Value| with(full(), "/routes/2/issuers", names);
    for good in [
        json!(["customers"]),
        json!(["https://partners.example.com/", "customers"]),
        json!(["https://machines.example.com/{tid}/v2.0"]),
        json!(["https://acme.example.com/"]),
    ] {
        assert_eq!(accepted(&named(good.clone())), [], "{good}");
    }
    // With a name, an issuer is known by it only.
    for bad in ["nobody", "Customers", "https://idp.example.com/", "none"] {
        let document = named(json!(["customers", bad]));
        refused(&document, "routes[2].issuers[1]", "is the name of no issuer");
    }
    refused(&named(json!([])), "routes[2].issuers", "not be empty");
}

#[test]
fn a_public_route_asks_for_nothing() {
    for (field, value) in
        [("mode", json!("jwt")), ("issuers", json!(["customers"])), ("tenancy", json!("none"))]
    {
        let document = with(full(), &format!("/routes/0/{field}"), value);
        refused(&document, "routes[0]", "asks for no credential");
    }
}

#[test]
fn tenancy_of_a_route_is_none_or_an_object() {
    let at = |value: Value| with(full(), "/routes/1/tenancy", value);
    refused(&at(json!("off")), "routes[1].tenancy", "must be none, or an object");
    refused(&at(json!({"header": "x"})), "routes[1].tenancy.header", "unknown field");
    refused(&at(json!({"strict": "no"})), "routes[1].tenancy.strict", "true or false");
}

#[test]
fn shadow_untouched_is_for_the_whole_document() {
    let document = with(full(), "/shadow", json!("untouched"));
    refused(&document, "routes[4].shadow", "contradicts shadow: untouched");
    let whole = without(document, "/routes/4/shadow");
    warned(&whole, "shadow", "leaves forged identity headers in every request");
    refused(
        &with(full(), "/routes/4/shadow", json!("untouched")),
        "routes[4].shadow",
        "true or false",
    );
}

#[test]
fn a_path_that_asks_less_of_other_methods_or_hosts_is_warned_of() {
    let get = json!({"path": "/x", "methods": ["GET"]});
    let host = json!({"path": "/x", "host": "a.example"});
    let required = |matches: &Value| json!({ "match": matches });
    let none = |matches: Value| json!({"match": matches, "auth": "none"});
    for strict in [&get, &host] {
        let document = routes(json!([required(strict), none(json!({"path": "/x"}))]));
        warned(&document, "routes[0]", "asks for more than routes[1]");
        let document = routes(json!([required(strict), none(json!({"path": "/**"}))]));
        warned(&document, "routes[0]", "asks for more than routes[1]");
        let optional = json!({"match": {"path": "/x"}, "auth": "optional", "tenancy": "none"});
        let document = routes(json!([required(strict), optional]));
        warned(&document, "routes[0]", "asks for more than routes[1]");
    }
    for fine in [
        json!([required(&get), required(&json!({"path": "/x"}))]),
        json!([required(&get)]),
        json!([none(get.clone()), required(&json!({"path": "/x"}))]),
        json!([required(&json!({"path": "/x"})), none(json!({"path": "/y"}))]),
        json!([required(&get), none(json!({"path": "/y"}))]),
    ] {
        assert_eq!(accepted(&routes(fine.clone())), [], "{fine}");
    }
}

#[test]
fn a_document_without_credentials_is_warned_of() {
    let document = json!({"version": 1});
    warned(&document, "", "configures no issuer and no API key");
}

#[test]
fn a_gap_is_whatever_the_other_methods_are_not_asked_for() {
    let strict = json!({"match": {"path": "/a", "methods": ["GET"]}, "mode": "jwt",
                        "issuers": ["https://idp.example/"]});
    let lax = json!({"match": {"path": "/**"}});
    for (first, second, gap) in [
        (strict.clone(), lax.clone(), true),
        (with(strict.clone(), "/issuers", Value::Null), lax.clone(), true),
        (json!({"match": {"path": "/a", "methods": ["GET"]}}), lax.clone(), false),
        (
            json!({"match": {"path": "/a", "host": "a.example"}}),
            json!({"match": {"path": "/a"}, "tenancy": {"strict": false}}),
            true,
        ),
        (
            json!({"match": {"path": "/a", "host": "a.example"}}),
            json!({"match": {"path": "/a"}, "tenancy": "none"}),
            true,
        ),
    ] {
        let mut first = first;
        if first["issuers"].is_null() {
            first.as_object_mut().unwrap().remove("issuers");
        }
        let document = with(small(), "/routes", json!([first, second]));
        if gap {
            warned(&document, "routes[0]", "asks for more than routes[1]");
        } else {
            assert_eq!(accepted(&document), []);
        }
    }
}

#[test]
fn a_route_that_cannot_tell_users_apart_is_warned_of() {
    let other = issuer("https://other.example/", "k2");
    let mut both = [issuer("https://idp.example/", "k1"), other];
    for issuer in &mut both {
        issuer["tenant"] = json!({"claims": ["tenant"], "any_tenant": true});
    }
    let me = |more: Value| {
        let mut route = json!({"match": {"path": "/me"}, "tenancy": "none"});
        route.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"version": 1, "jwt": {"issuers": both.clone()}, "routes": [route]})
    };
    warned(&me(json!({})), "routes[0].tenancy", "two issuers may use one subject");
    assert_eq!(accepted(&me(json!({"issuers": ["https://idp.example/"]}))), []);
}

#[test]
fn trust_in_every_peer_is_warned_of() {
    let tenancy = json!({"strict": false, "trust_header": "any_peer"});
    let route = json!([{"match": {"path": "/a"}, "tenancy": tenancy}]);
    let document = with(small(), "/routes", route);
    warned(&document, "routes[0].tenancy", "name any tenant");
}
