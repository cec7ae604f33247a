//! The AI backend. It documents no variables, so this is a document to begin
//! with, from what its page says.

use super::settings::Settings;
use super::tree::{Map, Tree, env};

/// Permissions that the page names.
const PERMISSIONS: [&str; 5] = [
    "outline:generate",
    "slides:generate",
    "images:generate",
    "presentations:read",
    "presentations:write",
];

/// The document.
pub(crate) fn import(settings: &Settings<'_>) -> Map {
    let header = settings.header("API_KEY_HEADER").unwrap_or("x-api-key".into());
    let pepper = settings.text("API_KEY_HASH_SECRET").is_some();
    let keys =
        Map::default().with("from", [Map::default().with("header", header)]).when(pepper, |map| {
            map.with("hash", "hmac-sha256").with("pepper", env("API_KEY_HASH_SECRET"))
        });
    Map::default()
        .with("version", 1)
        .with("mode", "either")
        .with("jwt", Map::default().with("issuers", [issuer()]))
        .with("api_keys", keys)
        .with("tenants", Vec::<Map>::new())
        .decide("accounts and their keys are in the system's database: add them (--add), each key with its digest, roles and tier. Until then nobody is let in")
        .with("roles", roles())
        .with("limits", limits())
        .with("routes", routes())
        .decide("the page names permissions and one path, /v1/generate/outline; the others are guessed")
}

fn issuer() -> Map {
    let keys = Map::default()
        .with("cluster", "idp")
        .decide("the Envoy cluster that leads to the host of these keys")
        .with("uri", "https://issuer.invalid/jwks.json")
        .decide("where the issuer's keys are");
    Map::default()
        .with("issuer", "https://issuer.invalid/")
        .decide("who signs the tokens, just as their `iss` has it")
        .with("audiences", ["audience.invalid"])
        .decide("for whom the tokens are, as their `aud` has it")
        .with("algorithms", ["RS256", "ES256"])
        .with("keys", Map::default().with("jwks_uri", keys))
        .with("max_lifetime", "60m")
        .with("tenant", Map::default().with("claims", ["tenant_id"]))
        .decide("the claim that holds the tenant's id; the page doesn't name it")
}

fn roles() -> Map {
    let role = |scopes: &[&str]| Map::default().with("scopes", scopes.to_vec());
    let below = |role: &str, scopes: &[&str]| {
        Map::default().with("includes", [role]).with("scopes", scopes.to_vec())
    };
    Map::default()
        .with("admin", below("developer", &["*"]))
        .with("developer", below("standard", &PERMISSIONS))
        .with("standard", below("read-only", &["outline:generate", "slides:generate"]))
        .decide("the page limits this role to specific endpoints and doesn't name them")
        .with("read-only", role(&["presentations:read"]))
}

fn limits() -> Map {
    Map::default()
        .with("tiers", Map::default().with("standard", "100/min"))
        .decide("the page has tiers without their rates: name yours, and give each key its own in `limits: {requests: TIER}`")
        .with("headers", ["x-rate-limit"])
}

fn routes() -> Tree {
    let rule = |paths: &[&str], methods: &[&str]| {
        let matches = Map::default().with("path", paths.to_vec());
        let matches =
            matches.when(!methods.is_empty(), |map| map.with("methods", methods.to_vec()));
        Map::default().with("match", matches)
    };
    let mut routes: Vec<Map> = ["outline", "slides", "images"]
        .into_iter()
        .map(|what| {
            let path = format!("/v1/generate/{what}");
            rule(&[&path], &[]).with("scopes", [format!("{what}:generate")])
        })
        .collect();
    routes.extend([
        rule(&["/v1/presentations/**"], &["GET", "HEAD"]).with("scopes", ["presentations:read"]),
        rule(&["/v1/presentations/**"], &[]).with("scopes", ["presentations:write"]),
        rule(&["/v1/api-keys/**"], &[]).with("roles", ["admin"]),
    ]);
    routes.into()
}

#[cfg(test)]
mod tests {
    use super::super::testing::imported;

    #[test]
    fn it_begins_closed_and_says_what_to_decide() {
        let imported = imported("ai-backend", "");
        assert!(imported.yaml.contains("# DECIDE: who signs the tokens"));
        for (request, result) in [
            ("GET /v1/generate/outline", "credentials_missing"),
            ("GET /elsewhere", "route_refused"),
        ] {
            assert_eq!(imported.outcome(request), result, "{request}");
        }
    }
}
