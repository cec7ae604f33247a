//! What goes on without an identity, and what doesn't go on.

mod common;

use common::{Fleet, headers, idp, key_entry, received, with};
use serde_json::{Value, json};
use tenant_guard_tests::{EnvoyBuilder, Request};

const WEB_KEY: &str = "key-of-acme-web";

static FLEET: Fleet = Fleet::new(|| {
    // Routes of Envoy's that match on the tenant.
    let by_tenant = |name: &str| {
        json!({"name": name, "match": {"prefix": "/", "headers": [
        {"name": "x-tenant-id", "string_match": {"exact": name}}]}, "route": {"cluster": "app_h1"}})
    };
    let envoy = EnvoyBuilder::new(document()).hardened(false);
    ["acme", "globex", "forged"].into_iter().fold(envoy, |envoy, name| envoy.route(by_tenant(name)))
});

fn document() -> Value {
    json!({
        "version": 1,
        "jwt": {
            "from": [{"header": "authorization", "scheme": "Bearer"}, {"query": "access_token"}],
            "issuers": [idp("claims").config(json!({"tenant": {"claims": ["tenant"]}}))],
        },
        "api_keys": {"from": [{"header": "x-api-key"}, {"query": "key"}]},
        "tenancy": {"trust_header": "ignore"},
        "tenants": [
            {"id": "acme", "clients": [{"id": "web", "keys": [key_entry("web-1", WEB_KEY)]}]},
            {"id": "globex", "clients": [{"id": "off", "active": false}]},
        ],
        "routes": [
            {"match": {"path": ["/healthz", "/public/**"]}, "auth": "none"},
            {"match": {"path": "/optional"}, "auth": "optional", "tenancy": {"strict": false}},
            {"match": {"path": "/strict/**"}, "tenancy": {"trust_header": "never"}},
            {"match": {"path": "/open/**"}},
        ],
        "routes_unmatched": "deny",
    })
}

#[test]
fn a_public_request_goes_on_without_any_identity() {
    let token = idp("claims").token(json!({"tenant": "acme"}));
    FLEET.everywhere(|session| {
        let mut public = |request: Request, expected: &[(&str, &str)]| {
            let response = session.passed(request, json!("public"));
            assert_eq!(received(&response), headers(expected));
            response
        };
        public(Request::get("/healthz"), &[]);
        public(Request::get("/healthz/"), &[]);
        let forged = [
            "x-tenant-id",
            "X_User_Id",
            "x-roles",
            "x-scopes",
            "x-key-id",
            "x-client-id",
            "x.auth.method",
            "x-original-url",
        ];
        let forged = |path: &str| {
            forged
                .into_iter()
                .fold(Request::get(path), |request, name| request.header(name, "forged"))
        };
        public(forged("/healthz"), &[]);
        // Nothing is checked, and what isn't the guard's stays as it was.
        let bearer = format!("Bearer {token}");
        public(forged("/public/x").bearer(&token), &[("authorization", &bearer)]);
        let response = public(
            forged("/public/x?access_token=a.b.c&key=1")
                .api_key("wrong")
                .header("authorization", "Basic eDp5")
                .header("cookie", "a=1"),
            &[("authorization", "Basic eDp5"), ("x-api-key", "wrong"), ("cookie", "a=1")],
        );
        assert_eq!(response.echoed_value(":path").unwrap(), "/public/x?access_token=a.b.c&key=1");
        let line = session.last_line();
        assert_eq!((&line["tenant"], &line["subject"]), (&json!(null), &json!(null)), "{line}");
        // Trailers are no way in here either.
        let post = Request::post("/public/x", "body")
            .trailer("x_tenant_id", "acme")
            .trailer("x-last", "1");
        let response = session.passed(post, json!("public"));
        assert_eq!(response.echoed_trailers(), [("x-last".to_owned(), b"1".to_vec())]);
        // An ambiguous path is no public path.
        for path in
            ["/public/../open", "/public//x", "/public/%2e%2e/open", "/public;/x", "/public/%2fx"]
        {
            session.refused(Request::get(path), 400, "path_ambiguous");
        }
        session.refused(Request::get("/Healthz"), 403, "route_refused");
    });
}

#[test]
fn a_refusals_access_log_shows_what_was_resolved_and_no_more() {
    let known = idp("claims").token(json!({
        "tenant": "globex", "sub": "alice", "client_id": "off", "roles": ["r"], "scope": "s t",
    }));
    let names = ["x-user-id", "x-client-id", "x-key-id", "x-roles", "x-scopes", "x-auth-method"];
    let forged = |path: &str| {
        let request = Request::get(path).tenant("acme");
        names.into_iter().fold(request, |request, name| request.header(name, "forged"))
    };
    let nobody = json!({});
    let alice = json!({
        "subject": "alice", "client": "off", "method_header": "jwt", "roles": "r", "scopes": "s t",
    });
    let alice_of_globex = with(alice.clone(), json!({"tenant": "globex"}));
    let web = json!({"client": "web", "key": "web-1", "method_header": "api_key"});
    let query = |path: &str, rest: &str| format!("{path}?access_token={known}{rest}");
    FLEET.everywhere(|session| {
        let mut logged = |request: Request, status: u16, code: &str, path: &str, who: &Value| {
            session.refused(request, status, code);
            let line = session.last_line();
            let mut found = json!({});
            for name in ["tenant", "subject", "client", "key", "method_header", "roles", "scopes"] {
                if !line[name].is_null() {
                    found[name] = line[name].clone();
                }
            }
            assert_eq!((&found, &line["path"]), (who, &json!(path)), "{line}");
        };
        // The caller and the tenant, where both were resolved.
        let request = forged("/open/x").bearer(&known);
        logged(request, 403, "client_inactive", "/open/x", &alice_of_globex);
        let request = forged(&query("/open/x", "&a=1"));
        logged(request, 403, "client_inactive", "/open/x?a=1", &alice_of_globex);
        // The caller only, where the tenant wasn't.
        let request = forged("/strict/x").bearer(&known);
        logged(request, 403, "tenant_mismatch", "/strict/x", &alice);
        let request = forged(&format!("/strict/x?key={WEB_KEY}")).tenant("");
        logged(request, 400, "tenant_malformed", "/strict/x", &web);
        // Nobody, where nobody was verified.
        logged(forged("/open/x"), 401, "credentials_missing", "/open/x", &nobody);
        let request = forged("/open/x").bearer(format!("{known}="));
        logged(request, 401, "token_malformed", "/open/x", &nobody);
        let request = forged("/open/x?key=wrong&a=1");
        logged(request, 401, "api_key_unknown", "/open/x?a=1", &nobody);
        let request = forged(&query("/open/x", &format!("&access_token={known}")));
        logged(request, 400, "credentials_ambiguous", "/open/x", &nobody);
        let request = forged(&query("/elsewhere", ""));
        logged(request, 403, "route_refused", "/elsewhere", &nobody);
        let request = forged(&query("/open;x", "&b"));
        logged(request, 400, "path_ambiguous", "/open;x?b", &nobody);
    });
}

#[test]
fn envoys_routes_see_the_guards_tenant() {
    FLEET.everywhere(|session| {
        for (tenant, sent) in [
            ("acme", None),
            ("acme", Some("globex")),
            ("globex", Some("acme")),
            ("globex", Some("forged")),
        ] {
            let token = idp("claims").token(json!({"tenant": tenant}));
            let request =
                sent.into_iter().fold(Request::get("/open/x").bearer(token), Request::tenant);
            session.allowed_as(request, tenant);
            assert_eq!(session.last_line()["route"], tenant);
        }
        // Nor does a public caller choose, an anonymous one, or one that is refused.
        session.passed(Request::get("/public/x").tenant("acme"), json!("public"));
        assert_eq!(session.last_line()["route"], "application");
        session.allowed_as(Request::get("/optional").tenant("acme"), "default");
        assert_eq!(session.last_line()["route"], "application");
    });
}
