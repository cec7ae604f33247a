//! Limits, by whole decisions.

mod bounds;
mod charging;
mod defaults;
mod headers;
mod hosts;
mod levels;
mod reference;
mod subjects;
mod windows;
mod workers;

use serde_json::{Value, json};

use crate::testing::{Request, decide_at, guard, issuer, jwt, key, merged, token, word};
use crate::{Decision, Guard, Host};

/// More requests than any of the limits allows.
const MANY: usize = 30;

/// Tokens with a `tenant` claim and a `plan`, routes with actions, and what
/// the test adds.
fn limited(document: Value) -> Guard {
    let issuer = json!({"tenant": {"claims": ["tenant"]}, "claims": {"tier": "plan"}});
    let base = json!({
        "limits": {"tiers": {"gold": "5/min", "silver": "2/min", "daily": "3/day"}},
        "roles": {"editor": {}},
        "routes": [
            {"match": {"path": "/publish"}, "action": "publish"},
            {"match": {"path": "/read"}, "action": "read"},
            {"match": {"path": "/list"}, "action": "list"},
            {"match": {"path": "/scoped"}, "action": "publish", "scopes": ["write"]},
            {"match": {"path": "/edit"}, "action": "publish", "roles": ["editor"]},
            {"match": {"path": "/inside"}, "action": "publish", "ip": ["10.0.0.0/8"]},
            {"match": {"path": "/shadow"}, "action": "publish", "shadow": true},
            {"match": {"path": "/me"}, "tenancy": "none"},
            {"match": {"path": "/**"}}
        ]
    });
    guard(merged(merged(jwt(issuer), base), document))
}

/// Acme with these limits: the client web with the keys web-1 and web-2, and
/// the client app with app-1. And globex, with the same keys and no limits.
fn tenants(tenant: Value, web: Value, web_1: Value) -> Value {
    let client = |id: &str, limits: &Value, keys: Value| {
        let client = json!({"id": id, "keys": keys});
        if limits.is_null() { client } else { merged(client, json!({ "limits": limits })) }
    };
    let own = |id: &str, limits: &Value| {
        let fields = if limits.is_null() { json!({}) } else { json!({ "limits": limits }) };
        key(id, id, fields)
    };
    let none = Value::Null;
    let keys = json!([own("web-1", &web_1), own("web-2", &none)]);
    let acme = json!({"id": "acme", "clients": [
        client("web", &web, keys), client("app", &none, json!([own("app-1", &none)]))
    ]});
    let acme = if tenant.is_null() { acme } else { merged(acme, json!({ "limits": tenant })) };
    let keys = json!([key("web-1", "globex-1", json!({}))]);
    json!({"tenants": [acme, {"id": "globex", "clients": [client("web", &none, keys)]}]})
}

fn by_key(secret: &str, path: &str) -> Request {
    Request::get(path).with("x-api-key", secret)
}

fn by_token(claims: Value, path: &str) -> Request {
    Request::get(path).bearer(&token(claims))
}

/// What becomes of a request: allow, public, shadow, or a refusal's code.
fn outcome(guard: &Guard, request: &Request, host: &dyn Host) -> &'static str {
    word(&decide_at(guard, request, host))
}

/// How many requests are let in until the first is refused by a limit.
fn left(guard: &Guard, request: &Request, host: &dyn Host) -> usize {
    for sent in 0..MANY {
        match outcome(guard, request, host) {
            "allow" => {}
            code => {
                assert_eq!(code, "rate_limited", "{request:?}");
                return sent;
            }
        }
    }
    MANY
}

/// A header of a decision's response.
fn header(decision: &Decision, name: &str) -> Option<String> {
    let found = decision.response.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.clone())
}

/// Another issuer, whose name is given.
fn other_issuer(name: &str, fields: Value) -> Value {
    issuer(merged(json!({"issuer": format!("https://{name}.example"), "name": name}), fields))
}
