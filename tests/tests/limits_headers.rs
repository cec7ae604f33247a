//! What responses tell of limits, whoever answers.

mod common;

use common::limits::{direct, number, remaining, within_one_window};
use common::{Fleet, Session, idp, key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::token::{now, sha256_hex};
use tenant_guard_tests::{
    EnvoyBuilder, Protocol, Reply, Request, Response, Stub, for_each_protocol,
};

static FLEET: Fleet = Fleet::new(|| EnvoyBuilder::new(document(json!({}))).route(direct()));

fn document(more: Value) -> Value {
    let tenant = |id: &str, requests: &str| {
        json!({"id": id, "limits": {"requests": requests}, "clients": [
            {"id": "web", "keys": [key_entry(&format!("{id}-1"), id)]}]})
    };
    let base = json!({
        "version": 1,
        "jwt": {"issuers": [idp("claims").config(json!({"tenant": {"claims": ["tenant"], "any_tenant": true}}))]},
        "super_admin": {"from": [{"header": "x-super"}], "sha256": sha256_hex("super")},
        "tenants": [
            with(tenant("acme", "100000/day"), json!({"limits": {"actions": {"publish": "0/day"}}})),
            with(tenant("asleep", "100000/day"), json!({"active": false})),
            with(tenant("elsewhere", "100000/day"), json!({"ip": ["192.0.2.1"]})),
            tenant("spent", "0/day"),
            {"id": "free"},
        ],
        "limits": {"headers": ["x-rate-limit", "ratelimit"]},
        "routes": [
            {"match": {"path": "/public"}, "auth": "none"},
            {"match": {"path": "/scope"}, "scopes": ["a:b"]},
            {"match": {"path": "/role"}, "roles": ["a"]},
            {"match": {"path": "/publish"}, "action": "publish"},
            {"match": {"path": "/shadow"}, "scopes": ["a:b"], "shadow": true},
            {"match": {"path": "/**"}},
        ],
    });
    with(base, more)
}

const NAMES: [&str; 5] = [
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "ratelimit",
    "ratelimit-policy",
];

/// The end of the day, in seconds since the epoch.
fn midnight() -> i64 {
    (now() / 86_400 + 1) * 86_400
}

/// It tells of the day's limit of 100,000, and that once.
#[track_caller]
fn assert_told(response: &Response) {
    assert_eq!(number(response, NAMES[0]), 100_000, "{response:?}");
    let left = remaining(response);
    assert!((90_000..=100_000).contains(&left), "{response:?}");
    let midnight = midnight();
    assert_eq!(number(response, NAMES[2]), u64::try_from(midnight).unwrap());
    let policy = response.header_all("ratelimit-policy");
    assert!(
        policy.len() == 1 && policy[0].starts_with(r#""tenant";q=100000;w=86400"#),
        "{policy:?}"
    );
    let short = response.header_all("ratelimit");
    assert!(short.len() == 1, "{response:?}");
    let seconds = short[0].strip_prefix(&format!("\"tenant\";r={left};t=")).unwrap();
    let seconds: i64 = seconds.parse().unwrap();
    assert!((midnight - now() - seconds).abs() <= 2, "{response:?}");
}

#[track_caller]
fn assert_silent(response: &Response) {
    for name in NAMES {
        assert_eq!(response.header(name), None, "{response:?}");
    }
}

#[test]
fn every_answer_to_a_tenant_with_limits_tells_of_them() {
    within_one_window();
    FLEET.everywhere(|session| {
        let token = |tenant: &str| idp("claims").token(json!({"tenant": tenant}));
        let get = |path: &str| Request::get(path).api_key("acme");
        assert_told(&session.allowed(get("/")));
        assert_told(&session.allowed(Request::get("/").bearer(token("acme"))));
        assert_told(&session.allowed(Request::new("HEAD", "/").api_key("acme")));
        assert_told(&session.refused(get("/scope"), 403, "scope_missing"));
        assert_told(&session.refused(get("/role"), 403, "role_missing"));
        assert_told(&session.refused(Request::get("/").api_key("elsewhere"), 403, "ip_refused"));
        assert_told(&session.refused(Request::get("/").api_key("asleep"), 403, "tenant_inactive"));
        // The guard marks it as shadow, and the backstop answers.
        assert_told(&session.backstopped(get("/shadow")));

        // Whose tenant is not known, or has no limits, is told of none.
        assert_silent(&session.refused(Request::get("/"), 401, "credentials_missing"));
        assert_silent(&session.refused(Request::get("/").api_key("x"), 401, "api_key_unknown"));
        assert_silent(&session.refused(get("/").tenant("free"), 403, "tenant_mismatch"));
        assert_silent(&session.refused(get("/;x"), 400, "path_ambiguous"));
        assert_silent(&session.passed(get("/public"), json!("public")));
        assert_silent(&session.allowed(Request::get("/").bearer(token("free"))));
        let admin = Request::get("/").header("x-super", "super").tenant("acme");
        assert_silent(&session.allowed(admin));
    });
}

fn retry_after(session: &mut Session<'_>, request: Request, name: &str) {
    let response = session.refused(request, 429, "rate_limited");
    let end = midnight();
    assert_eq!(number(&response, "x-rate-limit-limit"), 0);
    assert_eq!(remaining(&response), 0);
    assert_eq!(number(&response, "x-rate-limit-reset"), u64::try_from(end).unwrap());
    let wait = number(&response, "retry-after");
    assert!((end - now() - i64::try_from(wait).unwrap()).abs() <= 2, "{response:?}");
    let problem = response.json();
    assert_eq!(problem["retry_after"], wait);
    assert_eq!(
        (&problem["level"], &problem["title"]),
        (&json!("tenant"), &json!("Too Many Requests"))
    );
    assert_eq!(response.header("ratelimit"), Some(format!("\"{name}\";r=0;t={wait}").as_str()));
    assert_eq!(response.header_all("cache-control"), ["no-store"]);
}

#[test]
fn who_reached_a_limit_is_told_when_to_come_again() {
    within_one_window();
    FLEET.everywhere(|session| {
        retry_after(session, Request::get("/").api_key("spent"), "tenant");
        let publish = Request::get("/publish").api_key("acme");
        retry_after(session, publish, "tenant/publish");
        if session.over == Protocol::H2 {
            for (secret, status, path) in [("spent", 8, "/"), ("acme", 7, "/scope")] {
                let code = if status == 8 { "rate_limited" } else { "scope_missing" };
                let response = session.refused(Request::grpc(path).api_key(secret), 200, code);
                assert_eq!(response.grpc_status(), Some(status), "{response:?}");
                assert!(response.grpc_message().unwrap().starts_with(code), "{response:?}");
                assert_eq!(response.header("retry-after").is_some(), status == 8, "{response:?}");
                assert!(NAMES.iter().all(|name| response.header_all(name).len() == 1));
            }
        }
    });
}

/// Answers with this status, and headers of its own.
fn reply(status: u16) -> Reply {
    let mut reply = Reply::status(status);
    for name in [
        "X-Rate-Limit-Limit",
        "x-rate-limit-remaining",
        "X-RATE-LIMIT-RESET",
        "RateLimit",
        "ratelimit-policy",
    ] {
        for value in ["7", "8"] {
            reply.headers.push((name.to_owned(), value.to_owned()));
        }
    }
    reply.headers.push(("x-own".to_owned(), "kept".to_owned()));
    reply
}

#[test]
fn what_the_application_or_the_router_answers_tells_of_limits_too() {
    within_one_window();
    let stub = Stub::start();
    let statuses = [200, 204, 302, 401, 404, 429, 500, 503];
    for status in statuses {
        stub.on(&format!("/stub/{status}"), reply(status));
        stub.on(&format!("/public/{status}"), reply(status));
    }
    let to = |prefix: &str, cluster: &str| json!({"name": cluster, "match": {"prefix": prefix}, "route": {"cluster": cluster}});
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let lua = "function envoy_on_request(handle)\n if handle:headers():get(':path') == '/lua' then\n handle:respond({[':status'] = '418'}, 'lua')\n end\nend";
    let public = json!({"routes": [{"match": {"path": "/public/*"}, "auth": "none"}, {"match": {"path": "/**"}}]});
    for workers in [1, 4] {
        let envoy = EnvoyBuilder::new(document(public.clone()))
            .workers(workers)
            .cluster_at("stub", stub.address(), Protocol::H1)
            .cluster_at("nobody", nobody, Protocol::H1)
            .route(to("/stub/", "stub"))
            .route(to("/public/", "stub"))
            .route(to("/nobody", "nobody"))
            .route(json!({"name": "redirect", "match": {"prefix": "/redirect"}, "redirect": {"path_redirect": "/"}}))
            .route(direct())
            .filter_after(json!({"name": "lua", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                "default_source_code": {"inline_string": lua}}}))
            .start();
        for_each_protocol(|over| {
            let send = |path: &str| envoy.send(&Request::get(path).api_key("acme").over(over));
            for status in statuses {
                let response = send(&format!("/stub/{status}"));
                assert_eq!(response.status, status);
                assert_told(&response);
                assert_eq!(response.header("x-own"), Some("kept"));
                // Where the guard has nothing to tell, the application's stay.
                let response = send(&format!("/public/{status}"));
                assert_eq!(response.status, status);
                for name in NAMES {
                    assert_eq!(response.header_all(name), ["7", "8"], "{name}");
                }
            }
            for (path, status) in
                [("/nobody", 503), ("/redirect", 301), ("/direct", 200), ("/lua", 418)]
            {
                let response = send(path);
                assert_eq!(response.status, status, "{path}");
                assert_told(&response);
            }
        });
    }
}

#[test]
fn only_the_headers_that_are_asked_for_are_sent() {
    within_one_window();
    for (asked, sent) in [
        (json!({}), &NAMES[..3]),
        (json!({"headers": ["x-rate-limit"]}), &NAMES[..3]),
        (json!({"headers": ["ratelimit"]}), &NAMES[3..]),
        (json!({"headers": []}), &[]),
    ] {
        let document = with(document(json!({"limits": null})), json!({"limits": asked}));
        let envoy = EnvoyBuilder::new(document).start();
        for secret in ["acme", "spent"] {
            let response = envoy.send(&Request::get("/").api_key(secret));
            let found: Vec<&str> =
                NAMES.into_iter().filter(|name| response.header(name).is_some()).collect();
            assert_eq!(found, sent, "{asked}: {response:?}");
            assert_eq!(response.header("retry-after").is_some(), secret == "spent");
        }
    }
}
