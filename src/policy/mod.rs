//! What a verified caller with a resolved tenant may do. The tenant decides
//! first, then the client, then the key; what one refuses none below can
//! allow.

mod levels;
pub(crate) mod limit;
mod permission;
mod roles;
mod scopes;

pub(crate) use levels::{Policy, check_route_address};
pub(crate) use permission::Permissions;
pub(crate) use roles::{RoleEntry, RoleSet, Roles};
pub(crate) use scopes::{EVERY, Scopes};

use crate::Guard;
use crate::denial::Denial;
use crate::host::Host;
use crate::principal::Principal;
use crate::route::{Rules, Shadow};
use crate::tenant::ResolvedTenant;
use levels::Levels;
use limit::Quotas;

/// A caller that passed every policy. Only [`admit`] makes one, so no request
/// of anybody else goes on with an identity.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    principal: Principal,
    tenant: Option<ResolvedTenant>,
    permissions: Permissions,
}

impl Admitted {
    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// `None` on routes without tenancy.
    pub(crate) fn tenant(&self) -> Option<&ResolvedTenant> {
        self.tenant.as_ref()
    }

    /// What it may do, as the application is told.
    pub(crate) fn permissions(&self) -> &Permissions {
        &self.permissions
    }
}

/// What policies came to besides the outcome.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) permissions: Option<Permissions>,
    /// Where the limits of the request stand, for its response.
    pub(crate) quotas: Option<Quotas>,
}

/// Checks states, addresses, scopes, roles, then limits, which alone leave a
/// trace: a request that anything refuses is charged nowhere.
///
/// # Errors
/// The code of the first that fails.
pub(crate) fn admit(
    guard: &Guard,
    rules: &Rules,
    principal: Principal,
    tenant: Option<ResolvedTenant>,
    host: &dyn Host,
    findings: &mut Findings,
) -> Result<Admitted, Denial> {
    let levels = Levels::new(&guard.tenancy, &principal, tenant.as_ref().map(ResolvedTenant::name));
    if !principal.is_super_admin() {
        let charges = levels.charges(rules);
        let checked = check(&levels, &guard.roles, rules, host, findings);
        findings.quotas = match (&checked, rules.shadow) {
            (Ok(()), Shadow::Off) => charges.charge(host)?,
            // Shadow charges nothing.
            (Ok(()), _) => charges.look(host)?,
            // The response tells of limits all the same, as far as it can.
            (Err(_), _) => charges.look(host).unwrap_or_default(),
        };
        checked?;
        if let Some(denial) = findings.quotas.as_ref().and_then(limit::refusal) {
            return Err(denial);
        }
    }
    let permissions = findings.permissions.take().unwrap_or_default();
    Ok(Admitted { principal, tenant, permissions })
}

/// All that needs no counting.
fn check(
    levels: &Levels<'_>,
    roles: &Roles,
    rules: &Rules,
    host: &dyn Host,
    findings: &mut Findings,
) -> Result<(), Denial> {
    levels.check_state()?;
    levels.check_address(rules, host)?;
    findings.permissions.insert(levels.permissions(roles)).check(rules)
}

#[cfg(test)]
mod tests;
