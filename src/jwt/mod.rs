//! JSON Web Tokens: from text to a token that is verified.
//!
//! The checks run cheapest first and in a fixed order, which decides the code
//! of a token with several faults: size, shape, issuer, type, algorithm, key,
//! the types of claims, dates, signature, the other claims, audience.

mod algorithm;
mod cache;
mod claim;
mod compact;
mod issuer;
mod issuer_name;
mod key;
mod registered;
mod signature;
mod signed;
mod verified;

pub(crate) use algorithm::Algorithm;
pub use cache::TokenCache;
pub(crate) use claim::ClaimPath;
pub(crate) use compact::has_three_parts;
pub(crate) use issuer::{Ceilings, ClaimMap, Issuer, TenantSource};
pub(crate) use issuer_name::{IssuerName, Template};
pub(crate) use key::{JwkError, Key};
pub(crate) use verified::VerifiedToken;

/// For `crate::probe`.
#[cfg(feature = "probe")]
pub(crate) mod probe {
    pub(crate) use super::signature::verify;
}

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use crate::denial::{Code, Denial};
use crate::host::Host;
use crate::policy::limit::Tiers;
use crate::tenant::Tenancy;
use compact::Compact;
use registered::Registered;
use signed::Signed;

/// Whether a token was found in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    /// It was there.
    Hit,
    /// It wasn't.
    Miss,
}

/// The issuers of one `iss`: one, or several tenants' whose keys tell by their
/// kid whose a token is.
#[derive(Debug, Default)]
struct Sharers {
    all: Vec<usize>,
    by_kid: HashMap<Box<str>, usize>,
}

impl Sharers {
    fn add(&mut self, index: usize, issuer: &Issuer) {
        self.all.push(index);
        for kid in issuer.keys.iter().filter_map(|key| key.kid.clone()) {
            self.by_kid.insert(kid, index);
        }
    }
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
    issuers: Vec<Issuer>,
    exact: HashMap<String, Sharers>,
    templates: Vec<(Template, usize)>,
    nameless: Option<usize>,
}

impl Jwt {
    pub(crate) fn new(
        max_token_bytes: usize,
        forwarded_claims: Vec<ClaimPath>,
        forward_payload: bool,
        tiers: Tiers,
        issuers: Vec<Issuer>,
    ) -> Self {
        let mut jwt = Self {
            max_token_bytes,
            forwarded_claims,
            forward_payload,
            tiers,
            issuers: Vec::new(),
            exact: HashMap::new(),
            templates: Vec::new(),
            nameless: None,
        };
        for (index, issuer) in issuers.iter().enumerate() {
            match &issuer.iss {
                IssuerName::Exact(iss) => {
                    jwt.exact.entry(iss.clone()).or_default().add(index, issuer);
                }
                IssuerName::Template(template) => {
                    jwt.templates.push((template.clone(), index));
                }
                IssuerName::None => jwt.nameless = Some(index),
            }
        }
        jwt.issuers = issuers;
        jwt
    }

    /// A token that was verified before, if it still is good; `None` where it
    /// isn't known.
    ///
    /// `only` is the route's issuers, where it names some.
    pub(crate) fn known(
        &self,
        token: &[u8],
        only: Option<&[usize]>,
        host: &dyn Host,
        cache: &mut TokenCache,
    ) -> Option<Result<Rc<VerifiedToken>, Denial>> {
        let known = cache.get(token)?;
        let Err(denial) = check_again(&known, only, host) else {
            return Some(Ok(known));
        };
        if denial.code == Code::TokenExpired {
            cache.remove(token);
        }
        Some(Err(Denial { kid: known.kid.clone(), ..denial }))
    }

    /// Verifies a token, and keeps it.
    ///
    /// # Errors
    /// The code of the first check that fails.
    pub(crate) fn verify(
        &self,
        token: &[u8],
        only: Option<&[usize]>,
        tenancy: &Tenancy,
        host: &dyn Host,
        cache: &mut TokenCache,
    ) -> Result<Rc<VerifiedToken>, Denial> {
        if token.len() > self.max_token_bytes {
            return Err(Denial::by(Code::TokenTooLarge, "jwt.max_token_bytes"));
        }
        let compact = Compact::parse(token)?;
        let verified = self
            .verify_compact(&compact, only, tenancy, host)
            .map_err(|denial| Denial { kid: compact.kid.clone(), ..denial })?;
        let verified = Rc::new(verified);
        cache.put(token, Rc::clone(&verified));
        Ok(verified)
    }

    fn verify_compact(
        &self,
        token: &Compact<'_>,
        only: Option<&[usize]>,
        tenancy: &Tenancy,
        host: &dyn Host,
    ) -> Result<VerifiedToken, Denial> {
        let (index, issuer) = self.issuer(token)?;
        check_route(index, only)?;
        issuer.check_type(token.typ.as_deref())?;
        let key = issuer.key(token.alg, token.kid.as_deref())?;
        let registered = Registered::read(&token.claims)?;
        registered.check_dates(host.now()?, issuer.clock_skew)?;
        let signed = Signed::verify(token, registered, key, host)?;
        signed.check_claims(issuer)?;
        let verified = VerifiedToken::read(self, index, issuer, &signed, tenancy)?;
        signed.check_audience(issuer)?;
        Ok(verified)
    }

    /// The issuer of a token. Where several tenants share one, it is the
    /// tenant's whose key the token names.
    fn issuer(&self, token: &Compact<'_>) -> Result<(usize, &Issuer), Denial> {
        let unknown = || Denial::from(Code::TokenIssuerUnknown);
        let at = |index: usize| self.issuers.get(index).map(|i| (index, i)).ok_or_else(unknown);
        let iss = match token.claims.get("iss") {
            None => return at(self.nameless.ok_or_else(unknown)?),
            Some(Value::String(iss)) => iss,
            Some(_) => return Err(unknown()),
        };
        if let Some(sharers) = self.exact.get(iss) {
            return match sharers.all.as_slice() {
                [index] => at(*index),
                _ => {
                    let kid = token.kid.as_deref().unwrap_or_default();
                    let index = sharers.by_kid.get(kid);
                    at(*index.ok_or_else(|| Denial::by(Code::TokenKeyUnknown, "kid"))?)
                }
            };
        }
        self.templates
            .iter()
            .find(|(template, _)| template.is_issuer(iss, &token.claims))
            .map_or_else(|| Err(unknown()), |(_, index)| at(*index))
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
