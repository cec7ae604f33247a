//! Small documents with rules at every level, and callers that they are about.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::testing::{ISSUER, Request, issuer, key, token};

/// The `iss` of acme's own identity provider.
pub(super) const OWN: &str = "https://acme.example";

/// What may stand in `ip`, with addresses that it does and doesn't mean.
pub(super) const RULES: [&str; 5] =
    ["10.0.0.1", "10.0.0.0/8", "10.0.*.*", "192.0.2.1-192.0.2.9", "*"];
pub(super) const ADDRESSES: [&str; 4] = ["10.0.0.1", "10.9.0.1", "192.0.2.5", "2001:db8::1"];

/// Roles and scopes that documents and callers know; `all` is every scope in
/// tokens where the document says so.
pub(super) const ROLES: [&str; 4] = ["top", "mid", "low", "side"];
pub(super) const SCOPES: [&str; 4] = ["a", "b", "all", "*"];

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// The claims of its token, where it has one.
    pub(super) claims: Option<Value>,
    /// Its key's secret, where it has one.
    pub(super) key: Option<&'static str>,
    pub(super) address: Option<&'static str>,
}

impl Caller {
    pub(super) fn request(&self) -> Request {
        let request = Request::get("/x");
        let request = match &self.claims {
            Some(claims) => request.bearer(&token(claims.clone())),
            None => request,
        };
        match self.key {
            Some(secret) => request.with("x-api-key", secret),
            None => request,
        }
    }
}

fn some_of(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::subsequence(names, 0..=names.len()).prop_map(|names| json!(names))
}

/// A setting: mostly absent, sometimes `null`, else a list.
fn setting(names: &'static [&'static str], null: bool) -> impl Strategy<Value = Option<Value>> {
    let null = if null { 1 } else { 0 };
    prop_oneof![
        5 => Just(None),
        null => Just(Some(Value::Null)),
        4 => some_of(names).prop_map(Some),
    ]
}

fn object(fields: Vec<(&str, Option<Value>)>) -> Value {
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// `ip`, `scopes` and `roles`.
fn policy(null: bool) -> impl Strategy<Value = Value> {
    (setting(&RULES, null), setting(&SCOPES, null), setting(&ROLES, null)).prop_map(
        |(ip, scopes, roles)| object(vec![("ip", ip), ("scopes", scopes), ("roles", roles)]),
    )
}

fn with(mut object: Value, name: &str, value: Option<Value>) -> Value {
    if let Some(value) = value {
        object[name] = value;
    }
    object
}

fn active() -> impl Strategy<Value = Option<Value>> {
    prop::option::weighted(0.3, prop::bool::weighted(0.7).prop_map(Value::from))
}

fn any_key(id: &'static str) -> impl Strategy<Value = Value> {
    (some_of(&SCOPES), some_of(&ROLES), setting(&RULES, false)).prop_map(
        move |(scopes, roles, ip)| {
            with(key(id, id, json!({"scopes": scopes, "roles": roles})), "ip", ip)
        },
    )
}

fn client(id: &'static str) -> impl Strategy<Value = Value> {
    (policy(false), active(), any_key(id)).prop_map(move |(policy, active, key)| {
        let client = with(policy, "active", active);
        with(with(client, "id", Some(json!(id))), "keys", Some(json!([key])))
    })
}

fn ceilings() -> impl Strategy<Value = Value> {
    (setting(&SCOPES, false), setting(&ROLES, false))
        .prop_map(|(scopes, roles)| object(vec![("scopes", scopes), ("roles", roles)]))
}

fn acme() -> impl Strategy<Value = Value> {
    (policy(true), active(), client("web"), client("app"), ceilings()).prop_map(
        |(policy, active, web, app, own)| {
            let mut own = issuer(own);
            own["issuer"] = json!(OWN);
            let acme = with(policy, "active", active);
            let acme = with(acme, "id", Some(json!("acme")));
            let acme = with(acme, "clients", Some(json!([web, app])));
            with(acme, "issuers", Some(json!([own])))
        },
    )
}

fn route() -> impl Strategy<Value = Value> {
    (setting(&RULES, false), some_of(&["a", "b"]), some_of(&ROLES)).prop_map(
        |(ip, scopes, roles)| {
            let asked = |list: Value| {
                Some(list).filter(|list| list.as_array().is_some_and(|l| !l.is_empty()))
            };
            let route = json!({
                "match": {"path": "/**"}, "auth": "optional", "tenancy": {"strict": false}
            });
            with(with(with(route, "ip", ip), "scopes", asked(scopes)), "roles", asked(roles))
        },
    )
}

/// Which role includes which: chains, diamonds, or nothing listed.
fn roles() -> impl Strategy<Value = Option<Value>> {
    let role = |below: &'static [&'static str]| {
        (some_of(below), some_of(&SCOPES))
            .prop_map(|(includes, scopes)| json!({"includes": includes, "scopes": scopes}))
    };
    let listed = (role(&["mid", "low", "side"]), role(&["low", "side"]), role(&[]), role(&["low"]));
    let listed = listed.prop_map(
        |(top, mid, low, side)| json!({"top": top, "mid": mid, "low": low, "side": side}),
    );
    prop_oneof![1 => Just(None), 5 => listed.prop_map(Some)]
}

/// A document with one route for everything.
pub(super) fn document() -> impl Strategy<Value = Value> {
    let tenancy = (
        prop::sample::select(vec!["allow", "deny"]),
        prop::sample::select(vec!["allow", "allow", "deny"]),
        prop::sample::select(vec!["active", "active", "inactive"]),
        policy(true),
    );
    let tenants = (acme(), policy(true), active(), policy(false));
    let rest = (ceilings(), any_key("bare"), route(), roles(), any::<[bool; 2]>());
    (tenancy, tenants, rest).prop_map(|(tenancy, tenants, rest)| {
        let (unknown, unknown_clients, start, default) = tenancy;
        let (acme, globex, globex_active, defaults) = tenants;
        let (ceilings, bare, route, roles, [ignore, wildcard]) = rest;
        let mut shared = issuer(ceilings);
        shared["tenant"] = json!({"claims": ["tenant"], "allow": ["acme", "globex", "initech"]});
        let globex = with(with(globex, "active", globex_active), "id", Some(json!("globex")));
        let document = json!({
            "version": 1, "both": "agree",
            "role_case": if ignore { "ignore" } else { "exact" },
            "wildcard_scopes": if wildcard { &["all"][..] } else { &[] },
            "jwt": {"issuers": [shared]},
            "api_keys": {"keys": [bare]},
            "tenancy": {
                "unknown": unknown, "unknown_clients": unknown_clients, "start": start,
                "default": default
            },
            "tenant_defaults": defaults,
            "tenants": [acme, globex],
            "routes": [route]
        });
        with(document, "roles", roles)
    })
}

/// A caller: a token, a key, both or neither, from some address.
pub(super) fn caller() -> impl Strategy<Value = Caller> {
    let names = |names: Vec<Value>| prop::sample::select(names);
    let null = || Value::Null;
    let claims = (
        prop::bool::weighted(0.3),
        names(vec![json!("acme"), json!("acme"), json!("globex"), json!("initech"), null()]),
        names(vec![json!("web"), json!("app"), json!("else"), null()]),
        some_of(&["top", "MID", "low", "side", "unlisted"]),
        some_of(&["a", "b", "c", "all"]),
    )
        .prop_map(|(own, tenant, client, roles, scopes)| {
            let iss = if own { OWN } else { ISSUER };
            let tenant = if own { Value::Null } else { tenant };
            json!({"iss": iss, "tenant": tenant, "client_id": client, "roles": roles, "scope": scopes})
        });
    let claims = prop::option::weighted(0.7, claims);
    let keys = prop::option::weighted(0.4, prop::sample::select(vec!["web", "app", "bare"]));
    let address = prop::option::weighted(0.9, prop::sample::select(ADDRESSES.to_vec()));
    (claims, keys, address).prop_map(|(claims, key, address)| Caller { claims, key, address })
}
