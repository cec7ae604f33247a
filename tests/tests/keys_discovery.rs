//! Keys whose place the issuer's own document tells.

mod keys;

use std::thread;
use std::time::Duration;

use keys::{Crew, Idp, builder, eventually, inline_issuer, inline_request, key_set, said, timed};
use serde_json::{Value, json};
use tenant_guard_tests::token::Key;
use tenant_guard_tests::{Envoy, Provider, Reply};

fn often() -> Value {
    json!({"refresh": "500ms", "timeout": "500ms"})
}

/// A provider whose discovery is as it should be.
fn discoverable(name: &str) -> Idp {
    let idp = Idp::start(name, &[&key(name)]);
    idp.provider.publish_discovery(idp.provider.issuer());
    idp
}

fn key(name: &str) -> Key {
    Key::es256(name)
}

/// From now on its discovery says this instead.
fn says(idp: &Idp, field: &str, value: Value) {
    let mut document = idp.provider.discovery(idp.provider.issuer());
    document[field] = value;
    idp.provider.stub().on(&idp.provider.discovery_path(), Reply::json(&document));
}

fn by_discovery(idp: &Idp) -> Value {
    idp.issuer(idp.discovery(often()))
}

fn outcome(envoy: &Envoy, idp: &Idp) -> String {
    timed(envoy, &idp.request(&key(&idp.name), "ann")).0
}

#[test]
fn discovery_is_asked_again_at_each_refresh_so_that_keys_may_move() {
    let idp = discoverable("idp");
    let envoy = builder(&[&idp], vec![by_discovery(&idp)], json!({})).start();
    let mut crew = Crew::of(&envoy);
    crew.say(&idp.request(&key("idp"), "ann"), "pass");
    idp.wait_for_more(3);
    let stub = idp.provider.stub();
    let (asked, fetched) = (stub.count(&idp.provider.discovery_path()), idp.fetches());
    assert!(asked >= fetched && asked <= fetched + 1, "{asked} and {fetched}");
    // A fetch is one, however many requests it takes.
    let counted = usize::try_from(keys::metric(&envoy, "keys.fetches")).unwrap();
    assert!((fetched..=asked + 1).contains(&counted), "{counted} of {asked}");

    stub.on("/moved?v=2", key_set(&[&Key::es256("moved")]));
    says(&idp, "jwks_uri", json!("https://IDP.example.com:443/moved?v=2"));
    crew.wait_until_all_say(&idp.request(&Key::es256("moved"), "ann"), "pass");
    crew.wait_until_all_say(&idp.request(&key("idp"), "ann"), "401 token_key_unknown");
    let seen = stub.seen();
    let moved = seen.iter().find(|seen| seen.path == "/moved?v=2").unwrap();
    assert_eq!(moved.header("host"), Some("idp.example.com:443"));
}

/// A provider's name, what the log says of it, and how it is spoiled.
type Wrong = (&'static str, &'static str, fn(&Idp));

/// What may be wrong with either step.
const WRONG: [Wrong; 11] = [
    ("other-issuer", "of another issuer", |idp| {
        idp.provider.publish_discovery("https://other.example.com/");
    }),
    ("almost-issuer", "of another issuer", |idp| {
        idp.provider.publish_discovery(idp.provider.issuer().trim_end_matches('/'));
    }),
    ("no-issuer", "names no issuer", |idp| says(idp, "issuer", Value::Null)),
    ("other-origin", "of another origin", |idp| {
        says(idp, "jwks_uri", json!("https://other.example.com/jwks"));
    }),
    ("other-port", "of another origin", |idp| {
        says(idp, "jwks_uri", json!("https://other-port.example.com:8443/jwks"));
    }),
    ("plain", "isn't https", |idp| {
        says(idp, "jwks_uri", json!("http://plain.example.com/jwks"));
    }),
    ("no-keys", "names no jwks_uri", |idp| says(idp, "jwks_uri", Value::Null)),
    ("first-500", "status 500", |idp| {
        idp.provider.stub().on(&idp.provider.discovery_path(), Reply::status(500));
    }),
    ("first-hangs", "timeout passed", |idp| {
        idp.provider.stub().on(&idp.provider.discovery_path(), Reply::hang());
    }),
    ("second-500", "status 500", |idp| idp.provider.publish_jwks(Reply::status(500))),
    ("second-hangs", "timeout passed", |idp| idp.provider.publish_jwks(Reply::hang())),
];

#[test]
fn what_is_wrong_with_either_step_is_a_failed_fetch_that_is_mended_by_itself() {
    let idps: Vec<Idp> = WRONG.iter().map(|(name, ..)| discoverable(name)).collect();
    WRONG.iter().zip(&idps).for_each(|((.., spoil), idp)| spoil(idp));
    let issuers = idps.iter().map(by_discovery).chain([inline_issuer()]).collect();
    let envoy = builder(&idps.iter().collect::<Vec<_>>(), issuers, json!({})).start();
    thread::scope(|scope| {
        for ((name, line, _), idp) in WRONG.iter().zip(&idps) {
            let envoy = &envoy;
            scope.spawn(move || {
                let (outcome, took) = timed(envoy, &idp.request(&key(name), "ann"));
                assert_eq!(outcome, "503 keys_unavailable", "{name}");
                assert!(took < Duration::from_millis(1200), "{name}: {took:?}");
                let log = envoy.wait_for_log(&format!("keys of {name}: fetch failed"));
                let lines = keys::lines_of(&log, name);
                assert!(lines[0].contains(line), "{name}: {lines:?}");
                if !name.starts_with("second") {
                    assert_eq!(idp.fetches(), 0, "{name}: keys of a document that isn't believed");
                }
            });
        }
        for _ in 0..20 {
            let (outcome, took) = timed(&envoy, &inline_request());
            assert!(outcome == "pass" && took < Duration::from_millis(400), "{outcome} {took:?}");
        }
    });
    for idp in &idps {
        idp.provider.publish_discovery(idp.provider.issuer());
        idp.provider.publish(&[&key(&idp.name)]);
    }
    for idp in &idps {
        eventually(&idp.name, || outcome(&envoy, idp) == "pass");
    }
}

#[test]
fn keys_of_another_origin_are_fetched_where_a_cluster_is_given_for_them() {
    let (idp, other) = (discoverable("idp"), Idp::start("other", &[&Key::es256("others")]));
    says(&idp, "jwks_uri", json!("https://other.example.com/jwks"));
    let keys = idp.discovery(json!({"refresh": "24h", "jwks_cluster": "other"}));
    let envoy = builder(&[&idp, &other], vec![idp.issuer(keys)], json!({})).start();
    assert_eq!(timed(&envoy, &idp.request(&Key::es256("others"), "ann")).0, "pass");
    assert_eq!(idp.fetches(), 0);
    let seen = other.provider.stub().seen();
    let hosts: Vec<_> = seen.iter().map(|seen| (seen.header("host"), &*seen.path)).collect();
    assert_eq!(hosts, [(Some("other.example.com"), Provider::JWKS)]);
}

#[test]
fn the_document_of_a_template_issuer_names_its_own_template() {
    for said_of_itself in
        ["https://entra.example.com/{tenantid}/v2.0", "https://entra.example.com/{tid}/v2.0"]
    {
        let provider = Provider::named("https://entra.example.com/common/v2.0");
        let idp = Idp { name: "entra".to_owned(), provider };
        idp.provider.publish(&[&key("entra")]);
        idp.provider.publish_discovery(said_of_itself);
        let mut issuer = by_discovery(&idp);
        issuer["issuer"] = json!("https://entra.example.com/{tid}/v2.0");
        issuer["tenant"] = json!({"claims": ["tid"], "any_tenant": true});
        let envoy = builder(&[&idp], vec![issuer], json!({})).start();
        let send = |iss: &str, tid: &str| {
            let iss = format!("https://entra.example.com/{iss}/v2.0");
            let token = idp.provider.token(&key("entra"), json!({"iss": iss, "tid": tid}));
            said(&envoy.send(&tenant_guard_tests::Request::get("/things").bearer(token)))
        };
        assert_eq!(send("acme", "acme"), "pass");
        assert_eq!(send("globex", "acme"), "401 token_issuer_unknown");
        assert_eq!(send("globex", "globex"), "403 tenant_unknown");
    }
}

#[test]
fn a_document_of_one_tenant_is_not_that_of_a_template() {
    let provider = Provider::named("https://entra.example.com/acme/v2.0");
    let idp = Idp { name: "entra".to_owned(), provider };
    idp.provider.publish(&[&key("entra")]);
    idp.provider.publish_discovery(idp.provider.issuer());
    let mut issuer = by_discovery(&idp);
    issuer["issuer"] = json!("https://entra.example.com/{tenant}/v2.0");
    let envoy = builder(&[&idp], vec![issuer], json!({})).start();
    assert_eq!(outcome(&envoy, &idp), "503 keys_unavailable");
    assert_eq!(idp.fetches(), 0);
}
