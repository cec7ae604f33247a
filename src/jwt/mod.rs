//! JSON Web Tokens: from text to a token that is verified.
//!
//! The checks run cheapest first and in a fixed order, which decides the code
//! of a token with several faults: size, shape, issuer, type, algorithm, key,
//! the types of claims, dates, signature, the other claims, audience,
//! revocation.

mod algorithm;
mod cache;
mod claim;
mod compact;
#[cfg(not(target_arch = "wasm32"))]
mod facts;
mod issuer;
mod issuer_name;
mod issuers;
mod key;
mod key_set;
mod keys;
mod registered;
mod revocation;
mod signature;
mod signed;
mod templates;
mod verified;

pub(crate) use algorithm::Algorithm;
pub(crate) use cache::TokenCache;
pub(crate) use claim::ClaimPath;
pub(crate) use compact::has_three_parts;
pub(crate) use issuer::{Ceilings, ClaimMap, Issuer, TenantSource};
pub(crate) use issuer_name::{IssuerName, Template};
pub(crate) use issuers::FetchedKeys;
pub(crate) use key::Key;
pub(crate) use key_set::KeySet;
pub(crate) use revocation::{Revocations, Revoked};
pub(crate) use verified::VerifiedToken;

/// For `crate::probe`.
#[cfg(feature = "probe")]
pub(crate) mod probe {
    pub(crate) use super::signature::verify;
}

use std::rc::Rc;

use serde_json::Value;

use crate::denial::{Code, Denial};
use crate::halt::Halt;
use crate::host::Host;
use crate::policy::limit::Tiers;
use crate::remote::{Outlook, SourceId};
use crate::tenant::{Bound, Tenancy};
use compact::Compact;
use issuers::Issuers;
use registered::Registered;
use revocation::Suspect;
use signed::Signed;

/// Whether a token was found in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    /// It was there.
    Hit,
    /// It wasn't.
    Miss,
}

/// What the cache says of a token.
#[derive(Debug)]
pub(crate) enum Known {
    /// Nothing.
    No,
    /// It was verified, and still is good.
    Good(Rc<VerifiedToken>),
    /// It was verified, and isn't good now.
    Refused(Denial),
    /// It was verified, but what it was verified by has changed: it has to be
    /// verified again.
    Outdated,
}

/// The `jwt` section, with the issuers of all tenants.
#[derive(Debug)]
pub(crate) struct Jwt {
    pub(crate) max_token_bytes: usize,
    /// The claims of `upstream.claims`, kept with each verified token.
    pub(crate) forwarded_claims: Vec<ClaimPath>,
    pub(crate) forward_payload: bool,
    /// `limits.tiers`, which tokens name.
    pub(crate) tiers: Tiers,
    /// `jwt.revoked`.
    pub(crate) revoked: Revocations,
    revoked_elsewhere: Revocations,
    issuers: Issuers,
}

impl Jwt {
    pub(crate) fn new(
        max_token_bytes: usize,
        forwarded_claims: Vec<ClaimPath>,
        forward_payload: bool,
        tiers: Tiers,
        revoked: Revocations,
        issuers: Vec<Issuer>,
    ) -> Self {
        Self {
            max_token_bytes,
            forwarded_claims,
            forward_payload,
            tiers,
            revoked,
            revoked_elsewhere: Revocations::default(),
            issuers: Issuers::new(issuers),
        }
    }

    /// The issuers of the document.
    pub(crate) fn own_issuers(&self) -> &[Issuer] {
        self.issuers.own()
    }

    /// The issuers of the document and of fetched tenants.
    pub(crate) fn issuers(&self) -> &[Issuer] {
        self.issuers.all()
    }

    /// Takes over the issuers of fetched tenants.
    pub(crate) fn replace_fetched(&mut self, issuers: Vec<Issuer>) {
        self.issuers.replace_fetched(issuers);
    }

    /// Takes over fetched revocations. Tokens that were verified before are
    /// verified again only where [`Jwt::replace_fetched`] follows.
    pub(crate) fn replace_revoked(&mut self, revoked: Revocations) {
        self.revoked_elsewhere = revoked;
    }

    /// Takes over fetched keys.
    pub(crate) fn set_keys(&mut self, source: SourceId, keys: Rc<FetchedKeys>) {
        self.issuers.set_keys(source, keys);
    }

    /// Takes over what to expect of a source of keys.
    pub(crate) fn set_outlook(&mut self, source: SourceId, outlook: Outlook) {
        self.issuers.set_outlook(source, outlook);
    }

    /// How many keys that were fetched are in use.
    pub(crate) fn count_fetched_keys(&self) -> usize {
        self.issuers.count_fetched()
    }

    /// What the cache says of a token.
    ///
    /// `only` is the route's issuers, where it names some.
    pub(crate) fn known(
        &self,
        token: &[u8],
        only: Option<&[usize]>,
        host: &dyn Host,
        cache: &mut TokenCache,
    ) -> Known {
        let Some(known) = cache.get(token) else {
            return Known::No;
        };
        if !self.issuers.unchanged(known.issuer, known.epoch) {
            return Known::Outdated;
        }
        let Err(denial) = check_again(&known, only, host) else {
            return Known::Good(known);
        };
        if denial.code == Code::TokenExpired {
            cache.remove(token);
        }
        Known::Refused(Denial { kid: known.kid.clone(), ..denial })
    }

    /// Verifies a token, and keeps it.
    ///
    /// # Errors
    /// The code of the first check that fails, or what it lacks.
    pub(crate) fn verify(
        &self,
        token: &[u8],
        only: Option<&[usize]>,
        tenancy: &Tenancy,
        host: &dyn Host,
        cache: &mut TokenCache,
    ) -> Result<Rc<VerifiedToken>, Halt> {
        if token.len() > self.max_token_bytes {
            return Err(Denial::by(Code::TokenTooLarge, "jwt.max_token_bytes").into());
        }
        let compact = Compact::parse(token)?;
        match self.verify_compact(&compact, only, tenancy, host) {
            Ok(verified) => {
                let verified = Rc::new(verified);
                cache.put(token, Rc::clone(&verified));
                Ok(verified)
            }
            Err(halt) => Err(halt.of_kid(compact.kid.as_ref())),
        }
    }

    fn verify_compact(
        &self,
        token: &Compact<'_>,
        only: Option<&[usize]>,
        tenancy: &Tenancy,
        host: &dyn Host,
    ) -> Result<VerifiedToken, Halt> {
        let (index, issuer) = self.issuers.of(token, tenancy)?;
        check_route(index, only)?;
        issuer.check_type(token.typ.as_deref())?;
        let key = self.issuers.key(issuer, token)?;
        let registered = Registered::read(&token.claims)?;
        registered.check_dates(host.now()?, issuer.clock_skew)?;
        let signed = Signed::verify(token, registered, key, host)?;
        signed.check_claims(issuer)?;
        let verified = VerifiedToken::read(self, index, issuer, &signed, tenancy)?;
        signed.check_audience(issuer)?;
        self.check_revoked(&signed, &verified, tenancy)?;
        Ok(verified)
    }

    /// Whether a token is revoked: by itself, or with all of the tenant that
    /// it is for.
    fn check_revoked(
        &self,
        signed: &Signed<'_, '_>,
        verified: &VerifiedToken,
        tenancy: &Tenancy,
    ) -> Result<(), Denial> {
        let claims = signed.claims();
        let iss = claims.get("iss").and_then(Value::as_str).unwrap_or("none");
        let suspect = Suspect {
            issuer: [&verified.issuer_name, iss],
            claims,
            subject: verified.subject.as_deref(),
            client: verified.client.as_deref(),
            issued: verified.issued(),
        };
        for (revoked, rule) in
            [(&self.revoked, "jwt.revoked"), (&self.revoked_elsewhere, "the directory's revoked")]
        {
            if revoked.cover(&suspect) {
                return Err(Denial::by(Code::TokenRevoked, rule));
            }
        }
        verified
            .bounds
            .iter()
            .filter_map(Bound::one)
            .try_for_each(|name| tenancy.check_issued(name, verified))
    }
}

/// What may have changed since a token was verified.
fn check_again(
    known: &VerifiedToken,
    only: Option<&[usize]>,
    host: &dyn Host,
) -> Result<(), Denial> {
    check_route(known.issuer, only)?;
    known.registered.check_dates(host.now()?, known.skew)
}

fn check_route(issuer: usize, only: Option<&[usize]>) -> Result<(), Denial> {
    if only.is_none_or(|only| only.contains(&issuer)) {
        return Ok(());
    }
    Err(Denial::by(Code::TokenIssuerUnknown, "the route's issuers").at(crate::denial::Level::Route))
}

#[cfg(test)]
mod tests;
