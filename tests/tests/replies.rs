//! The `replies` section, and replies that aren't the usual ones.

mod common;

use common::{Fleet, idp, key_entry};
use serde_json::{Value, json};
use tenant_guard_tests::{EnvoyBuilder, Protocol, Request};

static FLEET: Fleet = Fleet::new(|| EnvoyBuilder::new(document()));

fn document() -> Value {
    json!({
        "version": 1,
        "jwt": {"issuers": [idp("claims").config(json!({"tenant": {"claims": ["tenant"]}}))]},
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [key_entry("web-1", "web-key")]}]}],
        "replies": {
            "realm": "the shop",
            "status": {"tenant_reserved": 400, "tenant_mismatch": 404, "tenant_required": 401,
                "token_expired": 403, "credentials_ambiguous": 401},
            "details": {"credentials_missing": "Sign in f\u{fc}rst: \"100%\".", "tenant_mismatch": "Not your shop."},
            "type_base": "https://errors.example.com/#",
            "resource_metadata": "https://api.example.com/.well-known/oauth-protected-resource",
        },
    })
}

const METADATA: &str =
    r#"resource_metadata="https://api.example.com/.well-known/oauth-protected-resource""#;

#[test]
fn statuses_texts_and_types_are_the_operators() {
    let unbound = idp("claims").token(json!({}));
    let expired = idp("claims").token(json!({"exp": 1}));
    FLEET.everywhere(|session| {
        let mut problem = |request: Request, status: u16, code: &str, title: &str| {
            let response = session.refused(request, status, code);
            let problem = response.json();
            assert_eq!(problem["status"], status);
            assert_eq!(problem["type"], format!("https://errors.example.com/#{code}"));
            assert_eq!(problem["title"], title);
            let challenge = response.header("www-authenticate").map(str::to_owned);
            (problem["detail"].as_str().unwrap().to_owned(), challenge)
        };
        let get = || Request::get("/");
        let (detail, challenge) = problem(get(), 401, "credentials_missing", "Credentials missing");
        assert_eq!(detail, "Sign in f\u{fc}rst: \"100%\".");
        assert_eq!(challenge.unwrap(), format!("Bearer realm=\"the shop\", {METADATA}"));

        let foreign = get().api_key("web-key").tenant("globex");
        let (detail, challenge) = problem(foreign, 404, "tenant_mismatch", "Tenant mismatch");
        assert_eq!((detail.as_str(), challenge), ("Not your shop.", None));

        let reserved = get().api_key("web-key").tenant("default");
        let (detail, challenge) = problem(reserved, 400, "tenant_reserved", "Tenant reserved");
        assert_eq!((detail.as_str(), challenge), ("The request names a reserved tenant.", None));

        // The final status decides about the challenge.
        let invalid = format!("Bearer realm=\"the shop\", error=\"invalid_token\", {METADATA}");
        let (_, challenge) =
            problem(get().bearer(&unbound), 401, "tenant_required", "Tenant required");
        assert_eq!(challenge.as_ref(), Some(&invalid));
        let both = get().bearer(&unbound).api_key("web-key");
        let (_, challenge) = problem(both, 401, "credentials_ambiguous", "Credentials ambiguous");
        assert_eq!(challenge, Some(invalid));
        let (_, challenge) = problem(get().bearer(&expired), 403, "token_expired", "Token expired");
        assert_eq!(challenge, None);
    });
}

#[test]
fn grpc_statuses_follow_the_operators_statuses() {
    let unbound = idp("claims").token(json!({}));
    FLEET.everywhere(|session| {
        if session.over == Protocol::H1 {
            return;
        }
        let call = || Request::grpc("/shop.Orders/List");
        for (request, code, status, message) in [
            (call(), "credentials_missing", 16, "Sign in f%C3%BCrst: \"100%25\"."),
            (call().api_key("web-key").tenant("globex"), "tenant_mismatch", 7, "Not your shop."),
            (
                call().api_key("web-key").tenant("default"),
                "tenant_reserved",
                3,
                "The request names a reserved tenant.",
            ),
            (
                call().bearer(&unbound),
                "tenant_required",
                16,
                "The credential is bound to no tenant, and one is required.",
            ),
        ] {
            let response = session.refused(request, 200, code);
            assert_eq!(response.grpc_status(), Some(status), "{response:?}");
            assert_eq!(response.grpc_message().unwrap(), format!("{code}: {message}"));
            assert!(response.body.is_empty(), "{response:?}");
        }
    });
}

#[test]
fn a_refused_request_is_answered_whatever_its_body() {
    FLEET.everywhere(|session| {
        let head = session.refused(Request::new("HEAD", "/"), 401, "credentials_missing");
        assert_eq!(head.text(), "");
        assert_eq!(head.header("content-type"), Some("application/problem+json"));
        for size in [1, 100_000, 2_000_000] {
            let request = Request::post("/", vec![b'x'; size]);
            session.refused(request.clone(), 401, "credentials_missing");
            session.refused(request.trailer("x-last", "1"), 401, "credentials_missing");
        }
    });
}

#[test]
fn a_request_id_of_the_clients_own_making_is_repeated_only_where_it_is_harmless() {
    // An internal client may bring its own.
    let envoy = EnvoyBuilder::new(document()).hardened(false).start();
    let id = |id: &str| {
        envoy.send(&Request::get("/").header("x-request-id", id)).json()["request_id"].clone()
    };
    assert_eq!(id("caller-1"), "caller-1");
    for odd in ["a b", "a\u{e9}", &"x".repeat(129)] {
        assert_eq!(id(odd), json!(null), "{odd}");
    }
    assert_eq!(id("\"},{"), "\"},{");
}
