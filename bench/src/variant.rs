//! What is measured: Envoys, and the load that each gets.

use serde_json::Value;

use crate::config::native::{LimitHeaders, Tokens, jwt_authn, key_chain, token_chain};
use crate::config::{self, guard};
use crate::h2load::Load;
use crate::scenario::{Junk, Request, Scenario, Signer, USUAL, key, new_token_path};

/// How many keys the large lists have.
pub const MANY: usize = 100_000;

/// Which Envoy, and with which filters.
pub struct Server {
    /// Its name, by which variants know it.
    pub name: String,
    /// Its filters before the router.
    pub filters: Vec<Value>,
}

/// One load on one Envoy.
pub struct Variant {
    /// Its name, for tables.
    pub name: String,
    /// The Envoy that gets the load.
    pub server: String,
    /// Which load.
    pub load: Traffic,
    /// The status that every response must have.
    pub status: u16,
    /// The variant with the same load and no filter; its CPU time is taken off.
    pub base: &'static str,
}

/// Which requests.
pub enum Traffic {
    /// The same again and again.
    Same(Request),
    /// Each with a token that was never there before.
    NewTokens(Signer),
}

impl Traffic {
    /// The load of one round; new tokens are numbered from `first`.
    pub fn load(&self, first: usize, requests: usize, now: i64) -> Load {
        match self {
            Traffic::Same(request) => Load::Same(request.clone()),
            Traffic::NewTokens(signer) => Load::Paths(paths(*signer, first, requests, now)),
        }
    }
}

/// Paths with tokens numbered from `first`, signed by all processors.
pub fn paths(signer: Signer, first: usize, count: usize, now: i64) -> Vec<String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let all: Vec<usize> = (first..first + count).collect();
    std::thread::scope(|scope| {
        let sign = |part: Vec<usize>| {
            move || part.iter().map(|n| new_token_path(signer, *n, now)).collect::<Vec<_>>()
        };
        let parts = all.chunks(count.div_ceil(threads).max(1));
        let running: Vec<_> = parts.map(|part| scope.spawn(sign(part.to_vec()))).collect();
        running.into_iter().flat_map(|part| part.join().expect("signing ends")).collect()
    })
}

/// No filter, with a token in Authorization.
pub const BARE: &str = "no filter";
/// No filter, with an API key.
pub const BARE_KEY: &str = "no filter, API key sent";
/// No filter, with a token in the query.
pub const BARE_QUERY: &str = "no filter, token in the query";

/// Everything of the side-by-side comparison.
#[derive(Default)]
pub struct Set {
    /// The Envoys.
    pub servers: Vec<Server>,
    /// The loads, in the order of the table.
    pub variants: Vec<Variant>,
}

impl Set {
    fn server(&mut self, name: &str, filters: Vec<Value>) {
        self.servers.push(Server { name: name.to_owned(), filters });
    }

    fn variant(
        &mut self,
        name: &str,
        server: &str,
        load: Traffic,
        status: u16,
        base: &'static str,
    ) {
        let (name, server) = (name.to_owned(), server.to_owned());
        self.variants.push(Variant { name, server, load, status, base });
    }

    /// An Envoy of its own that gets one load.
    fn alone(&mut self, name: &str, filters: Vec<Value>, load: Traffic, base: &'static str) {
        self.server(name, filters);
        self.variant(name, name, load, 200, base);
    }

    /// All of it, with tokens issued `now`.
    pub fn all(now: i64) -> Set {
        let mut set = Set::default();
        set.without_guard(now);
        set.native(now);
        set.guard(now);
        set
    }

    fn without_guard(&mut self, now: i64) {
        let warm = Scenario::warm_token(Signer::Rs256, now).request;
        self.alone(BARE, vec![], Traffic::Same(warm.clone()), BARE);
        let keyed = Scenario::api_key(USUAL).request;
        self.variant(BARE_KEY, BARE, Traffic::Same(keyed), 200, BARE_KEY);
        self.variant(BARE_QUERY, BARE, Traffic::NewTokens(Signer::Es256), 200, BARE_QUERY);
        self.alone("empty wasm filter", vec![guard::empty()], Traffic::Same(warm), BARE);
    }

    fn native(&mut self, now: i64) {
        let request = |signer| Traffic::Same(Scenario::warm_token(signer, now).request);
        let rs256 = |cache| Tokens { signer: Signer::Rs256, cache, query: false };
        self.alone("jwt_authn, cache", vec![jwt_authn(rs256(true))], request(Signer::Rs256), BARE);
        self.alone(
            "jwt_authn, no cache",
            vec![jwt_authn(rs256(false))],
            request(Signer::Rs256),
            BARE,
        );
        for (name, cache, headers) in [
            ("native chain, cache", true, LimitHeaders::Sent),
            ("native chain, cache, no limit headers", true, LimitHeaders::Absent),
            ("native chain, no cache, RS256", false, LimitHeaders::Sent),
        ] {
            self.alone(name, token_chain(rs256(cache), headers), request(Signer::Rs256), BARE);
        }
        let es256 = Tokens { signer: Signer::Es256, cache: false, query: false };
        self.alone(
            "native chain, no cache, ES256",
            token_chain(es256, LimitHeaders::Sent),
            request(Signer::Es256),
            BARE,
        );
        for signer in [Signer::Rs256, Signer::Es256] {
            let name = format!("native chain, no cache, {}, new tokens", signer.name());
            let tokens = Tokens { signer, cache: false, query: true };
            let filters = token_chain(tokens, LimitHeaders::Sent);
            self.alone(&name, filters, Traffic::NewTokens(signer), BARE_QUERY);
        }
        for keys in [USUAL, MANY] {
            let name = format!("native API keys, {keys}");
            let request = Request::get("/v1/outline").api_key(&key(keys - 1));
            self.alone(&name, key_chain(keys), Traffic::Same(request), BARE_KEY);
        }
    }

    fn guard(&mut self, now: i64) {
        let warm = Scenario::warm_token(Signer::Rs256, now);
        let same = |scenario: &Scenario| Traffic::Same(scenario.request.clone());
        self.alone("guard, warm token", guard::guarded(&warm.document), same(&warm), BARE);
        let alone = vec![guard::guard(&warm.document)];
        self.alone("guard, warm token, no backstop", alone, same(&warm), BARE);
        for signer in [Signer::Rs256, Signer::Es256] {
            let cold = Scenario::cold_token(signer, now);
            let name = format!("guard, no cache, {}", signer.name());
            self.alone(&name, guard::guarded(&cold.document), same(&cold), BARE);
            let new = Scenario::new_token(signer, 0, now);
            let name = format!("guard, cache, {}, new tokens", signer.name());
            let filters = guard::guarded(&new.document);
            self.alone(&name, filters, Traffic::NewTokens(signer), BARE_QUERY);
        }
        for keys in [USUAL, MANY] {
            let scenario = Scenario::api_key(keys);
            let name = format!("guard, API key of {keys}");
            self.alone(&name, guard::guarded(&scenario.document), same(&scenario), BARE_KEY);
        }
        // One Envoy for all junk: a flood meets a guard that also has good work.
        self.server("guard, junk", guard::guarded(&warm.document));
        for junk in Junk::ALL {
            let scenario = Scenario::junk(junk, Signer::Rs256, now);
            let name = format!("guard, junk: {}", junk.name());
            self.variant(&name, "guard, junk", same(&scenario), scenario.status(), BARE);
        }
    }
}

/// Starts the Envoys of a set, one after the other.
pub fn start(servers: Vec<Server>) -> Vec<(String, tenant_guard_tests::Envoy)> {
    let start = |server: Server| {
        eprintln!("starting Envoy: {}", server.name);
        (server.name, config::start(server.filters))
    };
    servers.into_iter().map(start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_has_its_envoy_and_its_base() {
        let set = Set::all(1_800_000_000);
        for variant in &set.variants {
            assert!(set.servers.iter().any(|server| server.name == variant.server));
            assert!(set.variants.iter().any(|other| other.name == variant.base));
        }
    }
}
