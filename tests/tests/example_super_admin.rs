//! envoy/examples/super-admin does what its system's rules say, as shipped.

mod systems;

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use systems::super_admin::{
    BOTH, INTERNAL, KITCHEN_1, KITCHEN_2, MOBILE_1, MOBILE_2, PARTNER, PLANNER_1, PLANNER_ALL,
    SUPER_ADMIN,
};
use systems::{begin_of_window, shipped, sound};
use tenant_guard_tests::token::sha256_hex;
use tenant_guard_tests::{Directory, Envoy, Request};

fn with_mode(mode: &str) -> Value {
    let mut document = BOTH.document();
    document["mode"] = json!(mode);
    document
}

#[test]
fn the_files_fit_together() {
    sound::is_sound(&BOTH, &[]);
}

#[test]
fn nobody_passes_without_the_guard() {
    sound::needs_its_guard(&BOTH);
}

#[test]
fn the_system_env_says_what_the_document_says() {
    let (env, document) =
        (shipped::environment("envoy/examples/super-admin/system.env"), BOTH.document());
    assert_eq!(env["SUPER_ADMIN_API_KEY"], SUPER_ADMIN);
    assert_eq!(document["super_admin"]["sha256"], sha256_hex(SUPER_ADMIN));
    assert_eq!(
        (env["AUTH_MODE"].as_str(), &document["mode"]),
        ("both", &json!("jwt_then_api_key"))
    );
    let minutes = format!("{}m", env["ACCESS_TOKEN_EXPIRE_MINUTES"]);
    assert_eq!(document["tenants"][0]["issuers"][0]["max_lifetime"], minutes);
}

#[test]
fn tokens_come_first_and_keys_make_up_for_bad_ones() {
    let envoy = BOTH.start();
    BOTH.try_in(&envoy);
    // Neither the application nor a log ever sees the super admin's key.
    let request = Request::get(format!("/generate/x?a=1&superAdminKey={SUPER_ADMIN}&b=2"));
    let response = envoy.send(&request);
    assert_eq!(response.echoed_value(":path").as_deref(), Some("/generate/x?a=1&b=2"));
    let log = envoy.wait_for_log("super_admin");
    assert!(!log.contains(SUPER_ADMIN), "{log}");
}

#[test]
fn internal_mode_takes_keys_only() {
    INTERNAL.try_in(&INTERNAL.start_with(with_mode("api_key")));
}

#[test]
fn partner_mode_takes_tokens_only() {
    PARTNER.try_in(&PARTNER.start_with(with_mode("jwt")));
}

/// How many of so many requests with this key are admitted, and which level
/// refuses the next.
fn admitted(envoy: &Envoy, path: &str, key: &str) -> (usize, String) {
    for count in 0..10 {
        let response = envoy.send(&Request::get(path).api_key(key));
        if response.status != 200 {
            assert_eq!(response.code().as_deref(), Some("rate_limited"), "{response:?}");
            let wait: u64 = response.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=3600).contains(&wait), "{response:?}");
            return (count, response.json()["level"].as_str().unwrap().to_owned());
        }
    }
    panic!("no limit for {key}");
}

#[test]
fn limits_of_key_client_and_tenant_all_count() {
    let envoy = BOTH.start();
    begin_of_window();
    // A refusal for a scope is charged nowhere: limits come last.
    for _ in 0..5 {
        assert_eq!(envoy.send(&Request::get("/validate/x").api_key(MOBILE_1)).status, 403);
    }
    assert_eq!(admitted(&envoy, "/generate/x", MOBILE_1), (3, "key".to_owned()));
    assert_eq!(admitted(&envoy, "/generate/x", MOBILE_2), (2, "client".to_owned()));
    assert_eq!(admitted(&envoy, "/qdrant/x", KITCHEN_1), (3, "key".to_owned()));
    assert_eq!(admitted(&envoy, "/qdrant/x", KITCHEN_2), (1, "tenant".to_owned()));
    // No limit holds the super admin.
    let admin = Request::get(format!("/qdrant/x?superAdminKey={SUPER_ADMIN}")).tenant("initech");
    assert_eq!(envoy.send(&admin).status, 200);
}

/// The forms of the system's page, for callers who come through a proxy.
#[test]
fn addresses_may_be_written_in_every_form() {
    let envoy = BOTH.start_changed(BOTH.document(), |config| {
        shipped::connection_manager(config)["xff_num_trusted_hops"] = json!(1);
    });
    for (key, address, status) in [
        (PLANNER_ALL, "192.168.0.10", 200),
        (PLANNER_ALL, "192.168.0.11", 403),
        (PLANNER_1, "192.168.0.49", 403),
        (PLANNER_1, "192.168.0.50", 200),
        (PLANNER_1, "192.168.0.100", 200),
        (PLANNER_1, "192.168.0.101", 403),
        (MOBILE_1, "192.168.0.255", 200),
        (MOBILE_1, "192.168.1.0", 403),
        (MOBILE_2, "10.0.7.9", 200),
        (MOBILE_2, "10.1.7.9", 403),
    ] {
        let request = Request::get("/generate/x").api_key(key).header("x-forwarded-for", address);
        assert_eq!(envoy.send(&request).status, status, "{key} {address}");
    }
}

/// A tenant is switched on and off by its state in the document, and nothing
/// else of it changes.
#[test]
fn activation_is_all_that_an_inactive_tenant_lacks() {
    let mut document = BOTH.document();
    assert_eq!(
        (&document["tenants"][0]["id"], &document["tenants"][2]["id"]),
        (&json!("acme"), &json!("globex"))
    );
    let key = || Request::get("/generate/x").api_key("demo-globex-shop-1-published");
    document["tenants"][2]["active"] = json!(true);
    assert_eq!(
        BOTH.start_with(document.clone()).send(&key()).echoed_value("x-tenant-id").unwrap(),
        "globex"
    );
    document["tenants"][0]["active"] = json!(false);
    let off = BOTH.start_with(document);
    let response = off.send(&Request::get("/generate/x").api_key(PLANNER_1));
    assert_eq!(response.code().as_deref(), Some("tenant_inactive"));
}

/// The system publishes its tenants, and only the super admin reaches what
/// changes them.
#[test]
fn a_tenant_of_the_directory_is_activated_while_envoy_runs() {
    let directory = Directory::start();
    let publish = |active: bool| {
        let key = json!({"id": "u-1", "sha256": sha256_hex("umbrella"), "scopes": ["generate"]});
        directory.publish(json!({"version": 1, "tenants": [
            {"id": "umbrella", "active": active, "clients": [{"id": "u", "keys": [key]}]}]}));
    };
    publish(false);
    let mut document = BOTH.document();
    let uri = format!("https://meal-planner.example{}", Directory::PATH);
    document["directory"] = json!({"cluster": "tenants", "uri": uri, "refresh": "200ms"});
    let envoy = BOTH.start_changed(document, |config| {
        shipped::add_cluster(config, "tenants", directory.address());
    });
    let wait_for = |code: Option<&str>| {
        for _ in 0..500 {
            let response = envoy.send(&Request::get("/generate/x").api_key("umbrella"));
            if response.code().as_deref() == code {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("never {code:?}");
    };
    wait_for(Some("tenant_inactive"));
    publish(true);
    wait_for(None);
    publish(false);
    wait_for(Some("tenant_inactive"));
}
