//! What a verified caller with a resolved tenant may do: the tenant's and the
//! client's state.

use crate::denial::{Code, Denial, Level};
use crate::principal::Principal;
use crate::tenant::{ResolvedTenant, Tenancy, TenantName, Unlisted};

/// A caller that passed every policy. Only [`admit`] makes one, so no request
/// of anybody else goes on with an identity.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    principal: Principal,
    tenant: Option<ResolvedTenant>,
}

impl Admitted {
    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// `None` on routes without tenancy.
    pub(crate) fn tenant(&self) -> Option<&ResolvedTenant> {
        self.tenant.as_ref()
    }
}

/// Checks the state of the tenant, then of the client.
///
/// # Errors
/// The code of the first that fails.
pub(crate) fn admit(
    tenancy: &Tenancy,
    principal: Principal,
    tenant: Option<ResolvedTenant>,
) -> Result<Admitted, Denial> {
    match &tenant {
        Some(tenant) => check_state(tenancy, &principal, tenant.name())?,
        // On routes without tenancy too, what is for a tenant is worth nothing
        // while the tenant is off.
        None => {
            for name in principal.tenants() {
                if tenancy.directory.get(name).is_some() {
                    check_state(tenancy, &principal, name)?;
                }
            }
        }
    }
    Ok(Admitted { principal, tenant })
}

fn check_state(
    tenancy: &Tenancy,
    principal: &Principal,
    tenant: &TenantName,
) -> Result<(), Denial> {
    let Some(listed) = tenancy.directory.get(tenant) else {
        // The reserved tenant is always known and active.
        if tenancy.unknown == Unlisted::Deny && !tenancy.is_reserved(tenant) {
            return Err(Denial::by(Code::TenantUnknown, "tenancy.unknown").at(Level::Tenant));
        }
        // Where the tenant isn't listed, no client of it is.
        return match principal.token() {
            Some(_) => check_unlisted(tenancy),
            None => Ok(()),
        };
    };
    let id = tenant.as_str();
    if !listed.active {
        let rule = format!("active of tenant {id}");
        return Err(Denial::by(Code::TenantInactive, rule).at(Level::Tenant));
    }
    let key_client = principal.key().and_then(|key| key.owner.as_ref()).map(|o| &*o.client);
    let token_client = principal.token().is_some().then(|| principal.token_client());
    for client in key_client.into_iter().chain(token_client.flatten()) {
        match listed.clients.get(client) {
            Some(client_entry) if !client_entry.active => {
                let rule = format!("active of client {client} of tenant {id}");
                return Err(Denial::by(Code::ClientInactive, rule).at(Level::Client));
            }
            Some(_) => {}
            None => check_unlisted(tenancy)?,
        }
    }
    // A token that says no client is of no listed one.
    if token_client == Some(None) {
        check_unlisted(tenancy)?;
    }
    Ok(())
}

fn check_unlisted(tenancy: &Tenancy) -> Result<(), Denial> {
    match tenancy.unknown_clients {
        Unlisted::Allow => Ok(()),
        Unlisted::Deny => {
            Err(Denial::by(Code::ClientUnknown, "tenancy.unknown_clients").at(Level::Client))
        }
    }
}

#[cfg(test)]
mod tests;
