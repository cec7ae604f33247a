use serde_json::json;

use super::super::testing::{SECRET, bearer, imported, imported_with, mistakes};
use crate::import::digest::Digester;

const PRODUCTION: &str = "\
ENV=production
DATABASE_URL=postgres://recsys:hunter2hunter2@db/recsys
AUTH_REQUIRED=true
AUTH_REQUIRE_TENANT_CLAIM=true
AUTH_TENANT_CLAIMS=tenant_id,app.org
AUTH_ROLE_CLAIMS=roles,scope
AUTH_VIEWER_ROLE=reader
JWT_AUTH_ENABLED=true
JWT_ISSUER=https://auth.example.com/
JWT_AUDIENCE=recsys
JWT_JWKS_URL=https://auth.example.com/jwks.json
JWT_JWKS_REFRESH_INTERVAL=1h30m
API_KEY_ENABLED=true
API_KEY_HASH_SECRET=0123456789abcdef0123456789abcdef
";

fn token(claims: serde_json::Value) -> String {
    let mut all = json!({"iss": "https://auth.example.com/", "aud": "recsys"});
    let own = claims.as_object().expect("it is an object").clone();
    all.as_object_mut().expect("it is an object").extend(own);
    bearer(all)
}

#[test]
fn a_production_service_decides_as_before() {
    let key = Digester::new(Some(SECRET)).key("k".into(), "sesame").to_value();
    let tenants = json!([
        {"id": "acme", "aliases": ["6b1d9c1e-0000-4000-8000-000000000001"],
         "clients": [{"id": "web", "keys": [key]}]},
        {"id": "globex"}
    ]);
    let added = json!({"tenants": tenants});
    let imported = imported_with("recsys", PRODUCTION, added).with_keys();
    let viewer = token(json!({"tenant_id": "acme", "roles": ["READER"]}));
    let admin = token(json!({"app": {"org": "acme"}, "scope": "openid admin"}));
    let plain = token(json!({"tenant_id": "acme"}));
    let none = token(json!({}));
    for (request, result) in [
        (format!("POST /v1/recommend {plain}"), "acme"),
        (format!("POST /api/v1/recommend {plain} x-org-id=acme"), "acme"),
        (format!("POST /v1/recommend {plain} x-org-id=globex"), "tenant_mismatch"),
        (format!("GET /v1/recommend?tenant_id=globex {plain}"), "tenant_mismatch"),
        (format!("POST /v1/recommend {none} x-org-id=acme"), "tenant_required"),
        ("POST /v1/recommend x-api-key=sesame".into(), "acme"),
        ("POST /v1/recommend x-api-key=other".into(), "api_key_unknown"),
        (format!("POST /v1/recommend x-api-key=sesame {plain}"), "acme"),
        ("POST /v1/recommend".into(), "credentials_missing"),
        ("GET /v1/license".into(), "public"),
        ("GET /healthz".into(), "public"),
        (format!("GET /v1/admin/tenants/acme/config {viewer}"), "acme"),
        (format!("PUT /v1/admin/tenants/acme/config {viewer}"), "role_missing"),
        (format!("PUT /v1/admin/tenants/acme/config {admin}"), "acme"),
        (format!("GET /v1/admin/tenants/globex/config {admin}"), "tenant_mismatch"),
        (
            format!("GET /v1/admin/tenants/6b1d9c1e-0000-4000-8000-000000000001/config {admin}"),
            "acme",
        ),
        (format!("GET /v1/admin {plain}"), "role_missing"),
        (format!("GET /elsewhere {admin}"), "route_refused"),
    ] {
        assert_eq!(imported.outcome(&request), result, "{request}");
    }
    assert_eq!(imported.reply("GET /v1/x"), "401 authentication required");
    let listed = format!("GET /v1/x {plain} x-org-id=acme,globex");
    assert_eq!(imported.reply(&listed), "403 tenant scope invalid");
}

#[test]
fn variables_become_fields() {
    let imported = imported("recsys", PRODUCTION);
    let issuer = &imported.document["jwt"]["issuers"][0];
    assert_eq!(issuer["keys"]["jwks_uri"]["refresh"], "90m");
    assert_eq!(issuer["tenant"]["claims"], json!(["tenant_id", "app.org"]));
    assert_eq!(issuer["claims"]["roles"], json!(["roles", "scope"]));
    assert_eq!(imported.document["both"], "agree");
    assert_eq!(imported.document["api_keys"]["pepper"], json!({"env": "API_KEY_HASH_SECRET"}));
    assert!(imported.yaml.contains("the application goes on reading them: DATABASE_URL\n"));
    assert!(!imported.yaml.contains("hunter2"));
}

#[test]
fn developers_name_themselves_in_development() {
    let env =
        "DEV_AUTH_ENABLED=true\nDEV_AUTH_USER_ID_HEADER=X-Me\nAUTH_REQUIRE_TENANT_CLAIM=false\n";
    let dev = imported("recsys", env);
    assert_eq!(dev.document["environment"], "development");
    for (request, result) in [
        ("GET /v1/x x-me=bob x-dev-org-id=demo x-org-id=demo", "demo"),
        ("GET /v1/x x-me=bob x-dev-org-id=demo x-org-id=other", "tenant_mismatch"),
        ("GET /v1/x", "credentials_missing"),
    ] {
        assert_eq!(dev.outcome(request), result, "{request}");
    }
    let one = imported("recsys", &format!("{env}DEV_AUTH_TENANT_HEADER=X-Org-Id\n"));
    assert_eq!(one.outcome("GET /v1/x x-me=bob x-org-id=demo"), "demo");
}

#[test]
fn a_role_that_is_turned_off_opens_nothing() {
    let base = "JWT_ISSUER=https://i.example\nJWT_AUDIENCE=recsys\n";
    let of = |roles: &str| imported("recsys", &format!("{base}{roles}")).with_keys();
    let asks = |imported: &super::super::testing::Imported, role: &str| {
        let claims =
            json!({"iss": "https://i.example", "aud": "recsys", "tenant_id": "a", "role": role});
        ["GET", "POST"].map(|method| {
            imported.outcome(&format!("{method} /v1/admin/x {}", bearer(claims.clone())))
        })
    };
    let no_viewer = of("AUTH_VIEWER_ROLE=\n");
    assert_eq!(asks(&no_viewer, "viewer"), ["role_missing", "role_missing"]);
    assert_eq!(asks(&no_viewer, "operator"), ["a", "a"]);
    let only_viewer = of("AUTH_OPERATOR_ROLE=\nAUTH_ADMIN_ROLE=\n");
    assert_eq!(asks(&only_viewer, "viewer"), ["a", "ip_refused"]);
    let none = of("AUTH_VIEWER_ROLE=\nAUTH_OPERATOR_ROLE=\nAUTH_ADMIN_ROLE=\n");
    assert_eq!(asks(&none, "nobody"), ["a", "a"]);
    let same = of("AUTH_VIEWER_ROLE=staff\nAUTH_ADMIN_ROLE=Staff\n");
    assert_eq!(asks(&same, "staff"), ["a", "a"]);
}

#[test]
fn combinations_that_can_not_be_meant_are_refused() {
    for (env, words) in [
        ("DEV_AUTH_ENABLED=true\nJWT_AUTH_ENABLED=true\n", "stands beside JWT_AUTH_ENABLED"),
        ("DEV_AUTH_ENABLED=true\nENV=prod\n", "ENV is production"),
        ("AUTH_REQUIRED=true\nJWT_AUTH_ENABLED=false\n", "nothing provides it"),
        ("JWT_JWKS_URL=http://a.example/jwks\n", "must begin with https"),
        (
            "JWT_JWKS_URL=https://a.example/\nAUTH_JWKS_ALLOWED_HOSTS=b.example\n",
            "AUTH_JWKS_ALLOWED_HOSTS doesn't have",
        ),
        ("JWT_ALLOWED_ALGORITHMS=HS256\n", "algorithms of public keys"),
        ("JWT_SKIP_HEADER_ENABLED=true\n", "never imported"),
        ("JWT_JWKS_REFRESH_INTERVAL=soon\n", "must be a duration"),
        ("API_KEY_HEADER=X Key\n", "no name of a header"),
        ("AUTH_REQUIRED=true\nAUTH_REQUIRED=false\n", "is there twice"),
    ] {
        let told = mistakes("recsys", env);
        assert!(told.starts_with("FILE:") && told.contains(words), "{env} {told}");
    }
}

#[test]
fn what_would_be_open_is_asked_and_stays_closed() {
    let env = "AUTH_REQUIRED=false\nAUTH_REQUIRE_TENANT_CLAIM=false\nAUTH_TENANT_CLAIMS=org\n";
    let imported = imported("recsys", env).with_keys();
    assert_eq!(imported.outcome("GET /v1/x"), "credentials_missing");
    let none = bearer(json!({"iss": "https://issuer.invalid/", "aud": "audience.invalid"}));
    assert_eq!(imported.outcome(&format!("GET /v1/x {none} x-org-id=a")), "tenant_required");
    for words in ["AUTH_REQUIRED=false", "AUTH_REQUIRE_TENANT_CLAIM", "JWT_ISSUER", "JWT_AUDIENCE"]
    {
        let open =
            imported.yaml.lines().any(|line| line.contains("DECIDE") && line.contains(words));
        assert!(open, "{words}\n{}", imported.yaml);
    }
}
