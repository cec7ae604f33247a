//! What a verified caller with a resolved tenant may do: the tenant's and the
//! client's state.

use crate::principal::Principal;
use crate::tenant::{ResolvedTenant, Tenancy, Unlisted};
use crate::verdict::{Code, Denial, Level};

/// A caller that passed every policy. Only [`admit`] makes one, so identity
/// headers can't be written for anybody else.
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
    if let Some(tenant) = &tenant {
        check_state(tenancy, &principal, tenant)?;
    }
    Ok(Admitted { principal, tenant })
}

fn check_state(
    tenancy: &Tenancy,
    principal: &Principal,
    tenant: &ResolvedTenant,
) -> Result<(), Denial> {
    if tenancy.is_reserved(tenant.name()) {
        // The reserved tenant is always known and active.
        return Ok(());
    }
    let id = tenant.name().as_str();
    let Some(listed) = tenancy.directory.get(tenant.name()) else {
        return match tenancy.unknown {
            // Where the tenant isn't listed, no client of it is.
            Unlisted::Allow if principal.token().is_some() => check_unlisted(tenancy),
            Unlisted::Allow => Ok(()),
            Unlisted::Deny => {
                Err(Denial::by(Code::TenantUnknown, "tenancy.unknown").at(Level::Tenant))
            }
        };
    };
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
