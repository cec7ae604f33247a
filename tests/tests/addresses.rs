//! Rules on addresses: every form, at every level, and whose word counts for
//! what a client's address is.

mod common;

use common::{Fleet, key_entry};
use serde_json::{Value, json};
use tenant_guard_tests::{EnvoyBuilder, Request};

/// A list of rules, addresses that match and addresses that don't.
type Form = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const FORMS: [Form; 12] = [
    (
        &["192.168.0.10"],
        &["192.168.0.10", "::ffff:192.168.0.10"],
        &["192.168.0.1", "192.168.0.100"],
    ),
    (&["10.0.0.0/8"], &["10.0.0.0", "10.255.255.255"], &["9.255.255.255", "11.0.0.0", "::a00:1"]),
    (&["10.0.*.*"], &["10.0.0.0", "10.0.255.255"], &["10.1.0.0", "11.0.0.0"]),
    (&["10.*.7.*"], &["10.0.7.1", "10.255.7.255"], &["10.0.8.7", "11.0.7.1"]),
    (
        &["192.168.0.50-192.168.0.100"],
        &["192.168.0.50", "192.168.0.100"],
        &["192.168.0.49", "192.168.0.101"],
    ),
    (&["203.0.113.0/31"], &["203.0.113.0", "203.0.113.1"], &["203.0.113.2"]),
    (&["2001:db8::1"], &["2001:db8::1", "2001:0DB8:0:0::1"], &["2001:db8::2", "192.0.2.1"]),
    (&["2001:db8::/32"], &["2001:db8::", "2001:db8:ffff::1"], &["2001:db9::", "::1"]),
    (
        &["2001:db8::5-2001:db8::a"],
        &["2001:db8::5", "2001:db8::a"],
        &["2001:db8::4", "2001:db8::b"],
    ),
    (&["::ffff:198.51.100.0/120"], &["198.51.100.0", "198.51.100.255"], &["198.51.101.0"]),
    (
        &["192.0.2.1", "10.0.*.*", "2001:db8::/64"],
        &["192.0.2.1", "10.0.3.3", "2001:db8::9"],
        &["192.0.2.2", "2001:db8:0:1::"],
    ),
    (&["*"], &["0.0.0.0", "203.0.113.9", "2001:db8::1"], &[]),
];

const NOBODY: usize = FORMS.len();

/// Everything that has rules has them of each form in turn; the last of all
/// has an empty list.
fn document() -> Value {
    let rules = |number: usize| json!(FORMS.get(number).map_or(&[][..], |form| form.0));
    let all = || 0..=NOBODY;
    let key = |secret: &str, ip: Option<Value>| {
        let mut entry = key_entry(secret, secret);
        if let Some(ip) = ip {
            entry["ip"] = ip;
        }
        entry
    };
    let tenants = all().map(|number| {
        json!({"id": format!("t{number}"), "ip": rules(number), "clients": [
            {"id": "web", "keys": [key(&format!("tenant-{number}"), None)]}]})
    });
    let clients = all().map(|number| {
        json!({"id": format!("c{number}"), "ip": rules(number), "keys": [
            key(&format!("client-{number}"), None)]})
    });
    let keys: Vec<Value> =
        all().map(|number| key(&format!("key-{number}"), Some(rules(number)))).collect();
    let open = clients.chain([
        json!({"id": "keys", "keys": keys}),
        json!({"id": "free", "keys": [key("free", None)]}),
    ]);
    let layered = json!({"id": "layered", "ip": ["10.0.0.0/8"], "clients": [
        {"id": "web", "ip": ["10.1.0.0/16"], "keys": [key("layered", Some(json!(["10.1.2.*"])))]}]});
    let routes = all()
        .map(|number| json!({"match": {"path": format!("/route/{number}")}, "ip": rules(number)}));
    let others = [
        json!({"match": {"path": "/public"}, "auth": "none", "ip": ["10.0.0.0/8"]}),
        json!({"match": {"path": "/layered"}, "ip": ["10.1.2.3", "192.0.2.1"]}),
        json!({"match": {"path": "/**"}}),
    ];
    json!({
        "version": 1,
        "tenants": tenants.chain([json!({"id": "open", "clients": open.collect::<Vec<_>>()}), layered]).collect::<Vec<_>>(),
        "routes": routes.chain(others).collect::<Vec<_>>(),
    })
}

/// What a request is refused by with each rule, one for each level.
fn levels(number: usize) -> [(&'static str, Request); 4] {
    [
        ("route", Request::get(format!("/route/{number}")).api_key("free")),
        ("tenant", Request::get("/").api_key(format!("tenant-{number}"))),
        ("client", Request::get("/").api_key(format!("client-{number}"))),
        ("key", Request::get("/").api_key(format!("key-{number}"))),
    ]
}

/// Behind one proxy that is trusted to say where a request comes from.
static BEHIND_A_PROXY: Fleet = Fleet::new(|| EnvoyBuilder::new(document()).trusted_hops(1));

#[test]
fn every_form_of_rule_holds_at_every_level() {
    BEHIND_A_PROXY.everywhere(|session| {
        for (number, (_, inside, outside)) in FORMS.iter().enumerate() {
            for (level, request) in levels(number) {
                for address in *inside {
                    session.allowed(request.clone().header("x-forwarded-for", address));
                }
                for address in *outside {
                    let request = request.clone().header("x-forwarded-for", address);
                    let response = session.refused(request, 403, "ip_refused");
                    assert_eq!(response.json()["level"], level);
                }
            }
        }
        // Nobody is on an empty list.
        for (_, request) in levels(NOBODY) {
            for address in ["127.0.0.1", "10.0.0.1", "::1"] {
                let request = request.clone().header("x-forwarded-for", address);
                session.refused(request, 403, "ip_refused");
            }
        }
    });
}

#[test]
fn an_address_must_be_allowed_by_all_that_say_something() {
    BEHIND_A_PROXY.everywhere(|session| {
        for (path, address, level) in [
            ("/", "10.1.2.3", None),
            ("/", "10.1.2.9", None),
            ("/", "10.1.3.1", Some("key")),
            ("/", "10.2.2.3", Some("client")),
            ("/", "192.0.2.1", Some("tenant")),
            ("/layered", "10.1.2.3", None),
            ("/layered", "10.1.2.9", Some("route")),
            ("/layered", "192.0.2.1", Some("tenant")),
        ] {
            let request = Request::get(path).api_key("layered").header("x-forwarded-for", address);
            match level {
                None => drop(session.allowed(request)),
                Some(level) => {
                    let response = session.refused(request, 403, "ip_refused");
                    assert_eq!(response.json()["level"], level, "{address}");
                }
            }
        }
        // A public route asks for no credential, but may ask for an address.
        let public = |address: &str| Request::get("/public").header("x-forwarded-for", address);
        session.passed(public("10.0.0.1"), json!("public"));
        session.refused(public("11.0.0.1"), 403, "ip_refused");
    });
}

/// Only what the trusted proxy added counts, which is the last address.
#[test]
fn what_stands_before_the_trusted_proxys_word_counts_for_nothing() {
    BEHIND_A_PROXY.everywhere(|session| {
        let request =
            |chain: &str| Request::get("/route/1").api_key("free").header("x-forwarded-for", chain);
        session.allowed(request("192.0.2.1, 10.0.0.1"));
        session.refused(request("10.0.0.1, 192.0.2.1"), 403, "ip_refused");
        session.refused(request("10.0.0.1,10.0.0.2,::1"), 403, "ip_refused");
        // What is no address leaves the proxy itself, 127.0.0.1.
        for chain in ["", "unknown", "10.0.0.1:x", "010.0.0.1", "10.0.0.1, _hidden"] {
            session.refused(request(chain), 403, "ip_refused");
        }
    });
}

fn facing_the_internet() -> EnvoyBuilder {
    EnvoyBuilder::new(json!({
        "version": 1,
        "tenants": [
            {"id": "acme", "ip": ["127.0.0.1"], "clients": [{"id": "web", "keys": [key_entry("acme", "acme")]}]},
            {"id": "globex", "ip": ["10.0.0.0/8"], "clients": [{"id": "web", "keys": [key_entry("globex", "globex")]}]},
        ],
    }))
}

static FACING_THE_INTERNET: Fleet = Fleet::new(facing_the_internet);

#[test]
fn a_forged_address_changes_nothing() {
    FACING_THE_INTERNET.everywhere(|session| {
        for name in [
            "x-forwarded-for",
            "x-real-ip",
            "true-client-ip",
            "cf-connecting-ip",
            "x-envoy-external-address",
            "x-client-ip",
            "forwarded",
        ] {
            let value = if name == "forwarded" { "for=10.0.0.1" } else { "10.0.0.1" };
            let forged = |secret: &str| Request::get("/").api_key(secret).header(name, value);
            session.refused(forged("globex"), 403, "ip_refused");
            session.allowed_as(forged("acme"), "acme");
            session.refused(forged("acme").from("127.0.0.2"), 403, "ip_refused");
        }
        session.refused(Request::get("/").api_key("acme").from("127.0.0.2"), 403, "ip_refused");
    });
}
