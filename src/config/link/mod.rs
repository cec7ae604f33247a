//! Linking: names between sections, and what contradicts itself.

pub(super) mod issuers;
pub(super) mod keys;
mod names;
mod revoked;
mod routes;
mod sources;
pub(super) mod tenants;

use std::rc::Rc;

use super::directory::DirectoryRules;
use super::node::Context;
use super::routes::RouteSpec;
use super::{Document, Later};
use crate::Guard;
use crate::credential::{Both, Mode, Sources, SuperAdmin};
use crate::jwt::{Issuer, Jwt, TenantSource};
use crate::remote::Outlook;
use crate::route::{Auth, Rules};
use crate::tenant::Elsewhere;
use issuers::Asked;
use routes::RouteDefaults;
use tenants::LinkedTenants;

pub(super) fn link(
    mut document: Document<'_>,
    context: &Context<'_>,
    later: &Later,
) -> Option<Guard> {
    let problems = context.problems;
    let issuers_known = !problems.any(hides_an_issuer);
    let has_jwt = document.jwt.is_some()
        || !document.tenants.issuers.is_empty()
        // Developers' headers stand where JWTs do.
        || document.directory.is_some() && document.dev.is_none();
    let has_keys =
        document.has_api_keys || document.tenants.has_keys || document.directory.is_some();
    if !has_jwt && !has_keys && document.dev.is_none() {
        warn_of_no_credentials(context, document.super_admin.is_some());
    }
    check_vm_id(context);
    let jwt_spec = document.jwt.take().unwrap_or_default();
    let key_sources = core::mem::take(&mut document.key_sources);
    let sources = Sources::new(
        if has_jwt { jwt_spec.from } else { Vec::new() },
        if has_keys { key_sources } else { Vec::new() },
    );
    sources::check(context, &document, has_jwt, &sources);

    let strict = document.tenancy.strict;
    let header = document.tenancy.header.clone();
    let directory = document.directory;
    let listed = document.lists_tenants || directory.is_some();
    let directory_source = directory.as_ref().and_then(|directory| directory.source.clone());
    let elsewhere = directory_source
        .as_ref()
        .map(|source| Elsewhere { source: source.id(), outlook: Outlook::default() });
    let start_active = document.tenancy.start_active;
    let LinkedTenants { listing, issuers: own_issuers, keys, defaults, .. } = document.tenants;
    let super_admins = document.super_admin.as_ref().and_then(|admin| admin.tenant.as_deref());
    let tenancy = tenants::tenancy(
        problems,
        document.tenancy,
        super_admins,
        elsewhere,
        listed,
        listing,
        defaults,
    );
    problems.take_over(&later.names);
    problems.take_over(&later.digests);

    let all_issuers = jwt_spec.issuers.into_iter().map(|issuer| (issuer, None));
    let own_issuers = own_issuers.into_iter().map(|(issuer, owner)| (issuer, Some(owner)));
    let all_issuers = all_issuers.chain(own_issuers).collect();
    let has_super_admin = document.super_admin.is_some();
    let super_admin = document.super_admin.and_then(|admin| {
        let digest = admin.digest?;
        keys.claim(context, &digest, "super_admin.sha256");
        Some(SuperAdmin::new(admin.from, digest))
    });
    let asked = Asked {
        scopes: document.routes.iter().any(|route| !route.scopes.is_empty()),
        tenant: strict
            && document.routes.iter().all(RouteSpec::needs_a_tenant)
            && document.mode != Mode::Either(Both::Agree),
    };
    let issuers = issuers::link(context, all_issuers, &tenancy, asked);
    if directory.is_none() {
        revoked::check(context, &issuers, &jwt_spec.revoked);
    }
    let bindings = listed || issuers.iter().any(binds);
    if bindings && !strict {
        problems.error("tenancy.strict", "must be true: credentials are bound to tenants, or tenants are listed, and callers that are bound to none would share the reserved one; set strict: false on the routes that need it");
    }
    let routes = routes::link(
        context,
        &RouteDefaults {
            rules: Rules {
                name: "unmatched".into(),
                auth: Auth::Required,
                mode: document.mode,
                issuers: None,
                tenancy: Some(tenancy.rules.clone()),
                shadow: document.shadow,
                ip: None,
                scopes: Vec::new(),
                roles: Vec::new(),
                action: None,
            },
            has_super_admin,
            bindings,
            issuers_known,
            unmatched_denied: document.unmatched_denied,
        },
        document.routes,
        &issuers,
    );
    let forward_payload = document.upstream.has_payload();
    let forwarded = document.upstream.claims.iter().map(|(path, _)| path.clone()).collect();
    let stripped = document
        .dev
        .iter()
        .flat_map(|dev| core::iter::once(dev.user.as_str()).chain(dev.tenant.as_deref()));
    let upstream = document.upstream.into_upstream(stripped.chain([header.as_str()]));
    let tiers = context.vocabulary.tiers.clone().unwrap_or_default();
    let directory = directory.and_then(|directory| {
        Some(DirectoryRules {
            source: directory.source?,
            key_clusters: directory.key_clusters,
            vocabulary: Rc::clone(&context.vocabulary),
            development: context.development,
            start_active,
            hmac: document.hmac == Some(true),
        })
    });
    Some(Guard {
        revision: document.revision,
        paths: document.paths,
        routes,
        cors_preflight: document.cors_preflight,
        sources,
        super_admin,
        dev: document.dev,
        jwt: Jwt::new(
            jwt_spec.max_token_bytes,
            forwarded,
            forward_payload,
            tiers,
            jwt_spec.revoked,
            issuers,
        ),
        keys: keys.into_keys(),
        throttle: document.throttle,
        tenancy,
        directory,
        generation: 0,
        roles: context.vocabulary.roles.clone().unwrap_or_default(),
        limit_headers: document.limit_headers,
        upstream,
        replies: document.replies,
        shadow: document.shadow,
        audit: document.audit,
        cache_entries: jwt_spec.cache_entries,
        cache_bytes: jwt_spec.cache_bytes,
    })
}

fn warn_of_no_credentials(context: &Context<'_>, has_super_admin: bool) {
    let but = if has_super_admin { " but the super admin's" } else { "" };
    context.problems.warn("", format!("configures no issuer and no API key, so every request{but} to a route that asks for a credential is refused"));
}

/// What workers keep together is shared by the VM's id, so the VM must have one.
fn check_vm_id(context: &Context<'_>) {
    if let Some(place) = context.shared.get()
        && context.env.vm_id() == Some("")
    {
        context.problems.error(place, "is kept in data that workers share by vm_config.vm_id, and that is empty: every plugin without one would share it too; set it to a name of this guard's own");
    }
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

/// Whether an issuer of no tenant binds some of its tokens to one.
fn binds(issuer: &Issuer) -> bool {
    !issuer.subjects.is_empty() || matches!(issuer.tenant, TenantSource::Fixed(_))
}
