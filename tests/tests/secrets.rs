//! Secrets from the VM's environment, peppered keys, and a document handed
//! over as a `Struct`.

mod common;

use common::{Session, idp};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Issuer, Key, hmac_sha256_hex};
use tenant_guard_tests::{EnvoyBuilder, Request, for_each_protocol};

const PEPPER: &str = "a pepper that is long enough to be one, it is";
const SECRET: &str = "a shared secret of sixty-four bytes, which HS512 asks for: ......";

fn document() -> Value {
    json!({
        "version": 1,
        "jwt": {"cache_entries": 1000, "max_token_bytes": 8192, "issuers": [
            {"issuer": "https://shared.example.com/", "audiences": ["api"], "keys": {"secret": {"env": "HS_SECRET"}},
             "tenant": {"claims": ["tenant"], "any_tenant": true}, "claim_values": {"level": [3], "ratio": [0.5]}},
            idp("eddsa").config(json!({"tenant": {"fixed": "acme"}})),
        ]},
        "api_keys": {"hash": "hmac-sha256", "pepper": {"env": "PEPPER"}},
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [
            {"id": "web-1", "hmac_sha256": hmac_sha256_hex(PEPPER, "web-key")}]}]}],
    })
}

fn shared(alg: Alg) -> Issuer {
    Issuer::new("https://shared.example.com/", Key::with_secret(alg, "any", SECRET))
}

fn envoy() -> EnvoyBuilder {
    EnvoyBuilder::new(document()).env("HS_SECRET", SECRET).env("PEPPER", PEPPER).log_level("info")
}

#[test]
fn secrets_come_from_the_environment_and_a_struct_is_as_good_as_text() {
    for builder in [envoy(), envoy().as_struct(), envoy().as_struct().workers(4)] {
        let envoy = builder.start();
        for_each_protocol(|over| {
            let mut session = Session::new(&envoy, over);
            session.allowed_as(Request::get("/").api_key("web-key"), "acme");
            session.refused(Request::get("/").api_key("web-kez"), 401, "api_key_unknown");
            session.allowed_as(Request::get("/").bearer(idp("eddsa").token(json!({}))), "acme");
            for alg in [Alg::HS256, Alg::HS384, Alg::HS512] {
                let claims = |level: Value| json!({"tenant": "acme", "level": level, "ratio": 0.5});
                let token =
                    |level: Value| Request::get("/").bearer(shared(alg).token(claims(level)));
                session.allowed_as(token(json!(3)), "acme");
                session.refused(token(json!("3")), 401, "token_claim_invalid");
                session.refused(token(json!(4)), 401, "token_claim_invalid");
                let other = Issuer::new("https://shared.example.com/", Key::new(alg, "any"));
                let other = Request::get("/").bearer(other.token(claims(json!(3))));
                session.refused(other, 401, "token_signature_invalid");
            }
            session.finish();
        });
        let log = envoy.log();
        assert!(!log.contains(PEPPER) && !log.contains(SECRET), "{log}");
    }
}

#[test]
fn a_secret_that_is_not_there_is_told_and_refused() {
    let (ok, said) = EnvoyBuilder::new(document()).env("PEPPER", PEPPER).validate();
    let expected =
        "jwt.issuers[0].keys.secret: the environment variable HS_SECRET is not set for the VM";
    assert!(!ok && said.contains(expected), "{said}");
    let (ok, said) =
        EnvoyBuilder::new(document()).env("HS_SECRET", SECRET).env("PEPPER", "").validate();
    let expected = "api_keys.pepper: the environment variable PEPPER is not set for the VM";
    assert!(!ok && said.contains(expected) && !said.contains(SECRET), "{said}");
    let (ok, said) = EnvoyBuilder::new(document())
        .env("HS_SECRET", "too short")
        .env("PEPPER", PEPPER)
        .validate();
    let expected = "jwt.issuers[0].keys.secret: is shorter than its hash";
    assert!(!ok && said.contains(expected), "{said}");
    assert!(!said.contains("too short") && !said.contains(PEPPER), "{said}");
    let (ok, said) = envoy().validate();
    assert!(ok, "{said}");
}
