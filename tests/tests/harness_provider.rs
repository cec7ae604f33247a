//! What the harness's identity provider and tenant directory publish.

use std::collections::HashSet;

use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Issuer, Key, Parts, RsaKey, unb64};
use tenant_guard_tests::{
    Connection, Directory, EnvoyBuilder, Protocol, Provider, Reply, Request, Response, Stub,
};

fn fetch(stub: &Stub, request: &Request) -> Response {
    Connection::open(stub.address(), Protocol::H1, None).unwrap().send(request).unwrap()
}

fn get(stub: &Stub, path: &str) -> Value {
    fetch(stub, &Request::get(path)).json()
}

fn rsa(kid: &str, which: RsaKey) -> Key {
    Key::rsa(Alg::RS256, kid, which)
}

#[test]
fn there_are_keys_enough_and_each_is_another() {
    let keys = [
        rsa("r", RsaKey::A),
        rsa("r", RsaKey::B),
        rsa("r", RsaKey::C),
        rsa("r", RsaKey::Bits1024),
        Key::es256("one"),
        Key::es256("two"),
        Key::seeded(Alg::ES256, "one", "another"),
    ];
    let provider = Provider::start();
    provider.publish(&keys.each_ref());
    let published = get(provider.stub(), Provider::JWKS);
    let published = published["keys"].as_array().unwrap();
    let material =
        |jwk: &Value| jwk.get("n").or(jwk.get("x")).unwrap().as_str().unwrap().to_owned();
    assert_eq!(published.iter().map(material).collect::<HashSet<_>>().len(), keys.len());
    let length = |jwk: &Value| unb64(&material(jwk)).len();
    assert_eq!(published.iter().map(length).collect::<Vec<_>>(), [256, 256, 256, 128, 32, 32, 32]);
    let kids: Vec<_> = published.iter().map(|jwk| jwk["kid"].as_str().unwrap()).collect();
    assert_eq!(kids, ["r", "r", "r", "r", "one", "two", "one"]);
    assert!(published.iter().all(|jwk| jwk.get("d").is_none() && jwk.get("p").is_none()));
}

#[test]
fn published_keys_verify_the_tokens_they_signed() {
    let provider = Provider::start();
    let keys = [
        rsa("a", RsaKey::A),
        rsa("b", RsaKey::B),
        rsa("c", RsaKey::C),
        Key::es256("e1"),
        Key::es256("e2"),
    ];
    provider.publish(&keys.each_ref());
    // As Envoy gets them from the provider.
    let fetching = EnvoyBuilder::bare()
        .cluster_at("idp", provider.address(), Protocol::H1)
        .route(json!({"match": {"prefix": "/"}, "route": {"cluster": "idp"}}))
        .start();
    let issuer = Issuer::new(provider.issuer(), keys[0].clone()).config(json!({
        "keys": {"jwks": fetching.get(Provider::JWKS).json()}, "algorithms": ["RS256", "ES256"],
        "tenant": {"claims": ["tenant"], "any_tenant": true},
    }));
    let envoy = EnvoyBuilder::new(json!({
        "version": 1, "jwt": {"issuers": [issuer]}, "tenants": [{"id": "acme"}],
        "routes": [{"match": {"path": "/**"}}],
    }))
    .start();
    let send = |key: &Key| {
        let token = provider.token(key, json!({"tenant": "acme", "sub": "bob"}));
        envoy.send(&Request::get("/").bearer(token))
    };
    for key in &keys {
        let response = send(key);
        assert_eq!(response.status, 200, "{}: {response:?}", key.kid());
        assert_eq!(response.echoed_value("x-user-id").unwrap(), "bob");
    }
    assert_eq!(send(&rsa("a", RsaKey::B)).code().unwrap(), "token_signature_invalid");
    let other = Key::seeded(Alg::ES256, "e1", "another");
    assert_eq!(send(&other).code().unwrap(), "token_signature_invalid");
}

#[test]
fn keys_are_published_anew_and_badly_too() {
    let provider = Provider::start();
    assert_eq!(fetch(provider.stub(), &Request::get(Provider::JWKS)).status, 404);
    for kid in ["one", "two"] {
        provider.publish(&[&Key::es256(kid)]);
        let jwks = get(provider.stub(), Provider::JWKS);
        assert_eq!((&jwks["keys"][0]["kid"], &jwks["keys"][1]), (&json!(kid), &Value::Null));
    }
    provider.publish_jwks(Reply::status(500));
    assert_eq!(fetch(provider.stub(), &Request::get(Provider::JWKS)).status, 500);
}

#[test]
fn discovery_is_where_the_issuer_says_and_tells_what_it_is_told() {
    for (issuer, path, jwks_uri) in [
        ("https://idp.test", "/.well-known/openid-configuration", "https://idp.test/jwks"),
        ("https://idp.test/", "/.well-known/openid-configuration", "https://idp.test/jwks"),
        (
            "https://idp.test:8443/realms/a",
            "/realms/a/.well-known/openid-configuration",
            "https://idp.test:8443/jwks",
        ),
    ] {
        let provider = Provider::named(issuer);
        assert_eq!(provider.discovery_path(), path);
        assert_eq!(fetch(provider.stub(), &Request::get(path)).status, 404);
        provider.publish_discovery(issuer);
        let document = get(provider.stub(), path);
        assert_eq!(
            (&document["issuer"], &document["jwks_uri"]),
            (&json!(issuer), &json!(jwks_uri))
        );
        provider.publish_discovery("https://liar.test");
        assert_eq!(get(provider.stub(), path)["issuer"], "https://liar.test");
        let claims = Parts::of(&provider.token(&Key::es256("k"), json!({"sub": null})));
        assert_eq!(claims.payload_json()["iss"], issuer);
        assert_eq!(claims.payload_json().get("sub"), None);
    }
}

#[test]
fn each_document_of_the_directory_has_an_etag_of_its_own() {
    let directory = Directory::start();
    let fetch = |etag: &str| {
        fetch(directory.stub(), &Request::get(Directory::PATH).header("if-none-match", etag))
    };
    assert_eq!(fetch("*").status, 404);
    let first = directory.publish(json!({"tenants": ["acme"]}));
    let response = fetch("");
    assert_eq!(response.header("etag"), Some(first.as_str()));
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.json(), json!({"tenants": ["acme"]}));
    assert_eq!(fetch(&first).status, 304);
    // The same document, published again, is a new one.
    let second = directory.publish(json!({"tenants": ["acme"]}));
    assert_ne!(first, second);
    assert_eq!((fetch(&first).status, fetch(&second).status), (200, 304));
    assert_eq!(directory.stub().count(Directory::PATH), 5);
}
