//! The examples of the README: tokens as the providers really make them.

mod examples;

use examples::{Provider, dated, example, example_with, identity, refused, replace, told, with};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Key, RsaKey, jwks, sha256_hex};
use tenant_guard_tests::{EnvoyBuilder, Request};

/// A provider whose key set has just this key.
fn provider(name: &str, key: Key, header: Value) -> Provider {
    provider_with(name, &jwks(&[&key]), key, header)
}

fn provider_with(name: &str, jwks: &Value, key: Key, header: Value) -> Provider {
    let envoy = EnvoyBuilder::new(example_with(name, jwks)).start();
    Provider { envoy, key, header }
}

fn header(alg: &str, kid: &str) -> Value {
    json!({"alg": alg, "typ": "JWT", "kid": kid})
}

#[test]
fn auth0() {
    let auth0 = provider("auth0", Key::rs256("NkJCQzIy"), header("RS256", "NkJCQzIy"));
    let claims = dated(json!({
        "iss": "https://example.eu.auth0.com/",
        "sub": "auth0|65f0c1",
        "aud": ["https://api.example.com", "https://example.eu.auth0.com/userinfo"],
        "azp": "Cl1entIdOfTheApp",
        "scope": "openid profile read:things",
        "org_id": "org_9fXk2mQpL0aB7cDe",
        "permissions": ["read:things"],
        "https://api.example.com/roles": ["editor", "billing"],
    }));
    let expected = identity(
        "org_9fXk2mQpL0aB7cDe",
        "auth0|65f0c1",
        "Cl1entIdOfTheApp",
        "editor,billing",
        "openid profile read:things",
    );
    assert_eq!(auth0.identity(claims.clone()), expected);
    auth0.holds_the_line(&claims, json!({"aud": "https://other.example.com"}));

    // The RFC 9068 profile: another type, and the client in another claim.
    let rfc9068 = with(claims.clone(), json!({"azp": null, "client_id": "Cl1entIdOfTheApp"}));
    let token = auth0.key.sign(with(auth0.header.clone(), json!({"typ": "at+jwt"})), rfc9068);
    let response = auth0.envoy.send(&Request::get("/").bearer(token));
    assert_eq!(told(&response), expected);

    // An ID token is for the client, and one without an organization for no tenant.
    let id = with(claims.clone(), json!({"aud": "Cl1entIdOfTheApp", "scope": null, "nonce": "n"}));
    auth0.refuses(&auth0.request(id), 401, "token_audience_invalid");
    let nobodys = auth0.request(with(claims, json!({"org_id": null})));
    auth0.refuses(&nobodys, 403, "tenant_required");
    auth0.refuses(&nobodys.tenant("org_9fXk2mQpL0aB7cDe"), 403, "tenant_required");
}

fn keycloak_claims(organization: Value) -> Value {
    dated(json!({
        "jti": "onrtac:2f0f", "iss": "https://sso.example.com/realms/shop", "aud": ["api", "account"],
        "sub": "36fa0f91-f94d-4a0c-afed-6b7d952e47da", "typ": "Bearer", "azp": "web", "sid": "s",
        "acr": "1", "allowed-origins": ["https://web.example.com"],
        "realm_access": {"roles": ["editor", "offline_access"]},
        "resource_access": {"account": {"roles": ["manage-account"]}},
        "scope": "profile email organization", "email_verified": true,
        "preferred_username": "alice", "organization": organization,
    }))
}

/// As `/protocol/openid-connect/certs` has them: a key for encryption too.
fn keycloak_jwks(key: &Key) -> Value {
    let mut encryption = Key::rsa(Alg::RS256, "enc", RsaKey::B).jwk();
    encryption["use"] = json!("enc");
    encryption["alg"] = json!("RSA-OAEP");
    json!({"keys": [encryption, key.jwk()]})
}

fn keycloak_in_either_shape(name: &str, one: Value, two: Value) -> Provider {
    let key = Key::rs256("FJ86GcF3");
    let keycloak = provider_with(name, &keycloak_jwks(&key), key, header("RS256", "FJ86GcF3"));
    let claims = keycloak_claims(one);
    let subject = "36fa0f91-f94d-4a0c-afed-6b7d952e47da";
    let expected = |tenant: &str| {
        identity(tenant, subject, "web", "editor,offline_access", "profile email organization")
    };
    assert_eq!(keycloak.identity(claims.clone()), expected("acme"));
    keycloak.holds_the_line(&claims, json!({"aud": "account"}));

    // With an API that is the client itself, only `typ` tells an ID token apart.
    for typ in ["ID", "Refresh", "Logout"] {
        let other = with(claims.clone(), json!({"typ": typ, "aud": "api"}));
        keycloak.refuses(&keycloak.request(other), 401, "token_claim_invalid");
    }
    let nobodys = keycloak.request(with(claims.clone(), json!({"organization": null})));
    keycloak.refuses(&nobodys, 403, "tenant_required");

    // Several organizations: the caller says for which it acts.
    let several = keycloak_claims(two);
    let request = keycloak.request(several);
    keycloak.refuses(&request, 403, "tenant_choice_required");
    let chosen = keycloak.envoy.send(&request.clone().tenant("globex"));
    assert_eq!(told(&chosen), expected("globex"));
    keycloak.refuses(&request.tenant("initech"), 403, "tenant_mismatch");
    keycloak
}

#[test]
fn keycloak() {
    let keycloak = keycloak_in_either_shape("keycloak", json!(["acme"]), json!(["acme", "globex"]));
    let other_shape = keycloak.request(keycloak_claims(json!({"acme": {}})));
    keycloak.refuses(&other_shape, 400, "tenant_malformed");
}

#[test]
fn keycloak_with_organizations_as_an_object() {
    let keycloak = keycloak_in_either_shape(
        "keycloak-organization-object",
        json!({"acme": {"id": "75bc86cb-8527-43af-b598-0873fa2bfea6", "plan": ["gold"]}}),
        json!({"acme": {"id": "75bc"}, "globex": {"id": "4d37"}}),
    );
    let other_shape = keycloak.request(keycloak_claims(json!(["acme"])));
    keycloak.refuses(&other_shape, 400, "tenant_malformed");
}

#[test]
fn entra() {
    // Entra's keys have no `alg`, but the issuer and the certificate.
    let key = Key::rs256("nOo3ZDrODXEK1jKWhXslHR_KXEg");
    let mut keys = jwks(&[&key]);
    keys["keys"][0].as_object_mut().unwrap().remove("alg");
    keys["keys"][0]["issuer"] = json!("https://login.microsoftonline.com/{tenantid}/v2.0");
    keys["keys"][0]["x5c"] = json!(["MIIC/TCCAeWgAwIBAgII"]);
    let entra = provider_with("entra", &keys, key, header("RS256", "nOo3ZDrODXEK1jKWhXslHR_KXEg"));
    let directory = |tid: &str| json!({"tid": tid, "iss": format!("https://login.microsoftonline.com/{tid}/v2.0")});
    let acme = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";
    let globex = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb";
    let claims = with(
        dated(json!({
            "aud": "11111111-1111-1111-1111-111111111111", "aio": "ATQAy", "azpacr": "0",
            "azp": "22222222-2222-2222-2222-222222222222", "name": "Alice",
            "oid": "33333333-3333-3333-3333-333333333333", "preferred_username": "alice@acme.example",
            "rh": "0.AX", "roles": ["Orders.Editor"], "scp": "access_as_user orders.read",
            "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ", "uti": "u", "ver": "2.0",
        })),
        directory(acme),
    );
    let expected = |tenant: &str| {
        identity(
            tenant,
            "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
            "22222222-2222-2222-2222-222222222222",
            "Orders.Editor",
            "access_as_user orders.read",
        )
    };
    assert_eq!(entra.identity(claims.clone()), expected("acme"));
    assert_eq!(entra.identity(with(claims.clone(), directory(globex))), expected("globex"));
    entra.holds_the_line(&claims, json!({"aud": "00000003-0000-0000-c000-000000000000"}));

    // Anybody may have a directory: one that isn't listed is nobody's.
    let unlisted = with(claims.clone(), directory("cccccccc-cccc-cccc-cccc-cccccccccccc"));
    entra.refuses(&entra.request(unlisted.clone()), 403, "tenant_unknown");
    entra.refuses(&entra.request(unlisted).tenant("acme"), 403, "tenant_mismatch");
    // One directory can't name another: issuer and tid must be one.
    let liar = with(claims.clone(), json!({"tid": globex}));
    entra.refuses(&entra.request(liar), 401, "token_issuer_unknown");
    // Only access tokens say which client they were given to.
    let id = with(claims, json!({"azp": null, "azpacr": null, "scp": null, "nonce": "n"}));
    entra.refuses(&entra.request(id), 401, "token_claim_invalid");
}

fn supabase_claims() -> Value {
    dated(json!({
        "iss": "https://abcdefghijklmnopqrst.supabase.co/auth/v1", "aud": "authenticated",
        "sub": "123e4567-e89b-12d3-a456-426614174000", "role": "authenticated", "aal": "aal1",
        "session_id": "8e39", "email": "alice@acme.example", "phone": "", "is_anonymous": false,
        "amr": [{"method": "password", "timestamp": 1_640_991_600}],
        "app_metadata": {"provider": "email", "providers": ["email"], "org_id": "acme", "roles": ["editor"]},
        "user_metadata": {"org_id": "globex", "roles": ["admin"]},
    }))
}

fn check_supabase(supabase: &Provider) {
    let claims = supabase_claims();
    let expected = identity("acme", "123e4567-e89b-12d3-a456-426614174000", "", "editor", "");
    assert_eq!(supabase.identity(claims.clone()), expected);
    supabase.holds_the_line(&claims, json!({"aud": "anon"}));
    // What a user writes about itself binds it to nothing.
    let own = with(claims, json!({"app_metadata": {"provider": "email"}}));
    supabase.refuses(&supabase.request(own.clone()), 403, "tenant_required");
    supabase.refuses(&supabase.request(own).tenant("globex"), 403, "tenant_required");
}

#[test]
fn supabase() {
    let kid = "b81269f1-21d8-4f2e-b719-c2240a840d90";
    let supabase = provider("supabase", Key::es256(kid), header("ES256", kid));
    check_supabase(&supabase);
    // Nothing that is signed with the public key as if it were a secret.
    let public = supabase.key.jwk().to_string();
    let forged = Key::with_secret(Alg::HS256, kid, public).token(supabase_claims());
    let forged = Request::get("/").bearer(forged);
    supabase.refuses(&forged, 401, "token_algorithm_refused");
}

#[test]
fn supabase_with_its_legacy_secret() {
    let secret = "a-legacy-secret-of-supabase-is-long-enough";
    let key = Key::with_secret(Alg::HS256, "legacy", secret);
    let envoy = EnvoyBuilder::new(example("supabase-legacy-secret"))
        .env("SUPABASE_JWT_SECRET", secret)
        .start();
    let supabase = Provider { envoy, key, header: json!({"alg": "HS256", "typ": "JWT"}) };
    check_supabase(&supabase);
    // The project's own keys are signed with the same secret, and are no users.
    for role in ["anon", "service_role"] {
        let project =
            dated(json!({"iss": "supabase", "ref": "abcdefghijklmnopqrst", "role": role}));
        supabase.refuses(&supabase.request(project), 401, "token_issuer_unknown");
    }
}

#[test]
fn cognito() {
    // Cognito's tokens have no `typ`.
    let header = json!({"kid": "1234example=", "alg": "RS256"});
    let cognito = provider("cognito", Key::rs256("1234example="), header);
    let claims = dated(json!({
        "sub": "aaaaaaaa-bbbb-cccc-dddd-example", "device_key": "d", "cognito:groups": ["editor", "billing"],
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01", "version": 2,
        "client_id": "2example3client4id5six7eig", "origin_jti": "o", "event_id": "e",
        "token_use": "access", "scope": "phone openid profile email", "auth_time": 1_676_312_777,
        "jti": "j", "username": "alice", "tenant_id": "acme",
    }));
    let expected = identity(
        "acme",
        "aaaaaaaa-bbbb-cccc-dddd-example",
        "2example3client4id5six7eig",
        "editor,billing",
        "phone openid profile email",
    );
    assert_eq!(cognito.identity(claims.clone()), expected);
    cognito.holds_the_line(&claims, json!({"client_id": "another"}));
    let id = json!({
        "token_use": "id", "aud": "2example3client4id5six7eig", "client_id": null, "scope": null,
        "username": null, "cognito:username": "alice", "custom:tenant_id": "acme",
    });
    cognito.refuses(&cognito.request(with(claims.clone(), id)), 401, "token_claim_invalid");
    let nobodys = cognito.request(with(claims, json!({"tenant_id": null})));
    cognito.refuses(&nobodys, 403, "tenant_required");
}

#[test]
fn firebase() {
    let firebase = provider("firebase", Key::rs256("f90fb1ae"), header("RS256", "f90fb1ae"));
    let claims = dated(json!({
        "iss": "https://securetoken.google.com/example-project", "aud": "example-project",
        "auth_time": 1_700_000_000, "user_id": "Xy0tdW", "sub": "Xy0tdW",
        "email": "alice@acme.example", "email_verified": true,
        "firebase": {"identities": {"email": ["alice@acme.example"]}, "sign_in_provider": "password", "tenant": "acme-x7k2p"},
    }));
    assert_eq!(firebase.identity(claims.clone()), identity("acme-x7k2p", "Xy0tdW", "", "", ""));
    // All projects share Google's keys: issuer and audience tell them apart.
    firebase.holds_the_line(&claims, json!({"aud": "another-project"}));
    let project =
        json!({"iss": "https://securetoken.google.com/another-project", "aud": "another-project"});
    let project = firebase.request(with(claims.clone(), project));
    firebase.refuses(&project, 401, "token_issuer_unknown");
    let session =
        with(claims.clone(), json!({"iss": "https://session.firebase.google.com/example-project"}));
    firebase.refuses(&firebase.request(session), 401, "token_issuer_unknown");
    let outside = with(claims, json!({"firebase": {"sign_in_provider": "anonymous"}}));
    firebase.refuses(&firebase.request(outside), 403, "tenant_required");
}

#[test]
fn api_keys() {
    let mut document = example("api-keys");
    replace(&mut document, "sha256", &json!(sha256_hex("a-key-of-acme")));
    let envoy = EnvoyBuilder::new(document).start();
    let request = Request::get("/v1/things").api_key("a-key-of-acme");
    let response = envoy.send(&request);
    assert_eq!(told(&response), identity("acme", "", "billing", "", "invoices:read"));
    assert_eq!(response.echoed_value("x-key-id").unwrap(), "billing-1");
    assert_eq!(response.echoed_value("x-auth-method").unwrap(), "api_key");
    told(&envoy.send(&request.clone().tenant("acme")));
    refused(&envoy.send(&request.clone().tenant("globex")), 403, "tenant_mismatch");
    refused(&envoy.send(&request.tenant("Default")), 403, "tenant_reserved");
    let other = Request::get("/v1/things").api_key("another-key");
    refused(&envoy.send(&other), 401, "api_key_unknown");
    refused(&envoy.get("/v1/things"), 401, "credentials_missing");
}
