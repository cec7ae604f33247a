//! Requests of every kind, the same ones each time.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Issuer, Key, Parts, now};

use super::document::{ADMIN, claims, machine, own, secret, staff};
use crate::common::with;

/// A request, as both sides are told it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: &'static str,
    pub host: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub address: &'static str,
    /// Credentials in it that no output may hold.
    pub secrets: Vec<String>,
}

/// So many requests, always the same ones but for the times in tokens.
pub fn requests(count: usize) -> Vec<Asked> {
    let mut dice = StdRng::seed_from_u64(20_261_122);
    (0..count).map(|_| request(&mut dice)).collect()
}

fn one<T: Clone>(dice: &mut StdRng, of: &[T]) -> T {
    of.choose(dice).unwrap().clone()
}

fn request(dice: &mut StdRng) -> Asked {
    let paths = [
        "/healthz",
        "/inside",
        "/v1/scoped",
        "/v1/scoped",
        "/v1/more",
        "/v1/roles",
        "/v1/roles",
        "/v1/ip",
        "/lax",
        "/trusted",
        "/optional",
        "/me",
        "/me",
        "/admin",
        "/staff",
        "/staff",
        "/keys",
        "/both",
        "/both",
        "/shadow",
        "/shadow",
        "/v1/things",
        "/v1/things",
        "/v1/things",
        "/v1/orgs/acme/x",
        "/v1/orgs/org_9/x",
        "/v1/orgs/globex/x",
        "/v1/orgs/a%20b/x",
        "/v1/orgs/default",
        "/elsewhere",
        "/v2/things",
    ];
    let odd = [
        "/v1//things",
        "/v1/a/../things",
        "/v1/things;x=1",
        "/v1/a%2fb",
        "/v1/%zz",
        "/v1/%2e%2e/x",
        "/v1/a\\b",
        "/v1/th%69ngs/",
        "/v1/%E2%82%AC",
        "/healthz/",
        "/HEALTHZ",
    ];
    let path = if dice.gen_bool(0.06) { one(dice, &odd) } else { one(dice, &paths) };
    let mut asked = Asked {
        method: one(dice, &["GET", "GET", "GET", "POST", "POST", "PUT", "OPTIONS"]),
        host: "app.test".into(),
        path: path.into(),
        headers: Vec::new(),
        address: one(dice, &["10.1.2.3", "192.0.2.9", "198.51.100.1", "2001:db8::1"]),
        secrets: Vec::new(),
    };
    if dice.gen_bool(0.05) {
        asked.host = one(dice, &["acme.api.test", "globex.api.test", "default.api.test"]).into();
    }
    let mut query = Vec::new();
    if dice.gen_bool(0.05) {
        query.push(format!("tenant_id={}", one(dice, &["acme", "globex", "org_9", "a+b", ""])));
    }
    credentials(dice, &mut asked, &mut query);
    if dice.gen_bool(0.2) {
        let names = [
            "acme",
            "acme",
            "globex",
            "org_9",
            "default",
            "DEFAULT",
            "superadmin",
            "initech",
            "a b",
            "a,b",
            "",
        ];
        let name = one(dice, &names);
        asked.headers.push(("x-tenant-id".into(), name.into()));
        if dice.gen_bool(0.1) {
            asked.headers.push(("x-tenant-id".into(), name.into()));
        }
    }
    // What a client may not say.
    for name in ["X-User-Id", "x-roles", "X-Scopes", "x-auth-method", "x-user-email", "x-debug"] {
        if dice.gen_bool(0.08) {
            asked.headers.push((name.into(), "forged".into()));
        }
    }
    if dice.gen_bool(0.1) {
        asked.headers.push(("x-other".into(), "kept".into()));
    }
    if asked.method == "OPTIONS" && dice.gen_bool(0.5) {
        asked.headers.push(("origin".into(), "https://a.example".into()));
        asked.headers.push(("access-control-request-method".into(), "PUT".into()));
    }
    if !query.is_empty() || dice.gen_bool(0.1) {
        query.insert(dice.gen_range(0..=query.len()), "page=2".into());
        asked.path = format!("{}?{}", asked.path, query.join("&"));
    }
    asked
}

fn credentials(dice: &mut StdRng, asked: &mut Asked, query: &mut Vec<String>) {
    let kind = dice.gen_range(0..100);
    if (5..65).contains(&kind) || (90..95).contains(&kind) {
        let token = token(dice);
        asked.secrets.push(token.clone());
        let (name, value) = match dice.gen_range(0..20) {
            0 => ("cookie", format!("theme=dark; session={token}; lang=en")),
            1 => ("authorization", format!("Basic {token}")),
            2 => ("authorization", format!("bearer  {token}")),
            _ => ("Authorization", format!("Bearer {token}")),
        };
        asked.headers.push((name.into(), value));
    }
    if (60..95).contains(&kind) {
        let ids = [
            "good",
            "good",
            "good",
            "wide",
            "wide",
            "expired",
            "early",
            "off",
            "inside",
            "of-closed",
            "of-globex",
            "of-asleep",
            "of-held",
            "loose",
            "loose",
            "nobodys",
        ];
        let secret = secret(one(dice, &ids));
        asked.secrets.push(secret.clone());
        if dice.gen_bool(0.15) {
            query.push(format!("key={secret}"));
        } else {
            asked.headers.push(("x-api-key".into(), secret.clone()));
        }
        if dice.gen_bool(0.04) {
            asked.headers.push(("x-api-key".into(), secret));
        }
    }
    if kind >= 95 {
        let key = if dice.gen_bool(0.8) { ADMIN } else { "a-wrong-super-admin-key" };
        asked.secrets.push(key.to_owned());
        asked.headers.push(("x-super-admin".into(), key.to_owned()));
    }
}

/// Good tokens mostly, and such with one fault.
fn token(dice: &mut StdRng) -> String {
    let tenant = one(
        dice,
        &[
            json!("acme"),
            json!("acme"),
            json!("acme"),
            json!("org_9"),
            json!("globex"),
            json!("globex"),
            json!("asleep"),
            json!("held"),
            json!("nobody"),
            json!("initech"),
            json!("default"),
            json!(null),
            json!({"id": "acme"}),
            json!(["acme", "globex"]),
            json!(""),
        ],
    );
    let mut more = json!({
        "email": "a@example.com", "email_verified": true,
        "client_id": one(dice, &[json!("web"), json!("web"), json!("closed"), json!(null)]),
        "roles": one(dice, &[json!([]), json!(["viewer"]), json!(["operator"]), json!(["admin"])]),
        "scope": one(dice, &["", "a:b", "a:b c", "a:b c", "a:b c d e"]),
    });
    let issuer = match dice.gen_range(0..20) {
        0..=12 => {
            more[one(dice, &["tenant", "org"])] = tenant;
            claims()
        }
        13..=15 => staff(),
        16 => machine(),
        17 => own(),
        18 => Issuer::new("https://away.example.com/", Key::es256("away")),
        _ => Issuer::new("https://stranger.example.com/", Key::es256("claims")),
    };
    let good = issuer.token(more.clone());
    let header = |header: Value| {
        issuer.key.sign(with(issuer.key.header(), header), issuer.claims(more.clone()))
    };
    let claim = |claim: Value| issuer.token(with(more.clone(), claim));
    match dice.gen_range(0..60) {
        0 => claim(json!({"exp": now() - 100, "iat": now() - 200})),
        1 => claim(json!({"nbf": now() + 200})),
        2 => claim(json!({"aud": ["other"]})),
        3 => claim(json!({"exp": now() + 100_000})),
        4 => claim(json!({"email_verified": "true"})),
        5 => claim(json!({"sub": null})),
        6 => claim(json!({"cnf": {}})),
        7 => claim(json!({"sub": "fired"})),
        8 => claim(json!({"filler": "x".repeat(2_048)})),
        9 => claim(json!({"exp": "tomorrow"})),
        10 => header(json!({"kid": "other"})),
        11 => header(json!({"alg": "RS256"})),
        12 => header(json!({"typ": "logout+jwt"})),
        13 => header(json!({"crit": ["exp"]})),
        14 => Parts::of(&good).with_flipped_bit().join(),
        15 => {
            Parts::of(&good).with_payload(&json!({"iss": issuer.issuer, "exp": now() + 9})).join()
        }
        16 => "not.a.token-at-all".into(),
        17 => "neither-a-token-nor-a-key".into(),
        _ => good,
    }
}
