//! Envoy's own filters, put together to do what they can of the guard's work.

use serde_json::{Value, json};

use crate::scenario::{Address, SCOPE, Signer, USUAL, key, tenant};

const JWT: &str =
    "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
const RBAC: &str = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";
const LIMIT: &str =
    "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
const KEYS: &str = "type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth";
const CLIENT: &str = "x-client-id";
/// As [`crate::scenario::LIMIT`].
const A_DAY: u64 = 4_000_000_000;

/// How `jwt_authn` is set up.
#[derive(Clone, Copy, Debug)]
pub struct Tokens {
    /// Whose tokens it takes.
    pub signer: Signer,
    /// With its cache of verified tokens.
    pub cache: bool,
    /// Tokens come in the query parameter `access_token`.
    pub query: bool,
}

/// Whether limits tell of themselves in response headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitHeaders {
    /// X-RateLimit-Limit, -Remaining, -Reset.
    Sent,
    /// None.
    Absent,
}

/// Verified token, tenant with its addresses, scope, the tenant's limit.
pub fn token_chain(tokens: Tokens, headers: LimitHeaders) -> Vec<Value> {
    vec![jwt_authn(tokens), tenants(), limit(tenant_descriptor(), USUAL, headers)]
}

/// `jwt_authn` alone: verifies, and sets the identity headers.
pub fn jwt_authn(tokens: Tokens) -> Value {
    let issuer = tokens.signer.issuer();
    let mut provider = json!({
        "issuer": issuer.issuer,
        "audiences": [issuer.audience],
        "local_jwks": {"inline_string": issuer.jwks().to_string()},
        "payload_in_metadata": "payload",
        "normalize_payload_in_metadata": {"space_delimited_claims": ["scope"]},
        "claim_to_headers": [
            {"header_name": "x-tenant-id", "claim_name": "tenant"},
            {"header_name": "x-user-id", "claim_name": "sub"},
            {"header_name": "x-scopes", "claim_name": "scope"},
        ],
    });
    if tokens.cache {
        provider["jwt_cache_config"] = json!({"jwt_cache_size": 10_000});
    }
    if tokens.query {
        provider["from_params"] = json!(["access_token"]);
    }
    json!({"name": "jwt_authn", "typed_config": {"@type": JWT,
        "providers": {"idp": provider},
        "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "idp"}}],
    }})
}

/// A policy for each tenant: its claim and its addresses; the scope of the path.
fn tenants() -> Value {
    let of = |number: usize| {
        let name = tenant(number);
        let principal = json!({"and_ids": {"ids": [
            {"sourced_metadata": {"metadata_matcher": claim("tenant", json!({"string_match": {"exact": name}}))}},
            addresses(),
        ]}});
        let scope = json!({"list_match": {"one_of": {"string_match": {"exact": SCOPE}}}});
        let permission = json!({"and_rules": {"rules": [
            {"url_path": {"path": {"exact": "/v1/outline"}}},
            {"header": {"name": ":method", "string_match": {"exact": "GET"}}},
            {"sourced_metadata": {"metadata_matcher": claim("scope", scope)}},
        ]}});
        (name, json!({"permissions": [permission], "principals": [principal]}))
    };
    rbac((0..USUAL).map(of).collect())
}

fn rbac(policies: serde_json::Map<String, Value>) -> Value {
    json!({"name": "rbac", "typed_config": {"@type": RBAC,
        "rules": {"action": "ALLOW", "policies": policies}}})
}

fn claim(name: &str, value: Value) -> Value {
    json!({"filter": "envoy.filters.http.jwt_authn",
        "path": [{"key": "payload"}, {"key": name}], "value": value})
}

/// The addresses of a usual tenant.
fn addresses() -> Value {
    let range = |cidr: String| {
        let (prefix, length) = cidr.split_once('/').expect("a CIDR");
        let length: u32 = length.parse().expect("a length");
        json!({"remote_ip": {"address_prefix": prefix, "prefix_len": length}})
    };
    let ids: Vec<Value> = Address::USUAL.list().into_iter().map(range).collect();
    json!({"or_ids": {"ids": ids}})
}

/// Known key, client with its addresses, the client's limit. As with the guard's
/// document of so many keys, ten of them are one client's where there are more
/// than ten. Up to ten clients each have a policy of their own; more would be
/// tried one by one, so they share one that asks for the same addresses.
pub fn key_chain(keys: usize) -> Vec<Value> {
    let each = if keys > USUAL { 10 } else { 1 };
    let clients = keys.div_ceil(each);
    let credential = |number: usize| json!({"key": key(number), "client": tenant(number / each)});
    let credentials: Vec<Value> = (0..keys).map(credential).collect();
    let auth = json!({"name": "api_key_auth", "typed_config": {"@type": KEYS,
        "credentials": credentials,
        "key_sources": [{"header": "x-api-key"}],
        "forwarding": {"header": CLIENT, "hide_credentials": true},
    }});
    let descriptor =
        json!({"request_headers": {"header_name": CLIENT, "descriptor_key": "tenant"}});
    vec![auth, client_policies(clients), limit(descriptor, clients, LimitHeaders::Sent)]
}

fn client_policies(clients: usize) -> Value {
    let of = |name: String, matches: Value| {
        let client = json!({"header": {"name": CLIENT, "string_match": matches}});
        let principal = json!({"and_ids": {"ids": [client, addresses()]}});
        (name, json!({"permissions": [{"any": true}], "principals": [principal]}))
    };
    if clients > USUAL {
        return rbac([of("all".to_owned(), json!({"prefix": "tenant-"}))].into_iter().collect());
    }
    let one = |number: usize| of(tenant(number), json!({"exact": tenant(number)}));
    rbac((0..clients).map(one).collect())
}

fn tenant_descriptor() -> Value {
    json!({"metadata": {"descriptor_key": "tenant", "source": "DYNAMIC", "metadata_key": {
        "key": "envoy.filters.http.jwt_authn", "path": [{"key": "payload"}, {"key": "tenant"}]}}})
}

/// A limit for each tenant, found by a descriptor.
fn limit(action: Value, tenants: usize, headers: LimitHeaders) -> Value {
    let bucket = json!({"max_tokens": A_DAY, "tokens_per_fill": A_DAY, "fill_interval": "86400s"});
    let descriptor = |number: usize| json!({"entries": [{"key": "tenant", "value": tenant(number)}], "token_bucket": bucket});
    let descriptors: Vec<Value> = (0..tenants).map(descriptor).collect();
    let always = json!({"default_value": {"numerator": 100, "denominator": "HUNDRED"}});
    let style = match headers {
        LimitHeaders::Sent => "DRAFT_VERSION_03",
        LimitHeaders::Absent => "OFF",
    };
    json!({"name": "limit", "typed_config": {"@type": LIMIT,
        "stat_prefix": "tenants",
        // Who has no descriptor gets nothing, so that one that isn't found is seen.
        "token_bucket": {"max_tokens": 1, "tokens_per_fill": 1, "fill_interval": "86400s"},
        "always_consume_default_token_bucket": false,
        "filter_enabled": always,
        "filter_enforced": always,
        "enable_x_ratelimit_headers": style,
        "descriptors": descriptors,
        "rate_limits": [{"actions": [action]}],
    }})
}
