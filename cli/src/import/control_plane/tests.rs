use serde_json::json;

use super::super::testing::{SECRET, bearer, imported, imported_with, mistakes};

const STRICT: &str = "\
AUTH_API_KEYS=key-of-acme,key:of:globex,bare,boss
AUTH_ADMIN_API_KEYS=boss
TENANT_API_KEYS=acme:key-of-acme,globex:key:of:globex,bare,acme:boss
TENANT_AGENTS=acme:did:web:agents.example:alice
AUTH_REQUIRE_TENANT=true
TENANT_QUOTAS=acme:publish=2/min,run.start=1/min;initech:*=500/hour
INGEST_STRICT_TENANT=true
JWT_SECRET=0123456789abcdef0123456789abcdef
TOKEN_ISSUANCE_ENABLED=true
JWT_AUTHORITY=cp.example
";

fn token(claims: serde_json::Value) -> String {
    let mut all = json!({"iss": "cp.example", "aud": "cp.example"});
    let own = claims.as_object().expect("it is an object").clone();
    all.as_object_mut().expect("it is an object").extend(own);
    bearer(all)
}

#[test]
fn a_strict_control_plane_decides_as_before() {
    let imported = imported("agent-control-plane", STRICT);
    let acme = token(json!({"tenant": "acme"}));
    let agent = token(json!({"sub": "did:web:agents.example:alice", "tenant": "acme"}));
    let foreign = token(json!({"sub": "did:web:agents.example:alice", "tenant": "globex"}));
    let none = token(json!({}));
    let reserved = token(json!({"tenant": "default"}));
    let tokens_are_no_admins = token(json!({"tenant": "acme", "roles": ["admin"]}));
    for (request, result) in [
        ("GET /runs authorization=Bearer+key-of-acme".into(), "acme"),
        ("GET /runs authorization=key-of-acme".into(), "acme"),
        ("GET /runs authorization=Bearer+key:of:globex".into(), "globex"),
        ("GET /runs authorization=Bearer+bare".into(), "tenant_required"),
        ("GET /runs authorization=Bearer+nobody".into(), "api_key_unknown"),
        ("GET /runs".into(), "credentials_missing"),
        ("GET /runs authorization=Bearer+key-of-acme x-tenant-id=acme".into(), "acme"),
        ("GET /runs authorization=Bearer+key-of-acme x-tenant-id=globex".into(), "tenant_mismatch"),
        (
            "GET /runs authorization=Bearer+key-of-acme x-tenant-id=default".into(),
            "tenant_reserved",
        ),
        (format!("GET /runs {acme}"), "acme"),
        (format!("GET /runs {agent}"), "acme"),
        (format!("GET /runs {foreign}"), "tenant_mismatch"),
        (format!("GET /runs {acme} x-tenant-id=globex"), "tenant_mismatch"),
        (format!("GET /runs {none}"), "tenant_required"),
        (format!("GET /runs {none} x-tenant-id=acme"), "tenant_required"),
        (format!("GET /runs {reserved}"), "tenant_reserved"),
        ("POST /admin/pinned-keys/reload authorization=Bearer+boss".into(), "acme"),
        ("POST /admin/pinned-keys/reload authorization=Bearer+key-of-acme".into(), "role_missing"),
        (format!("POST /registries/enroll {tokens_are_no_admins}"), "role_missing"),
        ("GET /admin/pinned-keys authorization=Bearer+key-of-acme".into(), "role_missing"),
        ("GET /healthz".into(), "public"),
        ("POST /auth/challenge".into(), "public"),
        ("POST /ingest/acdp x-tenant-id=acme".into(), "default"),
    ] {
        assert_eq!(imported.outcome(&request), result, "{request}");
    }
    let mismatch = "GET /runs authorization=Bearer+key-of-acme x-tenant-id=globex";
    assert!(imported.reply(mismatch).starts_with("403 X-Tenant-Id does not match"));
    let unknown = "GET /runs authorization=Bearer+nobody";
    assert_eq!(imported.reply(unknown), "401 Invalid authorization token");
}

#[test]
fn quotas_are_limits_of_actions() {
    let imported = imported("agent-control-plane", STRICT);
    let publish = "POST /contexts/c1 authorization=Bearer+key-of-acme";
    let start = "POST /runs authorization=Bearer+key-of-acme";
    let declare = "POST /capabilities authorization=Bearer+key-of-acme";
    for (request, result) in [
        (publish, "acme"),
        (publish, "acme"),
        (publish, "rate_limited"),
        (start, "acme"),
        (start, "rate_limited"),
        (declare, "acme"),
        (declare, "acme"),
    ] {
        assert_eq!(imported.outcome(request), result, "{request}");
    }
    assert_eq!(
        imported.document["tenants"][2],
        json!({"id": "initech", "limits": {"actions": {"*": "500/hour"}}})
    );
}

#[test]
fn a_lax_control_plane_keeps_its_rows() {
    let env = format!("AUTH_API_KEYS=bare\nJWT_SECRET={SECRET}\nAUTH_REQUIRE_TENANT=false\n");
    let none = bearer(json!({"iss": "control-plane.local", "aud": "control-plane.local"}));
    let tokens_only = format!("JWT_SECRET={SECRET}\nTENANT_HEADER_TRUST=any_peer\n");
    let limited = format!("{env}TENANT_QUOTAS=acme:publish=1/min;default:publish=1/min\n");
    for (env, header, plain) in [
        (&env, "tenant_header_untrusted", "default"),
        (&tokens_only, "acme", "default"),
        (&limited, "tenant_header_untrusted", "default"),
    ] {
        let imported = imported("agent-control-plane", env);
        assert_eq!(
            imported.outcome(&format!("GET /runs {none} x-tenant-id=acme")),
            header,
            "{env}"
        );
        assert_eq!(imported.outcome(&format!("GET /runs {none}")), plain, "{env}");
        let reserved = format!("GET /runs {none} x-tenant-id=default");
        assert_eq!(imported.outcome(&reserved), "tenant_reserved", "{env}");
    }
    let limited = imported("agent-control-plane", &limited);
    let publish = "POST /contexts/x authorization=Bearer+bare";
    assert_eq!(limited.outcome(publish), "default");
    assert_eq!(limited.outcome(publish), "rate_limited");
}

#[test]
fn trusted_proxies_name_tenants_and_others_do_not() {
    let none = bearer(json!({"iss": "control-plane.local", "aud": "control-plane.local"}));
    let base = format!("JWT_SECRET={SECRET}\nTENANT_HEADER_TRUST=trusted_proxies\n");
    for (proxies, result) in [
        ("192.0.2.0/24,::1", "acme"),
        ("192.0.2.1", "acme"),
        ("10.0.0.0/8", "tenant_header_untrusted"),
    ] {
        let imported =
            imported("agent-control-plane", &format!("{base}TRUSTED_PROXIES={proxies}\n"));
        assert_eq!(imported.outcome(&format!("GET /runs {none} x-tenant-id=acme")), result);
    }
    for (proxies, words) in [
        ("", "trusts nobody"),
        ("0.0.0.0/0", "trusts every address"),
        ("::/0", "trusts every address"),
        ("10.1.0.0/8", "bits behind the prefix"),
        ("proxy.example", "must be addresses"),
    ] {
        let told = mistakes("agent-control-plane", &format!("{base}TRUSTED_PROXIES={proxies}\n"));
        assert!(told.contains(words), "{proxies} {told}");
    }
}

#[test]
fn a_header_never_names_the_tenant_of_a_bare_key() {
    let env = format!("AUTH_API_KEYS=bare\nJWT_SECRET={SECRET}\nTENANT_HEADER_TRUST=any_peer\n");
    let imported = imported("agent-control-plane", &env);
    let request = "GET /runs authorization=Bearer+bare x-tenant-id=acme";
    assert_eq!(imported.outcome(request), "tenant_header_untrusted");
    assert!(imported.yaml.contains("# DECIDE: TENANT_HEADER_TRUST let tokens"));
}

#[test]
fn bindings_without_strict_mode_are_refused() {
    for (env, place) in [
        ("TENANT_API_KEYS=bare,acme:k", "FILE:1:27: TENANT_API_KEYS binds"),
        ("AUTH_REQUIRE_TENANT=false\nTENANT_AGENTS=acme:did:a", "FILE:2:20: TENANT_AGENTS binds"),
    ] {
        let told = mistakes("agent-control-plane", env);
        assert!(told.starts_with(place) && told.contains("run unscoped"), "{told}");
    }
    imported("agent-control-plane", "TENANT_API_KEYS=bare,default:k");
}

#[test]
fn a_key_that_is_not_let_in_stays_out() {
    let env = "AUTH_API_KEYS=one\nTENANT_API_KEYS=acme:one,acme:two\nAUTH_REQUIRE_TENANT=true\n";
    let imported = imported("agent-control-plane", env);
    assert_eq!(imported.outcome("GET /runs authorization=Bearer+one"), "acme");
    assert_eq!(imported.outcome("GET /runs authorization=Bearer+two"), "api_key_inactive");
    assert!(imported.yaml.contains("# DECIDE: this key isn't in AUTH_API_KEYS"));
}

#[test]
fn keys_are_hmacs_where_there_is_a_secret() {
    let env = format!(
        "API_KEY_HASH_SECRET={SECRET}\nTENANT_API_KEYS=acme:one\nAUTH_REQUIRE_TENANT=true\n"
    );
    let imported = imported("agent-control-plane", &env);
    assert_eq!(imported.document["api_keys"]["pepper"], json!({"env": "API_KEY_HASH_SECRET"}));
    assert_eq!(imported.document["api_keys"]["hash"], "hmac-sha256");
    assert!(imported.document["tenants"][0]["clients"][0]["keys"][0]["hmac_sha256"].is_string());
    assert_eq!(imported.outcome("GET /runs authorization=Bearer+one"), "acme");
}

#[test]
fn trusted_issuers_are_issuers() {
    let env = format!(
        "AUTH_REQUIRE_TENANT=true\nTOKEN_ISSUANCE_ENABLED=true\nJWT_SECRET={SECRET}\n\
         TRUSTED_ISSUERS='https://peer.example|HS256|{SECRET}|cp||read_only,https://far.example|EdDSA|https://far.example/jwks|cp|acdp'\n"
    );
    let imported = imported("agent-control-plane", &env);
    let issuers = &imported.document["jwt"]["issuers"];
    assert_eq!(issuers[1]["keys"], json!({"secret": {"env": "TRUSTED_ISSUER_SECRET_1"}}));
    assert_eq!(issuers[2]["keys"]["jwks_uri"]["uri"], "https://far.example/jwks");
    assert_eq!(issuers[2]["keys"]["jwks_uri"]["cluster"], "far.example");
    assert_eq!(issuers[2]["claim_values"], json!({"scope": ["acdp"]}));
    let peer = bearer(json!({"iss": "https://peer.example", "aud": "cp", "tenant": "acme"}));
    let own = json!({"iss": "control-plane.local", "aud": "control-plane.local", "tenant": "acme"});
    let own = bearer(own);
    let far = bearer(json!({"iss": "https://far.example", "aud": "cp", "scope": "acdp"}));
    for (request, result) in [
        (format!("GET /runs {peer}"), "acme"),
        (format!("POST /runs {peer}"), "token_issuer_unknown"),
        (format!("POST /auth/introspect {peer}"), "acme"),
        (format!("POST /runs {own}"), "acme"),
        (format!("GET /runs {far}"), "token_algorithm_refused"),
    ] {
        assert_eq!(imported.outcome(&request), result, "{request}");
    }
}

#[test]
fn without_a_secret_no_token_is_good_and_somebody_is_asked() {
    let env = "TENANT_AGENTS=acme:did:web:a\nAUTH_REQUIRE_TENANT=true\n";
    let imported = imported("agent-control-plane", env);
    let token = bearer(json!({"iss": "control-plane.local", "aud": "control-plane.local"}));
    assert_eq!(imported.outcome(&format!("GET /runs {token}")), "token_algorithm_refused");
    assert!(imported.yaml.contains("# DECIDE: the file has no JWT_SECRET"));
    assert_eq!(imported.document["tenants"], json!([{"id": "acme"}]));
}

#[test]
fn malformed_issuers_are_refused_without_a_word_of_their_secrets() {
    for (entry, words) in [
        ("iss|HS256|top-secret", "must be iss|alg"),
        ("iss|HS256|top-secret|", "must be iss|alg"),
        ("iss|HS256|top-secret|aud", "shorter than the hash"),
        ("iss|RS256|top-secret|aud", "algorithm other than"),
        ("iss|EdDSA|http://u:top-secret@x/|aud", "no address of keys"),
        ("iss|HS256|top-secret-top-secret-top-secret|aud|read_only", "leave the scope empty"),
        ("iss|HS256|top-secret-top-secret-top-secret|aud||fast", "a flag other than"),
        ("iss|HS256|top-secret|aud|s|read_only|x", "must be iss|alg"),
        (
            "control-plane.local|HS256|top-secret-top-secret-top-secret|aud",
            "the control plane itself",
        ),
    ] {
        let told = mistakes("agent-control-plane", &format!("TRUSTED_ISSUERS={entry}\n"));
        assert!(told.starts_with("FILE:1:") && told.contains(words), "{entry} {told}");
        assert!(!told.contains("top-secret"), "{told}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let env = "TENANT_API_KEYS=a:k1,b:k1,:x\nTENANT_QUOTAS=a:publish=many/min\n\
               TENANT_HEADER_TRUST=proxies\nAUTH_REQUIRE_TENANT=yes\nJWT_SECRET=short\nnonsense\n";
    let told = mistakes("agent-control-plane", env);
    let places: Vec<&str> =
        told.lines().map(|line| line.split(": ").next().unwrap_or("")).collect();
    assert_eq!(
        places,
        [
            "FILE:1:19",
            "FILE:1:24",
            "FILE:1:27",
            "FILE:2:25",
            "FILE:3:21",
            "FILE:4:21",
            "FILE:5:12",
            "FILE:6:1"
        ],
        "{told}"
    );
}

#[test]
fn what_was_in_a_database_is_added() {
    let added = json!({"tenants": [{"id": "umbrella"}], "tenancy": {"unknown": "deny"}});
    let imported = imported_with(
        "agent-control-plane",
        &format!("JWT_SECRET={SECRET}\nAUTH_REQUIRE_TENANT=true\n"),
        added,
    );
    let of = |tenant: &str| {
        let claims =
            json!({"iss": "control-plane.local", "aud": "control-plane.local", "tenant": tenant});
        imported.outcome(&format!("GET /runs {}", bearer(claims)))
    };
    assert_eq!(of("umbrella"), "umbrella");
    assert_eq!(of("acme"), "tenant_unknown");
}
