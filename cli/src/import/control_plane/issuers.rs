//! Who signs the control plane's tokens: itself, and issuers that it trusts.

use std::collections::BTreeSet;

use super::is_reserved;
use crate::import::env::Text;
use crate::import::pairs;
use crate::import::settings::{Settings, bad_url};
use crate::import::tree::{Map, Tree, env, null};
use crate::source::Position;

/// The issuers of tokens.
pub(super) struct Issuers {
    /// Each with the name that routes know it by, and whether its tokens only
    /// read.
    list: Vec<(String, Map, bool)>,
    /// Whether nothing says that tokens are taken.
    unsure: bool,
    /// Where the first agent stands that is bound to a tenant.
    pub(super) first_agent: Option<Position>,
    /// The tenants that agents are bound to.
    pub(super) tenants: BTreeSet<String>,
}

impl Issuers {
    /// Whether tokens are taken at all.
    pub(super) fn any(&self) -> bool {
        !self.list.is_empty()
    }

    /// The names of those whose tokens may write, where some may not.
    pub(super) fn writers(&self) -> Option<Vec<String>> {
        let read_only = self.list.iter().any(|(_, _, read_only)| *read_only);
        let writers = self.list.iter().filter(|(_, _, read_only)| !read_only);
        read_only.then(|| writers.map(|(name, ..)| name.clone()).collect())
    }

    /// Adds the `jwt` section.
    pub(super) fn add(&self, document: Map) -> Map {
        if !self.any() {
            return document;
        }
        let several = self.list.len() > 1;
        let issuers: Vec<Map> = self
            .list
            .iter()
            .map(|(_, issuer, _)| if several { any_tenant(issuer.clone()) } else { issuer.clone() })
            .collect();
        let header = || Map::default().with("header", "authorization");
        let section = Map::default()
            .with("from", [header().with("scheme", "Bearer"), header()])
            .with("issuers", issuers)
            .when(self.unsure, |map| {
                map.decide("the file has no TOKEN_ISSUANCE_ENABLED, without which newer versions of the control plane take no tokens; take this section out if yours takes none")
            });
        document.with("jwt", section)
    }
}

/// With several issuers, each says which tenants it may name.
fn any_tenant(mut issuer: Map) -> Map {
    for entry in &mut issuer.entries {
        if entry.name == "tenant"
            && let Some(Tree::Map(tenant)) = &mut entry.tree
        {
            *tenant = core::mem::take(tenant).with("any_tenant", true).decide(
                "every issuer may name every tenant, as before; list those that it may name in `allow` instead",
            );
        }
    }
    issuer
}

pub(super) fn read(settings: &Settings<'_>) -> Issuers {
    let agents = pairs::agents(settings, "TENANT_AGENTS");
    let trusted = settings.list("TRUSTED_ISSUERS").unwrap_or_default();
    let first_agent = agents.first().map(|agent| agent.at);
    let mut subjects = Map::default();
    let mut tenants = BTreeSet::new();
    for agent in agents {
        let tenant = agent.tenant.unwrap_or_default();
        if is_reserved(&tenant) {
            settings.tell(agent.at, "TENANT_AGENTS binds this agent to the reserved tenant, which nobody may claim; take it out");
        }
        subjects = subjects.with(agent.value, tenant.as_str());
        tenants.insert(tenant);
    }
    let own = own(settings, subjects);
    let name = settings.text("JWT_AUTHORITY").map_or("control-plane.local", Text::as_str);
    let mut list = Vec::new();
    if let Some(own) = own {
        list.push((name.to_owned(), own, false));
    }
    for entry in trusted {
        let Some((issuer, map, read_only)) = trusted_issuer(settings, entry) else { continue };
        if issuer == name {
            settings.tell(entry.at(), "TRUSTED_ISSUERS names the control plane itself (JWT_AUTHORITY), which would hide this entry; take it out");
        } else if list.iter().any(|(known, ..)| *known == issuer) {
            settings.tell(entry.at(), "TRUSTED_ISSUERS names this issuer twice; keep one entry");
        } else {
            list.push((issuer, map, read_only));
        }
    }
    // With the switch off, the control plane takes no tokens, trusted or not.
    let enabled = settings.flag("TOKEN_ISSUANCE_ENABLED");
    if enabled == Some(false) {
        list.clear();
    }
    Issuers { list, unsure: enabled.is_none(), first_agent, tenants }
}

/// The tokens that the control plane makes, if it makes any.
fn own(settings: &Settings<'_>, subjects: Map) -> Option<Map> {
    let enabled = settings.flag("TOKEN_ISSUANCE_ENABLED");
    let signing = settings.choice("JWT_SIGNING_ALG", &[("HS256", "HS256"), ("EdDSA", "EdDSA")]);
    let secret = settings.text("JWT_SECRET");
    let authority = settings.text("JWT_AUTHORITY");
    let audience = settings.text("JWT_AUDIENCE").or(authority);
    let lifetime = settings.number("JWT_TTL_SECONDS");
    let likely = secret.is_some() || authority.is_some() || !subjects.is_empty();
    if !enabled.unwrap_or(likely) {
        return None;
    }
    let algorithm = signing.unwrap_or("HS256");
    let short = secret.filter(|secret| algorithm == "HS256" && secret.as_str().len() < 32);
    if let Some(secret) = short {
        settings.tell(secret.at(), "JWT_SECRET is shorter than the hash of HS256: make one of at least 32 bytes with `openssl rand -base64 32`");
    }
    let signed = algorithm == "EdDSA" || secret.is_some();
    let keys = if algorithm == "HS256" && signed {
        Map::default().with("secret", env("JWT_SECRET"))
    } else {
        // An address that never answers: no token is good.
        let uri = Map::default()
            .with("cluster", "control-plane")
            .with("uri", "https://control-plane.invalid/.well-known/jwks.json");
        Map::default().with("jwks_uri", uri).decide(if signed {
            "where the control plane's own keys are, and the Envoy cluster that leads there"
        } else {
            "the file has no JWT_SECRET, so no token is good yet: write `secret: {env: JWT_SECRET}` instead, and give the plugin's VM that variable"
        })
    };
    let authority = authority.map_or("control-plane.local", Text::as_str);
    let tenant = Map::default()
        .with("claims", ["tenant"])
        .when(!subjects.is_empty(), |map| map.with("subjects", subjects));
    let issuer = Map::default()
        .with("issuer", authority)
        .with("audiences", [audience.map_or(authority, Text::as_str)])
        .with_some("algorithms", signed.then_some([algorithm]))
        .with("keys", keys)
        .with_some("max_lifetime", lifetime.map(|seconds| format!("{seconds}s")))
        .with("tenant", tenant)
        .with("claims", claims());
    Some(issuer)
}

/// Scopes stand in three places, and tokens are never an admin's.
fn claims() -> Map {
    Map::default().with("roles", null()).with("scopes", ["scope", "scopes", "scp"])
}

/// `iss|alg|material|audience[|scope[|flags]]`.
fn trusted_issuer(settings: &Settings<'_>, entry: Text<'_>) -> Option<(String, Map, bool)> {
    let tell = |text: Text<'_>, problem: &str| {
        settings.tell(text.at(), format!("TRUSTED_ISSUERS {problem}"));
        None
    };
    let fields = entry.split('|');
    let form = "must be iss|alg|secret or key address|audience, and may go on with |scope|flags";
    let (issuer, algorithm, material, audience, rest) = match fields.as_slice() {
        [issuer, algorithm, material, audience, rest @ ..] if rest.len() <= 2 => {
            (*issuer, *algorithm, *material, *audience, rest)
        }
        _ => return tell(entry, form),
    };
    if [issuer, material, audience].iter().any(|field| field.is_empty()) {
        return tell(entry, form);
    }
    let scope = rest.first().copied().filter(|scope| !scope.is_empty());
    if scope.is_some_and(|scope| scope.as_str() == "read_only") {
        return tell(
            entry,
            "has the flag read_only where the scope belongs: leave the scope empty before it",
        );
    }
    let flags = rest.get(1).map_or("", |flags| flags.as_str());
    let read_only = match flags.split_whitespace().collect::<Vec<_>>().as_slice() {
        [] => false,
        ["read_only"] => true,
        _ => return tell(entry, "has a flag other than read_only, or one twice"),
    };
    let keys = match algorithm.as_str() {
        "HS256" => {
            if material.as_str().len() < 32 {
                return tell(
                    material,
                    "has a secret that is shorter than the hash of HS256, 32 bytes",
                );
            }
            let name = settings.name_secret("TRUSTED_ISSUER_SECRET");
            Map::default().with("secret", env(name)).decide(
                "give the plugin's VM this variable, with the secret of this issuer's entry in TRUSTED_ISSUERS",
            )
        }
        "EdDSA" => {
            let url = material.as_str();
            if bad_url(url).is_some() || !url.starts_with("https://") {
                return tell(
                    material,
                    "has no address of keys here that begins with https://, without user and query",
                );
            }
            // Several issuers need several clusters.
            let host = url.split('/').nth(2).and_then(|host| host.split(':').next());
            let uri = Map::default()
                .with("cluster", host.unwrap_or_default())
                .decide("the Envoy cluster that leads to this host")
                .with("uri", url)
                .with("refresh", "5m")
                .with("timeout", "5s");
            Map::default().with("jwks_uri", uri)
        }
        _ => return tell(algorithm, "has an algorithm other than HS256 and EdDSA"),
    };
    let map = Map::default()
        .with("issuer", issuer.as_str())
        .with("audiences", [audience.as_str()])
        .with("algorithms", [algorithm.as_str()])
        .with("keys", keys)
        .with_some("claim_values", scope.map(|scope| Map::default().with("scope", [scope.as_str()])))
        .when(scope.is_some(), |map| {
            map.decide("this issuer's tokens needed that scope among theirs; here their `scope` must be just that. Ask for it on routes instead if they bring several")
        })
        .with("tenant", Map::default().with("claims", ["tenant"]))
        .with("claims", claims());
    Some((issuer.as_str().to_owned(), map, read_only))
}
