//! An issuer: its keys, its rules, and the tenants that it speaks for.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::algorithm::Algorithm;
use super::claim::ClaimPath;
use super::issuer_name::IssuerName;
use super::issuers::KeySource;
use super::key::Key;
use super::keys::Keys;
use crate::denial::{Code, Denial};
use crate::halt::Halt;
use crate::policy::{RoleSet, Scopes};
use crate::remote::{Outlook, Source, SourceId, Standing};
use crate::tenant::{Reach, TenantList, TenantName};

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
    ActsFor(TenantList),
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
    /// `None`: those of its keys.
    pub(crate) algorithms: Option<Vec<Algorithm>>,
    pub(crate) secrets: Vec<Key>,
    /// Keys of the document itself; beside a source only until the first fetch.
    pub(crate) keys: Keys,
    /// When a fetched entry first listed the `kid` of one of them, in seconds
    /// since the epoch. Those of the document itself were always there.
    pub(crate) kids_since: HashMap<Box<str>, f64>,
    /// Where its keys live, where that is elsewhere.
    pub(crate) source: Option<Source>,
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
    /// The number of its present state: what was verified in another has to be
    /// verified again.
    pub(crate) epoch: u64,
}

impl Issuer {
    /// RFC 8725 section 3.11. An absent type counts as JWT.
    pub(super) fn check_type(&self, typ: Option<&str>) -> Result<(), Denial> {
        const PREFIX: &str = "application/";
        let typ = typ.unwrap_or("jwt");
        let (prefix, short) = typ.split_at_checked(PREFIX.len()).unwrap_or_default();
        let typ = if prefix.eq_ignore_ascii_case(PREFIX) { short } else { typ };
        if self.token_types.iter().any(|accepted| accepted.eq_ignore_ascii_case(typ)) {
            return Ok(());
        }
        Err(Denial::by(Code::TokenTypeRefused, "token_types"))
    }

    /// Where its keys are fetched from.
    pub(crate) fn source_id(&self) -> Option<SourceId> {
        self.source.as_ref().map(Source::id)
    }

    /// The key of a token: for its algorithm, and by its `kid`. Without one,
    /// only where a single key fits.
    ///
    /// `source` is where its keys are fetched from, and what is known of it.
    pub(super) fn key<'k>(
        &'k self,
        alg: Option<Algorithm>,
        kid: Option<&str>,
        source: Option<(SourceId, Option<&'k KeySource>)>,
    ) -> Result<&'k Key, Halt> {
        let may_use = |alg: &Algorithm| self.algorithms.as_ref().is_none_or(|a| a.contains(alg));
        let alg = alg.filter(may_use).ok_or_else(refused)?;
        if alg.is_hmac() {
            // A shared secret has no kid: whatever the token names, it is this one.
            let mut secrets = self.secrets.iter();
            return Ok(secrets.find(|key| key.algorithm == alg).ok_or_else(refused)?);
        }
        let Some((id, known)) = source else {
            return Ok(pick(&self.keys, alg, kid)?);
        };
        let outlook = known.map_or_else(Outlook::default, |known| known.outlook);
        let unless_fetched = |denial| Halt::unless([(id, outlook)], denial);
        let unavailable = |why: &'static str| Denial::by(Code::KeysUnavailable, why);
        let keys = match (outlook.standing, known) {
            (Standing::Current, Some(known)) => &known.fetched.keys,
            (Standing::TooOld, _) => {
                return Err(unless_fetched(unavailable("max_stale of the keys")));
            }
            // What the document has stands in until the first fetch.
            _ => &self.keys,
        };
        if keys.is_empty() {
            return Err(unless_fetched(unavailable("no keys were fetched")));
        }
        let awaited = outlook.standing == Standing::Awaited;
        let is_known = |kid: &str| keys.of_kid(kid).is_some();
        match pick(keys, alg, kid) {
            // A key without kid may come with the first fetch, too.
            Err(denial) if kid.map_or(awaited, |kid| !is_known(kid)) => {
                Err(unless_fetched(if awaited { unavailable("kid") } else { denial }))
            }
            picked => Ok(picked?),
        }
    }
}

fn refused() -> Denial {
    Denial::by(Code::TokenAlgorithmRefused, "algorithms")
}

fn pick<'k>(keys: &'k Keys, alg: Algorithm, kid: Option<&str>) -> Result<&'k Key, Denial> {
    let (first, only) = keys.of_algorithm(alg).ok_or_else(refused)?;
    match kid {
        Some(kid) => {
            let key = keys.of_kid(kid).ok_or_else(|| Denial::by(Code::TokenKeyUnknown, "kid"))?;
            if key.algorithm == alg { Ok(key) } else { Err(refused()) }
        }
        None if only => Ok(first),
        None => Err(Denial::by(Code::TokenKeyUnknown, "no kid, and not one key")),
    }
}
