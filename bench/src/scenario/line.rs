//! Documents that grow in one direction.

use serde_json::{Value, json};
use tenant_guard_tests::token::{Issuer, Key};

use super::document::{Document, PATH, SCOPE, tenant};
use super::token::{claims, key};
use super::{Request, Scenario, Signer, USUAL};

/// What grows. The request always meets the last that is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Tenants, each with a limit, an address list and a key; a token of the
    /// last one, from the cache.
    Tenants,
    /// API keys, ten to a tenant; the last key.
    Keys,
    /// Issuers with an ES256 key each, which may name one tenant; a token of the
    /// last one, without a cache, since issuers aren't looked up otherwise.
    Issuers,
    /// Routes, each with a wildcard and a scope; a token from the cache.
    Routes,
    /// Rules in the address list of one tenant; a token from the cache.
    Addresses,
}

impl Line {
    /// All of them.
    pub const ALL: [Line; 5] =
        [Line::Tenants, Line::Keys, Line::Issuers, Line::Routes, Line::Addresses];

    /// What grows, for tables.
    pub fn name(self) -> &'static str {
        match self {
            Line::Tenants => "tenants",
            Line::Keys => "keys",
            Line::Issuers => "issuers",
            Line::Routes => "routes",
            Line::Addresses => "address rules",
        }
    }

    /// The sizes at which it is measured, from small to large.
    pub fn sizes(self) -> &'static [usize] {
        match self {
            Line::Tenants => &[10, 100, 1_000, 10_000],
            Line::Keys => &[10, 100, 1_000, 10_000, 100_000],
            Line::Issuers | Line::Routes => &[1, 10, 100, 1_000],
            Line::Addresses => &[1, 10, 100, 1_000, 10_000],
        }
    }

    /// The scenario of this size (at least 1), with tokens issued `now`.
    pub fn at(self, size: usize, now: i64) -> Scenario {
        let signer = Signer::Rs256;
        let usual = Document::usual(signer);
        let by_token = |document: Document, path: &str, last: usize| {
            let request = Request::get(path).bearer(&signer.token(&tenant(last), now));
            (document, request)
        };
        let (document, request) = match self {
            Line::Tenants => by_token(usual.tenants(size), PATH, size - 1),
            Line::Keys => (usual.keys(size), Request::get(PATH).api_key(&key(size - 1))),
            Line::Issuers => {
                let issuers = (0..size).map(issuer_config).collect();
                let last = issuer(size - 1);
                let token = last.key.token(claims(&last.issuer, &tenant(USUAL - 1), now));
                (usual.issuers(issuers).without_cache(), Request::get(PATH).bearer(&token))
            }
            Line::Routes => {
                let path = format!("/v1/things-{:04}/42", size - 1);
                by_token(usual.routes((0..size).map(route).collect()), &path, USUAL - 1)
            }
            Line::Addresses => by_token(usual.addresses(size), PATH, USUAL - 1),
        };
        Scenario { document: document.build(), request, refusal: None }
    }
}

fn issuer(number: usize) -> Issuer {
    let kid = format!("issuer-{number:04}");
    Issuer::new(&format!("https://idp-{number:04}.example.com/"), Key::es256(&kid))
}

fn issuer_config(number: usize) -> Value {
    issuer(number).config(json!({
        "name": format!("idp-{number:04}"),
        "tenant": {"claims": ["tenant"], "allow": [tenant(USUAL - 1)]},
    }))
}

fn route(number: usize) -> Value {
    let path = format!("/v1/things-{number:04}/*");
    json!({"match": {"path": path, "methods": ["GET"]}, "scopes": [SCOPE]})
}
