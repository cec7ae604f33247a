//! Lax mode: who names no tenant is in the reserved one.

use serde_json::json;
use tenant_guard_tests::Request;

use super::super::{Case, System, refused, told};
use super::{A, BARE, CAROL, NOBODY, STRICT, agent, credentials, key};

/// Lax mode, `TENANT_HEADER_TRUST=none`.
pub const LAX: System = System { cases: none, ..STRICT };

/// Lax mode, `TENANT_HEADER_TRUST=any_peer`.
pub const ANY_PEER: System = System { cases: any_peer, ..STRICT };

const DEFAULT: [(&str, &str); 3] =
    [("x-tenant-id", "default"), ("x-user-id", CAROL), ("x-auth-method", "jwt")];

/// Lax mode, whatever the header's trust.
fn lax() -> Vec<Case> {
    let a = || agent(json!({"tenant": "tenant-a"}));
    let bare = [("x-tenant-id", "default"), ("x-key-id", "key-1"), ("x-auth-method", "api_key")];
    let ingest = Request::post("/ingest/acdp", "{}");
    let mut cases = credentials();
    // They are about a key that a tenant has.
    cases.retain(|case| !["a key", "a key without Bearer"].contains(&case.what));
    cases.extend([
        told("the claim", a(), &A),
        told("the claim and its own header", a().tenant("tenant-a"), &A),
        refused("the claim and another header", a().tenant("tenant-b"), 403, "tenant_mismatch"),
        told("no claim", agent(json!({})), &DEFAULT),
        told("an empty claim is none", agent(json!({"tenant": ""})), &DEFAULT),
        told("a bare key", key(BARE), &bare),
        told("ingest, and a header that decides nothing", ingest.tenant("tenant-a"), &NOBODY),
        refused("the reserved claim", agent(json!({"tenant": "default"})), 403, "tenant_reserved"),
        refused("the reserved header", agent(json!({})).tenant("default"), 403, "tenant_reserved"),
        refused("a bare key and it", key(BARE).tenant("default"), 403, "tenant_reserved"),
    ]);
    cases
}

/// Lax mode, `TENANT_HEADER_TRUST=none`.
fn none() -> Vec<Case> {
    let mut cases = lax();
    cases.extend([
        refused(
            "no claim, but a header",
            agent(json!({})).tenant("tenant-a"),
            403,
            "tenant_header_untrusted",
        ),
        refused(
            "a bare key and a header",
            key(BARE).tenant("tenant-a"),
            403,
            "tenant_header_untrusted",
        ),
    ]);
    cases
}

/// Lax mode, `TENANT_HEADER_TRUST=any_peer`.
fn any_peer() -> Vec<Case> {
    let by_key = [("x-tenant-id", "tenant-a"), ("x-key-id", "key-1"), ("x-auth-method", "api_key")];
    let mut cases = lax();
    cases.extend([
        told("no claim, but a header", agent(json!({})).tenant("tenant-a"), &A),
        told("a bare key and a header", key(BARE).tenant("tenant-a"), &by_key),
    ]);
    cases
}
