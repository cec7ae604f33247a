//! Tenants that live elsewhere: what is decided while they are known, and while
//! they aren't.

mod remembered;
mod revoked;

use serde_json::{Value, json};

use crate::config::Reader;
use crate::halt::Patience;
use crate::remote::{Outlook, Standing};
use crate::testing::{
    FixedHost, NOW, NoEnvironment, Request, ed25519_jwk, eddsa_token, es256_token, guard, issuer,
    key, merged, p256_jwk, tenant, token, word,
};
use crate::{Attempt, Decision, Guard, Memory};

/// A guard with a directory. Its issuer for all tenants signs with the shared
/// secret; `inline` and the fetched `acme` have keys and issuers of their own.
fn configured(over: Value) -> Guard {
    let document = json!({
        "directory": {"cluster": "cp", "uri": "https://cp.example/tenants"},
        "jwt": {"issuers": [issuer(json!({
            "name": "all",
            "tenant": {
                "claims": ["tenant"],
                "any_tenant": true,
                "subjects": {"bob": "globex", "carol": "org_globex"},
            },
        }))]},
        "tenants": [{
            "id": "inline",
            "aliases": ["org_inline"],
            "clients": [{"id": "web", "keys": [key("k", "inline-key", json!({}))]}],
        }, {
            "id": "owner",
            "issuers": [issuer(json!({
                "issuer": "https://owner.example",
                "keys": {"secret": null, "jwks": {"keys": [p256_jwk()]}},
            }))],
        }],
        "super_admin": {
            "from": [{"header": "x-admin"}],
            "sha256": key("k", "admin", json!({}))["sha256"],
            "tenant": "operators",
        },
        "routes": [
            {"match": {"path": "/public"}, "auth": "none"},
            {"match": {"path": "/me"}, "tenancy": "none"},
            {
                "match": {"path": "/open"},
                "auth": "optional",
                "tenancy": {"strict": false, "trust_header": ["192.0.2.1"]},
            },
        ],
    });
    guard(without_null(merged(document, over)))
}

fn without_null(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(|value| *value = without_null(value.take()));
        }
        Value::Array(list) => list.iter_mut().for_each(|v| *v = without_null(v.take())),
        _ => {}
    }
    value
}

/// What the directory says.
fn tenants() -> Value {
    json!([
        {
            "id": "acme",
            "clients": [{"id": "web", "keys": [
                key("k", "acme-key", json!({})),
                key("dead", "dead-key", json!({"active": false})),
            ]}],
            "issuers": [without_null(issuer(json!({
                "issuer": "https://acme.example",
                "keys": {"secret": null, "jwks": {"keys": [ed25519_jwk()]}},
            })))],
        },
        {"id": "globex", "aliases": ["org_globex"]},
    ])
}

fn take_over(guard: &mut Guard, directory: Value) {
    let fetched = merged(json!({"version": 1, "tenants": []}), directory).to_string();
    let reader = Reader::new(guard, &NoEnvironment).unwrap();
    let merged = reader.merge(fetched.as_bytes(), &|| None).unwrap();
    assert!(merged.mistakes.is_empty(), "{:?}", merged.mistakes);
    let tenants = reader.load(&merged.document).unwrap();
    guard.take_over_tenants(tenants);
    stand(guard, Standing::Current);
}

fn stand(guard: &mut Guard, standing: Standing) {
    let elsewhere = guard.tenancy.elsewhere.as_mut().unwrap();
    elsewhere.outlook = Outlook { standing, soon: standing != Standing::Current };
}

/// Before the first fetch, with the directory, and when that is too old.
fn all_states(over: &Value) -> [Guard; 3] {
    let awaited = configured(over.clone());
    let [mut current, mut old] = [configured(over.clone()), configured(over.clone())];
    take_over(&mut current, json!({"tenants": tenants()}));
    take_over(&mut old, json!({"tenants": tenants()}));
    stand(&mut old, Standing::TooOld);
    [awaited, current, old]
}

fn with_key(key: &str) -> Request {
    Request::get("/").with("x-api-key", key)
}

fn of_all(claims: Value) -> Request {
    Request::get("/").bearer(&token(claims))
}

fn of_acme() -> Request {
    Request::get("/").bearer(&eddsa_token(json!({"iss": "https://acme.example"})))
}

fn of_owner() -> Request {
    Request::get("/").bearer(&es256_token(json!({"iss": "https://owner.example"})))
}

fn asserting(request: Request, tenant: &str) -> Request {
    request.with("x-tenant-id", tenant)
}

fn admin() -> Request {
    Request::get("/").with("x-admin", "admin")
}

const GONE: &str = "tenants_unavailable";

#[test]
fn only_what_the_document_can_t_decide_alone_is_unavailable() {
    let guards = all_states(&json!({}));
    for (request, alone, current) in [
        (with_key("inline-key"), "inline", "inline"),
        (with_key("acme-key"), GONE, "acme"),
        (with_key("dead-key"), GONE, "api_key_inactive"),
        (with_key("nobody's-key"), GONE, "api_key_unknown"),
        (with_key(""), "api_key_unknown", "api_key_unknown"),
        (asserting(with_key("inline-key"), "org_inline"), "inline", "inline"),
        (asserting(with_key("inline-key"), "acme"), "tenant_mismatch", "tenant_mismatch"),
        (asserting(with_key("inline-key"), "default"), "tenant_reserved", "tenant_reserved"),
        (of_all(json!({"tenant": "inline"})), "inline", "inline"),
        (of_all(json!({"tenant": "org_inline"})), "inline", "inline"),
        (of_all(json!({"tenant": "globex"})), GONE, "globex"),
        (of_all(json!({"tenant": "org_globex"})), GONE, "globex"),
        (of_all(json!({"tenant": "nobody"})), GONE, "tenant_unknown"),
        (of_all(json!({"tenant": "owner"})), "tenant_not_allowed", "tenant_not_allowed"),
        (of_all(json!({"tenant": "default"})), "tenant_reserved", "tenant_reserved"),
        (of_all(json!({"tenant": "Operators"})), "tenant_reserved", "tenant_reserved"),
        (of_all(json!({"tenant": "a b"})), "tenant_malformed", "tenant_malformed"),
        (of_all(json!({})), "tenant_required", "tenant_required"),
        (of_all(json!({"sub": "bob"})), GONE, "globex"),
        (of_all(json!({"sub": "carol"})), GONE, "globex"),
        (of_all(json!({"sub": "carol", "tenant": "globex"})), GONE, "globex"),
        (asserting(of_all(json!({"sub": "carol"})), "globex"), GONE, "globex"),
        (asserting(of_all(json!({"tenant": ["inline", "globex"]})), "org_globex"), GONE, "globex"),
        (of_all(json!({"tenant": ["inline", "globex"]})), GONE, "tenant_choice_required"),
        (of_all(json!({"tenant": ["globex", "org_globex"]})), GONE, "globex"),
        (of_all(json!({"iss": "https://nobody.example"})), GONE, "token_issuer_unknown"),
        (of_all(json!({"iss": 7})), "token_issuer_unknown", "token_issuer_unknown"),
        (of_all(json!({"tenant": "inline", "exp": 1})), "token_expired", "token_expired"),
        (of_acme(), GONE, "acme"),
        (of_owner(), "owner", "owner"),
        (asserting(admin(), "inline"), "inline", "inline"),
        (asserting(admin(), "acme"), GONE, "acme"),
        // No policy holds the super admin, not even that.
        (asserting(admin(), "nobody"), GONE, "nobody"),
        (admin(), "operators", "operators"),
        (Request::get("/"), "credentials_missing", "credentials_missing"),
        (Request::get("/open"), "default", "default"),
        (Request::get("/open").with("x-api-key", "acme-key"), GONE, "acme"),
        (
            asserting(Request::get("/open"), "inline"),
            "tenant_header_untrusted",
            "tenant_header_untrusted",
        ),
        (Request::get("/public"), "public", "public"),
        (Request::get("/me").with("x-api-key", "inline-key"), "no tenant", "no tenant"),
        (Request::get("/me").with("x-api-key", "acme-key"), GONE, "no tenant"),
        (Request::get("/me").bearer(&token(json!({"tenant": "globex"}))), GONE, "no tenant"),
        (Request::get("/me").bearer(&token(json!({}))), "no tenant", "no tenant"),
    ] {
        let results = guards.each_ref().map(|guard| tenant(guard, &request));
        assert_eq!(results, [alone, current, alone], "{request:?}");
    }
}

#[test]
fn who_asserts_from_a_trusted_address_names_what_is_known() {
    let [awaited, current, old] = all_states(&json!({}));
    for (name, alone, then) in [
        ("inline", "allow", "allow"),
        ("globex", GONE, "allow"),
        ("nobody", GONE, "tenant_unknown"),
    ] {
        let request = asserting(Request::get("/open"), name);
        let result = |guard: &Guard| {
            let host = FixedHost::at(NOW);
            host.peer.set("192.0.2.1".parse().ok());
            word(&crate::testing::decide_at(guard, &request, &host))
        };
        assert_eq!([&awaited, &current, &old].map(result), [alone, then, alone], "{name}");
    }
}

#[test]
fn a_machine_that_acts_for_tenants_names_what_is_known() {
    for (acts_for, reach) in [
        (json!("any"), json!({"any_tenant": true})),
        (json!(["inline", "org_globex", "owner"]), json!({})),
        (json!("any"), json!({"allow": ["inline", "org_globex", "owner"]})),
    ] {
        let is_list = acts_for.is_array();
        let named = is_list || reach.get("allow").is_some();
        let machine = merged(json!({"acts_for": acts_for}), reach);
        let machine = without_null(issuer(json!({
            "issuer": "https://machines.example",
            "tenant": machine,
        })));
        let all = issuer(json!({"tenant": {"fixed": "inline"}}));
        let guards = all_states(&json!({"jwt": {"issuers": [all, machine]}}));
        let by = |name: &str| asserting(of_all(json!({"iss": "https://machines.example"})), name);
        for (name, alone, current) in [
            ("inline", if is_list { GONE } else { "inline" }, "inline"),
            ("globex", GONE, "globex"),
            ("org_globex", GONE, "globex"),
        ] {
            let results = guards.each_ref().map(|guard| tenant(guard, &by(name)));
            if named && name == "globex" {
                // Which tenant the list means isn't known either.
                assert_ne!(results[0], "globex", "{acts_for}");
                assert_eq!(results[1], current, "{acts_for}");
                continue;
            }
            assert_eq!(results[..2], [alone, current], "{acts_for} {name}");
            assert_eq!(results[2], alone, "{acts_for} {name}");
        }
        let acme = tenant(&guards[1], &by("acme"));
        assert_eq!(acme, if is_list { "tenant_mismatch" } else { "tenant_not_allowed" });
    }
}

#[test]
fn a_developer_names_what_is_known() {
    let dev = json!({
        "environment": "development",
        "jwt": null,
        "dev_headers": {"user": "x-dev-user", "tenant": "x-dev-tenant"},
        "tenants": [{"id": "inline"}],
    });
    let awaited = configured(dev.clone());
    let mut current = configured(dev);
    take_over(&mut current, json!({"tenants": [{"id": "globex", "aliases": ["org_globex"]}]}));
    for (name, alone, then) in [
        ("inline", "inline", "inline"),
        ("globex", GONE, "globex"),
        ("org_globex", GONE, "globex"),
        ("nobody", GONE, "tenant_unknown"),
    ] {
        let request = Request::get("/").with("x-dev-user", "dan").with("x-dev-tenant", name);
        assert_eq!([&awaited, &current].map(|g| tenant(g, &request)), [alone, then], "{name}");
    }
}

#[test]
fn an_issuer_for_all_never_reaches_a_fetched_tenant_with_its_own() {
    // The only one there is needs no reach.
    let all = issuer(json!({"tenant": {"claims": ["tenant"]}}));
    let over = json!({"jwt": {"issuers": [all]}, "tenants": [{"id": "inline"}]});
    let [awaited, current, old] = all_states(&over);
    for (name, alone, then) in [
        ("inline", "inline", "inline"),
        ("globex", GONE, "globex"),
        ("acme", GONE, "tenant_not_allowed"),
    ] {
        let request = of_all(json!({"tenant": name}));
        let results = [&awaited, &current, &old].map(|guard| tenant(guard, &request));
        let stale = if name == "acme" { "tenant_not_allowed" } else { alone };
        assert_eq!(results, [alone, then, stale], "{name}");
    }
    // Nor does an entry of its own that is in no force any more.
    let mut guard = current;
    take_over(&mut guard, json!({"tenants": [{"id": "acme"}]}));
    assert_eq!(tenant(&guard, &of_all(json!({"tenant": "acme"}))), "acme");
}

#[test]
fn an_issuer_that_nobody_can_share_needs_no_directory() {
    let own = |keys: Value| {
        let own = issuer(json!({"issuer": "https://owner.example", "keys": keys}));
        let own = without_null(own);
        configured(json!({"tenants": [{"id": "owner", "issuers": [own]}]}))
    };
    let guard = own(json!({}));
    let signed = Request::get("/").bearer(&token(json!({"iss": "https://owner.example"})));
    assert_eq!(tenant(&guard, &signed), "owner");
}

/// A fetched tenant can't take a kid from the configuration's, whenever that
/// appeared in the key set of its provider.
#[test]
fn a_kid_of_the_configuration_s_is_no_fetched_tenant_s() {
    use crate::jwt::{FetchedKeys, KeySet};
    let uri = json!({"cluster": "idp", "uri": "https://owner.example/jwks"});
    let own = without_null(issuer(json!({
        "issuer": "https://owner.example",
        "keys": {"secret": null, "jwks_uri": uri},
    })));
    let mut guard = configured(json!({"tenants": [{"id": "owner", "issuers": [own]}]}));
    // Another key under the same kid.
    let other = merged(ed25519_jwk(), json!({"kid": "es"}));
    let evil = without_null(issuer(json!({
        "issuer": "https://owner.example",
        "keys": {"secret": null, "jwks": {"keys": [other]}},
    })));
    take_over(&mut guard, json!({"tenants": [{"id": "evil", "issuers": [evil]}]}));
    let id = guard.sources().iter().find(|source| !source.is_directory()).unwrap().id();
    let keys = KeySet::read(&json!({"keys": [p256_jwk()]})).unwrap().keys;
    let since = [("es".into(), NOW)].into();
    guard.jwt.set_keys(id, FetchedKeys { keys: keys.into(), since }.into());
    guard.jwt.set_outlook(id, Outlook { standing: Standing::Current, soon: false });
    assert_eq!(tenant(&guard, &of_owner()), "owner");
}

#[test]
fn who_may_wait_waits_for_the_directory() {
    let attempt = |guard: &Guard, request: &Request, patience: Patience| {
        let mut cache = Memory::new(0, 0);
        match guard.attempt(&request.headers(), &FixedHost::at(NOW), patience, &mut cache) {
            Attempt::Waits(sources) => format!("waits for {}", sources.len()),
            Attempt::Decided(decision) => word(&decision).to_owned(),
        }
    };
    let [awaited, current, _] = all_states(&json!({}));
    for (request, waiting) in [
        (with_key("inline-key"), "allow"),
        (with_key("acme-key"), "waits for 1"),
        // Any token may be revoked there.
        (of_all(json!({"tenant": "inline"})), "waits for 1"),
        (of_acme(), "waits for 1"),
        (asserting(admin(), "acme"), "waits for 1"),
        (Request::get("/public"), "public"),
        (Request::get("/"), "credentials_missing"),
    ] {
        assert_eq!(attempt(&awaited, &request, Patience::MayWait), waiting, "{request:?}");
        let known = attempt(&current, &request, Patience::MayWait);
        assert!(!known.starts_with("waits"), "{request:?} {known}");
    }
    let mut hopeless = awaited;
    let elsewhere = hopeless.tenancy.elsewhere.as_mut().unwrap();
    elsewhere.outlook = Outlook { standing: Standing::Awaited, soon: false };
    assert_eq!(attempt(&hopeless, &with_key("acme-key"), Patience::MayWait), GONE);
}
