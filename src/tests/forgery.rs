//! The identity that the application sees never comes from the client.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::request::fold::fold;
use crate::testing::{NOW, NoEnvironment, Request, decide, issuer, key, token};
use crate::{Guard, Verdict, load};

/// Every name that some generated document uses for identity.
const NAMES: [&str; 14] = [
    "x-tenant-id",
    "x-user-id",
    "x-client-id",
    "x-key-id",
    "x-roles",
    "x-scopes",
    "x-auth-method",
    "x-org",
    "x-groups",
    "x-user-email",
    "x-jwt-payload",
    "x-internal",
    "x-original-url",
    "x-http-method-override",
];

/// A name that no credential and no document names.
const MALLORY: &str = "mallory";

#[derive(Debug, Clone)]
struct Case {
    document: Value,
    /// Whether a caller may legitimately name any tenant in the header.
    asserts: bool,
    header: &'static str,
    /// The folded names that are the guard's own.
    own: Vec<&'static str>,
}

fn case() -> impl Strategy<Value = Case> {
    let tenants = prop::sample::select(vec![
        json!({"claims": ["tenant"]}),
        json!({"fixed": "acme"}),
        json!({"subjects": {"alice": "acme"}}),
        json!({"acts_for": "any"}),
        json!({"acts_for": ["acme", "globex"]}),
        Value::Null,
    ]);
    let trusts = prop::sample::select(vec!["never", "any_peer", "ignore"]);
    let auths = prop::sample::select(vec!["required", "optional", "none"]);
    let modes = prop::sample::select(vec!["either", "jwt", "api_key", "jwt_then_api_key"]);
    let flags = prop::array::uniform7(any::<bool>());
    (tenants, trusts, auths, modes, flags)
        .prop_map(|(tenant, trust, auth, mode, flags)| build(&tenant, trust, auth, mode, flags))
        .prop_filter("a document without contradictions", |case| {
            load(case.document.to_string().as_bytes(), &NoEnvironment).is_ok()
        })
}

fn build(tenant: &Value, trust: &str, auth: &str, mode: &str, flags: [bool; 7]) -> Case {
    let [strict, listed, renamed, other_header, none, shadow, extras] = flags;
    let header = if other_header { "x-org" } else { "x-tenant-id" };
    let mut route = json!({"match": {"path": "/**"}, "auth": auth, "shadow": shadow});
    if auth != "none" {
        route["tenancy"] = if none { json!("none") } else { json!({ "strict": strict }) };
    }
    let mut jwt = issuer(json!({}));
    if !tenant.is_null() {
        jwt["tenant"] = tenant.clone();
    }
    let names = if renamed { json!({"roles": "X-Groups", "key": null}) } else { json!({}) };
    let upstream = json!({
        "headers": names, "strip": ["x-internal"], "forward_credentials": extras,
        "claims": if extras { json!({"email": "x-user-email"}) } else { json!({}) }
    });
    let keys = json!([key("web-1", "sesame", json!({"scopes": ["read"]}))]);
    let mut document = json!({
        "version": 1, "mode": mode, "both": if extras { "agree" } else { "refuse" },
        "jwt": {"issuers": [jwt]}, "upstream": upstream, "routes": [route],
        "tenancy": {
            "header": header, "trust_header": trust,
            "assertions": [{"path": "/orgs/{tenant}"}, {"query": "org"}]
        }
    });
    if extras {
        document["upstream"]["payload"] = json!("x-jwt-payload");
    }
    if listed {
        document["tenants"] =
            json!([{"id": "acme", "clients": [{"id": "web", "keys": keys}]}, {"id": "globex"}]);
    } else {
        document["api_keys"] = json!({ "keys": keys });
    }
    let mut own = vec![header];
    own.extend(["x-tenant-id", "x-user-id", "x-client-id", "x-scopes", "x-auth-method"]);
    own.extend(["x-internal", "x-original-url", "x-http-method-override"]);
    own.extend(if renamed { &["x-groups"][..] } else { &["x-roles", "x-key-id"] });
    own.extend(if extras { &["x-user-email", "x-jwt-payload"][..] } else { &[] });
    let asserts = trust == "any_peer" || *tenant == json!({"acts_for": "any"});
    Case { document, asserts, header, own }
}

fn request() -> impl Strategy<Value = Request> {
    let claims = prop::sample::select(vec![
        json!({}),
        json!({"tenant": "acme", "roles": ["admin"], "scope": "read write", "email": "a@b"}),
        json!({"tenant": ["acme", "globex"], "client_id": "web"}),
        json!({"tenant": "initech"}),
        json!({"tenant": {}, "sub": "bob"}),
        json!({"tenant": "default"}),
        json!({"exp": NOW - 60.0}),
    ]);
    let tokens = prop::option::weighted(0.7, claims.prop_map(token));
    let keys = prop::option::weighted(0.3, prop::sample::select(vec!["sesame", "Sesame"]));
    let paths = prop::sample::select(vec!["/", "/orgs/acme", "/?org=globex", "/a/../b", "/x?a=b"]);
    (tokens, keys, paths).prop_map(|(token, key, path)| {
        let request = Request::get(path);
        let request = token.iter().fold(request, |request, token| request.bearer(token));
        key.iter().fold(request, |request, key| request.with("x-api-key", key))
    })
}

/// A name in another spelling that folds alike: its marks, its case.
fn spelling() -> impl Strategy<Value = String> {
    let marks = prop::collection::vec(prop::sample::select(b"-_.!#$%&'*+^`|~".to_vec()), 4);
    let case = prop::collection::vec(any::<bool>(), 24);
    (prop::sample::select(NAMES.to_vec()), marks, case).prop_map(|(name, marks, case)| {
        let mut marks = marks.into_iter().map(char::from).chain(std::iter::repeat('-'));
        let spelt = |(letter, upper): (char, bool)| match letter {
            '-' => marks.next().unwrap(),
            letter if upper => letter.to_ascii_uppercase(),
            letter => letter,
        };
        name.chars().zip(case).map(spelt).collect()
    })
}

/// The identity that the application sees: by folded name.
fn seen(case: &Case, guard: &Guard, request: &Request) -> Vec<(Vec<u8>, Vec<u8>)> {
    let changed = request.changed(&decide(guard, request));
    let is_own = |name: &[u8]| case.own.iter().any(|own| own.as_bytes() == name);
    let folded = changed.headers();
    let folded = folded.iter().map(|(name, value)| (fold(name), value.to_vec()));
    let mut seen: Vec<_> = folded.filter(|(name, _)| is_own(name)).collect();
    seen.sort();
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn forged_identity_headers_change_nothing_that_the_application_sees(
        case in case(), request in request(), names in prop::collection::vec(spelling(), 1..6)
    ) {
        let guard = load(case.document.to_string().as_bytes(), &NoEnvironment).unwrap().guard;
        let forged = names.iter().fold(request.clone(), |r, name| r.with(name, MALLORY));
        let exact = names.iter().any(|name| name.eq_ignore_ascii_case(case.header));
        let (clean, attacked) = (seen(&case, &guard, &request), seen(&case, &guard, &forged));
        if !exact {
            prop_assert_eq!(&clean, &attacked);
            let (before, after) = (decide(&guard, &request), decide(&guard, &forged));
            prop_assert_eq!(before.verdict, after.verdict);
            prop_assert_eq!(before.denial, after.denial);
            prop_assert_eq!(before.changes.set, after.changes.set);
        } else if !case.asserts {
            // It may be contradicted and refused, but establishes nothing.
            prop_assert!(attacked.iter().all(|header| clean.contains(header)));
            let allowed = decide(&guard, &forged).verdict == Verdict::Allow;
            prop_assert!(!allowed || clean == attacked);
        }
    }

    #[test]
    fn only_a_trusted_or_chosen_tenant_is_ever_a_clients_word(
        case in case(), request in request()
    ) {
        let guard = load(case.document.to_string().as_bytes(), &NoEnvironment).unwrap().guard;
        let forged = request.with(case.header, MALLORY);
        let decision = decide(&guard, &forged);
        let named = decision.changes.set.iter().filter(|(_, value)| **value == *MALLORY.as_bytes());
        let named: Vec<&str> = named.map(|(name, _)| &**name).collect();
        if case.asserts {
            prop_assert!(named.is_empty() || named == ["x-tenant-id"]);
        } else {
            prop_assert!(named.is_empty(), "{:?}", named);
        }
    }
}

#[test]
fn the_generated_cases_let_callers_in() {
    // What is compared above is worth something only where there is an identity.
    let flags = [true, true, false, false, false, false, false];
    let case = build(&json!({"claims": ["tenant"]}), "never", "required", "either", flags);
    let guard = load(case.document.to_string().as_bytes(), &NoEnvironment).unwrap().guard;
    let request = Request::get("/orgs/acme").bearer(&token(json!({"tenant": "acme"})));
    let forged = request.with("x_user_id", MALLORY).with("X-Roles", MALLORY);
    let expected = [("x-auth-method", "jwt"), ("x-tenant-id", "acme"), ("x-user-id", "alice")]
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    assert_eq!(seen(&case, &guard, &forged), expected);
}
