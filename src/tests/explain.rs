//! Explanations: the decision is the request's own, and its steps say why.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::policy_cases::{caller, document};
use crate::explain::{CredentialKind, Explanation, Lack, Outcome, PolicyFacts, Says};
use crate::testing::{
    FixedHost, ISSUER, NOW, NoEnvironment, Request, decide_from, guard, issuer, key, merged, token,
};
use crate::{Code, Guard, load};

fn explain(guard: &Guard, request: &Request) -> Explanation {
    guard.explain(&request.headers(), &FixedHost::at(NOW))
}

fn failed(policies: &[PolicyFacts]) -> Vec<&crate::Denial> {
    let failed = policies.iter().filter_map(|policy| match &policy.outcome {
        Outcome::Failed(denial) => Some(&**denial),
        _ => None,
    });
    failed.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_first_check_that_fails_is_the_denial(
        document in document(), callers in prop::collection::vec(caller(), 4)
    ) {
        let guard = load(document.to_string().as_bytes(), &NoEnvironment).unwrap().guard;
        for caller in &callers {
            let request = caller.request();
            let host = FixedHost::at(NOW);
            let host = match caller.address {
                Some(address) => host.from(address),
                None => host,
            };
            let explanation = guard.explain(&request.headers(), &host);
            let decision = decide_from(&guard, &request, caller.address);
            prop_assert_eq!(&explanation.decision.verdict, &decision.verdict);
            prop_assert_eq!(&explanation.decision.changes, &decision.changes);
            prop_assert_eq!(&explanation.decision.denial, &decision.denial);
            let policies = &explanation.policies;
            let asked = explanation.permissions.is_some();
            prop_assert_eq!(
                failed(policies), decision.denial.iter().filter(|_| asked).collect::<Vec<_>>()
            );
            let reached = policies.iter().take_while(|p| p.outcome == Outcome::Passed).count();
            let after = policies.iter().skip(reached + 1);
            prop_assert!(after.clone().all(|p| p.outcome == Outcome::NotReached), "{:?}", policies);
            if let Some(permissions) = &explanation.permissions {
                let lacks = |asked: &[(String, Lack)]| {
                    asked.iter().find(|(_, lack)| *lack != Lack::Nothing).cloned()
                };
                let code = decision.denial.as_ref().map(|denial| denial.code);
                if let Some((scope, _)) = lacks(&permissions.asked_scopes) {
                    prop_assert!(code.is_some(), "{}", scope);
                } else {
                    prop_assert_ne!(code, Some(Code::ScopeMissing));
                }
            }
        }
    }
}

fn with_ceilings() -> Value {
    json!({
        "jwt": {"issuers": [issuer(json!({"tenant": {"claims": ["org", "tenant"], "any_tenant": true},
            "scopes": ["a", "b", "c"]}))]},
        "api_keys": {"keys": []},
        "tenants": [{"id": "acme", "aliases": ["org_1"], "scopes": ["a", "c"], "clients": [
            {"id": "web", "scopes": ["a"], "keys": [key("web-1", "of-the-web", json!({"scopes": ["d"]}))]}]}],
        "routes": [{"match": {"path": "/x", "methods": ["GET"]}, "scopes": ["a", "b", "c", "d"]}],
    })
}

#[test]
fn a_missing_scope_names_the_ceilings_that_cut_it() {
    let guard = guard(with_ceilings());
    let claims = json!({"org": "org_1", "client_id": "web", "scope": "a b c d"});
    let explanation = explain(&guard, &Request::get("/x").bearer(&token(claims)));
    let asked = explanation.permissions.unwrap().asked_scopes;
    let cut = |of: &[&str]| Lack::Cut(of.iter().map(|of| (*of).to_owned()).collect());
    assert_eq!(
        asked,
        [
            ("a".to_owned(), Lack::Nothing),
            ("b".to_owned(), cut(&["tenant acme", "client web"])),
            ("c".to_owned(), cut(&["client web"])),
            ("d".to_owned(), cut(&["tenant acme", "client web", &format!("issuer {ISSUER}")])),
        ]
    );
    let explanation = explain(&guard, &Request::get("/x").with("x-api-key", "of-the-web"));
    let asked = explanation.permissions.unwrap().asked_scopes;
    assert_eq!(asked[0], ("a".to_owned(), Lack::NotCarried));
    assert_eq!(asked[3], ("d".to_owned(), cut(&["tenant acme", "client web"])));
}

#[test]
fn a_tenant_is_told_with_the_claim_that_binds_and_as_it_was_written() {
    let guard = guard(with_ceilings());
    let request = Request::get("/x")
        .bearer(&token(json!({"org": "", "tenant": "org_1"})))
        .with("x-tenant-id", "acme");
    let tenant = explain(&guard, &request).tenant.unwrap();
    assert_eq!(tenant.resolved, Some(("acme".to_owned(), "bound")));
    assert_eq!(tenant.bounds[0].source, "claim tenant");
    assert_eq!(tenant.bounds[0].says, Says::OneOf(vec!["acme".into()]));
    assert_eq!(tenant.bounds[0].written, ["org_1"]);
    assert_eq!(tenant.asserted[0].id.as_deref(), Some("acme"));
}

#[test]
fn routes_that_come_near_are_told_where_none_matches() {
    let guard = guard(with_ceilings());
    let near = explain(&guard, &Request::get("/x").set(":method", "PUT")).near;
    assert_eq!((near[0].place.as_str(), near[0].path, near[0].method), ("routes[0]", true, false));
    assert!(explain(&guard, &Request::get("/elsewhere")).near.is_empty());
}

#[test]
fn what_a_token_says_is_told_also_where_it_fails() {
    let guard = guard(with_ceilings());
    let expired = token(json!({"exp": NOW - 100.0, "aud": ["x", "y"]}));
    let explanation = explain(&guard, &Request::get("/x").bearer(&expired));
    let told = explanation.token.unwrap();
    assert_eq!(told.expires, Some(NOW - 100.0));
    assert_eq!(told.audiences, ["x", "y"]);
    assert_eq!(told.algorithm.as_deref(), Some("HS256"));
    assert_eq!(told.issuer.unwrap().audiences, Some(vec!["api".into()]));
    assert_eq!(explanation.found[0].kind, CredentialKind::Jwt);
    assert!(explanation.principal.is_none());
}

#[test]
fn credentials_are_hidden_wherever_they_stand() {
    let document = merged(
        with_ceilings(),
        json!({
            "jwt": {"from": [{"header": "authorization", "scheme": "Bearer"}, {"cookie": "session"}]},
            "api_keys": {"from": [{"query": "api key"}, {"header": "x-api-key"}]},
        }),
    );
    let guard = guard(document);
    let request = Request::get("/x?api+key=query%2Dsecret")
        .with("authorization", "Basic basic-secret")
        .with("x-api-key", "first-secret")
        .with("x-api-key", "second-secret")
        .with("cookie", "a=b; session=aaaaaaaa.bbbbbbbb.cccccccc");
    let credentials = explain(&guard, &request).credentials;
    for secret in [
        "query%2Dsecret",
        "query-secret",
        "basic-secret",
        "first-secret",
        "second-secret",
        "aaaaaaaa.bbbbbbbb.cccccccc",
        "bbbbbbbb",
        "cccccccc",
    ] {
        assert_eq!(credentials.hide(&format!("<{secret}>")), "<[credential]>", "{secret}");
    }
    assert_eq!(credentials.hide("a=b"), "a=b");
    assert_eq!(format!("{credentials:?}").matches("secret").count(), 0);
}
