//! Guard documents, and requests that meet them.
//!
//! Each document does what the chain of Envoy's own filters next to it does
//! (issuer, audience, the tenant's claim, a scope on the route, an address list
//! and one limit on each tenant, identity headers, an audit line of denials, and
//! the response headers of limits), and checks the tenancy besides.

mod document;
mod line;
mod token;

use serde_json::Value;

pub use document::{Address, Document, LIMIT, SCOPE, tenant};
pub use line::Line;
pub use token::{Junk, Signer, key};

/// The client's address in every scenario, as Envoy tells it.
pub const CLIENT: &str = "127.0.0.1:40000";

/// How many tenants, of one API key each, a document has that is about something else.
pub const USUAL: usize = 10;

/// A request, as a client sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The host.
    pub authority: String,
    /// All other headers: names in lower case, and values.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// A GET without credentials.
    pub fn get(path: &str) -> Request {
        Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            authority: "api.example.com".to_owned(),
            headers: vec![("user-agent".to_owned(), "bench".to_owned())],
        }
    }

    /// With this token in Authorization.
    #[must_use]
    pub fn bearer(self, token: &str) -> Request {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With this API key.
    #[must_use]
    pub fn api_key(self, key: &str) -> Request {
        self.header("x-api-key", key)
    }

    fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Everything that a proxy hands to a filter, pseudo-headers first.
    pub fn fields(&self) -> Vec<(String, String)> {
        let pseudo = [
            (":authority", self.authority.as_str()),
            (":path", &self.path),
            (":method", &self.method),
            (":scheme", "http"),
        ];
        let pseudo = pseudo.map(|(name, value)| (name.to_owned(), value.to_owned()));
        pseudo.into_iter().chain(self.headers.iter().cloned()).collect()
    }
}

/// A document, a request, and the verdict on it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The guard's document.
    pub document: Value,
    /// The request. Sent again and again it always gets the same verdict.
    pub request: Request,
    /// The code of the refusal; `None` where the request goes on.
    pub refusal: Option<&'static str>,
}

impl Scenario {
    /// The status that the client gets where the application says 200.
    pub fn status(&self) -> u16 {
        if self.refusal.is_some() { 401 } else { 200 }
    }

    /// A token that is in the cache from the second request on.
    pub fn warm_token(signer: Signer, now: i64) -> Scenario {
        Scenario::token(Document::usual(signer), signer, now)
    }

    /// The same without a cache, so that each request verifies the signature.
    pub fn cold_token(signer: Signer, now: i64) -> Scenario {
        Scenario::token(Document::usual(signer).without_cache(), signer, now)
    }

    /// An API key, the last one of so many.
    pub fn api_key(keys: usize) -> Scenario {
        Line::Keys.at(keys, 0)
    }

    /// A token that is refused for this.
    pub fn junk(junk: Junk, signer: Signer, now: i64) -> Scenario {
        let token = signer.junk(junk, &tenant(USUAL - 1), now);
        Scenario {
            document: Document::usual(signer).build(),
            request: Request::get(document::PATH).bearer(&token),
            refusal: Some(junk.code()),
        }
    }

    /// A document that takes tokens from the query: with a new one in each
    /// request none is ever in the cache. The request has the token `number`.
    pub fn new_token(signer: Signer, number: usize, now: i64) -> Scenario {
        let path = new_token_path(signer, number, now);
        Scenario {
            document: Document::usual(signer).tokens_from_query().build(),
            request: Request::get(&path),
            refusal: None,
        }
    }

    fn token(document: Document, signer: Signer, now: i64) -> Scenario {
        let token = signer.token(&tenant(USUAL - 1), now);
        Scenario {
            document: document.build(),
            request: Request::get(document::PATH).bearer(&token),
            refusal: None,
        }
    }
}

/// The path of the request of [`Scenario::new_token`].
pub fn new_token_path(signer: Signer, number: usize, now: i64) -> String {
    token_path(&signer.numbered(&tenant(USUAL - 1), number, now))
}

/// The usual path with a token in its query.
pub fn token_path(token: &str) -> String {
    format!("{}?{}={token}", document::PATH, document::QUERY)
}

#[cfg(test)]
mod tests;
