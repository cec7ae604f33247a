//! From what credentials say and a request asserts to one tenant.

use super::bound::{Bound, Choices, choices};
use super::{Tenancy, TenancyRules, TenantName};
use crate::denial::{Code, Denial};
use crate::host::Host;
use crate::request::{Headers, Target};

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
    fn new(name: TenantName, origin: Origin) -> Self {
        Self { name, origin }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &TenantName {
        &self.name
    }

    /// Where it came from.
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }
}

impl Tenancy {
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
                Ok(ResolvedTenant::new(name.clone(), Origin::Asserted))
            }
            (Choices::Unbound, None) => {
                Ok(ResolvedTenant::new(self.reserved.clone(), Origin::Default))
            }
            (Choices::Any, Some((name, _))) => {
                Ok(ResolvedTenant::new(name.clone(), Origin::Chosen))
            }
            (Choices::Any, None) => Err(Code::TenantChoiceRequired.into()),
            (Choices::Among(common), Some((name, place))) => {
                let origin = if common.one().is_some() { Origin::Bound } else { Origin::Chosen };
                if common.contains(name) {
                    Ok(ResolvedTenant::new(name.clone(), origin))
                } else {
                    Err(Denial::by(Code::TenantMismatch, place.to_owned()))
                }
            }
            (Choices::Among(common), None) => match common.one() {
                Some(name) => Ok(ResolvedTenant::new(name.clone(), Origin::Bound)),
                None => Err(Code::TenantChoiceRequired.into()),
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
                Ok(ResolvedTenant::new(own.clone(), Origin::Bound))
            }
            (Some((name, _)), _) => Ok(ResolvedTenant::new(name.clone(), Origin::Chosen)),
            (None, Some(own)) => Ok(ResolvedTenant::new(own.clone(), Origin::Bound)),
            (None, None) => Err(Code::TenantChoiceRequired.into()),
        }
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
