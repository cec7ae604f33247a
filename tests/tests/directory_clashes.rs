//! What two tenants claim is the earlier owner's, whatever a directory says.

mod common;
mod directories;

use common::{idp, key_entry, with};
use directories::{Shared, World, by_key, tenant, with_directory};
use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Issuer, Key, sha256_hex};

static SHARED: Shared = Shared::new(|| World::start(document()));

fn document() -> Value {
    let shared = json!({"name": "shared", "tenant": {"claims": ["tenant"], "any_tenant": true}});
    let home = json!({"aliases": ["house"], "issuers": [idp("homes-own").config(json!({}))]});
    let document = json!({
        "jwt": {"issuers": [idp("shared").config(shared)]},
        "super_admin": {"from": [{"header": "x-super"}], "sha256": sha256_hex("super"), "tenant": "admins"},
        "tenants": [with(tenant("home", "home-key"), home)],
    });
    with_directory(document, json!({}))
}

fn names(tenant: &str) -> Request {
    Request::get("/").bearer(idp("shared").token(json!({"tenant": tenant})))
}

fn own(issuer: &Issuer) -> Request {
    Request::get("/").bearer(issuer.token(json!({})))
}

/// A tenant `id` whose client is `client`, with more.
fn entry(id: &str, client: &str, more: Value) -> Value {
    let keys = json!([key_entry("main", &format!("{id}-key"))]);
    with(json!({"id": id, "clients": [{"id": client, "keys": keys}]}), more)
}

fn stolen_key(of: &str) -> Value {
    json!({"clients": [{"id": "thief", "keys": [key_entry("stolen", of)]}]})
}

/// A request that the victim's document lets in, and what a thief claims.
fn thefts() -> Vec<(Request, Value, &'static str)> {
    vec![
        (by_key("victim-key"), stolen_key("victim-key"), "the digest of a key"),
        (names("victim"), json!({"aliases": ["victim"]}), "the name victim"),
        (names("org-v"), json!({"aliases": ["org-v"]}), "the name org-v"),
        (
            own(&nameless()),
            json!({"issuers": [idp("victims-own").config(json!({}))]}),
            "the issuer https://victims-own.example.com/",
        ),
    ]
}

/// Its identity provider, whose key has no kid.
fn nameless() -> Issuer {
    let named = idp("victims-own");
    Issuer::new(&named.issuer, named.key.without_kid())
}

fn victim(client: &str) -> Value {
    let issuers = json!([nameless().config(json!({}))]);
    entry("victim", client, json!({"aliases": ["org-v"], "issuers": issuers}))
}

#[test]
fn the_earlier_owner_keeps_what_another_claims_and_still_changes() {
    let mut world = SHARED.empty();
    let mut number = 0;
    for (request, claim, what) in thefts() {
        // Wherever the thief stands, and whether it was there before.
        for (first, known) in [(true, false), (false, false), (true, true)] {
            number += 1;
            let thief = |claim: &Value| {
                let mut thief = entry("thief", "own", json!({}));
                let own = thief["clients"][0].take();
                thief = with(thief, claim.clone());
                match thief["clients"].as_array_mut() {
                    Some(clients) if !clients[0].is_null() => clients.push(own),
                    _ => thief["clients"] = json!([own]),
                }
                thief
            };
            let before =
                if known { vec![victim("old"), thief(&json!({}))] } else { vec![victim("old")] };
            world.publish(json!(before));
            let good = world.says(&request);
            assert!(good.starts_with("victim ") || request_is_unreached(&good), "{what}: {good}");
            let new = format!("new-{number}");
            let mut both = vec![victim(&new), thief(&claim)];
            if first {
                both.reverse();
            }
            world.publish(json!(both));
            let still = if good.contains(" old ") { good.replace("old", &new) } else { good };
            assert_eq!(world.says(&request), still, "{what} {first} {known}");
            assert_eq!(world.says(&by_key("victim-key")), format!("victim {new} main"), "{what}");
            // What the thief had goes on; what is new of it doesn't come.
            let thiefs = if known { "thief own main" } else { "401 api_key_unknown" };
            assert_eq!(world.says(&by_key("thief-key")), thiefs, "{what} {first} {known}");
            world
                .envoy
                .wait_for_log(&format!("tenants: thief: claims {what}, which another has already"));
        }
    }
}

/// Its own identity provider keeps the shared one out.
fn request_is_unreached(said: &str) -> bool {
    said == "403 tenant_not_allowed"
}

#[test]
fn nothing_of_the_inline_document_can_be_taken_over() {
    let mut world = SHARED.empty();
    let inline = [
        (by_key("home-key"), "home web main"),
        (names("house"), "403 tenant_not_allowed"),
        (own(&idp("homes-own")), "home user-1"),
        (Request::get("/").header("x-super", "super"), "admins"),
    ];
    let shared_with = |kid: &str| {
        let thiefs = Issuer::new(&idp("shared").issuer, Key::eddsa(kid));
        json!({"issuers": [thiefs.config(json!({}))]})
    };
    let thefts = [
        json!({"id": "home"}),
        json!({"id": "house"}),
        json!({"aliases": ["home"]}),
        json!({"aliases": ["house"]}),
        json!({"aliases": ["admins"]}),
        json!({"aliases": ["Default"]}),
        stolen_key("home-key"),
        json!({"issuers": [idp("homes-own").config(json!({}))]}),
        shared_with("shared"),
        shared_with("another-kid"),
        json!({"issuers": [idp("other").config(json!({"name": "shared"}))]}),
        json!({"issuers": [idp("other").config(json!({"issuer": "https://{tenant}.example.com/"}))]}),
    ];
    for theft in thefts {
        let thief = with(entry("thief", "own", json!({})), theft.clone());
        world.publish(json!([thief, tenant("beside", "beside-key")]));
        for (request, says) in &inline {
            assert_eq!(world.says(request), *says, "{theft}");
        }
        assert_eq!(world.says(&names("beside")), "beside user-1", "{theft}");
        assert_eq!(world.says(&by_key("beside-key")), "beside web main", "{theft}");
        // It never was there: not even its own key counts.
        assert_eq!(world.says(&by_key("thief-key")), "401 api_key_unknown", "{theft}");
        let thiefs = own(&Issuer::new(&idp("shared").issuer, Key::eddsa("another-kid")));
        assert_eq!(world.says(&thiefs), "401 token_key_unknown", "{theft}");
    }
}

#[test]
fn what_one_tenant_gives_up_another_has_in_the_same_document() {
    let mut world = SHARED.empty();
    let mine = |client: &str| {
        json!({
            "aliases": ["org-1"], "issuers": [idp("moving").config(json!({}))],
            "clients": [{"id": client, "keys": [key_entry("moving", "moving-key")]}],
        })
    };
    let swap = |owner: &str, client: &str| {
        let tenants = ["acme", "globex"].map(|id| {
            let more = if id == owner { mine(client) } else { json!({}) };
            with(json!({"id": id}), more)
        });
        json!(tenants)
    };
    for (round, owner) in ["acme", "globex", "acme", "globex"].into_iter().enumerate() {
        let client = format!("c{round}");
        let mut tenants = swap(owner, &client);
        if round > 1 {
            tenants.as_array_mut().unwrap().reverse();
        }
        world.publish(tenants);
        assert_eq!(world.says(&by_key("moving-key")), format!("{owner} {client} moving"));
        let own = own(&idp("moving"));
        assert_eq!(world.says(&own), format!("{owner} user-1"));
        let asserted = own.tenant("org-1");
        assert_eq!(world.says(&asserted), format!("{owner} user-1"));
    }
    // And the id of a tenant that is gone may be another's alias.
    world.publish(json!([with(tenant("globex", "g-key"), json!({"aliases": ["acme"]}))]));
    assert_eq!(world.says(&names("acme")), "globex user-1");
}

#[test]
fn in_the_first_document_the_first_entry_owns() {
    let mut world = SHARED.empty();
    for (request, claim, what) in thefts() {
        world.publish(json!([]));
        world.publish(json!([victim("web"), with(entry("thief", "own", json!({})), claim)]));
        let said = world.says(&request);
        assert!(!said.starts_with("thief"), "{what}: {said}");
        assert_eq!(world.says(&by_key("victim-key")), "victim web main", "{what}");
        assert_eq!(world.says(&by_key("thief-key")), "401 api_key_unknown", "{what}");
    }
}

#[test]
fn a_tenant_named_like_anothers_alias_takes_nothing_from_it() {
    let mut world = SHARED.empty();
    let acme = with(tenant("acme", "acme-key"), json!({"aliases": ["org-1"]}));
    let thief = tenant("org-1", "thief-key");
    for both in [json!([acme, thief]), json!([thief, acme])] {
        world.publish(json!([acme]));
        assert_eq!(world.says(&names("org-1")), "acme user-1");
        world.publish(both.clone());
        assert_eq!(world.says(&names("org-1")), "acme user-1", "{both}");
        assert_eq!(world.says(&by_key("acme-key")), "acme web main", "{both}");
        assert_eq!(world.says(&by_key("thief-key")), "401 api_key_unknown", "{both}");
        // Once it is free, it may have it.
        world.publish(json!([thief, tenant("acme", "acme-key")]));
        assert_eq!(world.says(&names("org-1")), "org-1 user-1", "{both}");
    }
}

#[test]
fn a_claim_on_what_two_others_own_stops_neither() {
    let mut world = SHARED.empty();
    let owners = |client: &str| {
        let one = entry("one", client, json!({"aliases": ["free"]}));
        vec![one, entry("two", client, json!({}))]
    };
    world.publish(json!(owners("old")));
    // The name was given up; the key wasn't.
    let mut tenants = owners("new");
    tenants[0]["aliases"] = json!([]);
    tenants.insert(
        0,
        with(entry("thief", "own", json!({"aliases": ["free"]})), stolen_key("two-key")),
    );
    world.publish(json!(tenants));
    assert_eq!(world.says(&by_key("one-key")), "one new main");
    assert_eq!(world.says(&by_key("two-key")), "two new main");
}
