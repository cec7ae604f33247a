//! Documents that say everything.

use super::*;

/// A document that uses every field of this version and loads.
pub(super) fn full() -> Value {
    json!({
        "version": 1,
        "revision": "2026-11-22.1",
        "environment": "production",
        "mode": "either",
        "both": "refuse",
        "jwt": jwt(),
        "api_keys": {
            "from": [{"header": "x-api-key"}],
            "hash": "hmac-sha256",
            "pepper": PEPPER,
            "keys": [{
                "id": "loose",
                "hmac_sha256": digest(1),
                "scopes": ["*"],
                "roles": ["viewer"],
                "ip": ["10.0.*.*"],
                "limits": {"requests": "10/sec", "actions": {"generate": "silver"}},
            }],
        },
        "tenancy": {
            "strict": true,
            "header": "x-tenant-id",
            "reserved": "default",
            "trust_header": ["10.0.0.0/8", "192.168.0.50-192.168.0.100"],
            "assertions": [
                {"path": "/v1/orgs/{tenant}/**"},
                {"host": "{tenant}.api.example.com"},
                {"query": "tenant_id"},
            ],
            "id_format": "any",
            "unknown": "deny",
            "unknown_clients": "allow",
            "start": "active",
            "default": {
                "ip": ["127.0.0.1"],
                "scopes": ["presentations:read"],
                "roles": ["viewer"],
                "limits": {"requests": "60/hour", "actions": {"*": "1/day"}},
            },
        },
        "tenant_defaults": {
            "ip": ["*"],
            "scopes": ["*"],
            "roles": ["admin", "standard"],
            "limits": {"requests": "1000/min", "actions": {"publish": "100/min"}},
        },
        "tenants": tenants(),
        "directory": {
            "cluster": "control-plane",
            "uri": "https://control-plane.example.com/tenants",
            "headers": {"authorization": {"env": "SECRET"}, "x-client": "MARKER-header"},
            "refresh": "10s",
            "timeout": "2s",
            "max_stale": "24h",
            "cooldown": "30s",
            "max_bytes": "64MiB",
            "key_clusters": ["idp", "idp-2"],
        },
        "roles": {
            "admin": {"includes": ["operator"], "scopes": ["*"]},
            "operator": {"includes": ["viewer"]},
            "viewer": {"scopes": ["presentations:read"]},
            "standard": {},
        },
        "role_case": "ignore",
        "wildcard_scopes": ["all"],
        "routes": routes(),
        "routes_unmatched": "deny",
        "super_admin": {
            "from": [{"query": "superAdminKey"}],
            "sha256": digest(9),
            "tenant": "superadmin",
        },
        "limits": {
            "store": "local",
            "tiers": {"gold": "1000/min", "silver": "100/min"},
            "headers": ["x-rate-limit", "ratelimit"],
        },
        "failures": {"limit": "20/min", "block": "5m"},
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

fn jwt() -> Value {
    json!({
        "from": [
            {"header": "authorization", "scheme": "Bearer"},
            {"cookie": "session"},
            {"query": "access_token"},
        ],
        "max_token_bytes": 16384,
        "cache_entries": 10000,
        "cache_bytes": "16MiB",
        "revoked": [
            {"issuer": "customers", "subject": "mallory", "issued_before": "2026-06-01T00:00:00Z"},
            {"issuer": "customers", "client": "lost-laptop"},
            {"issuer": "https://partners.example.com/", "jti": "token-1"},
            {"issuer": "https://partners.example.com/", "sid": "session-1"},
        ],
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
                    "tier": ["plan", "org.plan"],
                },
                "scopes": ["outline:generate", "presentations:read"],
                "roles": ["admin", "standard"],
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
            {
                "issuer": "https://remote.example.com/",
                "audiences": ["api"],
                "keys": {
                    "jwks": jwks(&[&Key::new(Alg::ES256, "k5")]),
                    "jwks_uri": {
                        "cluster": "idp",
                        "uri": "https://remote.example.com/jwks",
                        "refresh": "5m",
                        "timeout": "2s",
                        "max_stale": "24h",
                        "cooldown": "30s",
                    },
                },
                "tenant": {"fixed": "acme"},
            },
            {
                "issuer": "https://discovered.example.com/",
                "audiences": ["api"],
                "keys": {
                    "discovery": {
                        "cluster": "idp",
                        "uri": "https://discovered.example.com/.well-known/openid-configuration",
                        "jwks_cluster": "keys",
                        "refresh": "5m",
                        "timeout": "2s",
                        "max_stale": "24h",
                        "cooldown": "30s",
                    },
                },
                "tenant": {"fixed": "globex"},
            },
        ],
    })
}

fn tenants() -> Value {
    json!([
        {
            "id": "acme",
            "aliases": ["org_9fXk"],
            "active": true,
            "tokens_not_before": "2026-01-01T00:00:00Z",
            "ip": [
                "192.168.0.10",
                "10.0.0.0/8",
                "192.168.0.50-192.168.0.100",
                "2001:db8::/32",
            ],
            "scopes": ["outline:generate"],
            "roles": ["standard", "operator"],
            "limits": {
                "requests": "gold",
                "actions": {"publish": "100/min", "*": "500/min"},
            },
            "issuers": [with(issuer("https://acme.example.com/", "k4"), "/scopes", json!(["outline:generate"]))],
            "clients": [{
                "id": "web",
                "active": true,
                "ip": ["10.0.0.0/9"],
                "scopes": ["outline:generate"],
                "roles": ["standard"],
                "limits": {"requests": "silver", "actions": {"generate": "5/sec"}},
                "keys": [{
                    "id": "web-1",
                    "hmac_sha256": digest(2),
                    "scopes": ["outline:generate"],
                    "roles": ["standard"],
                    "not_before": "2026-01-01T00:00:00Z",
                    "expires": "2027-01-01T00:00:00Z",
                    "active": true,
                    "ip": ["10.0.0.1"],
                    "limits": {"requests": "gold", "actions": {"publish": "1/min"}},
                }],
            }],
        },
        {"id": "globex"},
    ])
}

fn routes() -> Value {
    json!([
        {"match": {"path": ["/healthz", "/readyz"]}, "auth": "none", "ip": ["10.0.0.0/8"]},
        {
            "match": {"path": "/v1/outline", "methods": ["POST"], "host": "*.example.com"},
            "scopes": ["outline:generate"],
            "action": "generate",
        },
        {"match": {"path": "/staff/**"}, "mode": "jwt", "issuers": ["customers"]},
        {"match": {"path": "/me"}, "issuers": ["customers"], "tenancy": "none"},
        {
            "match": {"path": "/ingest/**"},
            "auth": "optional",
            "tenancy": {"strict": false, "trust_header": "ignore"},
            "shadow": true,
        },
        {
            "match": {"path": "/v1/admin/**"},
            "roles": ["operator", "admin"],
            "ip": ["10.0.0.0/8"],
            "action": "publish",
        },
        {"match": {"path": "/v1/tenants/**"}, "auth": "super_admin"},
    ])
}

/// What can't stand beside an issuer or in production.
pub(super) fn in_development() -> Value {
    json!({
        "version": 1,
        "environment": "development",
        "tenancy": {"header": "x-dev-org-id"},
        "dev_headers": {"user": "x-dev-user-id", "tenant": "x-dev-org-id"},
    })
}
