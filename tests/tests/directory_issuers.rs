//! Identity providers of tenants that come from a directory.

mod common;
mod directories;

use common::{idp, with};
use directories::{Shared, World, by_key, said, tenant, with_directory};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Issuer, Key, jwks};
use tenant_guard_tests::{Directory, Protocol, Reply, Request};

static SHARED: Shared = Shared::new(|| {
    let directory = Directory::start();
    let keys = directory.address();
    // Keys and tenants come from one server, by two clusters.
    World::start_with(document(), directory, |builder| {
        builder.cluster_at("keys", keys, Protocol::H1)
    })
});

const SAME: &str = "https://login.example.com/";

fn document() -> Value {
    let shared =
        idp("shared").config(json!({"tenant": {"claims": ["tenant"], "any_tenant": true}}));
    let document = json!({
        "jwt": {"issuers": [shared]},
        "roles": {"admin": {"scopes": ["write"]}, "reader": {}},
        "routes": [{"match": {"path": "/admin"}, "roles": ["admin"]}, {"match": {"path": "/**"}}],
        "tenants": [tenant("home", "home-key")],
    });
    with_directory(document, json!({"key_clusters": ["keys"]}))
}

/// A tenant whose identity provider is `issuer`; `more` over the issuer.
fn owner(id: &str, issuer: &Issuer, more: Value) -> Value {
    with(tenant(id, &format!("{id}-key")), json!({"issuers": [issuer.config(more)]}))
}

/// The same with its keys at a cluster, instead of inline.
fn remote(id: &str, issuer: &Issuer, cluster: &str, path: &str) -> Value {
    let mut entry = owner(id, issuer, json!({}));
    let uri = format!("https://keys.test{path}");
    let jwks_uri = json!({"cluster": cluster, "uri": uri, "refresh": "200ms", "cooldown": "0s"});
    entry["issuers"][0]["keys"] = json!({ "jwks_uri": jwks_uri });
    entry
}

fn get(token: String) -> Request {
    Request::get("/").bearer(token)
}

fn same(kid: &str) -> Issuer {
    Issuer::new(SAME, Key::eddsa(kid))
}

#[test]
fn own_issuers_speak_for_their_tenant_while_it_is_there() {
    let mut world = SHARED.empty();
    let own = idp("own");
    let token = get(own.token(json!({})));
    assert_eq!(world.says(&token), "401 token_issuer_unknown");
    world.publish(json!([owner("acme", &own, json!({})), tenant("globex", "globex-key")]));
    assert_eq!(world.says(&token), "acme user-1");
    for (name, says) in [
        ("acme", "acme user-1"),
        ("globex", "403 tenant_mismatch"),
        ("home", "403 tenant_mismatch"),
    ] {
        assert_eq!(world.says(&token.clone().tenant(name)), says);
    }
    // With a claim it may say its own tenant, and no other.
    let claims = json!({"tenant": {"claims": ["org"]}});
    world.publish(json!([owner("acme", &own, claims), tenant("globex", "globex-key")]));
    for (org, says) in [
        ("acme", "acme user-1"),
        ("globex", "403 tenant_not_allowed"),
        ("home", "403 tenant_not_allowed"),
        ("default", "403 tenant_not_allowed"),
    ] {
        let said = world.says(&get(own.token(json!({"org": org}))));
        assert!(
            said == says || (org == "default" && said == "403 tenant_reserved"),
            "{org}: {said}"
        );
    }
    world.publish(json!([with(owner("acme", &own, json!({})), json!({"active": false}))]));
    assert_eq!(world.says(&token), "403 tenant_inactive");
    world.publish(json!([owner("acme", &own, json!({}))]));
    assert_eq!(world.says(&token), "acme user-1");
    world.publish(json!([]));
    assert_eq!(world.says(&token), "401 token_issuer_unknown");
}

#[test]
fn keys_come_from_a_cluster_that_the_operator_named_and_from_no_other() {
    let mut world = SHARED.empty();
    let own = idp("remote");
    let token = get(own.token(json!({})));
    world.directory.stub().on("/jwks", Reply::json(&own.jwks()));
    world.publish(json!([remote("acme", &own, "keys", "/jwks")]));
    world.wait_for(&token, "acme user-1");
    world.publish(json!([]));
    assert_eq!(world.says(&token), "401 token_issuer_unknown");

    world.directory.stub().on("/secret", Reply::json(&own.jwks()));
    for cluster in ["control", "app_h1", "nowhere", "Keys"] {
        world.publish(json!([remote("acme", &own, cluster, "/secret")]));
        assert_eq!(world.says(&token), "401 token_issuer_unknown", "{cluster}");
        assert_eq!(world.says(&by_key("acme-key")), "401 api_key_unknown", "{cluster}");
    }
    let path = "the directory: tenants[0].issuers[0].keys.jwks_uri.cluster: is none of directory.key_clusters";
    world.envoy.wait_for_log(path);
    assert_eq!(world.directory.stub().count("/secret"), 0);
}

#[test]
fn of_many_tenants_with_one_iss_each_token_lands_in_the_tenant_of_its_key() {
    let mut world = SHARED.empty();
    let tenants: Vec<String> = (0..40).map(|n| format!("t{n}")).collect();
    let document =
        |ids: &[String]| ids.iter().map(|id| owner(id, &same(id), json!({}))).collect::<Value>();
    world.publish(document(&tenants));
    for id in &tenants {
        let token = get(same(id).token(json!({})));
        assert_eq!(world.says(&token), format!("{id} user-1"));
        assert_eq!(
            world.says(&token.tenant("t1")),
            if id == "t1" { "t1 user-1" } else { "403 tenant_mismatch" }
        );
    }
    for key in [Key::eddsa("t40"), Key::eddsa("t0").without_kid(), Key::eddsa("T0")] {
        let nobodys = get(Issuer::new(SAME, key).token(json!({})));
        assert_eq!(world.says(&nobodys), "401 token_key_unknown");
    }
    // Tokens that were verified before stop with their tenant, and others don't.
    world.publish(document(&tenants[1..]));
    assert_eq!(world.says(&get(same("t0").token(json!({})))), "401 token_key_unknown");
    assert_eq!(world.says(&get(same("t1").token(json!({})))), "t1 user-1");
}

#[test]
fn no_key_of_one_tenant_makes_a_token_of_another() {
    let mut world = SHARED.empty();
    let (a, b) = (same("kid-a"), same("kid-b"));
    let (lone_a, lone_b) = (idp("lone-a"), idp("lone-b"));
    let claims = json!({"tenant": {"claims": ["org"]}});
    let both = |id: &str, first: &Issuer, second: &Issuer| {
        let issuers = json!([first.config(claims.clone()), second.config(claims.clone())]);
        with(tenant(id, &format!("{id}-key")), json!({ "issuers": issuers }))
    };
    world.publish(json!([both("a", &a, &lone_a), both("b", &b, &lone_b)]));
    let keys_of_b = [&b.key, &lone_b.key];
    for key in keys_of_b {
        for iss in [SAME, &lone_a.issuer, &lone_b.issuer, &idp("shared").issuer] {
            for kid in [
                json!("kid-a"),
                json!("kid-b"),
                json!("lone-a"),
                json!("lone-b"),
                json!("shared"),
                json!(null),
            ] {
                for org in [json!("a"), json!(["a"]), json!(["a", "b"]), json!(null)] {
                    let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": kid});
                    let header =
                        if kid.is_null() { json!({"alg": "EdDSA", "typ": "JWT"}) } else { header };
                    let issuer = Issuer::new(iss, key.clone());
                    let forged =
                        key.sign(header, issuer.claims(json!({"org": org, "tenant": "a"})));
                    for request in [get(forged.clone()), get(forged.clone()).tenant("a")] {
                        for (worker, response) in world.each(&request) {
                            let got = said(&response);
                            assert!(!got.starts_with("a "), "{worker} {iss} {kid} {org}: {got}");
                        }
                    }
                }
            }
        }
    }
    let good = |issuer: &Issuer, org: &str| get(issuer.token(json!({"org": org})));
    for issuer in [&a, &lone_a] {
        assert_eq!(world.says(&good(issuer, "a")), "a user-1");
        assert_eq!(world.says(&good(issuer, "b")), "403 tenant_not_allowed");
    }
}

#[test]
fn a_kid_that_another_tenant_publishes_too_stays_its_owners() {
    let mut world = SHARED.empty();
    let (inline, fetched, thief) = (same("inline-kid"), same("fetched-kid"), same("thief-kid"));
    let stub = |world: &World, path: &str, keys: &[&Key]| {
        world.directory.stub().on(path, Reply::json(&jwks(keys)));
    };
    stub(&world, "/owner", &[&fetched.key]);
    stub(&world, "/thief", &[&thief.key]);
    world.publish(json!([
        remote("thief", &thief, "keys", "/thief"),
        owner("inline", &inline, json!({})),
        remote("fetched", &fetched, "keys", "/owner"),
    ]));
    let token = |issuer: &Issuer, n: u32| get(issuer.token(json!({"n": n})));
    world.wait_for(&token(&fetched, 0), "fetched user-1");
    world.wait_for(&token(&thief, 0), "thief user-1");
    // Now it publishes their kids too, with keys of its own.
    let later = Key::eddsa("later");
    let stolen =
        ["inline-kid", "fetched-kid"].map(|kid| Key::seeded(Alg::EdDSA, kid, "the thief's"));
    stub(&world, "/thief", &[&thief.key, &stolen[0], &stolen[1], &later]);
    world.wait_for(&get(Issuer::new(SAME, later.clone()).token(json!({}))), "thief user-1");
    for (issuer, owner, key) in [(&inline, "inline", &stolen[0]), (&fetched, "fetched", &stolen[1])]
    {
        assert_eq!(world.says(&token(issuer, 1)), format!("{owner} user-1"));
        let forged = get(Issuer::new(SAME, key.clone()).token(json!({})));
        assert_eq!(world.says(&forged), "401 token_signature_invalid", "{owner}");
    }
}

#[test]
fn roles_of_an_own_issuer_count_only_as_far_as_a_ceiling_names_them() {
    let mut world = SHARED.empty();
    let own = idp("own");
    let admin = Request::get("/admin").bearer(own.token(json!({"roles": ["admin", "reader"]})));
    for (over, says) in [
        (json!({}), "403 role_missing"),
        (json!({"roles": ["reader"]}), "403 role_missing"),
        (json!({"roles": []}), "403 role_missing"),
        (json!({"roles": ["admin"]}), "acme user-1"),
    ] {
        world.publish(json!([with(owner("acme", &own, json!({})), over.clone())]));
        assert_eq!(world.says(&admin), says, "{over}");
    }
    world.publish(json!([owner("acme", &own, json!({"roles": ["admin"]}))]));
    assert_eq!(world.says(&admin), "acme user-1");
}

#[test]
fn an_issuer_for_any_tenant_doesnt_reach_one_with_issuers_of_its_own() {
    let mut world = SHARED.empty();
    // The same token each time, so that it is in the caches too.
    let shared = get(idp("shared").token(json!({"tenant": "acme"})));
    let plain = tenant("acme", "acme-key");
    for _ in 0..2 {
        world.publish(json!([plain]));
        assert_eq!(world.says(&shared), "acme user-1");
        world.publish(json!([owner("acme", &idp("own"), json!({}))]));
        assert_eq!(world.says(&shared), "403 tenant_not_allowed");
    }
    // Nor does a mistake open it, whatever becomes of the issuers.
    let closed = owner("acme", &idp("own"), json!({}));
    for mistake in [
        json!({"misspelt": 1}),
        json!({"misspelt": 1, "issuers": []}),
        json!({"misspelt": 1, "issuers": [idp("other").config(json!({}))]}),
        json!({"issuers": [{"issuer": "https://own.example.com/"}]}),
    ] {
        world.publish(json!([closed]));
        for _ in 0..2 {
            world.publish(json!([with(closed.clone(), mistake.clone())]));
            assert_eq!(world.says(&shared), "403 tenant_not_allowed", "{mistake}");
            assert_eq!(world.says(&by_key("acme-key")), "acme web main", "{mistake}");
        }
    }
    let mut misspelt = closed.clone();
    misspelt["issuer"] = misspelt["issuers"].take();
    misspelt.as_object_mut().unwrap().remove("issuers");
    world.publish(json!([closed]));
    world.publish(json!([misspelt]));
    assert_eq!(world.says(&shared), "403 tenant_not_allowed");
    // Without a mistake they are what they are.
    world.publish(json!([plain]));
    assert_eq!(world.says(&shared), "acme user-1");
}
