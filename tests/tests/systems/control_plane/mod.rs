//! The agents' control plane, and the registry beside it.

pub mod lax;
pub mod quotas;
pub mod registry;

use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Alg, Issuer, Key, now, sha256_hex};

use super::{Case, IDENTITY, Issuers, System, refused, told};

/// Strict mode.
pub const STRICT: System = System {
    folder: "agent-control-plane",
    variant: "",
    variables: &[("JWT_SECRET", SECRET)],
    api_keys: &[],
    digest: |key| sha256_hex(key),
    issuers: Issuers::StandIns(key_sets),
    identity: IDENTITY,
    credentials: &["authorization"],
    details: &[
        ("credentials_missing", "Missing Authorization header"),
        ("api_key_unknown", INVALID),
        ("token_audience_invalid", INVALID),
        ("token_expired", INVALID),
        ("token_issuer_unknown", INVALID),
        ("token_malformed", INVALID),
        ("token_signature_invalid", INVALID),
        ("tenant_mismatch", MISMATCH),
        (
            "tenant_required",
            "tenant required: the credential carries no tenant (AUTH_REQUIRE_TENANT)",
        ),
    ],
    cases,
};

const INVALID: &str = "Invalid authorization token";
const MISMATCH: &str = "X-Tenant-Id does not match the tenant the token was issued under";

const SECRET: &str = "published-demo-secret-of-the-control-plane";

const TENANT_A: &str = "demo-tenant-a-agents-published";
const TENANT_B: &str = "demo-tenant-b-agents-published";
const ADMIN: &str = "demo-tenant-a-admin-published";
const BARE: &str = "demo-bare-key-published";

/// Its tokens, of an agent that no list binds.
fn control_plane() -> Issuer {
    let key = Key::with_secret(Alg::HS256, "control-plane", SECRET);
    issuer("control-plane.example", key)
}

fn registry() -> Issuer {
    issuer("registry.example", Key::eddsa("registry"))
}

fn issuer(name: &str, key: Key) -> Issuer {
    Issuer { audience: name.to_owned(), ..Issuer::new(name, key) }
}

/// What the registry shows.
fn key_sets() -> Vec<(&'static str, Value)> {
    vec![("registry", registry().jwks())]
}

const CAROL: &str = "did:web:agents.example:carol";
const ALICE: &str = "did:web:agents.example:alice";

fn signed(issuer: &Issuer, subject: &str, more: Value) -> String {
    let mut claims = json!({"sub": subject});
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    issuer.token(claims)
}

fn runs() -> Request {
    Request::get("/runs")
}

/// A read with a token of an agent that no list binds.
fn agent(more: Value) -> Request {
    runs().bearer(signed(&control_plane(), CAROL, more))
}

/// A read with a key.
fn key(key: &str) -> Request {
    runs().bearer(key)
}

const A: [(&str, &str); 3] =
    [("x-tenant-id", "tenant-a"), ("x-user-id", CAROL), ("x-auth-method", "jwt")];
const A_BY_KEY: [(&str, &str); 4] = [
    ("x-tenant-id", "tenant-a"),
    ("x-client-id", "api"),
    ("x-key-id", "tenant-a-1"),
    ("x-auth-method", "api_key"),
];
const NOBODY: [(&str, &str); 2] = [("x-tenant-id", "default"), ("x-auth-method", "anonymous")];

/// What holds in strict mode.
fn cases() -> Vec<Case> {
    let mut cases = credentials();
    cases.extend(claims());
    cases.extend(keys());
    cases.extend(routes());
    cases.extend(issuers());
    cases
}

/// Which kind a credential is of, and that one never makes up for the other.
fn credentials() -> Vec<Case> {
    let a = || signed(&control_plane(), CAROL, json!({"tenant": "tenant-a"}));
    let claims = || control_plane().claims(json!({"sub": CAROL, "tenant": "tenant-a"}));
    let forged =
        Key::with_secret(Alg::HS256, "control-plane", "another secret of 32 bytes or more")
            .token(claims());
    let past = json!({"tenant": "tenant-a", "iat": now() - 7200, "exp": now() - 3600});
    let invalid = |rule, request, code| refused(rule, request, 401, code);
    vec![
        refused("nothing", runs(), 401, "credentials_missing"),
        refused("a header alone", runs().tenant("tenant-a"), 401, "credentials_missing"),
        told("a token", runs().bearer(a()), &A),
        told("a token without Bearer", runs().header("authorization", a()), &A),
        told("a key", key(TENANT_A), &A_BY_KEY),
        told("a key without Bearer", runs().header("authorization", TENANT_A), &A_BY_KEY),
        invalid("three parts are a token, never a key", key("demo.tenant.a"), "token_malformed"),
        invalid(
            "so too without Bearer",
            runs().header("authorization", "a.b.c"),
            "token_malformed",
        ),
        invalid("a key that nobody has", key("nobodys"), "api_key_unknown"),
        invalid("a forged token", runs().bearer(forged), "token_signature_invalid"),
        invalid("an expired token", agent(past), "token_expired"),
        invalid("another audience", agent(json!({"aud": "other"})), "token_audience_invalid"),
        invalid(
            "an issuer that isn't trusted",
            agent(json!({"iss": "other"})),
            "token_issuer_unknown",
        ),
    ]
}

/// A claim decides; the header may agree.
fn claims() -> Vec<Case> {
    let a = || agent(json!({"tenant": "tenant-a"}));
    let alice = |more: Value| runs().bearer(signed(&control_plane(), ALICE, more));
    let unlisted = [("x-tenant-id", "tenant-x"), ("x-user-id", CAROL), ("x-auth-method", "jwt")];
    let as_alice = [("x-tenant-id", "tenant-a"), ("x-user-id", ALICE), ("x-auth-method", "jwt")];
    let reserved = |rule, request| refused(rule, request, 403, "tenant_reserved");
    let required = |rule, request| refused(rule, request, 403, "tenant_required");
    let mismatch = |rule, request| refused(rule, request, 403, "tenant_mismatch");
    vec![
        told("the claim", a(), &A),
        told("the claim and its own header", a().tenant("tenant-a"), &A),
        told("an empty header is none", a().tenant(""), &A),
        told("a tenant that no list has", agent(json!({"tenant": "tenant-x"})), &unlisted),
        mismatch("the claim and another header", a().tenant("tenant-b")),
        reserved("the claim and the reserved header", a().tenant("default")),
        reserved("the reserved claim", agent(json!({"tenant": "default"}))),
        reserved(
            "the reserved claim and a header",
            agent(json!({"tenant": "default"})).tenant("tenant-a"),
        ),
        required("no claim", agent(json!({}))),
        required("no claim, but a header", agent(json!({})).tenant("tenant-a")),
        required("an empty claim is none", agent(json!({"tenant": ""}))),
        reserved("no claim, and the reserved header", agent(json!({})).tenant("default")),
        told("a listed agent", alice(json!({})), &as_alice),
        told("a listed agent with its claim", alice(json!({"tenant": "tenant-a"})), &as_alice),
        mismatch("a listed agent with another claim", alice(json!({"tenant": "tenant-b"}))),
        mismatch("a listed agent and another header", alice(json!({})).tenant("tenant-b")),
        refused("two headers", a().tenant("tenant-a").tenant("tenant-a"), 400, "tenant_malformed"),
    ]
}

/// A key's binding decides; a bare key has none.
fn keys() -> Vec<Case> {
    let a = || key(TENANT_A);
    vec![
        told("a bound key and its own header", a().tenant("tenant-a"), &A_BY_KEY),
        refused("a bound key and another header", a().tenant("tenant-b"), 403, "tenant_mismatch"),
        refused(
            "a bound key and the reserved header",
            a().tenant("default"),
            403,
            "tenant_reserved",
        ),
        refused("a bare key", key(BARE), 403, "tenant_required"),
        refused("a bare key and a header", key(BARE).tenant("tenant-a"), 403, "tenant_required"),
        refused(
            "a bare key and the reserved header",
            key(BARE).tenant("default"),
            403,
            "tenant_reserved",
        ),
    ]
}

/// Public paths, those that the sender signs, and those for admins.
fn routes() -> Vec<Case> {
    let post = |path: &str| Request::post(path, "{}");
    let forged = Request::get("/healthz").tenant("tenant-a").header("x-user-id", ALICE);
    let admin = [
        ("x-tenant-id", "tenant-a"),
        ("x-client-id", "api"),
        ("x-key-id", "tenant-a-2"),
        ("x-roles", "admin"),
        ("x-auth-method", "api_key"),
    ];
    let token = signed(&control_plane(), CAROL, json!({"tenant": "tenant-a", "roles": ["admin"]}));
    let mut cases = vec![
        told("health is public, and a forged identity is gone", forged, &[]),
        told("so are keys", Request::get("/.well-known/jwks.json"), &[]),
        told("ingest with a key", post("/ingest/acdp").bearer(TENANT_A), &A_BY_KEY),
        refused(
            "ingest with a bad key",
            post("/ingest/acdp").bearer("bad"),
            401,
            "api_key_unknown",
        ),
        refused("reading there", Request::get("/ingest/acdp"), 401, "credentials_missing"),
        told("an admin's key", post("/registries/enroll").bearer(ADMIN), &admin),
        refused("another key", post("/registries/enroll").bearer(TENANT_A), 403, "role_missing"),
        refused(
            "a token is never an admin's",
            post("/admin/pinned-keys/reload").bearer(token),
            403,
            "role_missing",
        ),
    ];
    for path in ["/ingest/acdp", "/runs/started", "/runs/r1/complete", "/auth/token"] {
        cases.push(told("without a credential", post(path), &NOBODY));
        // Not refused, and not believed.
        cases.push(told("a header decides nothing there", post(path).tenant("tenant-a"), &NOBODY));
    }
    cases
}

/// Several issuers, one of which may only read.
fn issuers() -> Vec<Case> {
    let token = |more: Value| signed(&registry(), CAROL, more);
    let a = || token(json!({"tenant": "tenant-a"}));
    let post = |path: &str| Request::post(path, "{}").bearer(a());
    let scopes = json!({"tenant": "tenant-a", "scope": "one two", "scopes": ["two", "three"], "scp": "four"});
    let with_scopes = [
        ("x-tenant-id", "tenant-a"),
        ("x-user-id", CAROL),
        ("x-scopes", "one two three four"),
        ("x-auth-method", "jwt"),
    ];
    vec![
        told("a read", runs().bearer(a()), &A),
        told("a token is looked at", post("/auth/introspect"), &A),
        refused("a write", post("/webhooks"), 401, "token_issuer_unknown"),
        refused("a declaration", post("/capabilities"), 401, "token_issuer_unknown"),
        refused(
            "a tenant that isn't the registry's to name",
            runs().bearer(token(json!({"tenant": "tenant-x"}))),
            403,
            "tenant_not_allowed",
        )
        .beyond_the_environment("TRUSTED_ISSUERS lets each issuer name every tenant"),
        refused("no tenant", runs().bearer(token(json!({}))), 403, "tenant_required"),
        told(
            "the control plane's own tokens may write",
            Request::post("/webhooks", "{}").bearer(signed(
                &control_plane(),
                CAROL,
                json!({"tenant": "tenant-a"}),
            )),
            &A,
        ),
        told("scopes are those of three claims", agent(scopes), &with_scopes),
    ]
}
