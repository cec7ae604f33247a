//! Linking issuers: the tenants they name, and what they may say together.

use std::collections::HashMap;

use super::super::jwt::IssuerSpec;
use super::super::node::Context;
use super::super::tenant_source::{ActsForSpec, TenantSpec};
use super::names::Names;
use crate::jwt::{Issuer, IssuerName, Template, TenantSource};
use crate::remote::SourceId;
use crate::tenant::{Reach, Tenancy, TenantName};

/// What routes ask of tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Some ask for scopes.
    pub(super) scopes: bool,
    /// All ask for a tenant that nothing but the token can name.
    pub(super) tenant: bool,
}

/// Links all issuers: those of the document, and each tenant's own.
pub(super) fn link(
    context: &Context<'_>,
    specs: Vec<(IssuerSpec, Option<TenantName>)>,
    tenancy: &Tenancy,
    asked: Asked,
) -> Vec<Issuer> {
    check_names(context, &specs);
    check_issuers(context, &specs);
    if asked.scopes {
        check_scopes(context, &specs, tenancy);
    }
    if asked.tenant {
        check_tenants(context, &specs);
    }
    let several = specs.len() > 1;
    specs
        .into_iter()
        .map(|(spec, owner)| link_one(context, spec, owner, several, tenancy))
        .collect()
}

/// A given name is for one issuer: neither the given name of another, nor what
/// another without one is known by.
fn check_names(context: &Context<'_>, specs: &[(IssuerSpec, Option<TenantName>)]) {
    let mut names: HashMap<String, &IssuerSpec> = HashMap::new();
    for (spec, _) in specs {
        let Some(other) = names.insert(spec.known_as(), spec) else {
            continue;
        };
        let (named, other) = if spec.name.is_some() { (spec, other) } else { (other, spec) };
        if named.name.is_some() {
            context.problems.error(
                format!("{}.name", named.path),
                format!("is the name of {} already; give each issuer its own", other.path),
            );
        }
    }
}

/// Where every route asks for a tenant, an issuer should name some.
fn check_tenants(context: &Context<'_>, specs: &[(IssuerSpec, Option<TenantName>)]) {
    for (spec, owner) in specs {
        let tenant = &spec.tenant;
        let names = tenant.claims.is_some()
            || tenant.fixed.is_some()
            || tenant.acts_for.is_some()
            || !tenant.subjects.is_empty();
        if owner.is_none() && !names && !context.problems.has_errors_at(&spec.path) {
            context.problems.warn(
                &spec.path,
                "says nothing of the tenant, and every route is strict: all of its tokens are refused with tenant_required; add tenant.claims, fixed, acts_for or subjects",
            );
        }
    }
}

/// Where routes ask for scopes, a tenant's own identity provider shouldn't name
/// whichever it likes.
fn check_scopes(
    context: &Context<'_>,
    specs: &[(IssuerSpec, Option<TenantName>)],
    tenancy: &Tenancy,
) {
    for (spec, owner) in specs {
        let tenant = owner.as_ref().and_then(|owner| tenancy.directory.get(owner));
        let is_open = tenant.is_some_and(|tenant| tenant.policy.scopes.is_none())
            && spec.ceilings.scopes.is_none();
        if is_open && !spec.claims.scopes.is_empty() {
            context.problems.warn(
                &spec.path,
                "is a tenant's own, its tokens may bring any scope, and routes ask for some; name in scopes, here or of the tenant, those that it may have (or \"*\")",
            );
        }
    }
}

/// One `iss` is one issuer; several tenants may share one where each key tells
/// by its kid whose it is.
fn check_issuers(context: &Context<'_>, specs: &[(IssuerSpec, Option<TenantName>)]) {
    let problems = context.problems;
    let at = |spec: &IssuerSpec| format!("{}.issuer", spec.path);
    let mut exact: HashMap<&str, Shared<'_>> = HashMap::new();
    let mut nameless: Option<&IssuerSpec> = None;
    let mut templates: Vec<(&Template, &IssuerSpec)> = Vec::new();
    for (spec, owner) in specs {
        match &spec.iss {
            IssuerName::Exact(iss) => {
                let shared = exact.entry(iss).or_insert_with(|| Shared::of(spec));
                shared.join(context, spec, owner);
            }
            IssuerName::None => match nameless {
                Some(other) => {
                    problems.error(at(spec), format!("none is there already, in {}", other.path));
                }
                None => nameless = Some(spec),
            },
            IssuerName::Template(mine) => {
                let other = templates.iter().find(|(template, _)| mine.overlaps(template));
                if let Some((_, other)) = other {
                    problems.error(
                        at(spec),
                        format!("overlaps the issuer of {}: some issuer matches both", other.path),
                    );
                }
                templates.push((mine, spec));
            }
        }
    }
}

/// The issuers of one `iss` so far.
struct Shared<'s> {
    first: &'s IssuerSpec,
    owners: HashMap<Option<&'s TenantName>, &'s IssuerSpec>,
    kids: HashMap<&'s str, &'s IssuerSpec>,
    sources: HashMap<SourceId, &'s IssuerSpec>,
    nameless_key: Option<&'s IssuerSpec>,
}

impl<'s> Shared<'s> {
    fn of(first: &'s IssuerSpec) -> Self {
        Self {
            first,
            owners: HashMap::new(),
            kids: HashMap::new(),
            sources: HashMap::new(),
            nameless_key: None,
        }
    }

    fn join(&mut self, context: &Context<'_>, spec: &'s IssuerSpec, owner: &'s Option<TenantName>) {
        let alone = self.owners.is_empty();
        let other = self
            .owners
            .get(&owner.as_ref())
            .or_else(|| self.owners.get(&None))
            .or(owner.is_none().then_some(&self.first).filter(|_| !alone));
        if let Some(other) = other {
            let at = format!("{}.issuer", spec.path);
            context.problems.error(at, format!("is the issuer of {} already", other.path));
            return;
        }
        self.owners.insert(owner.as_ref(), spec);
        self.check_keys(context, spec, alone);
    }

    /// Whose token it is, its `kid` tells.
    fn check_keys(&mut self, context: &Context<'_>, spec: &'s IssuerSpec, alone: bool) {
        let at = || format!("{}.keys", spec.path);
        let keys = &spec.keys.keys;
        if keys.iter().any(|key| key.kid.is_none()) || !spec.keys.secrets.is_empty() {
            self.nameless_key.get_or_insert(spec);
        }
        if let (Some(_), false) = (self.nameless_key, alone) {
            let first = &self.first.path;
            let problem =
                format!("shares its issuer with {first}, so every key of both needs a kid");
            context.problems.error(at(), problem);
        }
        let kids = keys.iter().filter_map(|key| key.kid.as_deref());
        let taken = kids.clone().find_map(|kid| self.kids.get(kid));
        if let Some(other) = taken {
            let problem = format!(
                "shares its issuer and a kid with {}: nobody could tell whose token it is",
                other.path
            );
            context.problems.error(at(), problem);
        }
        for kid in kids {
            self.kids.entry(kid).or_insert(spec);
        }
        if let Some(source) = &spec.keys.source {
            if let Some(other) = self.sources.get(&source.id()) {
                let problem = format!(
                    "shares its issuer and where its keys are with {}: nobody could tell whose token it is",
                    other.path
                );
                context.problems.error(at(), problem);
            }
            self.sources.entry(source.id()).or_insert(spec);
        }
    }
}

fn link_one(
    context: &Context<'_>,
    spec: IssuerSpec,
    owner: Option<TenantName>,
    several: bool,
    tenancy: &Tenancy,
) -> Issuer {
    if let Some(owner) = owner {
        let is_own = |text: &str| tenancy.name(text).as_ref() == Some(&owner);
        check_owned(context, &spec, is_own);
        return owned(spec, &owner);
    }
    let names = Names { context, tenancy, path: format!("{}.tenant", spec.path) };
    let tenant = &spec.tenant;
    if several && !says_its_reach(tenant) {
        context.problems.error(
            &names.path,
            "must say which tenants it may name, since there is another issuer: fixed, allow or any_tenant",
        );
    }
    let reach = match &tenant.allow {
        Some(allow) => Reach::Only(names.list("allow", allow).into()),
        None if tenant.any_tenant => Reach::Unowned,
        None => Reach::Everywhere,
    };
    let subjects: HashMap<String, TenantName> = tenant
        .subjects
        .iter()
        .filter_map(|(subject, name)| {
            let name = names.one(&format!("subjects.{subject}"), name)?;
            Some((subject.clone(), name))
        })
        .collect();
    let source = names.source(tenant);
    // Of a list that couldn't be read some may be missing.
    let allow = format!("{}.allow", names.path);
    if tenant.allow.is_some() && !context.problems.has_errors_at(&allow) {
        names.check_within(&reach, &subjects, &source);
    }
    issuer(spec, source, subjects, reach, None)
}

/// Checks that an issuer of a tenant's own speaks for it only: what it says
/// besides can only agree.
pub(in crate::config) fn check_owned(
    context: &Context<'_>,
    spec: &IssuerSpec,
    is_own: impl Fn(&str) -> bool,
) {
    let tenant = &spec.tenant;
    let named = tenant.fixed.iter().chain(tenant.allow.iter().flatten());
    let mut names = named.chain(tenant.subjects.iter().map(|(_, name)| name));
    let foreign = names.any(|text| !is_own(text));
    if foreign || tenant.any_tenant || tenant.acts_for.is_some() {
        context.problems.error(
            format!("{}.tenant", spec.path),
            "names other tenants, but the issuer is this tenant's own and speaks for it only; take it out, or move the issuer to jwt.issuers",
        );
    }
}

/// An issuer of a tenant's own, which binds all of its tokens to it.
pub(in crate::config) fn owned(spec: IssuerSpec, owner: &TenantName) -> Issuer {
    let tenant = &spec.tenant;
    let source = match (&tenant.claims, &tenant.fixed) {
        (Some(claims), _) => TenantSource::Claims(claims.clone()),
        (None, Some(_)) => TenantSource::Fixed(owner.clone()),
        (None, None) => TenantSource::Nothing,
    };
    let subjects =
        tenant.subjects.iter().map(|(subject, _)| (subject.clone(), owner.clone())).collect();
    let reach = Reach::Only(vec![owner.clone()].into());
    issuer(spec, source, subjects, reach, Some(owner.clone()))
}

fn issuer(
    spec: IssuerSpec,
    tenant: TenantSource,
    subjects: HashMap<String, TenantName>,
    reach: Reach,
    owner: Option<TenantName>,
) -> Issuer {
    let name = spec.known_as();
    let source = spec.keys.source.map(|source| source.labelled(&format!("keys of {name}")));
    Issuer {
        name,
        iss: spec.iss,
        audiences: spec.audiences,
        audience_claims: spec.audience_claims,
        claim_values: spec.claim_values,
        algorithms: spec.keys.algorithms,
        secrets: spec.keys.secrets,
        keys: spec.keys.keys.into(),
        kids_since: HashMap::new(),
        source,
        clock_skew: spec.clock_skew,
        max_lifetime: spec.max_lifetime,
        require_claims: spec.require_claims,
        token_types: spec.token_types,
        tenant,
        subjects,
        reach,
        claims: spec.claims,
        ceilings: spec.ceilings,
        owner,
        epoch: 0,
    }
}

/// Whether an issuer says how far it reaches. One that names no tenant by
/// claim or assertion reaches no further than its own list.
fn says_its_reach(tenant: &TenantSpec) -> bool {
    let open = tenant.claims.is_some() || matches!(tenant.acts_for, Some(ActsForSpec::Any));
    !open || tenant.allow.is_some() || tenant.any_tenant
}
