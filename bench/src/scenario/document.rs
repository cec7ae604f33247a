//! The guard's documents.

use serde_json::{Value, json};
use tenant_guard_tests::token::sha256_hex;

use super::{Signer, USUAL, token};

/// The limit of every tenant: counted, and never reached.
pub const LIMIT: &str = "4000000000/day";

/// The scope that the route asks for.
pub const SCOPE: &str = "outline:generate";

/// Where requests go.
pub(super) const PATH: &str = "/v1/outline";

/// The query parameter with a token, where tokens come in the query.
pub(super) const QUERY: &str = "access_token";

/// The name of the tenant of this number (from 0).
pub fn tenant(number: usize) -> String {
    format!("tenant-{number:05}")
}

/// An address list.
#[derive(Clone, Copy, Debug)]
pub struct Address {
    /// How many rules it has; the last is that of the client.
    pub rules: usize,
}

impl Address {
    /// The list of a usual tenant.
    pub const USUAL: Address = Address { rules: 2 };

    /// The rules: networks that lie apart, so that none can be joined.
    pub fn list(self) -> Vec<String> {
        let others = (0..self.rules.saturating_sub(1))
            .map(|number| format!("10.{}.{}.0/25", number / 256 % 256, number % 256));
        others.chain(["127.0.0.0/8".to_owned()]).collect()
    }
}

/// Chooses what a document has; `build` makes it.
#[derive(Clone, Debug)]
pub struct Document {
    issuers: Vec<Value>,
    tenants: usize,
    keys: usize,
    keys_each: usize,
    addresses: Address,
    routes: Vec<Value>,
    cache: bool,
    query: bool,
}

impl Document {
    /// Ten tenants with an API key each, one issuer, one route.
    pub fn usual(signer: Signer) -> Document {
        let issuer = signer.issuer().config(json!({"tenant": {"claims": ["tenant"]}}));
        Document {
            issuers: vec![issuer],
            tenants: USUAL,
            keys: USUAL,
            keys_each: 1,
            addresses: Address::USUAL,
            routes: vec![json!({
                "match": {"path": PATH, "methods": ["GET"]}, "scopes": [SCOPE]})],
            cache: true,
            query: false,
        }
    }

    /// So many tenants, of one key each.
    #[must_use]
    pub fn tenants(mut self, tenants: usize) -> Document {
        (self.tenants, self.keys, self.keys_each) = (tenants, tenants, 1);
        self
    }

    /// So many API keys, ten to a tenant.
    #[must_use]
    pub fn keys(mut self, keys: usize) -> Document {
        (self.tenants, self.keys, self.keys_each) = (keys.div_ceil(10), keys, 10);
        self
    }

    /// These issuers.
    #[must_use]
    pub fn issuers(mut self, issuers: Vec<Value>) -> Document {
        self.issuers = issuers;
        self
    }

    /// These routes.
    #[must_use]
    pub fn routes(mut self, routes: Vec<Value>) -> Document {
        self.routes = routes;
        self
    }

    /// An address list of so many rules for the last tenant.
    #[must_use]
    pub fn addresses(mut self, rules: usize) -> Document {
        self.addresses = Address { rules };
        self
    }

    /// No cache of verified tokens.
    #[must_use]
    pub fn without_cache(mut self) -> Document {
        self.cache = false;
        self
    }

    /// Tokens come in the query.
    #[must_use]
    pub fn tokens_from_query(mut self) -> Document {
        self.query = true;
        self
    }

    /// The document.
    pub fn build(self) -> Value {
        let mut jwt = json!({"issuers": self.issuers});
        if !self.cache {
            jwt["cache_entries"] = json!(0);
        }
        if self.query {
            jwt["from"] = json!([{"query": QUERY}]);
        }
        let tenants: Vec<Value> = (0..self.tenants).map(|number| self.tenant(number)).collect();
        json!({
            "version": 1,
            "revision": "bench",
            "jwt": jwt,
            "tenants": tenants,
            "routes": self.routes,
        })
    }

    fn tenant(&self, number: usize) -> Value {
        let first = number * self.keys_each;
        let keys: Vec<Value> = (first..self.keys.min(first + self.keys_each)).map(key).collect();
        let last = number + 1 == self.tenants;
        let addresses = if last { self.addresses } else { Address::USUAL };
        json!({
            "id": tenant(number),
            "ip": addresses.list(),
            "limits": {"requests": LIMIT},
            "clients": [{"id": "web", "keys": keys}],
        })
    }
}

/// The entry of the key of this number.
fn key(number: usize) -> Value {
    json!({
        "id": format!("key-{number}"),
        "sha256": sha256_hex(token::key(number)),
        "scopes": [SCOPE],
    })
}
