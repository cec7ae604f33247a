//! Linking: names between sections, and what contradicts itself.

use std::collections::HashMap;
use std::sync::Arc;

use super::Document;
use super::api_keys::KeySpec;
use super::issuers;
use super::node::Context;
use super::routes::RouteSpec;
use super::tenancy::TenancySpec;
use super::tenants::TenantEntrySpec;
use crate::Guard;
use crate::api_key::{ApiKey, ApiKeys, Owner};
use crate::credential::{Location, Sources};
use crate::jwt::{Issuer, Jwt, TenantSource};
use crate::request::fold::fold;
use crate::route::{Auth, Match, Routes, Rules, Shadow};
use crate::tenant::{
    Assertions, Bound, Client, Directory, Tenancy, TenancyRules, Tenant, Trust, Unlisted,
};

pub(super) fn link(document: Document, context: &Context<'_>) -> Option<Guard> {
    let problems = context.problems;
    let issuers_known = !problems.any(hides_an_issuer);
    let has_jwt = document.jwt.is_some()
        || document.tenants.iter().flatten().any(|tenant| !tenant.issuers.is_empty());
    let has_keys = document.api_keys.is_some()
        || document.tenants.iter().flatten().flat_map(|t| &t.clients).any(|c| !c.keys.is_empty());
    if !has_jwt && !has_keys {
        problems.warn("", "configures no issuer and no API key, so every request to a route that asks for a credential is refused");
    }
    let jwt_spec = document.jwt.unwrap_or_default();
    let keys_spec = document.api_keys.unwrap_or_default();
    let sources = Sources::new(
        if has_jwt { jwt_spec.from } else { Vec::new() },
        if has_keys { keys_spec.from } else { Vec::new() },
    );
    check_sources(context, &sources, &document.upstream, &document.tenancy.header);

    let strict = document.tenancy.strict;
    let header = document.tenancy.header.clone();
    let listed = document.tenants.is_some();
    let tenants = document.tenants.unwrap_or_default();
    let tenancy = build_tenancy(context, document.tenancy, listed, &tenants);

    let mut keys = KeyTable::new(context, keys_spec.hash, keys_spec.hmac);
    for key in keys_spec.keys {
        let label = key.path.clone();
        keys.add(key, None, label);
    }
    let mut all_issuers = Vec::new();
    for issuer in jwt_spec.issuers {
        all_issuers.push((issuer, None));
    }
    let mut bound_keys = false;
    for tenant in tenants {
        let Some(name) = tenancy.name(&tenant.id) else {
            continue;
        };
        all_issuers.extend(tenant.issuers.into_iter().map(|issuer| (issuer, Some(name.clone()))));
        for client in tenant.clients {
            let id: Arc<str> = client.id.into();
            for key in client.keys {
                bound_keys = true;
                let owner = Owner { tenant: name.clone(), client: Arc::clone(&id) };
                let label = format!("key {} of client {} of tenant {}", key.id, id, tenant.id);
                keys.add(key, Some(owner), label);
            }
        }
    }
    let issuers = issuers::link(context, all_issuers, &tenancy);
    let bindings = listed || bound_keys || issuers.iter().any(binds);
    if bindings && !strict {
        problems.error("tenancy.strict", "must be true: some credentials are bound to a tenant, and those that are not would share the reserved one; set strict: false on the routes that need it");
    }
    let routes = build_routes(
        context,
        &RouteDefaults {
            rules: Rules {
                name: "unmatched".into(),
                auth: Auth::Required,
                mode: document.mode,
                issuers: None,
                tenancy: Some(tenancy.rules),
                shadow: document.shadow,
            },
            bindings,
            issuers_known,
            unmatched_denied: document.unmatched_denied,
        },
        document.routes,
        &issuers,
    );
    let forward_payload = document.upstream.has_payload();
    let forwarded = document.upstream.claims.iter().map(|(path, _)| path.clone()).collect();
    Some(Guard {
        revision: document.revision,
        paths: document.paths,
        routes,
        sources,
        jwt: Jwt::new(jwt_spec.max_token_bytes, forwarded, forward_payload, issuers),
        keys: keys.table,
        tenancy,
        upstream: document.upstream.into_upstream(&header),
        replies: document.replies,
        shadow: document.shadow,
        audit: document.audit,
        cache_entries: jwt_spec.cache_entries,
        cache_bytes: jwt_spec.cache_bytes,
    })
}

/// Whether a mistake at this place may hide an issuer's name, so that a route
/// that asks for it may be right.
fn hides_an_issuer(path: &str) -> bool {
    let in_section = path.starts_with("jwt") || path.starts_with("tenants");
    in_section
        && (path.ends_with(']')
            || ["jwt", "tenants", "issuers", ".issuer", ".name"].iter().any(|e| path.ends_with(e)))
}

/// Whether an issuer's configuration binds some of its tokens to a tenant.
fn binds(issuer: &Issuer) -> bool {
    issuer.owner.is_some()
        || !issuer.subjects.is_empty()
        || matches!(issuer.tenant, TenantSource::Fixed(_))
}

fn check_sources(
    context: &Context<'_>,
    sources: &Sources,
    upstream: &super::upstream::UpstreamSpec,
    tenancy_header: &String,
) {
    for location in sources.locations() {
        let Location::Header(name) = location else {
            continue;
        };
        let folded = fold(name.as_bytes());
        if upstream.headers().any(|header| fold(header.as_bytes()) == folded) {
            context.problems.error(
                "upstream",
                format!("uses {name}, which a credential is read from; use another header"),
            );
        }
        if fold(tenancy_header.as_bytes()) == folded {
            context.problems.error(
                "tenancy.header",
                "is a header that a credential is read from; use another one",
            );
        }
    }
}

fn build_tenancy(
    context: &Context<'_>,
    spec: TenancySpec,
    listed: bool,
    tenants: &[TenantEntrySpec],
) -> Tenancy {
    let problems = context.problems;
    let reserved = Tenancy::reserved_name(&spec.reserved);
    let mut tenancy = Tenancy {
        rules: TenancyRules { strict: spec.strict, trust: spec.trust },
        reserved,
        format: spec.format,
        unknown: spec.unknown.unwrap_or(if listed { Unlisted::Deny } else { Unlisted::Allow }),
        unknown_clients: spec.unknown_clients,
        directory: Directory::default(),
        assertions: Assertions { header: spec.header, places: spec.assertions },
    };
    let mut taken: HashMap<&str, &str> = HashMap::new();
    for tenant in tenants {
        let path = &tenant.path;
        if !spec.format.accepts(&tenant.id) {
            problems.error(
                format!("{path}.id"),
                format!("is no tenant name by tenancy.id_format: {}", spec.format.describe()),
            );
        }
        let names = core::iter::once(&tenant.id).chain(&tenant.aliases);
        for (position, name) in names.enumerate() {
            let at = match position.checked_sub(1) {
                None => format!("{path}.id"),
                Some(index) => format!("{path}.aliases[{index}]"),
            };
            if name.eq_ignore_ascii_case(&spec.reserved) {
                problems
                    .error(&at, "is the reserved name, which stands for no tenant; use another");
            }
            if position > 0 && !crate::tenant::IdFormat::Any.accepts(name) {
                problems.error(
                    &at,
                    format!("is no tenant name: {}", crate::tenant::IdFormat::Any.describe()),
                );
            }
            if let Some(owner) = taken.insert(name, path) {
                problems.error(&at, format!("is the id or alias of {owner} already"));
            }
        }
        let Some(name) = tenancy.name(&tenant.id) else {
            continue;
        };
        let clients = tenant.clients.iter();
        let entry = Tenant {
            name,
            active: tenant.active.unwrap_or(spec.start_active),
            has_issuers: !tenant.issuers.is_empty(),
            clients: clients
                .map(|client| (client.id.as_str().into(), Client { active: client.active }))
                .collect(),
        };
        tenancy.directory.insert(entry, &tenant.aliases);
    }
    tenancy
}

/// The keys so far, and where each digest stands.
struct KeyTable<'c> {
    context: &'c Context<'c>,
    table: ApiKeys,
    /// What the digests must be; `None` where that couldn't be read.
    hmac: Option<bool>,
    labels: HashMap<[u8; 32], String>,
}

impl<'c> KeyTable<'c> {
    fn new(context: &'c Context<'c>, hash: crate::api_key::KeyHash, hmac: Option<bool>) -> Self {
        Self { context, table: ApiKeys::new(hash), hmac, labels: HashMap::new() }
    }

    fn add(&mut self, spec: KeySpec, owner: Option<Owner>, label: String) {
        let problems = self.context.problems;
        if let Some(hmac) = self.hmac
            && hmac != spec.hmac
        {
            let (field, hash) =
                if hmac { ("hmac_sha256", "hmac-sha256") } else { ("sha256", "sha256") };
            problems.error(
                &spec.path,
                format!("must have its digest in {field}, since api_keys.hash is {hash}"),
            );
            return;
        }
        let bound = match &owner {
            Some(owner) => Bound::OneOf(vec![owner.tenant.clone()]),
            None => Bound::Nothing,
        };
        let key = ApiKey {
            id: spec.id.as_str().into(),
            owner,
            bound,
            scopes: spec.scopes,
            roles: spec.roles,
            active: spec.active,
            not_before: spec.not_before,
            expires: spec.expires,
        };
        if self.table.insert(spec.digest, key).is_some() {
            let other = self.labels.get(&spec.digest).map_or("another key", String::as_str);
            problems.error(
                &spec.path,
                format!("has the digest of {other} too; one key can't be two ({label})"),
            );
            return;
        }
        self.labels.insert(spec.digest, label);
    }
}

struct RouteDefaults {
    /// Of what no route matches; what a route doesn't say is as here.
    rules: Rules,
    bindings: bool,
    issuers_known: bool,
    unmatched_denied: bool,
}

fn build_routes(
    context: &Context<'_>,
    defaults: &RouteDefaults,
    specs: Vec<RouteSpec>,
    issuers: &[Issuer],
) -> Routes {
    let problems = context.problems;
    let paths: Vec<String> = specs.iter().map(|spec| spec.path.clone()).collect();
    let path_of = |index: usize| paths.get(index).map_or("", String::as_str);
    let routes: Vec<(Match, Rules)> = specs
        .into_iter()
        .map(|spec| {
            let rules = route_rules(context, defaults, &spec, issuers);
            (spec.matches, rules)
        })
        .collect();
    let matches: Vec<Match> = routes.iter().map(|(route, _)| route.clone()).collect();
    for index in Routes::unreachable(&matches) {
        problems.error(
            path_of(index),
            "can never match: routes before it take all of its requests; move it up or take it out",
        );
    }
    let auths: Vec<(Match, Auth)> =
        routes.iter().map(|(route, rules)| (route.clone(), rules.auth)).collect();
    let unmatched = (!defaults.unmatched_denied).then(|| defaults.rules.clone());
    for (strict, lax) in Routes::gaps(&auths, unmatched.as_ref().map(|rules| rules.auth)) {
        let lax = lax.map_or("routes_unmatched", path_of);
        problems.warn(path_of(strict), format!("asks for more than {lax}, which takes the same path with other methods or on other hosts"));
    }
    Routes::new(routes, unmatched)
}

fn route_rules(
    context: &Context<'_>,
    defaults: &RouteDefaults,
    spec: &RouteSpec,
    issuers: &[Issuer],
) -> Rules {
    let problems = context.problems;
    let path = &spec.path;
    let tenancy = match (spec.tenancy.none, defaults.rules.tenancy) {
        (false, Some(own)) => Some(TenancyRules {
            strict: spec.tenancy.strict.unwrap_or(own.strict),
            trust: spec.tenancy.trust.unwrap_or(own.trust),
        }),
        _ => None,
    };
    if let Some(rules) = tenancy {
        let explicit = spec.tenancy.trust == Some(Trust::AnyPeer);
        let inherited = rules.trust == Trust::AnyPeer && !rules.strict;
        if defaults.bindings && (explicit || inherited) && spec.auth != Auth::None {
            problems.error(
                format!("{path}.tenancy.trust_header"),
                "must not be any_peer where credentials are bound to tenants: anybody whose credential isn't could name any tenant",
            );
        }
        if spec.auth == Auth::Optional && rules.strict {
            problems.error(
                format!("{path}.auth"),
                "optional admits callers without a tenant, and the route is strict; set tenancy.strict: false or tenancy: none on it",
            );
        }
    }
    let only = spec.issuers.as_ref().map(|names| {
        let mut indices = Vec::new();
        for (position, name) in names.iter().enumerate() {
            let named = issuers.iter().enumerate().filter(|(_, issuer)| issuer.name == *name);
            let before = indices.len();
            indices.extend(named.map(|(index, _)| index));
            if indices.len() == before && defaults.issuers_known {
                problems.error(
                    format!("{path}.issuers[{position}]"),
                    "is the name of no issuer; an issuer without name is known by its issuer",
                );
            }
        }
        indices
    });
    let shadow = match spec.shadow {
        None => defaults.rules.shadow,
        Some(_) if defaults.rules.shadow == Shadow::Untouched => {
            problems.error(
                format!("{path}.shadow"),
                "contradicts shadow: untouched, which is for the whole document",
            );
            Shadow::Off
        }
        Some(true) => Shadow::On,
        Some(false) => Shadow::Off,
    };
    Rules {
        name: spec.name.clone(),
        auth: spec.auth,
        mode: spec.mode.unwrap_or(defaults.rules.mode),
        issuers: only,
        tenancy,
        shadow,
    }
}
