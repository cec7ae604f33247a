//! `ip`, `scopes` and `roles`, wherever they may stand.

use super::*;

/// Where addresses are listed, as a JSON pointer and as messages name it.
const ADDRESSES: [(&str, &str); 8] = [
    ("/tenant_defaults/ip", "tenant_defaults.ip"),
    ("/tenancy/default/ip", "tenancy.default.ip"),
    ("/tenancy/trust_header", "tenancy.trust_header"),
    ("/api_keys/keys/0/ip", "api_keys.keys[0].ip"),
    ("/tenants/0/ip", "tenants[0].ip"),
    ("/tenants/0/clients/0/ip", "tenants[0].clients[0].ip"),
    ("/tenants/0/clients/0/keys/0/ip", "tenants[0].clients[0].keys[0].ip"),
    ("/routes/5/ip", "routes[5].ip"),
];

#[test]
fn a_bad_address_is_told_by_its_place_everywhere() {
    for (pointer, path) in ADDRESSES {
        let document = with(full(), pointer, json!(["10.0.0.0/8", "10.0.0.1/8", "nowhere"]));
        let said = errors(&document);
        let [(first, bits), (second, form)] = said.as_slice() else {
            panic!("{said:#?}");
        };
        assert_eq!(*first, format!("{path}[1]"));
        assert!(bits.contains("has host bits set; write 10.0.0.0/8"), "{bits}");
        assert_eq!(*second, format!("{path}[2]"));
        assert!(form.contains("is no address rule: write an address"), "{form}");
        refused(&with(full(), pointer, json!([10])), &format!("{path}[0]"), "must be text");
    }
}

#[test]
fn every_bad_form_says_how_to_mend_it() {
    for (form, piece) in [
        ("", "not be empty"),
        ("10.0.0.1/8", "write 10.0.0.0/8"),
        ("2001:db8::1/32", "write 2001:db8::/32"),
        ("::ffff:10.0.0.1/104", "write 10.0.0.0/8"),
        ("::ffff:10.0.0.0/8", "write 10.0.0.0/8"),
        ("10.0.0.0/33", "from 0 to 32"),
        ("2001:db8::/129", "from 0 to 128"),
        ("10.0.0.0/08", "without leading zeros"),
        ("10.0.0.0/", "number of bits"),
        ("10.0.0.0/8/8", "number of bits"),
        ("10.0.0.010", "leading zeros"),
        ("10.0.0.9-10.0.0.1", "write 10.0.0.1-10.0.0.9"),
        ("10.0.0.1-::1", "one range for each"),
        ("10.0.0.1-", "is no address rule"),
        ("10.0.*", "four parts"),
        ("10.0.*.*.*", "four parts"),
        ("10.0.1*.0", "four parts"),
        ("10.0.256.*", "four parts"),
        ("*.0.*.1", "more than 256 ranges"),
        ("2001:db8:*", "write a CIDR"),
        ("10.0.0.1:80", "write the address alone: 10.0.0.1"),
        ("[2001:db8::1]", "write the address alone: 2001:db8::1"),
        ("fe80::1%eth0", "write the address alone: fe80::1"),
        ("10.0.0", "is no address rule"),
        (" 10.0.0.1", "is no address rule"),
        ("localhost", "is no address rule"),
        ("0x0a000001", "is no address rule"),
        ("**", "four parts"),
    ] {
        refused(&with(full(), "/tenants/0/ip", json!([form])), "tenants[0].ip[0]", piece);
    }
}

#[test]
fn an_empty_list_of_addresses_is_warned_of_but_as_trust() {
    for (pointer, path) in ADDRESSES {
        let document = with(full(), pointer, json!([]));
        if path == "tenancy.trust_header" {
            refused(&document, path, "must not be empty");
        } else {
            warned(&document, path, "allows no address");
        }
    }
}

#[test]
fn trust_in_every_address_is_any_peer_and_said_so() {
    let lists = [
        json!(["0.0.0.0/0"]),
        json!(["::/0"]),
        json!(["*"]),
        json!(["*.*.*.*"]),
        json!(["0.0.0.0/1", "128.0.0.0/1"]),
        json!(["0.0.0.0-127.255.255.255", "10.0.0.1", "128.0.0.0-255.255.255.255"]),
        json!(["::/1", "8000::/1"]),
        json!(["10.0.0.0/8", "::/0"]),
    ];
    for list in lists {
        let problem = "trusts every address; name those of your own proxies";
        let whole = with(full(), "/tenancy/trust_header", list.clone());
        refused(&whole, "tenancy.trust_header", problem);
        let route = with(full(), "/routes/4/tenancy/trust_header", list);
        refused(&route, "routes[4].tenancy.trust_header", problem);
    }
    for list in [json!(["0.0.0.0/1"]), json!(["10.0.0.1", "::1"]), json!(["10.0.*.*"])] {
        assert_eq!(accepted(&with(full(), "/tenancy/trust_header", list)), []);
    }
}

#[test]
fn with_bindings_a_list_of_peers_may_be_trusted_and_any_peer_not() {
    let path = "/routes/4/tenancy/trust_header";
    assert_eq!(accepted(&with(full(), path, json!(["10.0.0.0/8"]))), []);
    let any = with(full(), path, json!("any_peer"));
    refused(&any, "routes[4].tenancy.trust_header", "must not be any_peer");
}

/// Where scopes or roles are held or capped.
const HELD: [(&str, &str); 7] = [
    ("/tenant_defaults", "tenant_defaults"),
    ("/tenancy/default", "tenancy.default"),
    ("/jwt/issuers/0", "jwt.issuers[0]"),
    ("/tenants/0/issuers/0", "tenants[0].issuers[0]"),
    ("/tenants/0", "tenants[0]"),
    ("/tenants/0/clients/0", "tenants[0].clients[0]"),
    ("/tenants/0/clients/0/keys/0", "tenants[0].clients[0].keys[0]"),
];

#[test]
fn an_unknown_role_is_refused_everywhere() {
    for (pointer, path) in HELD.into_iter().chain([("/routes/5", "routes[5]")]) {
        let at = |roles: Value| with(full(), &format!("{pointer}/roles"), roles);
        let document = at(json!(["standard", "nobody"]));
        refused(&document, &format!("{path}.roles[1]"), "names the role nobody, which roles");
        refused(&at(json!(["*"])), &format!("{path}.roles[0]"), "is no role");
        refused(&at(json!([""])), &format!("{path}.roles[0]"), "not be empty");
        assert_eq!(accepted(&at(json!(["STANDARD"]))), [], "role_case is ignore");
        let exact = with(at(json!(["Viewer"])), "/role_case", json!("exact"));
        refused(&exact, &format!("{path}.roles[0]"), "names the role Viewer");
        // Without a list any name is a role.
        assert_eq!(accepted(&without(document, "/roles")), []);
    }
    let listed = with(full(), "/roles", json!({}));
    assert!(errors(&listed).iter().all(|(_, problem)| problem.contains("names the role")));
}

#[test]
fn a_scope_that_means_every_one_in_tokens_is_warned_of_here() {
    for (pointer, path) in HELD {
        let at = |scopes: Value| with(full(), &format!("{pointer}/scopes"), scopes);
        let document = at(json!(["outline:generate", "all"]));
        warned(&document, &format!("{path}.scopes[1]"), "means only itself here; write *");
        assert_eq!(accepted(&at(json!(["*"]))), []);
        assert_eq!(accepted(&at(json!([]))), []);
        refused(&at(json!(["a b"])), &format!("{path}.scopes[0]"), "holds no space");
    }
    let role = with(full(), "/roles/viewer/scopes", json!(["all"]));
    warned(&role, "roles.viewer.scopes[0]", "means only itself here; write *");
}

#[test]
fn a_tenant_s_own_provider_without_a_ceiling_on_scopes_is_warned_of() {
    let issuer = "/tenants/0/issuers/0";
    let open = without(without(full(), &format!("{issuer}/scopes")), "/tenants/0/scopes");
    let open = without(open, "/tenant_defaults/scopes");
    warned(&open, "tenants[0].issuers[0]", "its tokens may bring any scope");
    for (pointer, value) in [
        (format!("{issuer}/scopes"), json!(["*"])),
        ("/tenants/0/scopes".to_owned(), json!([])),
        ("/tenant_defaults/scopes".to_owned(), json!(["outline:generate"])),
        // Its tokens bring none.
        (format!("{issuer}/claims"), json!({"scopes": null})),
        // Nobody asks.
        ("/routes/1".to_owned(), json!({"match": {"path": "/x"}, "action": "generate"})),
    ] {
        assert_eq!(accepted(&with(open.clone(), &pointer, value)), [], "{pointer}");
    }
    let off =
        with(with(open, "/tenant_defaults/scopes", json!(["a"])), "/tenants/0/scopes", Value::Null);
    warned(&off, "tenants[0].issuers[0]", "its tokens may bring any scope");
}
