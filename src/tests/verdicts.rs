//! What becomes of a request, and what it looks like then.

use serde_json::{Value, json};

use crate::testing::{Request, decide, guard, jwt, merged, token};
use crate::{Changes, Guard, Verdict};

fn of_acme(document: Value) -> Guard {
    let routes = json!({"routes": [
        {"match": {"path": "/open"}, "auth": "none"}, {"match": {"path": "/**"}}
    ]});
    guard(merged(merged(jwt(json!({"tenant": {"fixed": "acme"}})), routes), document))
}

fn forged(path: &str) -> Request {
    Request::get(path).with("x-user-id", "mallory").with("x_tenant_id", "globex")
}

fn good(path: &str) -> Request {
    forged(path).bearer(&token(json!({})))
}

#[test]
fn the_marker_tells_requests_that_go_on_apart() {
    let guard = of_acme(json!({}));
    let shadow = of_acme(json!({"shadow": true}));
    let untouched = of_acme(json!({"shadow": "untouched"}));
    for (request, closed, shadowed, kept) in [
        (forged("/open"), Some("public"), Some("public"), Some("shadow")),
        (good("/x"), Some("allow"), Some("allow"), Some("shadow")),
        (forged("/x"), None, Some("shadow"), Some("shadow")),
        (good("/a/../b"), None, Some("shadow"), Some("shadow")),
        (good("/x").with("x-tenant-id", "globex"), None, Some("shadow"), Some("shadow")),
    ] {
        for (guard, marker) in [(&guard, closed), (&shadow, shadowed), (&untouched, kept)] {
            assert_eq!(decide(guard, &request).verdict.marker(), marker, "{request:?}");
        }
    }
}

#[test]
fn a_public_request_goes_on_without_identity() {
    for request in [forged("/open"), good("/open"), forged("/open").bearer("a.b.c")] {
        let decision = decide(&of_acme(json!({})), &request);
        assert_eq!(decision.verdict, Verdict::Public);
        assert!(decision.changes.set.is_empty());
        assert_eq!(decision.changes.remove, [b"x-user-id".to_vec(), b"x_tenant_id".to_vec()]);
        assert_eq!((decision.stripped, decision.denial, decision.cache), (2, None, None));
    }
}

#[test]
fn a_shadow_identifies_who_is_allowed_and_nobody_else() {
    let guard = of_acme(json!({"shadow": true}));
    let allowed = decide(&guard, &good("/x"));
    let sent = good("/x").changed(&allowed);
    assert_eq!(sent.value("x-user-id").as_deref(), Some("alice"));
    assert_eq!(sent.value("x-tenant-id").as_deref(), Some("acme"));
    assert_eq!(sent.value("x_tenant_id"), None);
    for request in [
        forged("/x"),
        good("/x").with("x-tenant-id", "globex"),
        forged("/x").bearer("a.b.c"),
        good("/a//b"),
    ] {
        let decision = decide(&guard, &request);
        assert!(decision.denial.is_some());
        assert!(decision.audit.is_some());
        let sent = request.changed(&decision);
        for name in ["x-user-id", "x_tenant_id", "x-tenant-id", "x-auth-method", "authorization"] {
            assert_eq!(sent.value(name), None, "{name} {request:?}");
        }
    }
}

#[test]
fn an_untouched_request_goes_on_as_it_came() {
    let guard = of_acme(json!({"shadow": "untouched"}));
    for request in [forged("/open"), good("/x"), forged("/x"), good("/a//b")] {
        let decision = decide(&guard, &request);
        assert_eq!(decision.verdict, Verdict::Shadow);
        assert_eq!(decision.changes, Changes::default());
        assert_eq!(decision.stripped, 0);
    }
}

#[test]
fn a_refusal_is_answered_with_its_code_and_repeats_no_credential() {
    let guard = of_acme(json!({"replies": {"realm": "shop", "status": {"tenant_mismatch": 404}}}));
    let good = token(json!({}));
    let tampered = format!("{}x", &good[..good.len() - 2]);
    for (request, status, code) in [
        (Request::get("/x"), 401, "credentials_missing"),
        (Request::get("/x").bearer(&tampered), 401, "token_malformed"),
        (Request::get("/x").bearer(&good).bearer(&good), 400, "credentials_ambiguous"),
        (Request::get("/x").bearer(&good).with("x-tenant-id", "globex"), 404, "tenant_mismatch"),
        (Request::get("/x//y").bearer(&good), 400, "path_ambiguous"),
    ] {
        let Verdict::Refuse(reply) = decide(&guard, &request).verdict else {
            panic!("{request:?} is not refused");
        };
        assert_eq!(reply.status, status);
        assert_eq!(reply.details, format!("tenant_guard.{code}"));
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!((&body["code"], &body["status"]), (&json!(code), &json!(status)));
        let told = format!("{reply:?}");
        for secret in good.split('.').chain(tampered.split('.')) {
            assert!(!told.contains(secret), "{code}");
        }
    }
}
