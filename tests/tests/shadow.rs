//! Shadow mode: refusals that aren't carried out.

mod common;

use common::{Fleet, Session, headers, idp, key_entry, received, with};
use serde_json::{Value, json};
use tenant_guard_tests::{EnvoyBuilder, Request, for_each_protocol};

const WEB_KEY: &str = "key-of-acme-web";

static WITH_BACKSTOP: Fleet = Fleet::new(envoy);
static WITHOUT_BACKSTOP: Fleet = Fleet::new(|| envoy().backstop(false));

fn envoy() -> EnvoyBuilder {
    // A route that only the guard's own word leads to.
    let acme = json!({"name": "acme", "match": {"prefix": "/", "headers": [
        {"name": "x-tenant-id", "string_match": {"exact": "acme"}}]}, "route": {"cluster": "app_h2"}});
    EnvoyBuilder::new(document(json!({"shadow": true}))).hardened(false).route(acme)
}

fn document(more: Value) -> Value {
    with(
        json!({
            "version": 1,
            "jwt": {"issuers": [idp("claims").config(json!({"tenant": {"claims": ["tenant"]}}))]},
            "api_keys": {"from": [{"header": "x-api-key"}, {"query": "key"}, {"cookie": "key"}]},
            "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [key_entry("web-1", WEB_KEY)]}]}],
            "routes": [
                {"match": {"path": "/public"}, "auth": "none"},
                {"match": {"path": "/optional"}, "auth": "optional", "tenancy": {"strict": false}},
                {"match": {"path": "/things/**"}},
            ],
            "routes_unmatched": "deny",
        }),
        more,
    )
}

fn forged(path: &str) -> Request {
    let names = [
        "x-user-id",
        "X_Tenant_Id",
        "x-client-id",
        "x-key-id",
        "x-roles",
        "x-scopes",
        "x-auth-method",
        "x-original-url",
    ];
    names.into_iter().fold(Request::get(path), |request, name| request.header(name, "forged"))
}

/// Requests that would be refused, with what of each still goes on.
fn refusals() -> Vec<(Request, &'static str, &'static str)> {
    let globex = idp("claims").token(json!({"tenant": "globex"}));
    vec![
        (forged("/things/a"), "/things/a", "credentials_missing"),
        (forged("/things/a").tenant("acme"), "/things/a", "credentials_missing"),
        (
            forged("/things/a").tenant("acme").tenant("globex").api_key(WEB_KEY),
            "/things/a",
            "tenant_malformed",
        ),
        (forged("/things/a").tenant("globex").api_key(WEB_KEY), "/things/a", "tenant_mismatch"),
        (forged("/things/a?key=wrong&b=1"), "/things/a?b=1", "api_key_unknown"),
        (forged("/things/a").header("cookie", "key=wrong"), "/things/a", "api_key_unknown"),
        (forged("/things/a").bearer(&globex), "/things/a", "tenant_unknown"),
        (forged("/things/a").bearer("a.b.c"), "/things/a", "token_malformed"),
        (forged("/things;a").bearer(&globex), "/things;a", "path_ambiguous"),
        (forged("/elsewhere").api_key(WEB_KEY), "/elsewhere", "route_refused"),
    ]
}

/// What isn't refused is as without shadow mode.
fn unchanged(session: &mut Session<'_>) {
    let identity = headers(&[
        ("x-tenant-id", "acme"),
        ("x-client-id", "web"),
        ("x-key-id", "web-1"),
        ("x-auth-method", "api_key"),
    ]);
    assert_eq!(received(&session.allowed(forged("/things/a").api_key(WEB_KEY))), identity);
    assert_eq!(session.last_line()["route"], "acme");
    let identity = headers(&[("x-tenant-id", "default"), ("x-auth-method", "anonymous")]);
    assert_eq!(received(&session.allowed(forged("/optional"))), identity);
    let public = session.passed(forged("/public").api_key("stays"), json!("public"));
    assert_eq!(received(&public), headers(&[("x-api-key", "stays")]));
}

#[test]
fn what_would_be_refused_goes_on_as_nobody() {
    WITHOUT_BACKSTOP.everywhere(|session| {
        unchanged(session);
        for (request, path, code) in refusals() {
            let response = session.passed(request.clone(), json!("shadow"));
            assert_eq!(received(&response), headers(&[]), "{code}");
            assert_eq!(session.last_line()["route"], "application", "{code}");
            assert_eq!(response.echoed_value(":path").unwrap(), path, "{code}");
            // Trailers are no way in either.
            let post =
                request.body("x").trailer("x-tenant-id", "acme").trailer("x-api-key", WEB_KEY);
            assert_eq!(session.passed(post, json!("shadow")).echoed_trailers(), []);
        }
    });
}

#[test]
fn the_backstop_refuses_what_goes_on_as_nobody() {
    WITH_BACKSTOP.everywhere(|session| {
        unchanged(session);
        for (request, ..) in refusals() {
            session.backstopped(request);
        }
    });
}

#[test]
fn a_route_may_be_in_shadow_alone() {
    let document = document(json!({"routes": [
        {"match": {"path": "/shadow/**"}, "shadow": true},
        {"match": {"path": "/things/**"}},
    ]}));
    let exception = with(
        document.clone(),
        json!({"shadow": true, "routes": [
            {"match": {"path": "/shadow/**"}},
            {"match": {"path": "/things/**"}, "shadow": false},
        ]}),
    );
    for document in [document, exception] {
        let global = document["shadow"] == true;
        let envoy = EnvoyBuilder::new(document).backstop(false).start();
        for_each_protocol(|over| {
            let mut session = Session::new(&envoy, over);
            session.allowed_as(Request::get("/shadow/a").api_key(WEB_KEY), "acme");
            session.allowed_as(Request::get("/things/a").api_key(WEB_KEY), "acme");
            let response = session.passed(
                Request::get("/shadow/a").tenant("globex").api_key(WEB_KEY),
                json!("shadow"),
            );
            assert_eq!(received(&response), headers(&[]));
            session.refused(
                Request::get("/things/a").tenant("globex").api_key(WEB_KEY),
                403,
                "tenant_mismatch",
            );
            // What no route matches is the document's own.
            match global {
                true => session.passed(Request::get("/elsewhere"), json!("shadow")),
                false => session.refused(Request::get("/elsewhere"), 403, "route_refused"),
            };
            session.finish();
        });
        assert_eq!(
            envoy.stat("wasmcustom.tenant_guard.shadow_denied"),
            Some(2 * (1 + u64::from(global)))
        );
        assert_eq!(envoy.stat("wasmcustom.tenant_guard.denied.tenant_mismatch"), Some(2));
    }
}

#[test]
fn untouched_leaves_every_request_as_it_came() {
    let envoy = EnvoyBuilder::new(document(json!({"shadow": "untouched"})))
        .hardened(false)
        .backstop(false)
        .start();
    let warning = envoy.wait_for_log("shadow: untouched leaves forged identity headers");
    assert!(warning.contains("[warning]"), "{warning}");
    let bare_envoy = EnvoyBuilder::bare().hardened(false).start();
    let good = forged("/things/a?key=1").header("cookie", format!("key={WEB_KEY}; a=1"));
    let allowed = forged("/things/a?a=1").api_key(WEB_KEY);
    for_each_protocol(|over| {
        let mut session = Session::new(&envoy, over);
        for request in [
            good.clone(),
            allowed.clone(),
            forged("/public?key=1").tenant("acme"),
            forged("/things;a").bearer("a.b.c"),
        ] {
            // What a request without guard would bring, is brought.
            let bare = bare_envoy.send(&request.clone().over(over));
            let response = session.passed(request.trailer("x-user-id", "forged"), json!("shadow"));
            assert_eq!(received(&response), received(&bare));
            assert_eq!(response.echoed_value(":path"), bare.echoed_value(":path"));
        }
        let post = Request::post("/things/a", "x")
            .trailer("x-user-id", "forged")
            .trailer("x-api-key", "k");
        assert_eq!(session.passed(post, json!("shadow")).echoed_trailers().len(), 2);
        session.finish();
    });
    // It is counted, and nothing else is.
    let stat = |name: &str| envoy.stat(&format!("wasmcustom.tenant_guard.{name}")).unwrap();
    assert_eq!(stat("shadow_denied"), 6);
    assert_eq!(stat("stripped"), 0);
    assert_eq!(stat("allowed") + stat("public"), 4);
}

#[test]
fn untouched_behind_the_backstop_lets_nothing_through() {
    let envoy = EnvoyBuilder::new(document(json!({"shadow": "untouched"}))).start();
    for_each_protocol(|over| {
        let mut session = Session::new(&envoy, over);
        session.backstopped(Request::get("/things/a").api_key(WEB_KEY));
        session.backstopped(Request::get("/things/a"));
        session.finish();
    });
}
