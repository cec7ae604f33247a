//! A control plane that fails: at the start, and later.

mod common;
mod directories;

use std::thread;
use std::time::{Duration, Instant};

use common::{idp, with};
use directories::{World, by_key, tenant, with_directory};
use serde_json::{Value, json};
use tenant_guard_tests::{Directory, Reply, Request};

const TOKEN: &str = "Bearer the-token-of-the-control-plane";

fn document(more: Value) -> Value {
    let shared =
        idp("shared").config(json!({"tenant": {"claims": ["tenant"], "any_tenant": true}}));
    let document = json!({"jwt": {"issuers": [shared]}, "tenants": [tenant("home", "home-key")]});
    let section = json!({
        "timeout": "150ms", "max_bytes": "16KiB",
        "headers": {"authorization": {"env": "DIRECTORY_TOKEN"}, "x-purpose": "tenants"},
    });
    with_directory(document, with(section, more))
}

fn start(directory: Directory, more: Value) -> World {
    World::start_with(document(more), directory, |builder| builder.env("DIRECTORY_TOKEN", TOKEN))
}

fn token(tenant: &str, sub: &str) -> Request {
    Request::get("/").bearer(idp("shared").token(json!({"tenant": tenant, "sub": sub})))
}

fn good() -> (Value, Value) {
    let off = json!({"id": "off", "active": false, "clients": tenant("", "off-key")["clients"]});
    let mut acme = tenant("acme", "acme-key");
    acme["clients"][0]["keys"]
        .as_array_mut()
        .unwrap()
        .push(with(common::key_entry("revoked", "revoked-key"), json!({"active": false})));
    let revoked = json!([{"issuer": idp("shared").issuer, "subject": "mallory"}]);
    (json!([acme, off]), json!({ "revoked": revoked }))
}

/// What is wrong with an answer, and what the log says of it.
fn failures() -> Vec<(Reply, &'static str)> {
    let document = json!({"version": 1, "tenants": []});
    let json = |over: Value| Reply::json(&with(document.clone(), over));
    let text = |text: &str| Reply::bytes(text).content_type("application/json");
    let whole = || Reply::json(&document);
    vec![
        (Reply::status(500), "status 500"),
        (Reply::status(204), "status 204"),
        (Reply::status(404), "status 404"),
        (
            Reply::redirect("https://control.test/elsewhere"),
            "status 302: redirects aren't followed",
        ),
        (Reply::hang(), "status 504: timeout passed"),
        (Reply::close(), "status 503: the connection failed"),
        (whole().stalled(), "no answer came"),
        (whole().content_type("text/html"), "content-type text/html, which isn't JSON"),
        (whole().header("content-encoding", "gzip"), "content-encoding gzip"),
        (whole().cut(), "no answer came"),
        (whole().padded(16 * 1024 + 1), "16385 bytes, more than the 16384 that are read"),
        (whole().chunked().cut(), "no answer came"),
        (text("<html>"), "line 1 column 1: not valid JSON of an object"),
        (text(""), "line 1 column 0: not valid JSON of an object"),
        (text("{\"version\": 1, \"tenants\": []"), "line 1 column 28: not valid JSON of an object"),
        (text("{\"version\": 1, \"tenants\": [], \"tenants\": []}"), "tenants: is there twice"),
        (json(json!({"version": 2})), "version: must be 1"),
        (text("{\"tenants\": []}"), "version: is required"),
        (text("{\"version\": 1}"), "tenants: is required"),
        (json(json!({"tenants": {}})), "tenants: must be a list"),
        (json(json!({"revoked": {}})), "revoked: must be a list"),
        (json(json!({"tenant_defaults": {}})), "tenant_defaults: unknown field"),
        (json(json!({"closed": []})), "closed: unknown field"),
    ]
}

/// Fails so, until the log tells it: each time that it fails another way.
fn fail(world: &World, reply: Reply, line: &str) {
    let times = || world.envoy.log().matches(line).count();
    let before = times();
    world.directory.stub().on(Directory::PATH, reply);
    let deadline = Instant::now() + Duration::from_secs(10);
    while times() == before {
        assert!(Instant::now() < deadline, "{line}:\n{}", world.envoy.log());
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn at_the_start_a_failure_keeps_inline_tenants_in_and_all_others_are_unavailable() {
    let directory = Directory::start();
    directory.stub().stop();
    let mut world = start(directory, json!({}));
    let unavailable = |world: &mut World, context: &str| {
        assert_eq!(world.says(&by_key("home-key")), "home web main", "{context}");
        assert_eq!(world.says(&by_key("acme-key")), "503 tenants_unavailable", "{context}");
    };
    world.wait_for_failures(1);
    unavailable(&mut world, "down");
    // Whatever could be a tenant's of the directory, and nothing else.
    assert_eq!(world.says(&token("home", "user-1")), "home user-1");
    assert_eq!(world.says(&token("acme", "user-1")), "503 tenants_unavailable");
    let foreign = Request::get("/").bearer(idp("own").token(json!({})));
    assert_eq!(world.says(&foreign), "503 tenants_unavailable");
    assert_eq!(world.says(&by_key("home-key").tenant("acme")), "403 tenant_mismatch");
    assert_eq!(world.says(&Request::get("/")), "401 credentials_missing");
    assert_eq!(world.metric("tenants.count"), Some(1));

    world.directory.stub().resume();
    for (reply, line) in failures() {
        fail(&world, reply, &format!("the directory: fetch failed: {line}"));
        unavailable(&mut world, line);
    }
    // A 304 that nobody asked for is none.
    fail(&world, Reply::status(304), "the directory: fetch failed: status 304");
    unavailable(&mut world, "304");
    assert_eq!(world.directory.stub().count("/elsewhere"), 0);

    let (tenants, more) = good();
    world.publish_with(tenants, more);
    assert_eq!(world.says(&by_key("acme-key")), "acme web main");
    assert_eq!(world.says(&foreign), "401 token_issuer_unknown");
    world.envoy.wait_for_log("the directory: fetched again, failed ");
    assert_secrets_are_kept(&world);
}

#[test]
fn later_a_failure_changes_nothing() {
    let mut world = start(Directory::start(), json!({}));
    let (tenants, more) = good();
    world.publish_with(tenants.clone(), more.clone());
    let all_is_well = |world: &mut World, context: &str| {
        let revoked = ["403 tenant_inactive", "401 api_key_inactive", "401 token_revoked"];
        for (request, says) in [
            (by_key("acme-key"), "acme web main"),
            (by_key("home-key"), "home web main"),
            (by_key("off-key"), revoked[0]),
            (by_key("revoked-key"), revoked[1]),
            (by_key("nobodys-key"), "401 api_key_unknown"),
            (token("acme", "mallory"), revoked[2]),
            (token("acme", "user-1"), "acme user-1"),
            (token("off", "user-1"), revoked[0]),
            (token("nobody", "user-1"), "403 tenant_unknown"),
        ] {
            assert_eq!(world.says(&request), says, "{context}: {request:?}");
        }
    };
    for (reply, line) in failures() {
        fail(&world, reply, &format!("the directory: fetch failed: {line}"));
        all_is_well(&mut world, line);
    }
    world.directory.stub().stop();
    world.wait_for_failures(2);
    all_is_well(&mut world, "down");
    let log = world.envoy.log();
    assert!(log.contains("; what was fetched before holds until max_stale"), "{log}");
    assert!(!log.contains("the directory: older than max_stale"), "{log}");

    world.directory.stub().resume();
    world.publish(json!([tenant("acme", "other-key")]));
    assert_eq!(world.says(&by_key("other-key")), "acme web main");
    assert_eq!(world.says(&by_key("acme-key")), "401 api_key_unknown");
    assert_secrets_are_kept(&world);
}

/// Every fetch had the headers, and no log has what is in them.
fn assert_secrets_are_kept(world: &World) {
    let seen = world.directory.stub().seen();
    assert!(!seen.is_empty());
    for seen in seen {
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", Directory::PATH));
        assert_eq!(seen.header("host"), Some("control.test"));
        assert_eq!(seen.header("authorization"), Some(TOKEN));
        assert_eq!(seen.header("x-purpose"), Some("tenants"));
    }
    let access = format!("{:?}", world.envoy.access_log(0));
    for log in [world.envoy.log(), access] {
        assert!(!log.contains("the-token-of-the-control-plane"), "{log}");
    }
}

#[test]
fn an_unchanged_directory_stays_fresh_and_one_that_is_gone_gets_too_old() {
    let max_stale = Duration::from_secs(1);
    let mut world = start(Directory::start(), json!({"max_stale": "1s"}));
    let (tenants, more) = good();
    world.publish_with(tenants.clone(), more.clone());
    let etag = "\"1\"";
    let unchanged = |world: &World| {
        let seen = world.directory.stub().seen();
        seen.iter().filter(|seen| seen.header("if-none-match") == Some(etag)).count()
    };
    let published = Instant::now();
    let before = unchanged(&world);
    while published.elapsed() < max_stale * 3 / 2 {
        assert_eq!(world.says(&by_key("acme-key")), "acme web main");
        thread::sleep(Duration::from_millis(10));
    }
    let fetches = unchanged(&world) - before;
    assert!(fetches >= 5, "{fetches}");
    assert_eq!(world.metric("directory.age_seconds"), Some(0));
    // Home, acme, off and the probe.
    assert_eq!(world.metric("tenants.count"), Some(4));

    let fetches = world.metric("directory.fetches");
    world.directory.stub().stop();
    let stopped = Instant::now();
    world.wait_for(&by_key("acme-key"), "503 tenants_unavailable");
    let after = stopped.elapsed();
    let expected = max_stale - Duration::from_millis(250)..max_stale * 2;
    assert!(expected.contains(&after), "{after:?}");
    for (request, says) in [
        (by_key("home-key"), "home web main"),
        (token("home", "user-1"), "home user-1"),
        (token("acme", "user-1"), "503 tenants_unavailable"),
        (by_key("nobodys-key"), "503 tenants_unavailable"),
        (token("nobody", "user-1"), "503 tenants_unavailable"),
        // What was revoked still is.
        (token("home", "mallory"), "401 token_revoked"),
        (token("acme", "mallory"), "401 token_revoked"),
        (by_key("revoked-key"), "503 tenants_unavailable"),
    ] {
        assert_eq!(world.says(&request), says, "{request:?}");
    }
    world.envoy.wait_for_log(
        "the directory: older than max_stale; what it decides is refused with tenants_unavailable",
    );
    assert!(world.metric("directory.fetches") > fetches);
    world.wait_for_gauge("directory.age_seconds", |age| age >= 1);

    world.directory.stub().resume();
    world.wait_for(&by_key("acme-key"), "acme web main");
    assert_eq!(world.says(&token("acme", "user-1")), "acme user-1");
    world.envoy.wait_for_log("the directory: fetched again, failed ");
    world.wait_for_count("directory.fetches", 10);
    world.wait_for_gauge("directory.age_seconds", |age| age == 0);
}
