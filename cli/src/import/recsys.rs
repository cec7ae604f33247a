//! The recommendation service: tenants and roles in claims, API keys as HMACs in
//! its database, and developers' headers.

use super::env::Text;
use super::settings::Settings;
use super::tree::{Map, Tree, env, null};

mod routes;
mod tokens;

/// Variables that the service goes on reading itself.
pub(crate) const KEPT: &[&str] = &[
    "API_ADDR",
    "APP_ENV",
    "DATABASE_URL",
    "DATABASE_URL_FILE",
    "DOCS_ENABLED",
    "FRONTEND_BASE_URL",
    "LOG_LEVEL",
    "MIGRATE_ON_START",
    "MIGRATIONS_DIR",
    "PPROF_ENABLED",
];

/// How further such variables begin.
pub(crate) const KEPT_PREFIXES: &[&str] = &[
    "AUDIT_LOG_",
    "CORS_",
    "DEV_AUTH_",
    "EXPERIMENT_",
    "EXPOSURE_",
    "OTEL_",
    "RATE_LIMIT_",
    "RECSYS_",
    "TENANT_RATE_LIMIT_",
];

/// Which credentials are taken.
#[derive(Clone, Copy)]
struct Providers {
    tokens: bool,
    keys: bool,
    dev: bool,
}

/// The document.
pub(crate) fn import(settings: &Settings<'_>) -> Map {
    let production = settings
        .text("ENV")
        .is_some_and(|env| ["prod", "production"].contains(&env.as_str().to_lowercase().as_str()));
    let providers = providers(settings, production);
    let header = settings.header("TENANT_HEADER_NAME").unwrap_or("x-org-id".into());
    let dev = providers.dev.then(|| {
        let name = |variable, default: &str| settings.header(variable).unwrap_or(default.into());
        Map::default()
            .with("user", name("DEV_AUTH_USER_ID_HEADER", "x-dev-user-id"))
            .with("tenant", name("DEV_AUTH_TENANT_HEADER", "x-dev-org-id"))
    });
    let insecure = settings.flag("AUTH_ALLOW_INSECURE_JWKS").unwrap_or(false);
    let issuer = providers.tokens.then(|| tokens::issuer(settings, insecure, production));
    let roles = roles(settings);
    let keys = api_keys(settings, providers);
    let development = providers.dev || issuer.as_ref().is_some_and(|(_, insecure)| *insecure);
    Map::default()
        .with("version", 1)
        .when(development, |map| {
            map.with("environment", "development").decide("never in production")
        })
        .with(
            "mode",
            match providers {
                Providers { tokens: true, keys: false, .. } => "jwt",
                Providers { tokens: false, keys: true, dev: false } => "api_key",
                _ => "either",
            },
        )
        .when(providers.tokens && providers.keys, |map| map.with("both", "agree"))
        .with_some("dev_headers", dev)
        .with_some("jwt", issuer.map(|(issuer, _)| Map::default().with("issuers", [issuer])))
        .with_some("api_keys", keys)
        .with("tenancy", tenancy(settings, &header, production, providers.dev))
        .open("tenants", "tenants and their API keys are in the service's database. List each tenant by its external id, with the internal one in `aliases`, and its keys' digests, which are what the database has (--add). As long as there is no `tenants`, no API key is good, and tokens and developers may name every tenant")
        .when(!roles.is_empty(), |map| {
            let mut section = Map::default();
            for (_, role) in &roles {
                section = section.with(role.as_str(), Map::default());
            }
            map.with("roles", section).with("role_case", "ignore")
        })
        .with("routes", routes::routes(settings, &roles))
        .with("routes_unmatched", "deny")
        .decide("what is outside of /v1 and /api/v1 was open to everybody; here health checks are. Give what else must be a route with `auth: none`")
        .with("upstream", Map::default().with("headers", Map::default().with("tenant", header)))
        .with("replies", replies())
}

/// Which providers are on; the service refuses combinations that can't be meant.
fn providers(settings: &Settings<'_>, production: bool) -> Providers {
    let keys = settings.flag("API_KEY_ENABLED").unwrap_or(false);
    let dev = settings.flag("DEV_AUTH_ENABLED").unwrap_or(false);
    let asked = settings.flag("JWT_AUTH_ENABLED");
    let about_tokens =
        ["JWT_ISSUER", "JWT_JWKS_URL", "JWT_AUDIENCE", "AUTH_TENANT_CLAIMS", "AUTH_ROLE_CLAIMS"];
    let mentioned = about_tokens.iter().any(|name| settings.has(name));
    // Tokens are on unless something says otherwise.
    let tokens = asked.unwrap_or(!dev && (mentioned || !keys));
    let at = |name| settings.text(name).map(Text::at);
    if let Some(at) = at("DEV_AUTH_ENABLED").filter(|_| dev && tokens) {
        settings.tell(at, "DEV_AUTH_ENABLED stands beside JWT_AUTH_ENABLED: whoever names a user in a header would need no token; turn one of them off");
    }
    if let Some(at) = at("DEV_AUTH_ENABLED").filter(|_| dev && production) {
        settings.tell(
            at,
            "DEV_AUTH_ENABLED lets every caller say who it is, and ENV is production; turn it off",
        );
    }
    let required = settings.flag("AUTH_REQUIRED").unwrap_or(true);
    if required && !tokens && !keys && !dev {
        let places = ["AUTH_REQUIRED", "JWT_AUTH_ENABLED", "API_KEY_ENABLED", "DEV_AUTH_ENABLED"];
        let at = places.into_iter().find_map(at).unwrap_or(crate::source::Position::START);
        settings.tell(at, "authentication is required and nothing provides it: set JWT_AUTH_ENABLED, API_KEY_ENABLED or, for development, DEV_AUTH_ENABLED to true");
    }
    Providers { tokens, keys, dev }
}

fn api_keys(settings: &Settings<'_>, providers: Providers) -> Option<Map> {
    let header = settings.header("API_KEY_HEADER").unwrap_or("x-api-key".into());
    let pepper = settings.text("API_KEY_HASH_SECRET").is_some();
    providers.keys.then(|| {
        Map::default().with("from", [Map::default().with("header", header)]).when(pepper, |map| {
            map.with("hash", "hmac-sha256").with("pepper", env("API_KEY_HASH_SECRET"))
        })
    })
}

fn tenancy(settings: &Settings<'_>, header: &str, production: bool, dev: bool) -> Map {
    let claimed = settings.flag("AUTH_REQUIRE_TENANT_CLAIM").unwrap_or(production);
    let path =
        |prefix: &str| Map::default().with("path", format!("{prefix}/admin/tenants/{{tenant}}/**"));
    let query = Map::default().with("query", "tenant_id");
    Map::default()
        .with("header", header)
        .when(!claimed && !dev, |map| {
            map.with("strict", true).decide("AUTH_REQUIRE_TENANT_CLAIM isn't true, so callers whose credential names no tenant could name any in the header. They are refused here. To keep that, set `strict: false` with your proxies' addresses in `trust_header`; who names none is then the tenant `default`")
        })
        .with("assertions", [query, path("/v1"), path("/api/v1")])
}

/// The roles that are on, each with what it may do; a name stands once.
fn roles(settings: &Settings<'_>) -> Vec<(Rights, String)> {
    let mut roles: Vec<(Rights, String)> = Vec::new();
    for (variable, default, rights) in [
        ("AUTH_VIEWER_ROLE", "viewer", Rights::Read),
        ("AUTH_OPERATOR_ROLE", "operator", Rights::Write),
        ("AUTH_ADMIN_ROLE", "admin", Rights::Write),
    ] {
        // An empty one turns the role off.
        let role = settings.given(variable).map_or(default, Text::as_str);
        let known = roles.iter_mut().find(|(_, known)| known.eq_ignore_ascii_case(role));
        match known {
            _ if role.is_empty() => {}
            Some((known, _)) => *known = (*known).max(rights),
            None => roles.push((rights, role.to_owned())),
        }
    }
    roles
}

/// What a role may do on the admin's routes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rights {
    Read,
    Write,
}

fn replies() -> Map {
    let status = Map::default().with("credentials_ambiguous", 401).with("tenant_malformed", 403);
    let details = [
        ("credentials_missing", "authentication required"),
        ("api_key_unknown", "invalid api key"),
        ("api_key_expired", "invalid api key"),
        ("api_key_inactive", "invalid api key"),
        ("role_missing", "insufficient scope"),
        ("tenant_required", "tenant scope required"),
        ("tenant_mismatch", "tenant scope mismatch"),
        ("tenant_malformed", "tenant scope invalid"),
    ];
    let details =
        details.into_iter().fold(Map::default(), |map, (code, text)| map.with(code, text));
    Map::default()
        .with("realm", "recsys")
        .with("type_base", "https://errors.recsys.example/problem/")
        .with("status", status)
        .with("details", details)
}

/// Claims from a list, or those that the service looks at by itself.
fn claims(settings: &Settings<'_>, name: &str, default: &[&str]) -> Tree {
    let given = settings.list(name);
    let given = given.map(|items| items.into_iter().map(Text::as_str).collect::<Vec<_>>());
    given.unwrap_or(default.to_vec()).into()
}

/// Where tokens say what their bearer may do. The service knows no scopes.
fn claim_map(settings: &Settings<'_>) -> Map {
    let roles = claims(settings, "AUTH_ROLE_CLAIMS", &["roles", "role", "scope", "scopes"]);
    Map::default().with("roles", roles).with("scopes", null())
}

#[cfg(test)]
mod tests;
