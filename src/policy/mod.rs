//! What a verified caller with a resolved tenant may do. The tenant decides
//! first, then the client, then the key; what one refuses none below can
//! allow.

#[cfg(not(target_arch = "wasm32"))]
mod facts;
mod levels;
pub(crate) mod limit;
mod permission;
mod roles;
mod scopes;
mod standing;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use facts::{explain, explain_public, explain_unreached, permission_facts};
pub(crate) use levels::{Policy, check_route_address};
pub(crate) use permission::Permissions;
pub(crate) use roles::{RoleEntry, RoleSet, Roles};
pub(crate) use scopes::{EVERY, Scopes};
pub(crate) use standing::{MOST_BYTES, Standing, StandingSlot};

use std::rc::Rc;

use crate::Guard;
use crate::denial::Denial;
use crate::host::Host;
use crate::principal::Principal;
use crate::route::{Rules, Shadow};
use crate::tenant::{ResolvedTenant, TenantName};
use levels::Levels;
use limit::{Purses, Quotas};

/// A caller that passed every policy. Only [`admit`] makes one, so no request
/// of anybody else goes on with an identity.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    principal: Principal,
    tenant: Option<ResolvedTenant>,
    standing: Rc<Standing>,
}

impl Admitted {
    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// `None` on routes without tenancy.
    pub(crate) fn tenant(&self) -> Option<&ResolvedTenant> {
        self.tenant.as_ref()
    }

    /// What it is in its tenant.
    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }
}

/// What a caller may do under all ceilings, whether it is let in or not.
pub(crate) fn permissions(
    guard: &Guard,
    principal: &Principal,
    tenant: Option<&ResolvedTenant>,
) -> Permissions {
    let tenant = tenant.map(ResolvedTenant::name);
    Levels::new(&guard.tenancy, principal, tenant).permissions(&guard.roles)
}

/// What a caller answers to in a tenant; `None` for the tenant on routes
/// without tenancy.
fn standing(guard: &Guard, principal: &Principal, tenant: Option<&TenantName>) -> Rc<Standing> {
    let slot = principal.standing();
    if let Some(known) = slot.and_then(|slot| slot.get(tenant, guard.generation)) {
        return known;
    }
    let standing = Rc::new(Levels::new(&guard.tenancy, principal, tenant).standing(guard));
    if let Some(slot) = slot {
        slot.put(&standing);
    }
    standing
}

/// Checks states, addresses, scopes, roles, then limits, which alone leave a
/// trace: a request that anything refuses is charged nowhere. `quotas` becomes
/// where the limits of the request stand, for its response.
///
/// # Errors
/// The code of the first that fails.
pub(crate) fn admit(
    guard: &Guard,
    rules: &Rules,
    principal: Principal,
    tenant: Option<ResolvedTenant>,
    host: &dyn Host,
    purses: &mut Purses,
    quotas: &mut Option<Quotas>,
) -> Result<Admitted, Denial> {
    let standing = standing(guard, &principal, tenant.as_ref().map(ResolvedTenant::name));
    if !principal.is_super_admin() {
        let charges = standing.charges(rules);
        let checked = check(&standing, rules, host);
        *quotas = match (&checked, rules.shadow) {
            (Ok(()), Shadow::Off) => charges.charge(host, purses)?,
            // Shadow charges nothing.
            (Ok(()), _) => charges.look(host, purses)?,
            // The response tells of limits all the same, as far as it can.
            (Err(_), _) => charges.look(host, purses).unwrap_or_default(),
        };
        checked?;
        if let Some(denial) = quotas.as_ref().and_then(limit::refusal) {
            return Err(denial);
        }
    }
    Ok(Admitted { principal, tenant, standing })
}

/// All that needs no counting.
fn check(standing: &Standing, rules: &Rules, host: &dyn Host) -> Result<(), Denial> {
    standing.state.clone()?;
    levels::check_addresses(standing.address_rules(rules), host)?;
    standing.permissions.check(rules)
}

#[cfg(test)]
mod tests;
