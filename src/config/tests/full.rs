//! A document that says everything.

use super::*;

/// A document that uses every field of this version and loads.
pub(super) fn full() -> Value {
    json!({
        "version": 1,
        "revision": "2026-11-22.1",
        "environment": "production",
        "mode": "either",
        "both": "refuse",
        "jwt": {
            "from": [
                {"header": "authorization", "scheme": "Bearer"},
                {"cookie": "session"},
                {"query": "access_token"},
            ],
            "max_token_bytes": 16384,
            "cache_entries": 10000,
            "cache_bytes": "16MiB",
            "issuers": [
                {
                    "issuer": "https://idp.example.com/",
                    "name": "customers",
                    "audiences": ["api"],
                    "audience_claims": ["aud"],
                    "claim_values": {"token_use": ["access"], "email_verified": [true]},
                    "algorithms": ["ES256", "HS256"],
                    "keys": {"jwks": jwks(&[&Key::new(Alg::ES256, "k1")]), "secret": SECRET},
                    "clock_skew": "30s",
                    "max_lifetime": "24h",
                    "require_claims": ["sub"],
                    "token_types": ["JWT", "at+jwt"],
                    "tenant": {
                        "claims": ["tenant", "org_id"],
                        "subjects": {"alice": "acme"},
                        "allow": ["acme", "globex"],
                    },
                    "claims": {
                        "subject": "sub",
                        "client": ["client_id", "azp"],
                        "roles": ["roles"],
                        "scopes": ["scope", "scp"],
                    },
                },
                {
                    "issuer": "https://machines.example.com/{tid}/v2.0",
                    "any_audience": true,
                    "claim_values": {"token_use": ["machine"]},
                    "keys": {"jwks": jwks(&[&Key::new(Alg::EdDSA, "k2")]).to_string()},
                    "tenant": {"acts_for": "any", "any_tenant": true},
                },
                {
                    "issuer": "https://partners.example.com/",
                    "audiences": ["api"],
                    "keys": {"secret": {"env": "SECRET"}},
                    "tenant": {"acts_for": ["acme"]},
                },
                {
                    "issuer": "https://acme-only.example.com/",
                    "audiences": ["api"],
                    "keys": {"jwks": jwks(&[&Key::new(Alg::ES384, "k3")])},
                    "tenant": {"fixed": "acme"},
                },
            ],
        },
        "api_keys": {
            "from": [{"header": "x-api-key"}],
            "hash": "hmac-sha256",
            "pepper": PEPPER,
            "keys": [{"id": "loose", "hmac_sha256": digest(1)}],
        },
        "tenancy": {
            "strict": true,
            "header": "x-tenant-id",
            "reserved": "default",
            "trust_header": "never",
            "assertions": [
                {"path": "/v1/orgs/{tenant}/**"},
                {"host": "{tenant}.api.example.com"},
                {"query": "tenant_id"},
            ],
            "id_format": "any",
            "unknown": "deny",
            "unknown_clients": "allow",
            "start": "active",
        },
        "tenants": [
            {
                "id": "acme",
                "aliases": ["org_9fXk"],
                "active": true,
                "issuers": [issuer("https://acme.example.com/", "k4")],
                "clients": [{
                    "id": "web",
                    "active": true,
                    "keys": [{
                        "id": "web-1",
                        "hmac_sha256": digest(2),
                        "scopes": ["outline:generate"],
                        "roles": ["standard"],
                        "not_before": "2026-01-01T00:00:00Z",
                        "expires": "2027-01-01T00:00:00Z",
                        "active": true,
                    }],
                }],
            },
            {"id": "globex"},
        ],
        "routes": [
            {"match": {"path": ["/healthz", "/readyz"]}, "auth": "none"},
            {"match": {"path": "/v1/outline", "methods": ["POST"], "host": "*.example.com"}},
            {"match": {"path": "/staff/**"}, "mode": "jwt", "issuers": ["customers"]},
            {"match": {"path": "/me"}, "issuers": ["customers"], "tenancy": "none"},
            {
                "match": {"path": "/ingest/**"},
                "auth": "optional",
                "tenancy": {"strict": false, "trust_header": "ignore"},
                "shadow": true,
            },
        ],
        "routes_unmatched": "auth",
        "upstream": {
            "headers": {
                "tenant": "x-tenant-id",
                "subject": "x-user-id",
                "client": "x-client-id",
                "key": "x-key-id",
                "roles": "x-roles",
                "scopes": "x-scopes",
                "method": "x-auth-method",
            },
            "claims": {"email": "x-user-email"},
            "payload": "x-jwt-payload",
            "strip": ["x-legacy-tenant"],
            "forward_credentials": false,
        },
        "replies": {
            "realm": "api",
            "status": {"tenant_reserved": 400},
            "details": {"tenant_unknown": "Ask for an account."},
            "type_base": "https://errors.example.com/",
            "resource_metadata": "https://api.example.com/.well-known/oauth-protected-resource",
        },
        "paths": {"encoded_slashes": "refuse", "empty_segments": "refuse", "parameters": "keep"},
        "cors_preflight": "deny",
        "shadow": false,
        "audit": {"log": "denied", "level": "warn", "max_per_second": 100},
    })
}
