//! Linking issuers: the tenants they name, and what they may say together.

use std::collections::HashMap;

use super::super::jwt::{ActsForSpec, IssuerSpec, TenantSpec};
use super::super::node::Context;
use crate::jwt::{Issuer, IssuerName, Template, TenantSource};
use crate::tenant::{Reach, Tenancy, TenantName};

/// Links all issuers: those of the document, and each tenant's own.
pub(super) fn link(
    context: &Context<'_>,
    specs: Vec<(IssuerSpec, Option<TenantName>)>,
    tenancy: &Tenancy,
) -> Vec<Issuer> {
    check_names(context, &specs);
    check_issuers(context, &specs);
    let several = specs.len() > 1;
    specs
        .into_iter()
        .map(|(spec, owner)| link_one(context, spec, owner, several, tenancy))
        .collect()
}

/// A given name is for one issuer.
fn check_names(context: &Context<'_>, specs: &[(IssuerSpec, Option<TenantName>)]) {
    let mut names: HashMap<&str, &str> = HashMap::new();
    for (spec, _) in specs {
        if let Some(name) = &spec.name
            && let Some(other) = names.insert(name, &spec.path)
        {
            context.problems.error(
                format!("{}.name", spec.path),
                format!("is the name of {other} already; give each issuer its own"),
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
    nameless_key: Option<&'s IssuerSpec>,
}

impl<'s> Shared<'s> {
    fn of(first: &'s IssuerSpec) -> Self {
        Self { first, owners: HashMap::new(), kids: HashMap::new(), nameless_key: None }
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
        if keys.iter().any(|key| key.kid.is_none()) {
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
    }
}

fn link_one(
    context: &Context<'_>,
    spec: IssuerSpec,
    owner: Option<TenantName>,
    several: bool,
    tenancy: &Tenancy,
) -> Issuer {
    let names = Names { context, tenancy, path: format!("{}.tenant", spec.path) };
    let tenant = spec.tenant;
    match &owner {
        Some(owner) => names.check_owned(&tenant, owner),
        None if several && !says_its_reach(&tenant) => context.problems.error(
            &names.path,
            "must say which tenants it may name, since there is another issuer: fixed, allow or any_tenant",
        ),
        None => {}
    }
    let reach = match (&owner, &tenant.allow) {
        (Some(owner), _) => Reach::Only([owner.clone()].into()),
        (None, Some(allow)) => Reach::Only(names.list("allow", allow).into()),
        (None, None) if tenant.any_tenant => Reach::Unowned,
        (None, None) => Reach::Everywhere,
    };
    let subjects: HashMap<String, TenantName> = tenant
        .subjects
        .iter()
        .filter_map(|(subject, name)| {
            let name = names.one(&format!("subjects.{subject}"), name)?;
            Some((subject.clone(), name))
        })
        .collect();
    let source = names.source(&tenant);
    // Of a list that couldn't be read some may be missing.
    let allow = format!("{}.allow", names.path);
    if tenant.allow.is_some() && !context.problems.has_errors_at(&allow) {
        names.check_within(&reach, &subjects, &source);
    }
    let name = spec.name.unwrap_or_else(|| spec.iss.to_string());
    Issuer {
        name,
        iss: spec.iss,
        audiences: spec.audiences,
        audience_claims: spec.audience_claims,
        claim_values: spec.claim_values,
        algorithms: spec.keys.algorithms,
        keys: spec.keys.keys,
        clock_skew: spec.clock_skew,
        max_lifetime: spec.max_lifetime,
        require_claims: spec.require_claims,
        token_types: spec.token_types,
        tenant: source,
        subjects,
        reach,
        claims: spec.claims,
        ceilings: spec.ceilings,
        owner,
    }
}

/// Whether an issuer says how far it reaches. One that names no tenant by
/// claim or assertion reaches no further than its own list.
fn says_its_reach(tenant: &TenantSpec) -> bool {
    let open = tenant.claims.is_some() || matches!(tenant.acts_for, Some(ActsForSpec::Any));
    !open || tenant.allow.is_some() || tenant.any_tenant
}

/// Tenant names as an issuer's `tenant` gives them.
struct Names<'c> {
    context: &'c Context<'c>,
    tenancy: &'c Tenancy,
    path: String,
}

impl Names<'_> {
    fn one(&self, field: &str, text: &str) -> Option<TenantName> {
        let at = format!("{}.{field}", self.path);
        let Some(name) = self.tenancy.name(text) else {
            let format = self.tenancy.format.describe();
            self.context
                .problems
                .error(at, format!("is no tenant name by tenancy.id_format: {format}"));
            return None;
        };
        if self.tenancy.is_reserved(&name) {
            self.context.problems.error(at, "is the reserved name, which nothing can be bound to");
            return None;
        }
        if self.tenancy.unknown == crate::tenant::Unlisted::Deny
            && self.tenancy.directory.get(&name).is_none()
        {
            self.context
                .problems
                .warn(at, "is no listed tenant, so its requests are refused with tenant_unknown");
        }
        Some(name)
    }

    fn list(&self, field: &str, texts: &[String]) -> Vec<TenantName> {
        let named = texts.iter().enumerate();
        let mut names: Vec<TenantName> = Vec::new();
        for (index, text) in named {
            let name = self.one(&format!("{field}[{index}]"), text);
            names.extend(name.filter(|name| !names.contains(name)));
        }
        names
    }

    fn source(&self, tenant: &TenantSpec) -> TenantSource {
        match (&tenant.claims, &tenant.fixed, &tenant.acts_for) {
            (Some(claims), ..) => TenantSource::Claims(claims.clone()),
            (_, Some(fixed), _) => {
                self.one("fixed", fixed).map_or(TenantSource::Nothing, TenantSource::Fixed)
            }
            (.., Some(ActsForSpec::Any)) => TenantSource::ActsForAny,
            (.., Some(ActsForSpec::List(names))) => {
                TenantSource::ActsFor(self.list("acts_for", names).into())
            }
            _ => TenantSource::Nothing,
        }
    }

    /// `allow` is all that an issuer may name, by whatever means.
    fn check_within(
        &self,
        reach: &Reach,
        subjects: &HashMap<String, TenantName>,
        source: &TenantSource,
    ) {
        let listed = match source {
            TenantSource::ActsFor(names) => names.as_ref(),
            _ => &[],
        };
        for name in subjects.values().chain(listed) {
            if !self.tenancy.reaches(reach, name) {
                let name = name.as_str();
                self.context.problems.error(
                    format!("{}.allow", self.path),
                    format!("leaves {name} out, which subjects or acts_for names; add it, or take it out there"),
                );
            }
        }
    }

    /// A tenant's own issuer is bound to it; what it says besides can only
    /// agree.
    fn check_owned(&self, tenant: &TenantSpec, owner: &TenantName) {
        let named = tenant.fixed.iter().chain(tenant.allow.iter().flatten());
        let subjects = tenant.subjects.iter().map(|(_, name)| name);
        let foreign =
            named.chain(subjects).any(|text| self.tenancy.name(text).as_ref() != Some(owner));
        if foreign || tenant.any_tenant || tenant.acts_for.is_some() {
            self.context.problems.error(
                &self.path,
                "names other tenants, but the issuer is this tenant's own and speaks for it only; take it out, or move the issuer to jwt.issuers",
            );
        }
    }
}
