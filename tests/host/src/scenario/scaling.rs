//! Configurations that grow in one way, and a request that must cost the same
//! in all of them: those of the bench, and finer ones.

use serde_json::{Value, json};
use tenant_guard_bench::scenario::{self as bench, Document, SCOPE, Signer, tenant};
use tenant_guard_tests::token::Key;

use super::{SECONDS, Scenario};

/// One way to grow.
pub struct Line {
    /// Of what there are more.
    pub name: &'static str,
    /// How many, the fewest first.
    pub sizes: &'static [usize],
    at: Box<dyn Fn(usize) -> bench::Scenario>,
}

impl Line {
    /// Of so many: the request is about the last of them.
    pub fn at(&self, size: usize) -> Scenario {
        Scenario::of(format!("{}: {size}", self.name), (self.at)(size))
    }
}

/// Every line.
pub fn lines() -> Vec<Line> {
    let line =
        |name, sizes, at: fn(usize) -> bench::Scenario| Line { name, sizes, at: Box::new(at) };
    let own = [
        line("issuers that are templates", &[1, 1_000], templates),
        line("keys of an issuer", &[1, 1_000], kids),
        line("tenants that an issuer may name", &[10, 10_000], allowed),
        line("tenants that a token acts for", &[10, 10_000], acts_for),
        line("routes, by host", &[1, 1_000], hosts),
        line("routes, by the end of the path", &[1, 1_000], ends),
    ];
    let benches = bench::Line::ALL.map(|line| Line {
        name: line.name(),
        sizes: line.sizes(),
        at: Box::new(move |size| line.at(size, SECONDS)),
    });
    benches.into_iter().chain(own).collect()
}

const SIGNER: Signer = Signer::Es256;

fn scenario(document: Value, token: &str) -> bench::Scenario {
    let request = bench::Request::get("/v1/outline").bearer(token);
    bench::Scenario { document, request, refusal: None }
}

/// Without a cache: only then an issuer is looked up.
fn uncached() -> Value {
    Document::usual(SIGNER).without_cache().build()
}

fn templates(n: usize) -> bench::Scenario {
    let mut document = uncached();
    let issuer = |n: usize| {
        let mut issuer = document["jwt"]["issuers"][0].clone();
        issuer["issuer"] = json!(format!("https://idp.example.com/{n:06}/{{tenant}}"));
        issuer["name"] = json!(format!("idp-{n:06}"));
        issuer["tenant"]["any_tenant"] = json!(true);
        issuer
    };
    document["jwt"]["issuers"] = (0..n).map(issuer).collect();
    let iss = format!("https://idp.example.com/{:06}/{}", n - 1, tenant(0));
    scenario(document, &SIGNER.issuer().key.token(claims(&iss)))
}

fn claims(iss: &str) -> Value {
    json!({
        "iss": iss, "aud": "api", "sub": "user-1", "tenant": tenant(0), "scope": SCOPE,
        "iat": SECONDS, "exp": SECONDS + 3_600,
    })
}

/// The last is the one that signs.
fn kids(n: usize) -> bench::Scenario {
    let mut document = uncached();
    let keys = &mut document["jwt"]["issuers"][0]["keys"]["jwks"]["keys"];
    let own = keys[0].clone();
    let others = (1..n).map(|n| Key::es256(&format!("other-{n:06}")).jwk());
    *keys = others.chain([own]).collect();
    scenario(document, &SIGNER.token(&tenant(0), SECONDS))
}

fn of_tenants(mut document: Value, n: usize, rule: Value) -> Value {
    document["tenants"] = (0..n).map(|n| json!({"id": tenant(n)})).collect();
    document["jwt"]["issuers"][0]["tenant"] = rule;
    document
}

fn allowed(n: usize) -> bench::Scenario {
    let names: Vec<_> = (0..n).map(tenant).collect();
    let document = of_tenants(uncached(), n, json!({"claims": ["tenant"], "allow": names}));
    scenario(document, &SIGNER.token(&tenant(n - 1), SECONDS))
}

fn acts_for(n: usize) -> bench::Scenario {
    let names: Vec<_> = (0..n).map(tenant).collect();
    let usual = Document::usual(SIGNER).build();
    let document = of_tenants(usual, n, json!({"acts_for": names}));
    let mut scenario = scenario(document, &SIGNER.token(&tenant(0), SECONDS));
    scenario.request.headers.push(("x-tenant-id".into(), tenant(n - 1)));
    scenario
}

fn with_routes(n: usize, matches: impl Fn(usize) -> Value) -> Value {
    let route = |n: usize| json!({"match": matches(n), "scopes": [SCOPE]});
    Document::usual(SIGNER).routes((0..n).map(route).collect()).build()
}

fn hosts(n: usize) -> bench::Scenario {
    let host = |n: usize| format!("api-{n:06}.example.com");
    let document = with_routes(n, |n| json!({"path": "/v1/**", "host": [host(n)]}));
    let mut scenario = scenario(document, &SIGNER.token(&tenant(0), SECONDS));
    scenario.request.authority = host(n - 1);
    scenario
}

fn ends(n: usize) -> bench::Scenario {
    let document = with_routes(
        n,
        |n| json!({"path": format!("/v1/*/service-{n:06}"), "methods": ["GET", "POST"]}),
    );
    let mut scenario = scenario(document, &SIGNER.token(&tenant(0), SECONDS));
    scenario.request.method = "POST".into();
    scenario.request.path = format!("/v1/orders/service-{:06}", n - 1);
    scenario
}
