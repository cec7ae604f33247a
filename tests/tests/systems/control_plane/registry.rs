//! The registry, which decides some of it otherwise.

use serde_json::{Value, json};
use tenant_guard_tests::Request;

use super::super::{Case, System, refused, told};
use super::{CAROL, MISMATCH, STRICT, registry, signed};

/// The registry: strict, and the header of a known gateway counts.
pub const REGISTRY: System = System {
    details: &[
        ("tenant_mismatch", MISMATCH),
        (
            "tenant_header_untrusted",
            "X-Tenant-Id is not trusted from this peer (auth.tenant_header_trust = \"trusted_proxies\"); use a tenant-bound token or send the request through the declared gateway",
        ),
        ("ip_refused", "no tenant, and this registry requires one (auth.require_tenant)"),
    ],
    cases,
    ..STRICT
};

fn cases() -> Vec<Case> {
    const BOT: &str = "did:web:agents.acme.example:billing-bot";
    const GATEWAY: &str = "127.0.1.7";
    let search = || Request::get("/contexts/search");
    let token = |subject: &str, more: Value| search().bearer(signed(&registry(), subject, more));
    let unbound = || token(CAROL, json!({}));
    let bound = || token(CAROL, json!({"tenant": "acme"}));
    let acme =
        |subject| [("x-tenant-id", "acme"), ("x-user-id", subject), ("x-auth-method", "jwt")];
    let nobody = [("x-tenant-id", "acme"), ("x-auth-method", "anonymous")];
    let reserved = |rule, request| refused(rule, request, 400, "tenant_reserved");
    let mismatch = |rule, request| refused(rule, request, 403, "tenant_mismatch");
    let from_anywhere = |rule, request| refused(rule, request, 403, "tenant_header_untrusted");
    let nameless = |rule, request| refused(rule, request, 403, "ip_refused");
    vec![
        told("the claim", bound(), &acme(CAROL)),
        told("the claim and its own header, from anywhere", bound().tenant("acme"), &acme(CAROL)),
        told("a bound agent", token(BOT, json!({})), &acme(BOT)),
        mismatch("the claim and another header", bound().tenant("globex")),
        mismatch("from the gateway too", bound().tenant("globex").from(GATEWAY)),
        mismatch(
            "a bound agent and the gateway's header",
            token(BOT, json!({})).tenant("globex").from(GATEWAY),
        ),
        told(
            "an unbound token and the gateway's header",
            unbound().tenant("acme").from(GATEWAY),
            &acme(CAROL),
        ),
        from_anywhere("an unbound token and anybody's header", unbound().tenant("acme")),
        from_anywhere(
            "X-Forwarded-For plays no part",
            unbound().tenant("acme").header("x-forwarded-for", GATEWAY),
        ),
        nameless("an unbound token", unbound()),
        nameless("from the gateway too", unbound().from(GATEWAY)),
        told("no token and the gateway's header", search().tenant("acme").from(GATEWAY), &nobody),
        from_anywhere("no token and anybody's header", search().tenant("acme")),
        nameless("no token", search()),
        reserved("the reserved header", bound().tenant("default")),
        reserved("of the gateway too", unbound().tenant("default").from(GATEWAY)),
        reserved("the reserved claim", token(CAROL, json!({"tenant": "default"}))),
        refused("a bad token", search().bearer("a.b.c"), 403, "token_malformed"),
        told("public", Request::get("/.well-known/acdp.json"), &[]),
    ]
}
