//! The system with a super admin above tenants, clients and keys, all of which
//! are in its database.

use super::digest::sha256;
use super::env::Text;
use super::settings::Settings;
use super::tree::{Map, Tree, env};

/// Variables that the system goes on reading itself.
pub(crate) const KEPT: &[&str] =
    &["DATABASE_URL", "DEBUG", "HOST", "LOG_LEVEL", "PORT", "REDIS_URL", "SECRET_KEY"];

/// How further such variables begin.
pub(crate) const KEPT_PREFIXES: &[&str] = &["DB_", "MYSQL_", "POSTGRES_", "QDRANT_"];

/// Scopes that the system's page names, each with its endpoints.
const SCOPES: [(&str, &str); 6] = [
    ("/tenants/**", "tenant"),
    ("/qdrant/**", "qdrant"),
    ("/meal_plan/**", "meal_plan"),
    ("/generate/**", "generate"),
    ("/validate/**", "validate"),
    ("/version_service/**", "version_service"),
];

/// Below that many bytes a digest doesn't hide a key: 128 bits in base64 have 22.
const SHORT: usize = 22;

/// The document.
pub(crate) fn import(settings: &Settings<'_>) -> Map {
    let modes = [("internal", "api_key"), ("partner", "jwt"), ("both", "jwt_then_api_key")];
    let mode = settings.choice("AUTH_MODE", &modes);
    let lifetime = settings.number("ACCESS_TOKEN_EXPIRE_MINUTES");
    let secret = settings.text("SUPER_ADMIN_API_KEY").map(Text::as_str);
    let header = settings.header("API_KEY_HEADER").unwrap_or("x-api-key".into());
    let pepper = settings.text("API_KEY_HASH_SECRET").is_some();
    if let Some(at) =
        settings.text("ACCESS_TOKEN_EXPIRE_MINUTES").map(Text::at).filter(|_| lifetime == Some(0))
    {
        settings.tell(at, "ACCESS_TOKEN_EXPIRE_MINUTES must be at least 1");
    }
    let jwt = mode != Some("api_key");
    let keys = mode != Some("jwt");
    let api_keys =
        Map::default().with("from", [Map::default().with("header", header)]).when(pepper, |map| {
            map.with("hash", "hmac-sha256").with("pepper", env("API_KEY_HASH_SECRET"))
        });
    Map::default()
        .with("version", 1)
        .with("mode", mode.unwrap_or("jwt_then_api_key"))
        .when(settings.text("AUTH_MODE").is_none(), |map| {
            map.decide("the file has no AUTH_MODE; this is `both`: the token first and, where that fails, the key")
        })
        .when(jwt, |map| {
            map.with("jwt", Map::default().with("issuers", Vec::<Map>::new()))
                .note("partners' issuers stand in `tenants[].issuers`, each bound to its tenant")
        })
        .when(keys, |map| map.with("api_keys", api_keys))
        .with("super_admin", super_admin(secret))
        .with("tenancy", Map::default().with("start", "inactive"))
        .with("tenants", Vec::<Map>::new())
        .decide(tenants_text(lifetime))
        .with("wildcard_scopes", ["all"])
        .with("routes", routes())
        .decide("the system's page names scopes and no paths; these are guessed from the scopes' names. What isn't named is the super admin's alone")
        .with(
            "replies",
            Map::default().with("details", Map::default().with("tenant_inactive", "403 Forbidden - Tenant Inactive")),
        )
}

fn tenants_text(lifetime: Option<u32>) -> String {
    format!(
        "tenants, clients and their keys are in the system's database: add them (--add), with their policies, and `active: true` where a tenant is activated. A partner's issuer is `{{issuer, audiences, algorithms: [RS256], keys: {{jwks_uri: …}}, max_lifetime: \"{}m\"}}`. Until then only the super admin is let in",
        lifetime.unwrap_or(60)
    )
}

fn super_admin(secret: Option<&str>) -> Map {
    // Nobody knows a text with that digest.
    let digest = secret.map_or("0".repeat(64), sha256);
    Map::default()
        .with("from", [Map::default().with("query", "superAdminKey")])
        .note("a key in the query shows in the logs of everything before Envoy; a header is better")
        .with("sha256", digest)
        .when(secret.is_some_and(|secret| secret.len() < SHORT), |map| {
            map.decide("the super admin's key is so short that whoever reads this digest may find it by trying; make one with `openssl rand -hex 32`, and give its digest")
        })
        .when(secret.is_none(), |map| {
            map.decide(
                "the file has no SUPER_ADMIN_API_KEY: the SHA-256 digest of the super admin's key",
            )
        })
        .with("tenant", "superadmin")
}

fn routes() -> Tree {
    let rule = |path: Tree| Map::default().with("match", Map::default().with("path", path));
    let activation = ["/tenants/*/activate", "/tenants/*/deactivate"];
    let mut routes = vec![rule(activation.into()).with("auth", "super_admin")];
    routes.extend(SCOPES.map(|(path, scope)| rule(path.into()).with("scopes", [scope])));
    routes.push(rule("/**".into()).with("auth", "super_admin"));
    routes.into()
}

#[cfg(test)]
mod tests;
