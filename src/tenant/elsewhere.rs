//! Tenants that live elsewhere: what can't be decided while they aren't known.

use super::{Bound, Tenancy, TenantName};
use crate::denial::{Code, Denial, Level};
use crate::halt::{Halt, Lack};
use crate::jwt::VerifiedToken;
use crate::remote::{Outlook, SourceId, Standing};

/// The directory of tenants that is fetched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elsewhere {
    pub(crate) source: SourceId,
    pub(crate) outlook: Outlook,
}

impl Tenancy {
    /// Whether all tenants are known that there are: then what isn't found is
    /// nobody's.
    pub(crate) fn is_complete(&self) -> bool {
        self.elsewhere.is_none_or(|elsewhere| elsewhere.outlook.standing == Standing::Current)
    }

    /// A refusal of what isn't found. Where it may be a fetched tenant's it is
    /// `tenants_unavailable` instead, unless it soon is known whose it is.
    pub(crate) fn unless_fetched(&self, otherwise: Denial) -> Halt {
        match self.elsewhere {
            Some(elsewhere) if !self.is_complete() => {
                let rule = match elsewhere.outlook.standing {
                    Standing::TooOld => "max_stale of the directory",
                    _ => "the directory was not fetched",
                };
                let otherwise = Denial::by(Code::TenantsUnavailable, rule);
                Halt::unless([(elsewhere.source, elsewhere.outlook)], otherwise)
            }
            _ => Halt::Refused(otherwise),
        }
    }

    /// The first fetch of the directory, where that is under way.
    pub(crate) fn first_fetch(&self) -> Option<Lack> {
        let elsewhere = self.elsewhere?;
        let Outlook { standing, soon } = elsewhere.outlook;
        (standing == Standing::Awaited && soon).then(|| Lack {
            sources: vec![elsewhere.source],
            otherwise: Code::TenantsUnavailable.into(),
        })
    }

    /// Checks that what credentials are bound to is known, where tenants that
    /// aren't could be meant.
    pub(crate) fn check_bounds_known(&self, bounds: &[&Bound]) -> Result<(), Halt> {
        if self.is_complete() {
            return Ok(());
        }
        let names = bounds.iter().flat_map(|bound| match bound {
            Bound::OneOf(names) => names.as_slice(),
            Bound::ActsFor(names) => names.as_ref(),
            _ => &[],
        });
        names.into_iter().try_for_each(|name| self.check_known(name))
    }

    /// Checks that a tenant is known to be there or not.
    pub(crate) fn check_known(&self, name: &TenantName) -> Result<(), Halt> {
        let own = self.directory.own.get(name.as_str()).is_some() || self.is_reserved(name);
        if self.is_complete() || own {
            return Ok(());
        }
        Err(self.unless_fetched(Code::TenantUnknown.into()))
    }

    /// Checks that a token wasn't issued before the time up to which all
    /// tokens of its tenant are revoked.
    pub(crate) fn check_issued(
        &self,
        name: &TenantName,
        token: &VerifiedToken,
    ) -> Result<(), Denial> {
        let not_before = self.directory.get(name).and_then(|tenant| tenant.tokens_not_before);
        let Some(not_before) = not_before else {
            return Ok(());
        };
        // One that doesn't say when it was issued may be as old as any.
        if token.issued().is_some_and(|issued| issued >= not_before) {
            return Ok(());
        }
        let rule = format!("tokens_not_before of tenant {}", name.as_str());
        Err(Denial::by(Code::TokenRevoked, rule).at(Level::Tenant))
    }
}
