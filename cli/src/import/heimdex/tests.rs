use serde_json::{Value, json};

use super::super::testing::{SECRET, bearer, imported, mistakes};

const SUPABASE: &str = "\
HEIMDEX_ENV=prod
AUTH_PROVIDER=supabase
SUPABASE_JWKS_URL=https://project.supabase.co/auth/v1/jwks
AUTH_AUDIENCE=heimdex
AUTH_ISSUER=https://project.supabase.co/
PGPASSWORD=hunter2hunter2
";

fn token(claims: Value) -> String {
    let mut all = json!({"iss": "https://project.supabase.co/", "aud": "heimdex"});
    let own = claims.as_object().expect("it is an object").clone();
    all.as_object_mut().expect("it is an object").extend(own);
    bearer(all)
}

#[test]
fn supabase_decides_as_before() {
    let imported = imported("heimdex", SUPABASE).with_keys();
    for (request, result) in [
        ("GET /healthz".into(), "public"),
        ("GET /readyz".into(), "public"),
        ("GET /jobs".into(), "credentials_missing"),
        (format!("GET /jobs {}", token(json!({"org_id": "a"}))), "a"),
        (
            format!("GET /jobs {}", token(json!({"app_metadata": {"org_id": "a"}, "org_id": "b"}))),
            "a",
        ),
        (
            format!(
                "GET /jobs {}",
                token(json!({"https://heimdex.io/org_id": "a", "org_id": "b"}))
            ),
            "a",
        ),
        (format!("GET /jobs {}", token(json!({}))), "tenant_required"),
        (
            format!("GET /jobs {}", token(json!({"org_id": "a", "aud": "other"}))),
            "token_audience_invalid",
        ),
        (
            format!("GET /jobs {}", token(json!({"org_id": "a", "iss": "https://x/"}))),
            "token_issuer_unknown",
        ),
        (format!("GET /jobs {}", token(json!({"org_id": "a", "exp": 1}))), "token_expired"),
        (
            format!("GET /jobs {}", token(json!({"org_id": "a", "sub": null}))),
            "token_claim_invalid",
        ),
        (format!("GET /jobs {} x-org-id=b", token(json!({"org_id": "a"}))), "a"),
    ] {
        assert_eq!(imported.outcome(&request), result, "{request}");
    }
    assert_eq!(
        imported.reply(&format!("GET /jobs {}", token(json!({})))),
        "401 Missing org_id claim in token (required for tenant isolation)"
    );
    assert_eq!(imported.reply("GET /jobs"), "401 Not authenticated");
    let other = format!("GET /jobs {}", token(json!({"org_id": "a", "aud": "other"})));
    assert_eq!(imported.reply(&other), "401 Invalid token audience. Expected: heimdex");
    assert!(imported.yaml.contains("goes on reading them: PGPASSWORD\n"));
}

#[test]
fn developers_sign_their_own_tokens_on_their_machine() {
    let env = format!("AUTH_PROVIDER=dev\nHEIMDEX_ENV=local\nDEV_JWT_SECRET={SECRET}\n");
    let imported = imported("heimdex", &env);
    assert_eq!(imported.document["environment"], "development");
    let keys = json!({"secret": {"env": "DEV_JWT_SECRET"}});
    assert_eq!(imported.document["jwt"]["issuers"][0]["keys"], keys);
    let good = bearer(json!({"org_id": "org-456", "role": "user"}));
    assert_eq!(imported.outcome(&format!("GET /jobs {good}")), "org-456");
    let unset =
        super::super::testing::imported("heimdex", "AUTH_PROVIDER=dev\nHEIMDEX_ENV=local\n");
    assert_eq!(unset.outcome(&format!("GET /jobs {good}")), "token_algorithm_refused");
    assert!(unset.yaml.contains("# DECIDE: the file has no DEV_JWT_SECRET"));
    let no_role = bearer(json!({"org_id": "org-456"}));
    assert_eq!(imported.outcome(&format!("GET /jobs {no_role}")), "org-456");
}

#[test]
fn developers_tokens_are_refused_elsewhere() {
    for env in [
        "HEIMDEX_ENV=prod\nAUTH_PROVIDER=dev\n",
        "AUTH_PROVIDER=dev\nHEIMDEX_ENV=staging\n",
        "HEIMDEX_ENV=prod\n",
    ] {
        let told = mistakes("heimdex", env);
        assert!(told.contains("is for HEIMDEX_ENV=local only"), "{env} {told}");
    }
}

#[test]
fn supabase_needs_its_addresses() {
    let told = mistakes("heimdex", "AUTH_PROVIDER=supabase\n");
    assert!(
        told.contains("needs SUPABASE_JWKS_URL") && told.contains("needs AUTH_ISSUER"),
        "{told}"
    );
    let unsaid = SUPABASE.replace("AUTH_PROVIDER=supabase\n", "");
    assert!(mistakes("heimdex", &unsaid).contains("set AUTH_PROVIDER=supabase"));
    let plain =
        SUPABASE.replace("https://project.supabase.co/auth", "http://project.supabase.co/auth");
    assert!(mistakes("heimdex", &plain).starts_with("FILE:3:19: SUPABASE_JWKS_URL must begin"));
    let open = imported("heimdex", &SUPABASE.replace("AUTH_AUDIENCE=heimdex\n", ""));
    assert_eq!(open.document["jwt"]["issuers"][0]["audiences"], json!(["authenticated"]));
    assert!(open.yaml.contains("# DECIDE: the file has no AUTH_AUDIENCE"));
}
