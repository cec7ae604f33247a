//! One tenant per request: what credentials bind it to, what the request
//! asserts, and how the two become one name.

mod assertion;
mod bound;
mod directory;
mod name;

pub(crate) use assertion::{Assertions, Place};
pub(crate) use bound::{Bound, Reach, agree};
pub(crate) use directory::{Client, Directory, Tenant, Unlisted};
pub(crate) use name::IdFormat;
pub(crate) use name::TenantName;

use std::sync::Arc;

use crate::address::AddressSet;
use crate::denial::{Code, Denial};
use crate::host::{Host, HostError};
use crate::policy::Policy;
use crate::request::{Headers, Target};
use bound::{Choices, choices};

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

/// Where a resolved tenant came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The credential is bound to it.
    Bound,
    /// The caller chose among those of its credential.
    Chosen,
    /// A trusted caller asserted it.
    Asserted,
    /// Nothing named one: the reserved tenant.
    Default,
}

impl Origin {
    /// The name, as audit lines have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Chosen => "chosen",
            Self::Asserted => "asserted",
            Self::Default => "default",
        }
    }
}

/// The one tenant of a request. Only [`Tenancy::resolve`] and, for the super
/// admin, [`Tenancy::resolve_super_admin`] make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResolvedTenant {
    name: TenantName,
    origin: Origin,
}

impl ResolvedTenant {
    /// Its name.
    pub(crate) fn name(&self) -> &TenantName {
        &self.name
    }

    /// Where it came from.
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }
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
    pub(crate) assertions: Assertions,
    /// Of the reserved tenant.
    pub(crate) default_policy: Policy,
    /// Of every tenant that isn't listed.
    pub(crate) unlisted_policy: Policy,
}

impl Tenancy {
    /// The reserved name as a tenant name, before there is a `Tenancy`.
    pub(crate) fn reserved_name(text: &str) -> TenantName {
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
            Reach::Everywhere => true,
            Reach::Unowned => !self.directory.get(name).is_some_and(|tenant| tenant.has_issuers),
            Reach::Only(names) => names.contains(name),
        }
    }

    /// Resolves the one tenant of a request.
    ///
    /// `bounds` is what each credential of the request says. The order of the
    /// checks decides which code a request with several faults gets.
    ///
    /// # Errors
    /// The code of the first check that fails.
    pub(crate) fn resolve(
        &self,
        rules: &TenancyRules,
        bounds: &[&Bound],
        headers: &Headers<'_>,
        target: &Target<'_>,
        host: &dyn Host,
    ) -> Result<ResolvedTenant, Denial> {
        let asserted = self.assertions.read(self, &rules.trust, headers, target);
        for bound in bounds {
            if let Bound::Malformed(claim) = bound {
                return Err(Denial::by(Code::TenantMalformed, format!("claim {claim}")));
            }
        }
        let asserted = asserted?;
        self.check_allowed(bounds, &asserted)?;
        self.check_reserved(bounds, &asserted)?;
        let choices = choices(bounds)?;
        let asserted = one_assertion(&asserted)?;
        match (choices, asserted) {
            (Choices::Unbound, _) if rules.strict => Err(Code::TenantRequired.into()),
            (Choices::Unbound, Some((name, place))) => {
                if !rules.trust.holds(host)? {
                    return Err(Denial::by(Code::TenantHeaderUntrusted, place.to_owned()));
                }
                Ok(self.resolved(name.clone(), Origin::Asserted))
            }
            (Choices::Unbound, None) => Ok(self.resolved(self.reserved.clone(), Origin::Default)),
            (Choices::Any, Some((name, _))) => Ok(self.resolved(name.clone(), Origin::Chosen)),
            (Choices::Any, None) => Err(Code::TenantChoiceRequired.into()),
            (Choices::Among { names, must_choose }, Some((name, place))) => {
                let bound = names.len() == 1 && !must_choose;
                let origin = if bound { Origin::Bound } else { Origin::Chosen };
                if names.contains(&name) {
                    Ok(self.resolved(name.clone(), origin))
                } else {
                    Err(Denial::by(Code::TenantMismatch, place.to_owned()))
                }
            }
            (Choices::Among { names, must_choose }, None) => match names.as_slice() {
                [name] if !must_choose => Ok(self.resolved((*name).clone(), Origin::Bound)),
                _ => Err(Code::TenantChoiceRequired.into()),
            },
        }
    }

    /// Resolves the tenant that the super admin acts for: the one it asserts,
    /// or its own.
    ///
    /// # Errors
    /// The code of the first check that fails.
    pub(crate) fn resolve_super_admin(
        &self,
        rules: &TenancyRules,
        headers: &Headers<'_>,
        target: &Target<'_>,
    ) -> Result<ResolvedTenant, Denial> {
        let asserted = self.assertions.read(self, &rules.trust, headers, target)?;
        let default = asserted.iter().find(|(name, _)| self.is_default(name));
        if let Some((_, place)) = default {
            return Err(Denial::by(Code::TenantReserved, (*place).to_owned()));
        }
        match (one_assertion(&asserted)?, &self.super_admin) {
            (Some((name, _)), Some(own)) if self.is_super_admins(name) => {
                Ok(self.resolved(own.clone(), Origin::Bound))
            }
            (Some((name, _)), _) => Ok(self.resolved(name.clone(), Origin::Chosen)),
            (None, Some(own)) => Ok(self.resolved(own.clone(), Origin::Bound)),
            (None, None) => Err(Code::TenantChoiceRequired.into()),
        }
    }

    fn resolved(&self, name: TenantName, origin: Origin) -> ResolvedTenant {
        ResolvedTenant { name, origin }
    }

    fn check_allowed(
        &self,
        bounds: &[&Bound],
        asserted: &[(TenantName, &str)],
    ) -> Result<(), Denial> {
        for bound in bounds {
            let refused = match bound {
                Bound::NotAllowed => true,
                Bound::Any(reach) => {
                    let out_of_reach =
                        |name: &TenantName| !self.is_reserved(name) && !self.reaches(reach, name);
                    asserted.iter().any(|(name, _)| out_of_reach(name))
                        || bounds.iter().any(|other| match other {
                            Bound::OneOf(names) => names.iter().all(out_of_reach),
                            _ => false,
                        })
                }
                _ => false,
            };
            if refused {
                return Err(Denial::by(Code::TenantNotAllowed, "issuer's tenant.allow"));
            }
        }
        Ok(())
    }

    fn check_reserved(
        &self,
        bounds: &[&Bound],
        asserted: &[(TenantName, &str)],
    ) -> Result<(), Denial> {
        for bound in bounds {
            if let Bound::OneOf(names) = bound
                && names.iter().any(|name| self.is_reserved(name))
            {
                return Err(Denial::by(Code::TenantReserved, "credential"));
            }
        }
        match asserted.iter().find(|(name, _)| self.is_reserved(name)) {
            Some((_, place)) => Err(Denial::by(Code::TenantReserved, (*place).to_owned())),
            None => Ok(()),
        }
    }
}

/// The one name that all assertions agree on.
fn one_assertion<'a>(
    asserted: &'a [(TenantName, &'a str)],
) -> Result<Option<(&'a TenantName, &'a str)>, Denial> {
    let Some((first, rest)) = asserted.split_first() else {
        return Ok(None);
    };
    match rest.iter().find(|(name, _)| *name != first.0) {
        Some((_, place)) => Err(Denial::by(Code::TenantMismatch, (*place).to_owned())),
        None => Ok(Some((&first.0, first.1))),
    }
}

#[cfg(test)]
mod tests;
