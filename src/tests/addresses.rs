//! Rules on addresses, wherever they stand.

use serde_json::{Value, json};

use crate::testing::{BrokenHost, Request, decide_from, guard, jwt, key, merged, token, words};
use crate::{Guard, Memory};

/// Rules of each form, and whether they allow 10.0.3.4.
const RULES: [(&str, bool); 10] = [
    ("10.0.3.4", true),
    ("10.0.3.5", false),
    ("10.0.0.0/8", true),
    ("192.168.0.0/16", false),
    ("10.0.*.*", true),
    ("10.1.*.*", false),
    ("10.0.3.1-10.0.3.9", true),
    ("10.0.3.5-10.0.3.9", false),
    ("*", true),
    ("2001:db8::/32", false),
];

/// Where a rule may stand, as a document with `ip` in that place.
fn places(ip: &Value) -> Vec<(&'static str, Value)> {
    let keyed = |client: Value, fields: Value| {
        let client = merged(json!({"id": "web", "keys": [key("k", "sesame", fields)]}), client);
        json!([{"id": "acme", "clients": [client]}])
    };
    let own = json!({ "ip": ip });
    let tenant = |fields: Value| merged(keyed(json!({}), json!({}))[0].clone(), fields);
    let plain = keyed(json!({}), json!({}));
    vec![
        (
            "route",
            json!({"tenants": plain.clone(), "routes": [{"match": {"path": "/**"}, "ip": ip}]}),
        ),
        ("tenant", json!({"tenants": [tenant(own.clone())]})),
        ("tenant", json!({"tenants": plain, "tenant_defaults": own.clone()})),
        ("client", json!({"tenants": keyed(own.clone(), json!({}))})),
        ("key", json!({"tenants": keyed(json!({}), own)})),
    ]
}

fn by_key() -> Request {
    Request::get("/").with("x-api-key", "sesame")
}

fn from(guard: &Guard, request: &Request, address: Option<&str>) -> String {
    words(&decide_from(guard, request, address))
}

#[test]
fn every_form_of_a_rule_holds_at_every_level() {
    for (rule, allows) in RULES {
        for (level, document) in places(&json!([rule])) {
            let refused = format!("ip_refused {level}");
            let expected = if allows { "allow" } else { &refused };
            let guard = guard(document.clone());
            for address in ["10.0.3.4", "::ffff:10.0.3.4"] {
                assert_eq!(from(&guard, &by_key(), Some(address)), expected, "{rule} {document}");
            }
        }
    }
}

#[test]
fn any_rule_of_a_list_will_do() {
    let rules = json!(["192.168.0.10", "10.0.*.*", "2001:db8::/32"]);
    for (level, document) in places(&rules) {
        let guard = guard(document);
        for (address, allowed) in [
            ("192.168.0.10", true),
            ("10.0.9.9", true),
            ("2001:db8::1", true),
            ("192.168.0.11", false),
            ("10.1.0.0", false),
            ("2001:db9::1", false),
            ("::1", false),
        ] {
            let refused = format!("ip_refused {level}");
            let expected = if allowed { "allow" } else { &refused };
            assert_eq!(from(&guard, &by_key(), Some(address)), expected, "{level} {address}");
        }
    }
}

#[test]
fn an_address_that_is_not_known_fails_every_rule() {
    for rules in [json!(["*"]), json!(["0.0.0.0/0", "::/0"]), json!([])] {
        for (level, document) in places(&rules) {
            let result = from(&guard(document), &by_key(), None);
            assert_eq!(result, format!("ip_refused {level}"), "{rules}");
        }
    }
    // Where nothing is said of addresses, none is needed.
    let silent = json!({"api_keys": {"keys": [key("k", "sesame", json!({}))]},
                        "routes": [{"match": {"path": "/**"}, "tenancy": "none"}]});
    assert_eq!(from(&guard(silent), &by_key(), None), "allow");
}

#[test]
fn an_empty_list_allows_no_address() {
    for (level, document) in places(&json!([])) {
        for address in ["10.0.3.4", "::1"] {
            let result = from(&guard(document.clone()), &by_key(), Some(address));
            assert_eq!(result, format!("ip_refused {level}"));
        }
    }
}

#[test]
fn all_that_say_something_must_allow_and_the_highest_that_refuses_is_told() {
    let rule = |number: u8| json!([format!("10.0.0.{number}"), "10.0.0.9"]);
    let keys = [key("k", "sesame", json!({"ip": rule(4)}))];
    let clients = json!([{"id": "web", "ip": rule(3), "keys": keys}]);
    let guard = guard(json!({
        "tenants": [{"id": "acme", "ip": rule(2), "clients": clients}],
        "routes": [{"match": {"path": "/**"}, "ip": rule(1)}]
    }));
    for (address, result) in [
        ("10.0.0.1", "ip_refused tenant"),
        ("10.0.0.2", "ip_refused route"),
        ("10.0.0.3", "ip_refused route"),
        ("10.0.0.4", "ip_refused route"),
        ("10.0.0.9", "allow"),
    ] {
        assert_eq!(from(&guard, &by_key(), Some(address)), result, "{address}");
    }
}

#[test]
fn a_tenants_own_list_replaces_the_default_and_null_turns_it_off() {
    let tenants = json!([
        {"id": "silent"}, {"id": "own", "ip": ["10.0.0.2"]}, {"id": "off", "ip": null},
        {"id": "none", "ip": []}
    ]);
    let base = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    let guard = guard(merged(
        base,
        json!({
            "tenants": tenants, "tenant_defaults": {"ip": ["10.0.0.1"]},
            "tenancy": {"unknown": "allow", "default": {"ip": ["10.0.0.3"]}},
            "routes": [{"match": {"path": "/**"}, "tenancy": {"strict": false}}]
        }),
    ));
    let addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    for (name, allowed) in [
        (json!("silent"), &["10.0.0.1"][..]),
        (json!("unlisted"), &["10.0.0.1"]),
        (json!("own"), &["10.0.0.2"]),
        (json!("off"), &addresses),
        (json!("none"), &[]),
        // The reserved tenant.
        (json!(null), &["10.0.0.3"]),
    ] {
        for address in addresses {
            let request = Request::get("/").bearer(&token(json!({ "tenant": name })));
            let expected = if allowed.contains(&address) { "allow" } else { "ip_refused tenant" };
            assert_eq!(from(&guard, &request, Some(address)), expected, "{name} {address}");
        }
    }
}

#[test]
fn a_public_route_holds_its_addresses_too() {
    let routes = json!([
        {"match": {"path": "/inside"}, "auth": "none", "ip": ["10.0.0.0/8"]},
        {"match": {"path": "/never"}, "auth": "none", "ip": []},
        {"match": {"path": "/open"}, "auth": "none"}
    ]);
    let guard = guard(merged(jwt(json!({})), json!({ "routes": routes })));
    for (path, inside, outside, unknown) in [
        ("/inside", "public", "ip_refused route", "ip_refused route"),
        ("/never", "ip_refused route", "ip_refused route", "ip_refused route"),
        ("/open", "public", "public", "public"),
    ] {
        let request = Request::get(path).with("x-user-id", "mallory");
        for (address, result) in
            [(Some("10.1.2.3"), inside), (Some("192.0.2.1"), outside), (None, unknown)]
        {
            let decision = decide_from(&guard, &request, address);
            assert_eq!(words(&decision), result, "{path} {address:?}");
            assert_eq!(request.changed(&decision).value("x-user-id"), None);
        }
    }
}

#[test]
fn a_token_and_a_key_answer_to_both_their_clients_addresses() {
    let keys = [key("k", "sesame", json!({}))];
    let tenants = json!([{"id": "acme", "clients": [
        {"id": "web", "ip": ["10.0.0.1", "10.0.0.2"], "keys": keys},
        {"id": "app", "ip": ["10.0.0.2", "10.0.0.3"]}
    ]}]);
    let base = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    let guard = guard(merged(base, json!({"both": "agree", "tenants": tenants})));
    let claims = |client: &str| json!({"tenant": "acme", "client_id": client});
    let by_token = |client: &str| Request::get("/").bearer(&token(claims(client)));
    for (request, allowed) in [
        (by_token("app"), &["10.0.0.2", "10.0.0.3"][..]),
        (by_token("web"), &["10.0.0.1", "10.0.0.2"]),
        (by_token("else"), &["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        (by_token("app").with("x-api-key", "sesame"), &["10.0.0.2"]),
        (by_token("web").with("x-api-key", "sesame"), &["10.0.0.1", "10.0.0.2"]),
        (by_token("else").with("x-api-key", "sesame"), &["10.0.0.1", "10.0.0.2"]),
    ] {
        for address in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
            let expected = if allowed.contains(&address) { "allow" } else { "ip_refused client" };
            assert_eq!(from(&guard, &request, Some(address)), expected, "{request:?}");
        }
    }
}

#[test]
fn a_host_that_cannot_tell_the_address_is_no_way_in() {
    for (_, document) in places(&json!(["*"])) {
        let guard = guard(document);
        let mut cache = Memory::new(0, 0);
        let decision = guard.decide(&by_key().headers(), &BrokenHost::Addresses, &mut cache);
        assert_eq!(words(&decision), "guard_unavailable");
    }
}
