//! The agent control plane: keys and agents bound to tenants in lists, a strict
//! mode, quotas for actions, and events that registries send in.

use std::collections::BTreeMap;

use super::digest::Digester;
use super::pairs::{self, Pair};
use super::quotas::{self, Quotas};
use super::settings::Settings;
use super::tree::{Map, Tree};

mod issuers;
mod routes;
mod trust;

use issuers::Issuers;
use trust::Mode;

/// Variables that the control plane goes on reading itself.
pub(crate) const KEPT: &[&str] = &[
    "AUTH_PERSISTENCE",
    "AUTH_SWEEP_INTERVAL_SECONDS",
    "CHALLENGE_TTL_SECONDS",
    "CONTROL_PLANE_PINNED_KEYS",
    "DATABASE_URL",
    "DOMAIN_PACKS",
    "HOST",
    "INGEST_MAX_BODY_BYTES",
    "INGEST_MAX_JSON_DEPTH",
    "INGEST_REQUIRE_ENROLLMENT",
    "JWT_KID",
    "JWT_PRIVATE_KEY_PEM",
    "LOG_LEVEL",
    "NODE_ENV",
    "POLICY_BACKEND",
    "PORT",
    "REDIS_URL",
    "REVOCATION_FEEDS",
    "TRUST_PROXY",
    "WEBHOOK_SECRET",
];

/// How further such variables begin.
pub(crate) const KEPT_PREFIXES: &[&str] = &[
    "LOG_WITNESS_",
    "OPA_",
    "RECEIPT_AUDIT_",
    "STREAM_",
    "SWAGGER_",
    "THROTTLE_",
    "WEBHOOK_",
    "WITNESS_",
];

/// The name that nobody may claim.
const RESERVED: &str = "default";

/// The codes of bad keys and tokens, which the control plane doesn't tell apart.
const INVALID: [&str; 14] = [
    "api_key_inactive",
    "api_key_unknown",
    "token_algorithm_refused",
    "token_audience_invalid",
    "token_claim_invalid",
    "token_expired",
    "token_issuer_unknown",
    "token_key_unknown",
    "token_malformed",
    "token_not_yet_valid",
    "token_revoked",
    "token_signature_invalid",
    "token_too_large",
    "token_type_refused",
];

/// The document.
pub(crate) fn import(settings: &Settings<'_>) -> Map {
    let pepper = settings.text("API_KEY_HASH_SECRET");
    let digester = Digester::new(pepper.map(super::env::Text::as_str));
    let quotas = quotas::quotas(settings, "TENANT_QUOTAS");
    let keys = Keys::read(settings);
    let issuers = issuers::read(settings);
    let strict = settings.flag("AUTH_REQUIRE_TENANT").unwrap_or(false);
    refuse_lax_bindings(settings, strict, &keys, &issuers);
    let trust = trust::read(settings);
    let tenants = tenants(&keys, &quotas, &issuers, &digester);
    let mode = Mode { strict, listed: tenants.is_some() };
    let has_keys = !keys.list.is_empty();
    let document = Map::default()
        .with("version", 1)
        .with(
            "mode",
            match (issuers.any(), has_keys) {
                (true, false) => "jwt",
                (false, true) => "api_key",
                _ => "either",
            },
        )
        .when(!issuers.any() && !has_keys, |map| {
            map.decide("the file has neither keys nor issuers of tokens, so everybody is refused; the control plane without AUTH_API_KEYS let everybody in outside of production")
        });
    let document = issuers.add(document);
    keys.add(document, &digester, pepper.is_some())
        .with("tenancy", trust::tenancy(mode, trust, &keys, &quotas, issuers.any()))
        .when(!mode.listed && mode.strict, |map| {
            map.note("tokens may name any tenant; list `tenants` to let only those in")
        })
        .with_some("tenants", tenants)
        .when(settings.has("AUTH_ADMIN_API_KEYS"), |map| {
            map.with("roles", Map::default().with("admin", Map::default()))
        })
        .with("routes", routes::routes(settings, mode, &issuers))
        .with("replies", replies(issuers.any()))
}

/// The control plane doesn't start with them either.
fn refuse_lax_bindings(settings: &Settings<'_>, strict: bool, keys: &Keys<'_>, issuers: &Issuers) {
    let bound = keys.list.iter().find(|key| key.is_bound()).map(|key| key.pair.at);
    let places = [("TENANT_API_KEYS", bound), ("TENANT_AGENTS", issuers.first_agent)];
    for (name, at) in places.into_iter().filter_map(|(name, at)| Some((name, at?))) {
        if !strict {
            settings.tell(at, format!("{name} binds to tenants, and AUTH_REQUIRE_TENANT isn't true: a caller without a tenant would run unscoped and see what is other tenants'; set AUTH_REQUIRE_TENANT=true, or take the bindings out"));
        }
    }
}

fn is_reserved(tenant: &str) -> bool {
    tenant.eq_ignore_ascii_case(RESERVED)
}

fn replies(tokens: bool) -> Map {
    let mismatch = if tokens {
        "X-Tenant-Id does not match the tenant the token was issued under"
    } else {
        "X-Tenant-Id does not match the tenant this API key is bound to"
    };
    let details = Map::default().with("credentials_missing", "Missing Authorization header");
    let details = INVALID
        .iter()
        .fold(details, |map, code| map.with(*code, "Invalid authorization token"))
        .with("tenant_mismatch", mismatch)
        .with(
            "tenant_required",
            "tenant required: the credential carries no tenant (AUTH_REQUIRE_TENANT)",
        )
        .with("rate_limited", "quota exceeded");
    Map::default().with("details", details)
}

/// A key, and what it is good for.
struct Key<'v> {
    pair: Pair<'v>,
    admin: bool,
    /// Whether it is in the list of those that are let in.
    active: bool,
}

impl Key<'_> {
    fn is_bound(&self) -> bool {
        self.pair.tenant.is_some()
    }

    fn map(&self, id: String, digester: &Digester) -> Map {
        digester
            .key(id, self.pair.value)
            .when(self.admin, |map| map.with("roles", ["admin"]))
            .when(!self.active, |map| {
                map.with("active", false).decide("this key isn't in AUTH_API_KEYS, so the control plane refused it; set it active, or take it out")
            })
    }
}

/// All keys, each once.
struct Keys<'v> {
    list: Vec<Key<'v>>,
    /// Whether the list of those that are let in is there.
    let_in: bool,
}

impl<'v> Keys<'v> {
    fn read(settings: &Settings<'v>) -> Self {
        let admins = settings.list("AUTH_ADMIN_API_KEYS").unwrap_or_default();
        let listed = settings.list("AUTH_API_KEYS");
        let mut pairs = pairs::keys(settings, "TENANT_API_KEYS");
        for pair in &mut pairs {
            if pair.tenant.as_deref().is_some_and(is_reserved) {
                pair.tenant = None;
            }
        }
        // What is only let in, or only an admin's, is bound to no tenant.
        for text in listed.iter().flatten().chain(&admins) {
            if !pairs.iter().any(|pair| pair.value == text.as_str()) {
                pairs.push(Pair { tenant: None, value: text.as_str(), at: text.at() });
            }
        }
        let list = pairs.into_iter().map(|pair| Key {
            admin: admins.iter().any(|admin| admin.as_str() == pair.value),
            active: listed
                .as_ref()
                .is_none_or(|keys| keys.iter().any(|key| key.as_str() == pair.value)),
            pair,
        });
        Self { list: list.collect(), let_in: listed.is_some() }
    }

    fn add(&self, document: Map, digester: &Digester, peppered: bool) -> Map {
        if self.list.is_empty() {
            return document;
        }
        let header = || Map::default().with("header", "authorization");
        let unbound = self.list.iter().filter(|key| !key.is_bound());
        let unbound: Vec<Map> =
            (1..).zip(unbound).map(|(n, key)| key.map(format!("key-{n}"), digester)).collect();
        let section = Map::default()
            .with("from", [header().with("scheme", "Bearer"), header()])
            .when(peppered, |map| {
                map.with("hash", "hmac-sha256")
                    .with("pepper", super::tree::env("API_KEY_HASH_SECRET"))
            })
            .when(!unbound.is_empty(), |map| map.with("keys", unbound).note("keys of no tenant"));
        document.with("api_keys", section).when(!self.let_in, |map| {
            map.decide("the file has no AUTH_API_KEYS, without which some versions let no key in, or everybody; the keys of TENANT_API_KEYS are taken for good here")
        })
    }
}

/// The tenants that anything names, in the order of their names.
fn tenants(
    keys: &Keys<'_>,
    quotas: &Quotas,
    issuers: &Issuers,
    digester: &Digester,
) -> Option<Tree> {
    let mut tenants: BTreeMap<&str, Vec<&Key<'_>>> = BTreeMap::new();
    let named = quotas.keys().chain(&issuers.tenants);
    for tenant in named.filter(|tenant| !is_reserved(tenant)) {
        tenants.entry(tenant).or_default();
    }
    for key in &keys.list {
        if let Some(tenant) = &key.pair.tenant {
            tenants.entry(tenant).or_default().push(key);
        }
    }
    let list: Vec<Map> = tenants
        .into_iter()
        .map(|(id, keys)| {
            let keys: Vec<Map> =
                (1..).zip(keys).map(|(n, key)| key.map(format!("{id}-{n}"), digester)).collect();
            let client = Map::default().with("id", "api").with("keys", keys.clone());
            Map::default()
                .with("id", id)
                .with_some("limits", quotas.get(id).map(quotas::limits))
                .when(!keys.is_empty(), |map| map.with("clients", [client]))
        })
        .collect();
    (!list.is_empty()).then(|| list.into())
}

#[cfg(test)]
mod tests;
