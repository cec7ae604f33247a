//! Revoked tokens: by the configuration and by a directory.

mod common;
mod directories;

use common::{idp, with};
use directories::{Shared, World, tenant, with_directory};
use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::now;

static SHARED: Shared = Shared::new(|| World::start(document()));

/// What both lists name, each under names of its own, by claims of a token.
fn kinds() -> [(&'static str, &'static str); 4] {
    [("subject", "sub"), ("client", "azp"), ("jti", "jti"), ("sid", "sid")]
}

/// A time within the life of the test's tokens.
const BEFORE: &str = "2020-09-13T12:26:40Z";
const BEFORE_SECONDS: i64 = 1_600_000_000;

/// Revocations of everything called `…-all` and `…-old`.
fn revoked(by: &str, issuer: &str) -> Value {
    let all = kinds().map(|(kind, _)| json!({"issuer": issuer, kind: format!("{by}-all")}));
    let old = kinds().map(
        |(kind, _)| json!({"issuer": issuer, kind: format!("{by}-old"), "issued_before": BEFORE}),
    );
    [all, old].concat().into()
}

fn document() -> Value {
    let claims = json!({"tenant": {"claims": ["tenant"], "any_tenant": true}});
    let named = with(claims.clone(), json!({"name": "named"}));
    let issuers = json!([idp("one").config(named), idp("other").config(claims)]);
    let document = json!({
        "jwt": {"issuers": issuers, "revoked": revoked("document", "named")},
        "tenants": [tenant("home", "home-key")],
    });
    with_directory(document, json!({}))
}

fn bearer(issuer: &str, claims: Value) -> Request {
    let claims = with(json!({"tenant": "home"}), claims);
    Request::get("/").bearer(idp(issuer).token(claims))
}

#[test]
fn tokens_are_revoked_by_subject_client_token_and_session() {
    let mut world = SHARED.empty();
    let one = idp("one").issuer;
    let fetched = [revoked("directory", &one), revoked("by-name", "named")];
    let fetched: Vec<Value> =
        fetched.iter().flat_map(|list| list.as_array().unwrap().clone()).collect();
    world.publish_with(json!([tenant("acme", "acme-key")]), json!({ "revoked": fetched }));
    let outcome = |world: &mut World, issuer: &str, claims: Value| {
        let said = world.says(&bearer(issuer, claims));
        if said.starts_with("home ") { "home".to_owned() } else { said }
    };
    for by in ["document", "directory", "by-name"] {
        for (_, claim) in kinds() {
            for (name, iat, says) in [
                (format!("{by}-all"), json!(now()), "401 token_revoked"),
                (format!("{by}-all"), json!(null), "401 token_revoked"),
                (format!("{by}-old"), json!(BEFORE_SECONDS - 1), "401 token_revoked"),
                (format!("{by}-old"), json!(BEFORE_SECONDS), "home"),
                // It may be as old as any.
                (format!("{by}-old"), json!(null), "401 token_revoked"),
                (format!("{by}-ALL"), json!(now()), "home"),
                (format!("{by}-all "), json!(now()), "home"),
            ] {
                let claims = json!({claim: name, "iat": iat});
                assert_eq!(outcome(&mut world, "one", claims.clone()), says, "{claims}");
                // Another issuer's of that name is another's.
                assert_eq!(outcome(&mut world, "other", claims.clone()), "home", "{claims}");
            }
            // A name in another claim is none.
            let elsewhere = json!({"nickname": format!("{by}-all")});
            assert_eq!(outcome(&mut world, "one", elsewhere), "home", "{claim}");
        }
    }
}

#[test]
fn the_reply_says_that_the_token_is_invalid_and_nothing_of_it() {
    let mut world = SHARED.empty();
    let revoked = json!([{"issuer": "named", "subject": "mallory"}]);
    world.publish_with(json!([]), json!({ "revoked": revoked }));
    for name in ["mallory", "document-all"] {
        for (worker, response) in world.each(&bearer("one", json!({"sub": name}))) {
            assert_eq!(response.status, 401, "{worker}");
            assert_eq!(response.code().as_deref(), Some("token_revoked"));
            let challenge = response.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("Bearer "), "{challenge}");
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
            assert!(!format!("{response:?}").contains(name), "{response:?}");
        }
    }
}

#[test]
fn a_revocation_and_its_end_reach_cached_tokens() {
    let mut world = SHARED.empty();
    let token = bearer("one", json!({"sub": "alice", "tenant": "acme"}));
    let bobs = bearer("one", json!({"sub": "bob", "tenant": "acme"}));
    let acme = |over: Value| json!([with(tenant("acme", "acme-key"), over)]);
    let late = "2999-01-01T00:00:00Z";
    let ways = [
        (json!({}), json!([{"issuer": "named", "subject": "alice"}]), "acme bob"),
        (json!({"tokens_not_before": late}), json!([]), "401 token_revoked"),
    ];
    for (over, revoked, bob) in ways {
        world.publish(acme(json!({})));
        for _ in 0..2 {
            assert_eq!(world.says(&token), "acme alice");
            assert_eq!(world.says(&bobs), "acme bob");
        }
        world.publish_with(acme(over.clone()), json!({ "revoked": revoked }));
        assert_eq!(world.says(&token), "401 token_revoked", "{over}");
        assert_eq!(world.says(&bobs), bob, "{over}");
    }
    world.publish(acme(json!({"tokens_not_before": "2020-01-01T00:00:00Z"})));
    assert_eq!(world.says(&token), "acme alice");
    let undated = bearer("one", json!({"iat": null, "tenant": "acme"}));
    assert_eq!(world.says(&undated), "401 token_revoked");
}

#[test]
fn a_revocation_with_a_mistake_revokes_as_far_as_it_says_whom() {
    let mut world = SHARED.empty();
    let names = |n: usize| format!("mistaken-{n}");
    let mistakes = [
        json!({"until": "tomorrow"}),
        json!({"issued_before": "tomorrow"}),
        json!({"issued_before": 7}),
        json!({"subjects": ["x"]}),
        json!({"jti": 7}),
    ];
    let whom = |(n, mistake): (usize, &Value)| {
        with(json!({"issuer": "named", "subject": names(n)}), mistake.clone())
    };
    let list: Value = mistakes.iter().enumerate().map(whom).collect();
    let nobodys =
        [json!({"issuer": "named"}), json!({"subject": "no-issuer"}), json!(7), json!(null)];
    let list = [list.as_array().unwrap().as_slice(), &nobodys].concat();
    world.publish_with(json!([tenant("acme", "acme-key")]), json!({ "revoked": list }));
    for (n, mistake) in mistakes.iter().enumerate() {
        let claims = json!({"sub": names(n), "tenant": "acme"});
        assert_eq!(world.says(&bearer("one", claims)), "401 token_revoked", "{mistake}");
    }
    for sub in ["no-issuer", "somebody"] {
        let claims = json!({"sub": sub, "tenant": "acme"});
        assert_eq!(world.says(&bearer("one", claims)), format!("acme {sub}"));
    }
    world.envoy.wait_for_log("the directory: revoked[0].until: unknown field");
}
