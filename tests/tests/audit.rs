//! The audit lines in Envoy's log.

mod common;

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::{idp, key_entry, with};
use serde_json::{Map, Value, json};
use tenant_guard_tests::token::Parts;
use tenant_guard_tests::{Envoy, EnvoyBuilder, Request, for_each_protocol};

fn document(audit: Value) -> Value {
    json!({
        "version": 1,
        "revision": "2026-11-22.1",
        "jwt": {
            "from": [{"header": "authorization", "scheme": "Bearer"}, {"query": "access_token"}, {"cookie": "session"}],
            "issuers": [
                idp("claims").config(json!({"name": "customers", "tenant": {"claims": ["tenant"], "any_tenant": true}})),
                idp("machine").config(json!({"tenant": {"acts_for": "any", "any_tenant": true}})),
            ],
        },
        "api_keys": {"from": [{"header": "x-api-key"}, {"query": "key"}]},
        "tenants": [
            {"id": "acme", "clients": [{"id": "web", "keys": [key_entry("web-1", "secret-of-web-1")]}]},
            {"id": "sleeping", "active": false},
        ],
        "routes": [
            {"match": {"path": "/public"}, "auth": "none"},
            {"match": {"path": "/shadow/**"}, "shadow": true},
            {"match": {"path": "/then/**"}, "mode": "jwt_then_api_key"},
            {"match": {"path": "/**"}},
        ],
        "audit": audit,
    })
}

/// The audit lines so far, each with Envoy's level.
fn lines(envoy: &Envoy) -> Vec<(String, Map<String, Value>)> {
    let log = envoy.log();
    let lines = log.lines().filter_map(|line| {
        let json = &line[line.find(": {\"")? + 2..];
        let level = line.split(['[', ']']).nth(5).unwrap();
        let Value::Object(fields) = serde_json::from_str(json).unwrap() else {
            panic!("no object: {line}");
        };
        Some((level.to_owned(), fields))
    });
    lines.collect()
}

/// Sends a request and gives its line, less what differs each time.
fn line(envoy: &Envoy, request: &Request) -> Option<Map<String, Value>> {
    let before = lines(envoy).len();
    let response = envoy.send(request);
    let mut new = lines(envoy).split_off(before);
    let (_, mut line) = new.pop()?;
    assert!(new.is_empty(), "more than one line: {new:?}");
    let id = line.remove("request_id").unwrap();
    if response.code().is_some() {
        assert_eq!(response.json()["request_id"], id);
    } else if response.is_from_application() {
        assert_eq!(response.echoed_value("x-request-id").unwrap(), id.as_str().unwrap());
    }
    let time = line.remove("time").unwrap();
    let time = time.as_str().unwrap().to_owned();
    assert!(time.len() == 24 && time.starts_with("20") && time.ends_with('Z'), "{time}");
    assert_eq!(line.remove("address").unwrap(), "127.0.0.1");
    assert_eq!(line.remove("revision").unwrap(), "2026-11-22.1");
    Some(line)
}

#[test]
fn a_line_says_who_what_where_and_by_which_rule() {
    let envoy = EnvoyBuilder::new(document(json!({"log": "all"}))).backstop(false).start();
    let of =
        |more: Value| idp("claims").token(with(json!({"sub": "alice", "client_id": "spa"}), more));
    let (acme, sleeping) = (of(json!({"tenant": "acme"})), of(json!({"tenant": "sleeping"})));
    let broken = Parts::of(&acme).with_flipped_bit().join();
    let machine = idp("machine").token(json!({"sub": "robot"}));
    let alice = json!({"auth": "jwt", "subject": "alice", "client": "spa", "issuer": "customers", "kid": "claims"});
    for_each_protocol(|over| {
        let expect = |request: Request, expected: Value| {
            let found = line(&envoy, &request.clone().over(over));
            assert_eq!(found.map(Value::Object), Some(expected), "{request:?}");
        };
        let about = |path: &str, route: &str, more: Value| {
            with(json!({"method": "GET", "path": path, "route": route}), more)
        };
        let guarded = |more: Value| about("/a", "routes[3] /**", more);
        let get = |path: &str| Request::get(path);
        expect(
            get("/a?x=1").bearer(&acme),
            guarded(with(
                alice.clone(),
                json!({
            "verdict": "allow", "tenant": "acme", "tenant_from": "bound"}),
            )),
        );
        expect(
            get("/a").api_key("secret-of-web-1"),
            guarded(json!({
            "verdict": "allow", "tenant": "acme", "tenant_from": "bound", "auth": "api_key", "client": "web", "key": "web-1"})),
        );
        expect(
            get("/a").bearer(&machine).tenant("acme"),
            guarded(json!({
            "verdict": "allow", "tenant": "acme", "tenant_from": "chosen", "auth": "jwt", "subject": "robot",
            "issuer": "https://machine.example.com/", "kid": "machine"})),
        );
        expect(
            get("/public?x"),
            about("/public", "routes[0] /public", json!({"verdict": "public"})),
        );
        // A refusal has the caller only once it is verified, and the tenant once it is resolved.
        expect(
            get("/a").bearer(&sleeping),
            guarded(with(
                alice.clone(),
                json!({
            "verdict": "deny", "code": "tenant_inactive", "level": "tenant", "rule": "active of tenant sleeping",
            "tenant": "sleeping", "tenant_from": "bound"}),
            )),
        );
        expect(
            get("/a").bearer(&acme).tenant("globex"),
            guarded(with(
                alice.clone(),
                json!({
            "verdict": "deny", "code": "tenant_mismatch", "rule": "x-tenant-id"}),
            )),
        );
        expect(
            get("/a").bearer(&broken),
            guarded(json!({
            "verdict": "deny", "code": "token_signature_invalid", "kid": "claims"})),
        );
        expect(
            get("/then/a").bearer(&broken).api_key("wrong"),
            about(
                "/then/a",
                "routes[2] /then/**",
                json!({
            "verdict": "deny", "code": "token_signature_invalid", "kid": "claims", "key_code": "api_key_unknown"}),
            ),
        );
        expect(
            get("/a").header("x-user-id", "root"),
            guarded(json!({
            "verdict": "deny", "code": "credentials_missing"})),
        );
        expect(
            get("/a;b?c=d"),
            json!({"method": "GET", "path": "/a;b", "verdict": "deny",
            "code": "path_ambiguous", "rule": "paths.parameters"}),
        );
        expect(
            get("/shadow/a").bearer(&sleeping),
            about(
                "/shadow/a",
                "routes[1] /shadow/**",
                with(
                    alice.clone(),
                    json!({
            "verdict": "shadow", "code": "tenant_inactive", "level": "tenant", "rule": "active of tenant sleeping",
            "tenant": "sleeping", "tenant_from": "bound"}),
                ),
            ),
        );
    });
    let (level, _) = lines(&envoy).pop().unwrap();
    assert_eq!(level, "warning");
}

#[test]
fn the_operator_chooses_what_is_logged_and_how_loudly() {
    let machine = idp("machine").token(json!({}));
    // Envoy's name of the level, and how many of four requests have a line.
    for (audit, level, count) in [
        (json!({}), "warning", 2),
        (json!({"log": "denied", "level": "error"}), "error", 2),
        (json!({"log": "all", "level": "critical"}), "critical", 4),
        (json!({"log": "all", "level": "info"}), "info", 4),
        (json!({"log": "none"}), "", 0),
    ] {
        let envoy = EnvoyBuilder::new(document(audit.clone())).log_level("info").start();
        let marked = |request: Request| envoy.send(&request).status;
        assert_eq!(marked(Request::get("/").api_key("secret-of-web-1")), 200);
        assert_eq!(marked(Request::get("/public")), 200);
        assert_eq!(marked(Request::get("/")), 401);
        // A caller that acts for others is audited wherever something is.
        assert_eq!(marked(Request::get("/").bearer(&machine).tenant("acme")), 200);
        let lines = lines(&envoy);
        assert_eq!(lines.len(), count, "{audit}: {lines:?}");
        assert!(lines.iter().all(|(found, _)| found == level), "{audit}: {lines:?}");
    }
    let quiet = EnvoyBuilder::new(document(json!({"log": "all", "level": "info"}))).start();
    assert_eq!(quiet.get("/").status, 401);
    assert_eq!(lines(&quiet), [], "below Envoy's own level");
}

#[test]
fn a_flood_is_capped_and_what_was_left_out_is_counted() {
    let envoy = EnvoyBuilder::new(document(json!({"max_per_second": 5}))).start();
    let mut connection = envoy.connect(tenant_guard_tests::Protocol::H1);
    for _ in 0..200 {
        assert_eq!(connection.send(&Request::get("/")).unwrap().status, 401);
    }
    sleep(Duration::from_millis(1100));
    assert_eq!(envoy.get("/").status, 401);
    let lines = lines(&envoy);
    let suppressed = |line: &Map<String, Value>| {
        line.get("suppressed").map_or(0, |count| count.as_u64().unwrap())
    };
    let left_out: u64 = lines.iter().map(|(_, line)| suppressed(line)).sum();
    assert_eq!(lines.len() as u64 + left_out, 201);
    let mut seconds: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, line) in &lines {
        *seconds.entry(&line["time"].as_str().unwrap()[..19]).or_default() += 1;
    }
    // All of them were sent within a second or two, so some second had more.
    assert_eq!(seconds.values().max(), Some(&5), "{lines:?}");
    // Nothing of it lacks in the counters.
    assert_eq!(envoy.stat("wasmcustom.tenant_guard.denied.credentials_missing"), Some(201));
    assert_eq!(envoy.access_log(201).len(), 201);
}

#[test]
fn no_flood_hides_who_acts_for_others() {
    for (log, path, status) in [("denied", "/", 401), ("all", "/", 401), ("all", "/public", 200)] {
        let audit = json!({"log": log, "max_per_second": 20});
        let envoy = EnvoyBuilder::new(document(audit)).start();
        let machine = idp("machine").token(json!({"sub": "robot"}));
        let mut connection = envoy.connect(tenant_guard_tests::Protocol::H1);
        for _ in 0..10 {
            for _ in 0..300 {
                assert_eq!(connection.send(&Request::get(path)).unwrap().status, status);
            }
            let acting = Request::get("/").bearer(&machine).tenant("acme");
            assert_eq!(connection.send(&acting).unwrap().status, 200);
        }
        let lines = lines(&envoy);
        let acted = lines.iter().filter(|(_, line)| line["verdict"] == "allow").count();
        assert_eq!(acted, 10, "{log} {path}");
    }
}

#[test]
fn no_log_holds_a_credential() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let envoy = EnvoyBuilder::new(document(json!({"log": "all"}))).log_level("info").start();
    let acme = idp("claims").token(json!({"tenant": "acme", "jti": now.to_string()}));
    let globex = idp("claims").token(json!({"tenant": "globex", "jti": now.to_string()}));
    let tokens = [
        acme.clone(),
        globex.clone(),
        Parts::of(&acme).with_flipped_bit().join(),
        format!("{globex}="),
        acme.replace('.', "-"),
    ];
    let keys = ["secret-of-web-1", "secret-of-nobody", "secret.of.three-parts"];
    let mut sent = Vec::new();
    for_each_protocol(|over| {
        let mut send = |request: Request| sent.push(envoy.send(&request.over(over)));
        for path in ["/a", "/then/a", "/shadow/a", "/a;b", "/public"] {
            for token in &tokens {
                send(Request::get(path).bearer(token));
                send(Request::get(path).bearer(token).bearer(token));
                send(Request::get(path).header("authorization", format!("Basic {token}")));
                send(Request::get(path).header("cookie", format!("a=b; session={token}")));
                if path != "/public" {
                    send(Request::get(format!("{path}?access_token={token}&x=1")));
                    send(Request::get(format!(
                        "{path}?x=1&access_token={token}&access_token={token}"
                    )));
                }
                send(Request::get(path).tenant(token).api_key("secret-of-web-1"));
            }
            for key in keys {
                send(Request::get(path).api_key(key));
                send(Request::get(path).api_key(key).bearer(&acme));
                if path != "/public" {
                    send(Request::get(format!("{path}?key={key}")).tenant("initech"));
                }
            }
        }
    });
    let count = sent.len();
    // What the harness logs of the authorization header on purpose is left out.
    let access = envoy.access_log(count).into_iter().map(|mut line| {
        line.as_object_mut().unwrap().remove("authorization");
        line.to_string()
    });
    let logs: String = access.chain([envoy.log()]).collect::<Vec<_>>().join("\n");
    let replies = sent.iter().filter(|response| !response.is_from_application());
    let replies: String =
        replies.map(|reply| format!("{:?}{}", reply.headers, reply.text())).collect();
    for secret in tokens.iter().map(String::as_str).chain(keys) {
        assert!(!logs.contains(secret), "a log holds {secret}");
        assert!(!replies.contains(secret), "a reply holds {secret}");
    }
    for token in &tokens {
        let tail = &token[token.len() - 40..];
        assert!(!logs.contains(tail) && !replies.contains(tail), "a part of {token}");
    }
}
