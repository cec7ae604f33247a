//! One tenant per request: what credentials bind it to, what the request
//! asserts, and how the two become one name.

mod assertion;
mod bound;
mod directory;
mod elsewhere;
#[cfg(not(target_arch = "wasm32"))]
mod facts;
mod list;
mod name;
mod resolve;

pub(crate) use assertion::{Assertions, Place};
pub(crate) use bound::{Bound, Reach, agree};
pub(crate) use directory::{Client, Clients, Directory, Listing, Tenant, Unlisted};
pub(crate) use elsewhere::Elsewhere;
pub(crate) use list::TenantList;
pub(crate) use name::{IdFormat, TenantName};
pub(crate) use resolve::ResolvedTenant;

use std::sync::Arc;

use crate::address::AddressSet;
use crate::host::{Host, HostError};
use crate::policy::Policy;

/// `tenancy.trust_header`: whose assertions count where nothing is bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Nobody's: an assertion may agree or choose, never establish.
    Never,
    /// Everybody's.
    AnyPeer,
    /// Those of connections that come from these addresses.
    Peers(Arc<AddressSet>),
    /// The header isn't looked at.
    Ignore,
}

impl Trust {
    /// Whether this request's assertions count. A peer that isn't known isn't
    /// trusted.
    fn holds(&self, host: &dyn Host) -> Result<bool, HostError> {
        match self {
            Self::Never | Self::Ignore => Ok(false),
            Self::AnyPeer => Ok(true),
            Self::Peers(peers) => {
                Ok(host.peer_address()?.is_some_and(|address| peers.contains(address)))
            }
        }
    }
}

/// The rules of one route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TenancyRules {
    pub(crate) strict: bool,
    pub(crate) trust: Trust,
}

/// The `tenancy` section, with the listed tenants.
#[derive(Debug)]
pub(crate) struct Tenancy {
    pub(crate) rules: TenancyRules,
    pub(crate) reserved: TenantName,
    /// The super admin's own tenant, which nobody else can name.
    pub(crate) super_admin: Option<TenantName>,
    pub(crate) format: IdFormat,
    pub(crate) unknown: Unlisted,
    pub(crate) unknown_clients: Unlisted,
    pub(crate) directory: Directory,
    /// Where more tenants are fetched from.
    pub(crate) elsewhere: Option<Elsewhere>,
    pub(crate) assertions: Assertions,
    /// Of the reserved tenant.
    pub(crate) default_policy: Policy,
    /// Of every tenant that isn't listed.
    pub(crate) unlisted_policy: Policy,
}

impl Tenancy {
    /// A name that the configuration or a directory gives, and has checked.
    pub(crate) fn new_name(text: &str) -> TenantName {
        TenantName::new(text)
    }

    /// A text as a tenant name: a listed id or alias, the reserved name, or
    /// whatever the format accepts. `None` for anything else.
    pub(crate) fn name(&self, text: &str) -> Option<TenantName> {
        if let Some(known) = self.directory.named(text) {
            return Some(known.clone());
        }
        let name = TenantName::new(text);
        (self.format.accepts(text) || self.is_reserved(&name)).then_some(name)
    }

    /// A name that the configuration gives, as it is now: that of a fetched
    /// tenant may be an alias.
    pub(crate) fn by_id(&self, name: &TenantName) -> TenantName {
        self.directory.named(name.as_str()).unwrap_or(name).clone()
    }

    /// Whether nobody may name a tenant so: it is the reserved one, or the
    /// super admin's, in any ASCII case.
    pub(crate) fn is_reserved(&self, name: &TenantName) -> bool {
        self.is_default(name) || self.is_super_admins(name)
    }

    /// Whether a name is the reserved one, in any ASCII case.
    pub(crate) fn is_default(&self, name: &TenantName) -> bool {
        name.as_str().eq_ignore_ascii_case(self.reserved.as_str())
    }

    fn is_super_admins(&self, name: &TenantName) -> bool {
        let own = self.super_admin.as_ref();
        own.is_some_and(|own| name.as_str().eq_ignore_ascii_case(own.as_str()))
    }

    /// What a text that stands for a credential binds to.
    pub(crate) fn bound_by_text(&self, text: Option<&[u8]>) -> Bound {
        let Some(text) = text else {
            return Bound::Nothing;
        };
        let name = core::str::from_utf8(text).ok().and_then(|text| self.name(text));
        name.map_or_else(
            || Bound::Malformed("dev_headers.tenant".into()),
            |name| Bound::OneOf(vec![name]),
        )
    }

    /// Whether an issuer with this reach may name a tenant.
    pub(crate) fn reaches(&self, reach: &Reach, name: &TenantName) -> bool {
        match reach {
            // Fetched tenants may come with issuers of their own.
            Reach::Everywhere if self.elsewhere.is_none() => true,
            Reach::Everywhere | Reach::Unowned => {
                !self.directory.get(name).is_some_and(|tenant| tenant.has_issuers)
            }
            Reach::Only(names) => {
                names.contains(name)
                    // It may be named by an alias that was fetched.
                    || self.elsewhere.is_some()
                        && self.directory.aliases(name).any(|alias| names.contains(alias))
            }
        }
    }
}

#[cfg(test)]
mod tests;
