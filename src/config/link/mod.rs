//! Linking: names between sections, and what contradicts itself.

mod issuers;
mod keys;
mod routes;
mod tenants;

use std::sync::Arc;

use super::Document;
use super::node::Context;
use crate::Guard;
use crate::api_key::Owner;
use crate::credential::{Location, Sources};
use crate::jwt::{Issuer, Jwt, TenantSource};
use crate::request::fold::fold;
use crate::route::{Auth, Rules};
use keys::KeyTable;
use routes::RouteDefaults;

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
    let tenancy = tenants::link(context, document.tenancy, listed, &tenants);

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
    let routes = routes::link(
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
    let member = path.strip_suffix(']').and_then(|path| path.rsplit_once('['));
    let place = member.map_or(path, |(list, _)| list);
    in_section
        && ["jwt", "tenants", "issuers", ".issuer", ".name"].iter().any(|end| place.ends_with(end))
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
