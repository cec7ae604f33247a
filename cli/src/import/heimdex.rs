//! Heimdex: tokens of Supabase or, on a developer's machine, of its own.

use super::env::Text;
use super::settings::Settings;
use super::tree::{Map, Tree, env, null};
use crate::source::Position;

/// Variables that the system goes on reading itself.
pub(crate) const KEPT: &[&str] =
    &["GOOGLE_APPLICATION_CREDENTIALS", "QDRANT_URL", "REDIS_URL", "TEMPORAL_URL", "VERSION"];

/// How further such variables begin.
pub(crate) const KEPT_PREFIXES: &[&str] = &["ENABLE_", "GCS_", "PG", "PROBE_"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Provider {
    Dev,
    Supabase,
}

/// The document.
pub(crate) fn import(settings: &Settings<'_>) -> Map {
    let asked = settings
        .choice("AUTH_PROVIDER", &[("dev", Provider::Dev), ("supabase", Provider::Supabase)]);
    let local = settings.text("HEIMDEX_ENV").is_none_or(|env| env.as_str() == "local");
    // Both secrets are of this system, whichever is used.
    let secret = settings.text("DEV_JWT_SECRET");
    let supabase = Supabase::read(settings);
    let url = settings.text("SUPABASE_JWKS_URL");
    if let Some(url) = url.filter(|_| settings.text("AUTH_PROVIDER").is_none()) {
        settings.tell(url.at(), "SUPABASE_JWKS_URL is unused without AUTH_PROVIDER, which is dev by default; set AUTH_PROVIDER=supabase");
    }
    // Without a word the provider is dev.
    let provider = asked.unwrap_or(Provider::Dev);
    if provider == Provider::Dev && !local {
        let at = ["AUTH_PROVIDER", "HEIMDEX_ENV"].into_iter().find_map(|name| settings.text(name));
        let at = at.map_or(Position::START, Text::at);
        settings.tell(at, "AUTH_PROVIDER=dev (which is also the default) takes tokens that every developer can sign, so it is for HEIMDEX_ENV=local only; set AUTH_PROVIDER=supabase");
    }
    let issuer = match provider {
        Provider::Dev => dev(secret.is_some()),
        Provider::Supabase => supabase.issuer(settings),
    };
    let development = provider == Provider::Dev;
    Map::default()
        .with("version", 1)
        .when(development, |map| {
            map.with("environment", "development")
                .decide("never in production: AUTH_PROVIDER=supabase with https addresses is for that")
        })
        .with("mode", "jwt")
        .with("jwt", Map::default().with("issuers", [issuer]))
        .open("tenants", "organizations are in the system's database; as long as there is no `tenants`, a token may name every one")
        .with("tenancy", tenancy())
        .note("the organization is the token's alone: what a client sends in x-org-id is taken out unread")
        .with("routes", routes())
        .with("upstream", Map::default().with("headers", headers()))
        .note("org_id, user_id and role of the request's context")
        .with("replies", replies(provider, &supabase))
}

fn tenancy() -> Map {
    Map::default().with("header", "x-org-id").with("trust_header", "ignore")
}

fn headers() -> Map {
    Map::default().with("tenant", "x-org-id").with("subject", "x-user-id").with("roles", "x-role")
}

fn dev(has_secret: bool) -> Map {
    let issuer = Map::default()
        .with("issuer", "none")
        .with("any_audience", true)
        .note("developers' tokens name no audience; nobody else's are signed with this secret");
    let issuer = if has_secret {
        issuer
            .with("algorithms", ["HS256"])
            .with("keys", Map::default().with("secret", env("DEV_JWT_SECRET")))
    } else {
        // An address that never answers: no token is good.
        let uri = Map::default().with("cluster", "none").with("uri", "https://issuer.invalid/jwks");
        issuer.with("keys", Map::default().with("jwks_uri", uri)).decide("the file has no DEV_JWT_SECRET, so no token is good yet: write `secret: {env: DEV_JWT_SECRET}` instead of the address, and give the plugin's VM a secret of your own, never the system's default")
    };
    issuer.with("tenant", tenant()).with("claims", claims())
}

fn tenant() -> Map {
    Map::default().with("claims", ["app_metadata.org_id", "https://heimdex.io/org_id", "org_id"])
}

fn claims() -> Map {
    Map::default().with("roles", ["role"]).with("scopes", null())
}

/// What the environment says of Supabase.
struct Supabase<'v> {
    issuer: Option<Text<'v>>,
    audience: Option<Text<'v>>,
    url: Option<String>,
}

impl<'v> Supabase<'v> {
    fn read(settings: &Settings<'v>) -> Self {
        Self {
            issuer: settings.text("AUTH_ISSUER"),
            audience: settings.text("AUTH_AUDIENCE"),
            url: settings.url("SUPABASE_JWKS_URL"),
        }
    }

    fn issuer(&self, settings: &Settings<'_>) -> Map {
        let provider = settings.text("AUTH_PROVIDER").map_or(Position::START, Text::at);
        for (name, there) in [
            ("SUPABASE_JWKS_URL", settings.text("SUPABASE_JWKS_URL").is_some()),
            ("AUTH_ISSUER", self.issuer.is_some()),
        ] {
            if !there {
                settings.tell(provider, format!("AUTH_PROVIDER=supabase needs {name}; set it"));
            }
        }
        let url = self.url.clone().unwrap_or_default();
        if let Some(at) = settings.text("SUPABASE_JWKS_URL").filter(|_| url.starts_with("http://"))
        {
            settings.tell(at.at(), "SUPABASE_JWKS_URL must begin with https://: whoever could answer in its place could sign for anybody");
        }
        let keys = Map::default()
            .with("cluster", "supabase")
            .decide("the Envoy cluster that leads to the host of these keys")
            .with("uri", url);
        Map::default()
            .with("issuer", self.issuer.map_or("", Text::as_str))
            .with("audiences", [self.audience.map_or("authenticated", Text::as_str)])
            .when(self.audience.is_none(), |map| {
                map.decide("the file has no AUTH_AUDIENCE, so the system took tokens for anybody; this is what Supabase writes by itself")
            })
            .with("algorithms", ["RS256"])
            .with("keys", Map::default().with("jwks_uri", keys))
            .with("tenant", tenant())
            .with("claims", claims())
    }
}

fn routes() -> Tree {
    let rule = |path: Tree| Map::default().with("match", Map::default().with("path", path));
    [rule(["/healthz", "/readyz"].into()).with("auth", "none"), rule("/**".into())].into()
}

fn replies(provider: Provider, supabase: &Supabase<'_>) -> Map {
    let expected = |what: &str, value: Option<Text<'_>>| {
        let value = value.filter(|_| provider == Provider::Supabase)?;
        Some(format!("Invalid token {what}. Expected: {}", value.as_str()))
    };
    let details = Map::default()
        .with("credentials_missing", "Not authenticated")
        .with("token_expired", "Token has expired")
        .with("token_signature_invalid", "Invalid token: Signature verification failed")
        .with_some("token_audience_invalid", expected("audience", supabase.audience))
        .with_some("token_issuer_unknown", expected("issuer", supabase.issuer))
        .with("token_claim_invalid", "Missing sub claim in token")
        .with("tenant_required", "Missing org_id claim in token (required for tenant isolation)");
    Map::default()
        .with("realm", "heimdex")
        .with("status", Map::default().with("tenant_required", 401))
        .with("details", details)
}

#[cfg(test)]
mod tests;
