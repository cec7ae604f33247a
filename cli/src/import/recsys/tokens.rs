//! The service's issuer of tokens.

use super::{claim_map, claims};
use crate::import::env::Text;
use crate::import::settings::Settings;
use crate::import::tree::{Map, Tree};

/// The issuer, and whether its keys come without encryption.
pub(super) fn issuer(settings: &Settings<'_>, insecure: bool, production: bool) -> (Map, bool) {
    let name = settings.text("JWT_ISSUER").map(Text::as_str);
    let audience = settings.text("JWT_AUDIENCE").map(Text::as_str);
    let url = settings.url("JWT_JWKS_URL");
    let plain = url.as_deref().is_some_and(|url| url.starts_with("http://"));
    let refused = plain && (production || !insecure);
    if let Some(at) = settings.text("JWT_JWKS_URL").map(Text::at).filter(|_| refused) {
        settings.tell(at, "JWT_JWKS_URL must begin with https://: whoever could answer in its place could sign for anybody");
    }
    check_host(settings, url.as_deref(), insecure);
    check_bypass(settings);
    let keys = Map::default()
        .with("cluster", "idp")
        .decide("the Envoy cluster that leads to the host of these keys")
        .when(url.is_none(), |map| {
            map.with("uri", "https://issuer.invalid/jwks.json")
                .decide("the file has no JWT_JWKS_URL: where the issuer's keys are")
        })
        .with_some("uri", url)
        .with("refresh", settings.go_duration("JWT_JWKS_REFRESH_INTERVAL").unwrap_or("10m".into()))
        .with("timeout", settings.go_duration("JWT_JWKS_REFRESH_TIMEOUT").unwrap_or("5s".into()));
    let issuer = Map::default()
        .with("issuer", name.unwrap_or("https://issuer.invalid/"))
        .when(name.is_none(), |map| {
            map.decide("the file has no JWT_ISSUER: who signs the tokens, just as their `iss` has it")
        })
        .with("audiences", [audience.unwrap_or("audience.invalid")])
        .when(audience.is_none(), |map| {
            map.decide("the file has no JWT_AUDIENCE: for whom the tokens are, as their `aud` has it. The service took tokens for anybody then")
        })
        .with_some("algorithms", algorithms(settings))
        .with("keys", Map::default().with("jwks_uri", keys))
        .with("clock_skew", settings.go_duration("JWT_ALLOWED_CLOCK_SKEW").unwrap_or("30s".into()))
        .with("tenant", Map::default().with("claims", claims(settings, "AUTH_TENANT_CLAIMS", &["tenant_id", "org_id", "orgId", "organization_id"])))
        .with("claims", claim_map(settings));
    (issuer, plain)
}

/// A key set is never a shared secret.
fn algorithms(settings: &Settings<'_>) -> Option<Tree> {
    let known =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
    let items = settings.list("JWT_ALLOWED_ALGORITHMS")?;
    for item in items.iter().filter(|item| !known.contains(&item.as_str())) {
        settings.tell(item.at(), "JWT_ALLOWED_ALGORITHMS must be algorithms of public keys: RS, PS or ES with 256, 384 or 512, or EdDSA");
    }
    Some(items.into_iter().map(Text::as_str).collect::<Vec<_>>().into())
}

/// The service fetches keys from hosts of a list only.
fn check_host(settings: &Settings<'_>, url: Option<&str>, insecure: bool) {
    let allowed = settings.list("AUTH_JWKS_ALLOWED_HOSTS");
    let (Some(url), Some(allowed)) = (url, allowed) else { return };
    let host = url.split('/').nth(2).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let listed = allowed.iter().any(|item| {
        item.as_str().eq_ignore_ascii_case(host) || item.as_str().eq_ignore_ascii_case(name)
    });
    if let Some(at) = settings.text("JWT_JWKS_URL").map(Text::at).filter(|_| !listed && !insecure) {
        settings.tell(at, "JWT_JWKS_URL is at a host that AUTH_JWKS_ALLOWED_HOSTS doesn't have; add it, or mend the address");
    }
}

/// A header that skips authentication has no place at a gateway.
fn check_bypass(settings: &Settings<'_>) {
    for name in ["JWT_SKIP_HEADER_ENABLED", "JWT_ALLOW_DANGEROUS_DEV_BYPASSES"] {
        if let (Some(true), Some(text)) = (settings.flag(name), settings.text(name)) {
            settings.tell(text.at(), format!("{name} lets requests in without a credential, which is never imported; turn it off"));
        }
    }
    for name in ["JWT_SKIP_HEADER_NAME", "JWT_SKIP_TRUSTED_PROXIES"] {
        let _ = settings.given(name);
    }
}
