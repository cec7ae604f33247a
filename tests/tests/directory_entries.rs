//! Entries of a directory with mistakes: each affects its tenant alone.

mod common;
mod directories;

use common::{idp, key_entry, with};
use directories::{Shared, World, by_key, tenant, with_directory};
use serde_json::{Value, json};
use tenant_guard_tests::Request;

static SHARED: Shared = Shared::new(|| World::start(document()));

fn document() -> Value {
    let shared =
        idp("shared").config(json!({"tenant": {"claims": ["tenant"], "any_tenant": true}}));
    let routes =
        json!([{"match": {"path": "/write"}, "scopes": ["write"]}, {"match": {"path": "/**"}}]);
    let document = json!({
        "jwt": {"issuers": [shared]}, "routes": routes,
        "roles": {"writer": {"scopes": ["write"]}},
        "tenants": [tenant("home", "home-key")],
    });
    with_directory(document, json!({}))
}

fn token(tenant: &str) -> Request {
    Request::get("/").bearer(idp("shared").token(json!({"tenant": tenant})))
}

/// Changes to a good entry that make it a bad one, and what the log says.
fn mistakes() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"activ": false}), "tenants[1].activ: unknown field"),
        (json!({"ip": ["10.0.0.0/33"]}), "tenants[1].ip[0]: "),
        (json!({"ip": "10.0.0.1"}), "tenants[1].ip: "),
        (json!({"roles": ["wirter"]}), "tenants[1].roles[0]: "),
        (json!({"limits": {"requests": "gold"}}), "tenants[1].limits.requests: "),
        (json!({"aliases": ["default"]}), "tenants[1].aliases[0]: is the reserved name"),
        (json!({"aliases": ["a", "a"]}), "tenants[1]: names itself a twice"),
        (
            json!({"issuers": [{"issuer": "https://own.example.com/", "audiences": ["api"], "keys":
            {"jwks_uri": {"cluster": "unheard-of", "uri": "https://own.example.com/jwks"}}}]}),
            "tenants[1].issuers[0].keys.jwks_uri.cluster: is none of directory.key_clusters",
        ),
        (json!({"tokens_not_before": "yesterday"}), "tenants[1].tokens_not_before: "),
    ]
}

#[test]
fn a_bad_entry_leaves_its_tenant_as_it_was_and_all_others_change() {
    let mut world = SHARED.empty();
    let good = |id: &str, client: &str| {
        let keys = json!([key_entry("main", &format!("{id}-key"))]);
        json!({"id": id, "scopes": ["write"], "clients": [{"id": client, "keys": keys}]})
    };
    world.publish(json!([good("acme", "old"), good("globex", "old")]));
    for (number, (mistake, line)) in mistakes().into_iter().enumerate() {
        let new = format!("new-{number}");
        let bad = with(good("globex", "old"), mistake.clone());
        // What it says besides isn't taken either.
        let bad = with(bad, json!({"scopes": []}));
        world.publish(json!([good("acme", &new), bad]));
        assert_eq!(world.says(&by_key("acme-key")), format!("acme {new} main"), "{mistake}");
        assert_eq!(world.says(&by_key("globex-key")), "globex old main", "{mistake}");
        assert_eq!(world.says(&token("globex")), "globex user-1", "{mistake}");
        assert_eq!(world.says(&by_key("home-key")), "home web main", "{mistake}");
        world.envoy.wait_for_log(&format!("the directory: {line}"));
    }
    // The first good one counts again.
    world.publish(json!([good("acme", "old"), good("globex", "mended")]));
    assert_eq!(world.says(&by_key("globex-key")), "globex mended main");
}

#[test]
fn a_tenant_that_never_had_a_good_entry_is_inactive() {
    let mut world = SHARED.empty();
    for (mistake, _) in mistakes() {
        world.publish(json!([tenant("acme", "acme-key"), with(tenant("new", "new-key"), mistake)]));
        assert_eq!(world.says(&by_key("acme-key")), "acme web main");
        // Its key was never taken over; its name is known, and nobody's to use.
        assert_eq!(world.says(&by_key("new-key")), "401 api_key_unknown");
        assert_eq!(world.says(&token("new")), "403 tenant_inactive");
        world.publish(json!([tenant("acme", "acme-key")]));
        assert_eq!(world.says(&token("new")), "403 tenant_unknown");
    }
    world.publish(json!([with(tenant("new", "new-key"), json!({"activ": true}))]));
    world.publish(json!([tenant("new", "new-key")]));
    assert_eq!(world.says(&by_key("new-key")), "new web main");
}

/// Acme with three keys of two clients and an identity provider of its own.
fn acme() -> Value {
    let keys = |names: &[&str]| names.iter().map(|name| key_entry(name, name)).collect::<Value>();
    json!({
        "id": "acme", "aliases": ["org-1", "org-2"],
        "clients": [{"id": "web", "keys": keys(&["web-1", "web-2"])}, {"id": "ops", "keys": keys(&["ops-1"])}],
        "issuers": [idp("own").config(json!({}))],
    })
}

#[test]
fn what_a_bad_entry_takes_away_is_gone_all_the_same() {
    let mut world = SHARED.empty();
    let own = || Request::get("/").bearer(idp("own").token(json!({})));
    let names = ["org-1", "org-2"];
    let told = |world: &mut World| {
        let keys = ["web-1", "web-2", "ops-1"].map(|key| world.says(&by_key(key)));
        let own_tokens = [own().tenant(names[0]), own().tenant(names[1]), own()];
        let own_tokens = own_tokens.map(|request| world.says(&request));
        [keys, own_tokens].concat()
    };
    let all = ["acme web web-1", "acme web web-2", "acme ops ops-1"];
    let all = [all, ["acme user-1"; 3]].concat();
    // Where to take something away, what stays, and what is said of the rest.
    let unknown = "401 api_key_unknown";
    type Edit = fn(&mut Value);
    let edits: Vec<(Edit, Vec<(usize, &str)>)> = vec![
        (|acme| drop(acme["clients"][0]["keys"].as_array_mut().unwrap().pop()), vec![(1, unknown)]),
        (
            |acme| acme["clients"][0]["keys"][0]["active"] = json!(false),
            vec![(0, "401 api_key_inactive")],
        ),
        (
            |acme| acme["clients"][0]["keys"][0]["active"] = json!("no"),
            vec![(0, "401 api_key_inactive")],
        ),
        // A key that is another now: the old one is gone, the new isn't there.
        (|acme| acme["clients"][0]["keys"][0] = key_entry("web-1", "other"), vec![(0, unknown)]),
        (|acme| drop(acme["clients"].as_array_mut().unwrap().pop()), vec![(2, unknown)]),
        (|acme| acme["clients"][1]["active"] = json!(false), vec![(2, "403 client_inactive")]),
        (
            |acme| drop(acme["aliases"].as_array_mut().unwrap().pop()),
            vec![(4, "403 tenant_mismatch")],
        ),
        (
            |acme| acme["issuers"] = json!([]),
            (3..6).map(|at| (at, "401 token_issuer_unknown")).collect(),
        ),
        (
            |acme| acme["issuers"][0]["keys"]["jwks"]["keys"] = json!([]),
            (3..6).map(|at| (at, "401 token_issuer_unknown")).collect(),
        ),
        (
            |acme| acme["tokens_not_before"] = json!("2999-01-01T00:00:00Z"),
            (3..6).map(|at| (at, "401 token_revoked")).collect(),
        ),
        (
            |acme| acme["active"] = json!(false),
            (0..6).map(|at| (at, "403 tenant_inactive")).collect(),
        ),
        (
            |acme| acme["active"] = json!("yes"),
            (0..6).map(|at| (at, "403 tenant_inactive")).collect(),
        ),
    ];
    for (number, (edit, changed)) in edits.into_iter().enumerate() {
        world.publish(json!([acme()]));
        assert_eq!(told(&mut world), all, "{number}");
        let mut bad = with(acme(), json!({"misspelt": 1}));
        edit(&mut bad);
        world.publish(json!([bad]));
        let mut expected = all.clone();
        for (at, says) in changed {
            expected[at] = says;
        }
        assert_eq!(told(&mut world), expected, "{number}: {bad}");
    }
    world.publish(json!([]));
    assert_eq!(world.says(&by_key("web-1")), unknown);
    assert_eq!(world.says(&own()), "401 token_issuer_unknown");
}

#[test]
fn an_entry_that_says_not_whose_it_is_is_nobodys() {
    let mut world = SHARED.empty();
    let nobodys = [json!({}), json!(null), json!("acme"), json!({"id": 7}), json!([])];
    for (number, entry) in nobodys.iter().enumerate() {
        let id = format!("acme-{number}");
        world.publish(json!([entry, tenant(&id, "acme-key")]));
        assert_eq!(world.says(&by_key("acme-key")), format!("{id} web main"), "{entry}");
    }
    world.envoy.wait_for_log("the directory: tenants[0].id: ");
}

#[test]
fn of_two_entries_of_one_tenant_the_first_counts_unless_either_switches_it_off() {
    let mut world = SHARED.empty();
    let second = tenant("acme", "second-key");
    world.publish(json!([tenant("acme", "first-key"), second]));
    assert_eq!(world.says(&by_key("first-key")), "acme web main");
    assert_eq!(world.says(&by_key("second-key")), "401 api_key_unknown");
    world.envoy.wait_for_log("the directory: tenants[1].id: is there already");
    for both in [
        json!([tenant("acme", "first-key"), {"id": "acme", "active": false}]),
        json!([with(tenant("acme", "first-key"), json!({"active": false})), {"id": "acme"}]),
    ] {
        world.publish(both.clone());
        assert_eq!(world.says(&by_key("first-key")), "403 tenant_inactive", "{both}");
        world.publish(json!([tenant("acme", "first-key")]));
        assert_eq!(world.says(&by_key("first-key")), "acme web main");
    }
}

#[test]
fn no_mistake_opens_what_was_closed() {
    let mut world = SHARED.empty();
    let by_client = |client: &str| {
        let claims = json!({"tenant": "acme", "client_id": client});
        Request::get("/").bearer(idp("shared").token(claims))
    };
    let keys =
        json!([with(key_entry("main", "acme-key"), json!({"expires": "2999-01-01T00:00:00Z"}))]);
    let clients = json!([{"id": "web", "keys": keys}, {"id": "rogue", "active": false}, {"id": "far", "ip": ["10.0.0.0/8"]}]);
    let acme = json!({"id": "acme", "clients": clients});
    let closed = |world: &mut World| {
        let rogue = world.says(&by_client("rogue"));
        assert_eq!(rogue, "403 client_inactive");
        let far = world.says(&by_client("far"));
        assert!(["403 ip_refused", "403 client_inactive"].contains(&far.as_str()), "{far}");
    };
    for (mistake, key) in [
        // Without the clients nobody would ask whether they are active.
        (json!({"clients": null, "client": clients}), "401 api_key_unknown"),
        (json!({"misspelt": 1, "clients": []}), "401 api_key_unknown"),
        (json!({"misspelt": 1, "clients": "none"}), "acme web main"),
        (json!({"clients": [{"id": "web", "actve": true, "keys": keys}]}), "acme web main"),
        (
            json!({"clients": [{"id": "web", "tokens_not_before": "2999-01-01T00:00:00Z", "keys": keys}]}),
            "acme web main",
        ),
        (
            json!({"misspelt": 1, "clients": [{"id": "web", "keys": [
            with(key_entry("main", "acme-key"), json!({"expires": "2020-01-01T00:00:00Z"}))]}]}),
            "401 api_key_expired",
        ),
    ] {
        world.publish(json!([acme]));
        assert_eq!(world.says(&by_key("acme-key")), "acme web main");
        closed(&mut world);
        let mut bad = with(acme.clone(), mistake.clone());
        if bad["clients"].is_null() {
            bad.as_object_mut().unwrap().remove("clients");
        }
        world.publish(json!([bad]));
        closed(&mut world);
        assert_eq!(world.says(&by_key("acme-key")), key, "{mistake}");
    }
}
