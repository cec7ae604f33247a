//! A request for every code that one gets, and what is to be told of it.

use serde_json::{Value, json};
use tenant_guard::Code;
use tenant_guard_tests::token::{Issuer, Key, Parts};

use super::document::{merged, several};
use crate::explain::tests::{NOW, bearer, issuer, token};

/// A code, the arguments of a request that gets it, and what is told of it.
pub(super) type Case = (Code, Vec<String>, Told);

/// Phrases that are to be in what is told.
pub(super) type Told = &'static [&'static str];

fn case(code: Code, args: &[&str], told: Told) -> Case {
    (code, args.iter().map(|arg| (*arg).to_owned()).collect(), told)
}

fn by_key(code: Code, id: &str, path: &str, told: Told) -> Case {
    case(code, &["-H", &format!("x-api-key: the-key-{id}"), "--from", "10.0.0.1", path], told)
}

fn good(more: Value) -> Value {
    merged(json!({"tenant": "acme", "client_id": "web", "kind": "user", "scope": "a b"}), more)
}

fn by_token(code: Code, more: Value, path: &str, told: Told) -> Case {
    case(code, &["-H", &bearer(good(more)), "--from", "10.0.0.1", path], told)
}

fn raw(code: Code, token: &str, told: Told) -> Case {
    case(code, &["-H", &format!("authorization: Bearer {token}"), "/things"], told)
}

fn signed(issuer: &Issuer, header: Value, claims: Value) -> String {
    let claims = issuer.claims(merged(json!({"iat": NOW, "exp": NOW + 300}), claims));
    issuer.key.sign(merged(issuer.key.header(), header), claims)
}

fn asserted(code: Code, name: &str, told: Told) -> Case {
    let name = format!("x-tenant-id: {name}");
    case(code, &["-H", "x-api-key: the-key-good", "-H", &name, "/things"], told)
}

pub(super) fn cases() -> Vec<Case> {
    let none = json!({});
    vec![
        case(
            Code::CredentialsAmbiguous,
            &["-H", "x-api-key: the-key-good", "-H", &bearer(good(none.clone())), "/things"],
            &["exactly one", "a JWT in header authorization and an API key in header x-api-key"],
        ),
        case(Code::PathAmbiguous, &["/a/../things"], &["a dot segment"]),
        case(Code::PathAmbiguous, &["/a%2Fb"], &["%2F", "paths.encoded_slashes: keep"]),
        asserted(Code::TenantMalformed, "a b", &["x-tenant-id", "\"a b\"", "a letter or digit"]),
        by_token(Code::TenantMalformed, json!({"tenant": {}}), "/things", &["tenant", "text"]),
        case(
            Code::CredentialsMissing,
            &["/things"],
            &["a JWT in header authorization after Bearer", "an API key in header x-api-key"],
        ),
        by_key(
            Code::CredentialsMissing,
            "good",
            "/jwt",
            &["an API key in header x-api-key, which isn't looked at here (mode jwt)"],
        ),
        case(Code::CredentialsMissing, &["/admin"], &["query adminKey", "super admin alone"]),
        by_token(
            Code::TokenTooLarge,
            json!({"x": "x".repeat(2_048)}),
            "/things",
            &["jwt.max_token_bytes is 2048"],
        ),
        raw(Code::TokenMalformed, "a.b.c", &["compact form", "base64url"]),
        case(
            Code::TokenMalformed,
            &["-H", "authorization: Basic dTpw", "/things"],
            &["must begin with Bearer", "API key, send it as an API key in header x-api-key"],
        ),
        raw(Code::TokenMalformed, "the-key-plain", &["three parts", "header x-api-key"]),
        raw(
            Code::TokenAlgorithmRefused,
            &signed(&issuer(), json!({"alg": "RS256"}), none.clone()),
            &["HS256", "issuer customers", "its alg is \"RS256\""],
        ),
        raw(
            Code::TokenAlgorithmRefused,
            &Issuer::new("https://away.example/", issuer().key)
                .token(json!({"exp": NOW + 9, "iat": NOW})),
            &["None of these keys is known here", "--fetched", "its alg is \"HS256\""],
        ),
        by_token(
            Code::TokenIssuerUnknown,
            json!({"iss": "https://idp.example"}),
            "/things",
            &["It is \"https://idp.example\"", "\"https://idp.example/\" (customers)"],
        ),
        by_token(
            Code::TokenIssuerUnknown,
            none.clone(),
            "/several",
            &["routes[3] takes tokens of several only", "issuer customers"],
        ),
        raw(
            Code::TokenKeyUnknown,
            &signed(&several(), json!({"kid": "third"}), none.clone()),
            &["It is \"third\"; known: first and second"],
        ),
        raw(
            Code::TokenSignatureInvalid,
            &Parts::of(&token(good(none.clone()))).with_flipped_bit().join(),
            &["issuer customers"],
        ),
        by_token(
            Code::TokenExpired,
            json!({"exp": NOW - 600, "iat": NOW - 900}),
            "/things",
            &[
                "expired at 2027-01-15T07:50:00Z, 10 min before 2027-01-15T08:00:00Z",
                "30 s of clock_skew",
            ],
        ),
        by_token(
            Code::TokenNotYetValid,
            json!({"nbf": NOW + 7_200}),
            "/things",
            &["2027-01-15T10:00:00Z, 2 h after"],
        ),
        by_token(
            Code::TokenAudienceInvalid,
            json!({"aud": ["x", "y"]}),
            "/things",
            &["must be for api", "it is for x and y"],
        ),
        by_token(
            Code::TokenClaimInvalid,
            json!({"kind": "cat"}),
            "/things",
            &["Claim kind must be \"user\" or \"robot\"", "it is \"cat\""],
        ),
        by_token(
            Code::TokenClaimInvalid,
            json!({"exp": NOW + 7_200}),
            "/things",
            &["max_lifetime", "60 min", "2 h"],
        ),
        by_token(
            Code::TokenClaimInvalid,
            json!({"sub": ""}),
            "/things",
            &["Claim sub must be there"],
        ),
        raw(
            Code::TokenTypeRefused,
            &signed(&issuer(), json!({"typ": "logout+jwt"}), none.clone()),
            &["jwt or at+jwt", "It is \"logout+jwt\""],
        ),
        by_token(
            Code::TokenRevoked,
            json!({"sub": "fired"}),
            "/things",
            &["jwt.revoked", "issued at 2027-01-15T08:00:00Z"],
        ),
        by_key(
            Code::ApiKeyUnknown,
            "nobodys",
            "/things",
            &["digest of what was sent in header x-api-key"],
        ),
        case(
            Code::ApiKeyUnknown,
            &["/things?adminKey=not-the-admin-key"],
            &["query adminKey", "isn't the super admin's key"],
        ),
        by_key(
            Code::ApiKeyExpired,
            "old",
            "/things",
            &["key old", "2027-01-15T07:00:00Z, 60 min before"],
        ),
        by_key(Code::ApiKeyInactive, "off", "/things", &["Key off must be active"]),
        by_key(Code::ApiKeyInactive, "new", "/things", &["key new", "5 d after"]),
        case(
            Code::RouteRefused,
            &["-X", "PUT", "/things"],
            &["routes[5] (GET /things; another method)"],
        ),
        case(Code::RouteRefused, &["/Things"], &["routes[5] (GET /things; another path)"]),
        case(Code::RouteRefused, &["/nowhere"], &["No route has a path that begins like it"]),
        asserted(Code::TenantReserved, "default", &["x-tenant-id says default"]),
        asserted(
            Code::TenantMismatch,
            "globex",
            &["x-tenant-id says globex, but key good says acme"],
        ),
        by_key(
            Code::TenantRequired,
            "loose",
            "/things",
            &["bound to a tenant", "key loose says none"],
        ),
        case(
            Code::TenantHeaderUntrusted,
            &["-H", "x-api-key: the-key-loose", "-H", "x-tenant-id: acme", "/lax"],
            &["x-tenant-id names one", "trust_header is never", "--peer"],
        ),
        raw(
            Code::TenantChoiceRequired,
            &signed(&several(), none.clone(), json!({})),
            &["in x-tenant-id", "tenant.acts_for of its issuer says acme or globex"],
        ),
        by_token(
            Code::TenantNotAllowed,
            json!({"tenant": "globex"}),
            "/things",
            &["may name acme, gone, asleep or held", "claim tenant names globex"],
        ),
        by_token(
            Code::TenantUnknown,
            json!({"tenant": "gone"}),
            "/things",
            &["\"gone\" must be listed"],
        ),
        by_token(
            Code::TenantInactive,
            json!({"tenant": "asleep"}),
            "/things",
            &["active of tenant asleep must be true"],
        ),
        by_key(
            Code::ClientInactive,
            "closed",
            "/things",
            &["active of client closed of tenant acme"],
        ),
        by_token(
            Code::ClientUnknown,
            json!({"client_id": "other"}),
            "/things",
            &["tenant acme", "it is \"other\""],
        ),
        case(
            Code::IpRefused,
            &["-H", "x-api-key: the-key-good", "--from", "192.0.2.1", "/things"],
            &["ip of tenant acme", "it is 192.0.2.1"],
        ),
        case(Code::IpRefused, &["-H", "x-api-key: the-key-good", "/things"], &["--from ADDRESS"]),
        by_key(
            Code::ScopeMissing,
            "good",
            "/scope",
            &["asks scope b", "the ceiling of tenant acme cuts it"],
        ),
        by_token(
            Code::ScopeMissing,
            json!({"scope": "b"}),
            "/scope",
            &["asks scope a", "doesn't carry it, only b"],
        ),
        by_key(
            Code::RoleMissing,
            "good",
            "/role",
            &["asks role admin: ", "the ceiling of client web cuts it"],
        ),
        by_token(
            Code::RoleMissing,
            none.clone(),
            "/role",
            &["asks role admin: ", "doesn't carry it; it carries no roles"],
        ),
        by_token(
            Code::RoleMissing,
            none.clone(),
            "/roles",
            &["one of the roles admin or viewer. Of admin: the credential doesn't"],
        ),
        by_key(Code::RateLimited, "held", "/things", &["limits of tenant: 0 in 60 s"]),
        raw(
            Code::KeysUnavailable,
            &Issuer::new("https://away.example/", Key::es256("x"))
                .token(json!({"exp": NOW + 9, "iat": NOW})),
            &["issuer away", "https://away.example/jwks", "--fetched"],
        ),
    ]
}
