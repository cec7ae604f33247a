//! An issuer: its keys, its rules, and the tenants that it speaks for.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::algorithm::Algorithm;
use super::claim::ClaimPath;
use super::issuer_name::IssuerName;
use super::key::Key;
use crate::denial::{Code, Denial};
use crate::policy::{RoleSet, Scopes};
use crate::tenant::{Reach, TenantName};

/// What a token of the issuer says about the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TenantSource {
    /// Nothing, unless `subjects` or the issuer's owner does.
    Nothing,
    /// The first of these claims that is there.
    Claims(Vec<ClaimPath>),
    /// Every token is for this tenant.
    Fixed(TenantName),
    /// The caller asserts the tenant it acts for, within the reach.
    ActsForAny,
    /// The same, of a list.
    ActsFor(Arc<[TenantName]>),
}

/// Which claims become the identity.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClaimMap {
    pub(crate) subject: Vec<ClaimPath>,
    pub(crate) client: Vec<ClaimPath>,
    pub(crate) roles: Vec<ClaimPath>,
    pub(crate) scopes: Vec<ClaimPath>,
    pub(crate) tier: Vec<ClaimPath>,
}

/// The most that an issuer's tokens may bring; `None` where nothing is said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ceilings {
    pub(crate) scopes: Option<Arc<Scopes>>,
    pub(crate) roles: Option<Arc<RoleSet>>,
}

/// One issuer of tokens.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    /// For routes and logs.
    pub(crate) name: String,
    pub(crate) iss: IssuerName,
    /// `None` is `any_audience`.
    pub(crate) audiences: Option<Vec<String>>,
    pub(crate) audience_claims: Vec<ClaimPath>,
    pub(crate) claim_values: Vec<(ClaimPath, Vec<Value>)>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) keys: Vec<Key>,
    /// Seconds.
    pub(crate) clock_skew: f64,
    /// Seconds.
    pub(crate) max_lifetime: Option<f64>,
    pub(crate) require_claims: Vec<ClaimPath>,
    /// Media types in lower case, without `application/`.
    pub(crate) token_types: Vec<String>,
    pub(crate) tenant: TenantSource,
    pub(crate) subjects: HashMap<String, TenantName>,
    pub(crate) reach: Reach,
    pub(crate) claims: ClaimMap,
    pub(crate) ceilings: Ceilings,
    /// The tenant whose own identity provider this is.
    pub(crate) owner: Option<TenantName>,
}

impl Issuer {
    /// RFC 8725 section 3.11. An absent type counts as JWT.
    pub(super) fn check_type(&self, typ: Option<&str>) -> Result<(), Denial> {
        let typ = typ.unwrap_or("jwt").to_ascii_lowercase();
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        if self.token_types.iter().any(|accepted| accepted == typ) {
            return Ok(());
        }
        Err(Denial::by(Code::TokenTypeRefused, "token_types"))
    }

    /// The key of a token: for its algorithm, and by its `kid`. Without one,
    /// only where a single key fits.
    pub(super) fn key(&self, alg: Option<Algorithm>, kid: Option<&str>) -> Result<&Key, Denial> {
        let refused = || Denial::by(Code::TokenAlgorithmRefused, "algorithms");
        let alg = alg.filter(|alg| self.algorithms.contains(alg)).ok_or_else(refused)?;
        if alg.is_hmac() {
            // A shared secret has no kid: whatever the token names, it is this one.
            return self.keys.iter().find(|key| key.algorithm == alg).ok_or_else(refused);
        }
        let unknown = || Denial::by(Code::TokenKeyUnknown, "kid");
        match kid {
            Some(kid) => {
                let key = self.keys.iter().find(|key| key.kid.as_deref() == Some(kid));
                let key = key.ok_or_else(unknown)?;
                if key.algorithm == alg { Ok(key) } else { Err(refused()) }
            }
            None => {
                let mut fitting = self.keys.iter().filter(|key| key.algorithm == alg);
                match (fitting.next(), fitting.next()) {
                    (Some(key), None) => Ok(key),
                    _ => Err(Denial::by(Code::TokenKeyUnknown, "no kid, and not one key")),
                }
            }
        }
    }
}
