//! The tenants that an issuer names.

use std::collections::{HashMap, HashSet};

use super::super::node::Context;
use super::super::tenant_source::{ActsForSpec, TenantSpec};
use crate::jwt::TenantSource;
use crate::tenant::{Reach, Tenancy, TenantName};

/// Tenant names as an issuer's `tenant` gives them.
pub(super) struct Names<'c> {
    pub(super) context: &'c Context<'c>,
    pub(super) tenancy: &'c Tenancy,
    /// Where the issuer's `tenant` is.
    pub(super) path: String,
}

impl Names<'_> {
    pub(super) fn one(&self, field: &str, text: &str) -> Option<TenantName> {
        let at = format!("{}.{field}", self.path);
        let Some(name) = self.tenancy.name(text) else {
            let format = self.tenancy.format.describe();
            self.context
                .problems
                .error(at, format!("is no tenant name by tenancy.id_format: {format}"));
            return None;
        };
        let taken = if self.tenancy.is_default(&name) {
            Some("is the reserved name, which nothing can be bound to")
        } else if self.tenancy.is_reserved(&name) {
            Some("is the super admin's tenant, which nothing else can be bound to")
        } else {
            None
        };
        if let Some(problem) = taken {
            self.context.problems.error(at, problem);
            return None;
        }
        if self.tenancy.unknown == crate::tenant::Unlisted::Deny
            && self.tenancy.elsewhere.is_none()
            && self.tenancy.directory.get(&name).is_none()
        {
            self.context
                .problems
                .warn(at, "is no listed tenant, so its requests are refused with tenant_unknown");
        }
        Some(name)
    }

    pub(super) fn list(&self, field: &str, texts: &[String]) -> Vec<TenantName> {
        let mut known = HashSet::new();
        let named = texts.iter().enumerate();
        let names = named.filter_map(|(index, text)| self.one(&format!("{field}[{index}]"), text));
        names.filter(|name| known.insert(name.clone())).collect()
    }

    pub(super) fn source(&self, tenant: &TenantSpec) -> TenantSource {
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
    pub(super) fn check_within(
        &self,
        reach: &Reach,
        subjects: &HashMap<String, TenantName>,
        source: &TenantSource,
    ) {
        let Reach::Only(allowed) = reach else {
            return;
        };
        let allowed: HashSet<&TenantName> = allowed.iter().collect();
        let listed = match source {
            TenantSource::ActsFor(names) => names.as_ref(),
            _ => &[],
        };
        for name in subjects.values().chain(listed) {
            if !allowed.contains(name) {
                let name = name.as_str();
                self.context.problems.error(
                    format!("{}.allow", self.path),
                    format!("leaves {name} out, which subjects or acts_for names; add it, or take it out there"),
                );
            }
        }
    }
}
