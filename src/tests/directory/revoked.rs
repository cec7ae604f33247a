//! Revoked tokens: `jwt.revoked`, `revoked` of a directory, and
//! `tokens_not_before` of tenants.

use super::*;
use crate::testing::{decide, outcome};

const ISSUED: &str = "2027-01-15T08:00:00Z";

/// A token that was issued at [`NOW`], which is [`ISSUED`].
fn issued(claims: Value) -> Value {
    merged(json!({"iat": NOW, "tenant": "inline"}), claims)
}

/// The document and the directory revoke alike.
fn revoking(revoked: &Value) -> [Guard; 2] {
    let all = issuer(json!({
        "name": "all",
        "tenant": {"claims": ["tenant"], "any_tenant": true},
        "claims": {"subject": "email", "client": "azp"},
    }));
    let inline = configured(json!({"jwt": {"revoked": [revoked], "issuers": [all]}}));
    let mut fetched = configured(json!({"jwt": {"issuers": [all]}}));
    take_over(&mut fetched, json!({"tenants": tenants(), "revoked": [revoked]}));
    [inline, fetched]
}

#[test]
fn a_token_is_revoked_by_what_is_in_it() {
    let claims = json!({"email": "a@x", "sub": "s", "azp": "app", "jti": "t", "sid": "z"});
    for (kind, value, is_revoked) in [
        ("subject", "a@x", true),
        ("subject", "s", true),
        ("subject", "S", false),
        ("client", "app", true),
        ("client", "s", false),
        ("jti", "t", true),
        ("jti", "z", false),
        ("sid", "z", true),
        ("sid", "t", false),
    ] {
        for (by, knows) in
            [("all", true), (crate::testing::ISSUER, true), ("other", false), ("ALL", false)]
        {
            for (before, covers) in [
                (None, true),
                (Some("2027-01-15T08:00:01Z"), true),
                (Some(ISSUED), false),
                (Some("2027-01-15T07:59:59Z"), false),
            ] {
                let mut revoked = json!({"issuer": by, kind: value});
                if let Some(before) = before {
                    revoked["issued_before"] = json!(before);
                }
                if before.is_some() && by != "all" {
                    continue;
                }
                let request = of_all(issued(claims.clone()));
                let code = if is_revoked && knows && covers { "token_revoked" } else { "allow" };
                for guard in revoking(&revoked) {
                    assert_eq!(outcome(&guard, &request), code, "{revoked}");
                }
            }
        }
    }
}

#[test]
fn a_token_that_doesn_t_say_when_it_was_issued_may_be_as_old_as_any() {
    let revoked =
        json!({"issuer": "all", "subject": "alice", "issued_before": "2020-01-01T00:00:00Z"});
    for guard in revoking(&revoked) {
        let request = of_all(json!({"tenant": "inline"}));
        assert_eq!(outcome(&guard, &request), "token_revoked");
        assert_eq!(outcome(&guard, &of_all(issued(json!({})))), "allow");
    }
}

#[test]
fn a_cached_token_is_revoked_as_soon_as_that_is_known() {
    let mut guard = configured(json!({}));
    take_over(&mut guard, json!({"tenants": tenants()}));
    let mut cache = Memory::new(10, 1 << 20);
    let request = of_all(issued(json!({})));
    let mut result =
        |guard: &Guard| word(&guard.decide(&request.headers(), &FixedHost::at(NOW), &mut cache));
    assert_eq!([result(&guard), result(&guard)], ["allow", "allow"]);
    let revoked = json!([{"issuer": "all", "subject": "alice"}]);
    take_over(&mut guard, json!({"tenants": tenants(), "revoked": revoked}));
    assert_eq!([result(&guard), result(&guard)], ["token_revoked", "token_revoked"]);
    take_over(&mut guard, json!({"tenants": tenants()}));
    assert_eq!(result(&guard), "allow");
}

#[test]
fn a_directory_s_revocations_hold_while_it_is_too_old() {
    let [_, mut guard] = revoking(&json!({"issuer": "all", "subject": "alice"}));
    stand(&mut guard, Standing::TooOld);
    assert_eq!(outcome(&guard, &of_all(issued(json!({})))), "token_revoked");
}

#[test]
fn a_tenant_s_older_tokens_are_revoked_however_it_was_named() {
    for (time, code) in [
        ("2027-01-15T07:59:59Z", "allow"),
        (ISSUED, "allow"),
        ("2027-01-15T08:00:01Z", "token_revoked"),
    ] {
        let mut fetched = tenants();
        fetched[1]["tokens_not_before"] = json!(time);
        fetched[0]["tokens_not_before"] = json!(time);
        let mut guard = configured(json!({"both": "agree"}));
        take_over(&mut guard, json!({"tenants": fetched}));
        let globex = |claims: Value| of_all(issued(claims));
        let own = json!({"iss": "https://acme.example", "iat": NOW});
        for request in [
            globex(json!({"tenant": "globex"})),
            globex(json!({"tenant": "org_globex"})),
            globex(json!({"tenant": null, "sub": "bob"})),
            globex(json!({"tenant": null, "sub": "carol"})),
            asserting(globex(json!({"tenant": ["inline", "globex"]})), "globex"),
            asserting(globex(json!({"tenant": ["inline", "globex"]})), "org_globex"),
            Request::get("/").bearer(&eddsa_token(own.clone())),
            // A key beside it is none of its own excuse.
            with_key("acme-key").bearer(&eddsa_token(own)),
            Request::get("/me").bearer(&token(issued(json!({"tenant": "globex"})))),
        ] {
            assert_eq!(outcome(&guard, &request), code, "{time} {request:?}");
        }
        // A key alone isn't a token, nor is another tenant's.
        assert_eq!(outcome(&guard, &with_key("acme-key")), "allow");
        assert_eq!(outcome(&guard, &globex(json!({"tenant": "inline"}))), "allow");
        let chosen = asserting(globex(json!({"tenant": ["inline", "globex"]})), "inline");
        assert_eq!(outcome(&guard, &chosen), "allow");
        let undated = of_all(json!({"tenant": "globex"}));
        assert_eq!(outcome(&guard, &undated), "token_revoked");
        let denial = decide(&guard, &undated).denial.unwrap();
        assert_eq!(denial.level.map(crate::Level::name), Some("tenant"));
    }
}

#[test]
fn a_tenant_of_the_document_s_has_such_a_time_too() {
    let inline = json!({"id": "inline", "tokens_not_before": "2027-01-15T08:00:01Z"});
    let [awaited, current, old] = all_states(&json!({"tenants": [inline]}));
    for guard in [awaited, current, old] {
        assert_eq!(outcome(&guard, &of_all(issued(json!({})))), "token_revoked");
        assert_eq!(outcome(&guard, &of_all(issued(json!({"iat": NOW + 1.0})))), "allow");
    }
}
