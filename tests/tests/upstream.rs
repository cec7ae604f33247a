//! What the application sees of an allowed request, header by header.

mod common;

use common::{Fleet, Session, headers, idp, key_entry, received, with};
use serde_json::{Value, json};
use tenant_guard_tests::token::{b64, unb64};
use tenant_guard_tests::{EnvoyBuilder, Request, for_each_protocol};

const WEB_KEY: &str = "key-of-acme-web";
const LOOSE_KEY: &str = "key-of-nobody";

static FLEET: Fleet = Fleet::new(|| EnvoyBuilder::new(document()).hardened(false));

fn document() -> Value {
    json!({
        "version": 1,
        "both": "agree",
        "jwt": {
            "issuers": [idp("claims").config(json!({"tenant": {"claims": ["tenant"]}}))],
        },
        "api_keys": {
            "keys": [key_entry("loose", LOOSE_KEY)],
        },
        "tenants": [{"id": "acme", "aliases": ["org_1"], "clients": [{"id": "web app", "keys": [
            with(key_entry("web-1", WEB_KEY), json!({
                "scopes": ["outline:generate", "read"], "roles": ["standard", "a,b"]}))]}]}],
        "routes": [
            {"match": {"path": "/optional/**"}, "auth": "optional", "tenancy": {"strict": false}},
            {"match": {"path": "/me"}, "tenancy": "none"},
            {"match": {"path": "/**"}},
        ],
        "upstream": {
            "claims": {"email": "x-user-email", "groups": "x-groups", "profile.tier": "x-tier"},
            "payload": "x-jwt-payload",
            "strip": ["x-internal"],
        },
    })
}

/// The claims of the tokens here, and the payload header they give.
fn claims(more: Value) -> (String, String) {
    let token = idp("claims").token(with(json!({"tenant": "acme"}), more));
    let payload = token.split('.').nth(1).unwrap().to_owned();
    (token, payload)
}

/// Forged identity, in every spelling an application may fold into one.
fn forged(request: Request) -> Request {
    let names = [
        "x-tenant-id",
        "X-Tenant-Id",
        "x_tenant_id",
        "X_TENANT.ID",
        "x-user-id",
        "x_user_id",
        "x-client-id",
        "x-key-id",
        "x-roles",
        "x_roles",
        "x-scopes",
        "x-auth-method",
        "x-user-email",
        "x_user_email",
        "x-groups",
        "x-tier",
        "x-jwt-payload",
        "x-internal",
        "X_Internal",
        "x-original-url",
        "x-rewrite-url",
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x!method~override",
    ];
    // The tenant's own name, so that what it asserts agrees.
    names.into_iter().fold(request, |request, name| match name {
        "X-Tenant-Id" => request,
        "x-tenant-id" => request.header("X-Tenant-Id", "acme"),
        name => request.header(name, "forged"),
    })
}

#[test]
fn a_token_gives_exactly_its_own_identity() {
    let (token, payload) = claims(json!({
        "sub": "alice", "azp": "spa", "roles": ["admin", "x,y"], "scope": "read write",
        "email": "a@b.example", "groups": ["g1", "g 2"], "profile": {"tier": 3},
    }));
    let full = headers(&[
        ("x-tenant-id", "acme"),
        ("x-user-id", "alice"),
        ("x-client-id", "spa"),
        ("x-roles", "admin,x%2Cy"),
        ("x-scopes", "read write"),
        ("x-auth-method", "jwt"),
        ("x-user-email", "a@b.example"),
        ("x-groups", "g1,g%202"),
        ("x-tier", "3"),
        ("x-jwt-payload", &payload),
    ]);
    let (bare, bare_payload) =
        claims(json!({"email": null, "groups": [], "roles": [], "scope": ""}));
    let little = headers(&[
        ("x-tenant-id", "acme"),
        ("x-user-id", "user-1"),
        ("x-auth-method", "jwt"),
        ("x-jwt-payload", &bare_payload),
    ]);
    FLEET.everywhere(|session| {
        for _ in 0..2 {
            // The second time from the cache.
            assert_eq!(received(&session.allowed(Request::get("/").bearer(&token))), full);
            assert_eq!(received(&session.allowed(forged(Request::get("/")).bearer(&token))), full);
            assert_eq!(received(&session.allowed(Request::get("/").bearer(&bare))), little);
            assert_eq!(received(&session.allowed(forged(Request::get("/")).bearer(&bare))), little);
        }
        let line = session.last_line();
        assert_eq!((&line["tenant"], &line["subject"]), (&json!("acme"), &json!("user-1")));
        assert_eq!(line["authorization"], json!(null), "{line}");
    });
}

#[test]
fn a_key_gives_exactly_its_own_identity() {
    let key = headers(&[
        ("x-tenant-id", "acme"),
        ("x-client-id", "web%20app"),
        ("x-key-id", "web-1"),
        ("x-roles", "standard,a%2Cb"),
        ("x-scopes", "outline:generate read"),
        ("x-auth-method", "api_key"),
    ]);
    let both = |payload: &str| {
        let mut both = key.clone();
        both.extend(headers(&[
            ("x-user-id", "alice"),
            ("x-auth-method", "jwt"),
            ("x-jwt-payload", payload),
            ("x-roles", "admin,standard,a%2Cb"),
            ("x-scopes", "read write outline:generate"),
        ]));
        both
    };
    let (token, payload) =
        claims(json!({"sub": "alice", "roles": ["admin"], "scp": ["read", "write"]}));
    let (other, _) = claims(json!({"tenant": "globex"}));
    let unbound = idp("claims").token(json!({}));
    FLEET.everywhere(|session| {
        assert_eq!(received(&session.allowed(Request::get("/").api_key(WEB_KEY))), key);
        assert_eq!(received(&session.allowed(forged(Request::get("/")).api_key(WEB_KEY))), key);
        // A token and a key together name one tenant.
        let together = || forged(Request::get("/")).api_key(WEB_KEY);
        assert_eq!(received(&session.allowed(together().bearer(&token))), both(&payload));
        session.refused(together().bearer(&other), 403, "tenant_mismatch");
        session.refused(together().bearer("a.b.c"), 401, "token_malformed");
        session.refused(Request::get("/").api_key("wrong").bearer(&token), 401, "api_key_unknown");
        // One that says nothing of a tenant doesn't contradict.
        session.allowed_as(Request::get("/").api_key(WEB_KEY).bearer(&unbound), "acme");
        session.allowed_as(Request::get("/").api_key(LOOSE_KEY).bearer(&token), "acme");
    });
}

#[test]
fn without_a_tenant_or_a_caller_there_is_no_header_for_them() {
    let (token, payload) = claims(json!({"sub": "alice"}));
    let anonymous = headers(&[("x-tenant-id", "default"), ("x-auth-method", "anonymous")]);
    let me =
        headers(&[("x-user-id", "alice"), ("x-auth-method", "jwt"), ("x-jwt-payload", &payload)]);
    let loose = headers(&[("x-key-id", "loose"), ("x-auth-method", "api_key")]);
    FLEET.everywhere(|session| {
        assert_eq!(received(&session.allowed(Request::get("/optional/x"))), anonymous);
        let claimed =
            Request::get("/optional/x").header("x-user-id", "alice").header("x_roles", "admin");
        assert_eq!(received(&session.allowed(claimed)), anonymous);
        // A caller with credentials is no less itself on an optional route.
        session.allowed_as(Request::get("/optional/x").bearer(&token), "acme");
        assert_eq!(received(&session.allowed(forged(Request::get("/me")).bearer(&token))), me);
        assert_eq!(
            received(&session.allowed(forged(Request::get("/me")).api_key(LOOSE_KEY))),
            loose
        );
        session.refused(Request::get("/me"), 401, "credentials_missing");
    });
}

#[test]
fn what_a_header_cannot_hold_is_percent_encoded() {
    let (token, payload) = claims(json!({
        "sub": "Zo\u{eb} 100%\r\nx-tenant-id: globex", "client_id": "a,b c", "roles": ["a b", "c,d", "%2C"],
        "scope": ["\u{e9}", "a%20b"], "email": "tab\there", "groups": {"a": ["b c"]},
    }));
    let expected = headers(&[
        ("x-tenant-id", "acme"),
        ("x-user-id", "Zo%C3%AB%20100%25%0D%0Ax-tenant-id:%20globex"),
        ("x-client-id", "a,b%20c"),
        ("x-roles", "a%20b,c%2Cd,%252C"),
        ("x-scopes", "%C3%A9 a%2520b"),
        ("x-auth-method", "jwt"),
        ("x-user-email", "tab%09here"),
        ("x-groups", r#"{"a":["b%20c"]}"#),
        ("x-jwt-payload", &payload),
    ]);
    FLEET.everywhere(|session| {
        assert_eq!(received(&session.allowed(Request::get("/").bearer(&token))), expected);
    });
    let claims: Value = serde_json::from_slice(&unb64(&payload)).unwrap();
    assert_eq!(claims["email"], "tab\there");
    assert_eq!(b64(unb64(&payload)), payload);
}

#[test]
fn the_operator_names_the_headers() {
    let document = with(
        document(),
        json!({"upstream": {"headers":
        {"tenant": "x-org", "subject": "Remote-User", "scopes": null, "method": null}}}),
    );
    let envoy = EnvoyBuilder::new(document).hardened(false).start();
    let (token, payload) = claims(json!({"sub": "alice", "scope": "read", "roles": ["r"]}));
    for_each_protocol(|over| {
        let mut session = Session::new(&envoy, over);
        let forged = ["x-org", "X_Org", "remote_user", "Remote-User", "x-roles"];
        let request = forged
            .into_iter()
            .fold(Request::get("/"), |request, name| request.header(name, "forged"));
        // What the caller asserts has been heard, and goes no further.
        let response = session.allowed(request.tenant("acme").bearer(&token));
        let expected = [
            ("x-org", "acme"),
            ("remote-user", "alice"),
            ("x-roles", "r"),
            ("x-jwt-payload", &payload),
        ];
        assert_eq!(received(&response), headers(&expected));
        session.refused(Request::get("/").tenant("globex").bearer(&token), 403, "tenant_mismatch");
        session.finish();
    });
}

#[test]
fn an_upgraded_connection_has_the_same_identity() {
    let envoy = EnvoyBuilder::new(document()).upgrade("websocket").upgrade("CONNECT").start();
    let (token, payload) = claims(json!({"sub": "alice"}));
    let alice = [
        ("x-tenant-id", "acme"),
        ("x-user-id", "alice"),
        ("x-auth-method", "jwt"),
        ("x-jwt-payload", &payload),
    ];
    for_each_protocol(|over| {
        let socket = || Request::websocket("/ws", over).header("x-user-id", "forged");
        let mut found = received(&envoy.send(&socket().bearer(&token)));
        found.retain(|name, _| {
            !["connection", "upgrade"].contains(&name.as_str()) && !name.starts_with("sec-")
        });
        assert_eq!(found, headers(&alice));
        assert_eq!(envoy.send(&socket()).code().unwrap(), "credentials_missing");
        // A CONNECT has no path that a rule could be for.
        let tunnel = Request::connect("other.test:443").over(over).bearer(&token);
        assert_eq!(envoy.send(&tunnel).code().unwrap(), "path_ambiguous");
    });
    assert_eq!(envoy.application_requests(), 2);
}
