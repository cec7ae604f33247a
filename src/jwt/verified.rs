//! What a verified token says, read once and kept with it.

#[cfg(not(target_arch = "wasm32"))]
mod facts;

use std::collections::HashSet;
use std::sync::Arc;

#[cfg(not(target_arch = "wasm32"))]
pub(super) use facts::bound_facts;
use serde_json::{Map, Value};

use super::Jwt;
use super::claim::ClaimPath;
use super::issuer::{Ceilings, Issuer, TenantSource};
use super::registered::{Registered, invalid};
use super::signed::Signed;
use crate::denial::Denial;
use crate::header_value::claim_text;
use crate::host::Timestamp;
use crate::policy::limit::{Rate, Tiers};
use crate::policy::{MOST_BYTES, StandingSlot};
use crate::tenant::{Bound, Reach, Tenancy, TenantName};

/// A token whose signature and claims were verified. Only [`Jwt::verify`]
/// makes one.
#[derive(Debug)]
pub(crate) struct VerifiedToken {
    pub(super) issuer: usize,
    /// The state of its issuer that it was verified in.
    pub(super) epoch: u64,
    pub(super) registered: Registered,
    pub(super) skew: f64,
    /// The issuer's name in the configuration.
    pub(crate) issuer_name: Arc<str>,
    pub(crate) kid: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) scopes: Vec<String>,
    /// The most of both that its issuer may hand out.
    pub(crate) ceilings: Ceilings,
    /// Its issuer is a tenant's own identity provider.
    pub(crate) issuer_owned: bool,
    /// The limit of its subject.
    pub(crate) tier: Option<Rate>,
    /// What it says of the tenant, in one or more places.
    pub(crate) bounds: Vec<Bound>,
    /// It acts for tenants that its caller asserts, which is audited unless
    /// nothing is.
    pub(crate) acts_for: bool,
    /// The claims of `upstream.claims`, by position there, as headers carry
    /// them: a JSON value may take many times the memory of its text.
    pub(crate) claims: Vec<Option<String>>,
    /// The payload in base64url, where `upstream.payload` asks for it.
    pub(crate) payload: Option<String>,
    /// What its bearer is in its tenant, once that was asked for.
    pub(crate) standing: StandingSlot,
}

impl VerifiedToken {
    /// Reads what the issuer's rules ask of a token whose signature is good.
    pub(super) fn read(
        jwt: &Jwt,
        index: usize,
        issuer: &Issuer,
        signed: &Signed<'_, '_>,
        tenancy: &Tenancy,
    ) -> Result<Self, Denial> {
        let (claims, token) = (signed.claims(), signed.token());
        let map = &issuer.claims;
        let scopes = union(claims, &map.scopes, |text| text.split(' ').collect(), is_scope)?;
        let roles = union(claims, &map.roles, split_roles, |_| true)?;
        Ok(Self {
            issuer: index,
            epoch: issuer.epoch,
            skew: issuer.clock_skew,
            registered: signed.registered().clone(),
            issuer_name: issuer.name.as_str().into(),
            kid: token.kid.clone(),
            subject: first_text(claims, &map.subject)?,
            client: first_text(claims, &map.client)?,
            roles,
            ceilings: issuer.ceilings.clone(),
            issuer_owned: issuer.owner.is_some(),
            tier: tier(claims, &map.tier, &jwt.tiers)?,
            // `*` means every scope in the configuration only.
            scopes: scopes.into_iter().filter(|scope| scope != "*").collect(),
            bounds: bounds(issuer, claims, tenancy),
            acts_for: matches!(issuer.tenant, TenantSource::ActsForAny | TenantSource::ActsFor(_)),
            claims: jwt
                .forwarded_claims
                .iter()
                .map(|path| path.find(claims).and_then(|value| claim_text(&value)))
                .collect(),
            payload: jwt.forward_payload.then(|| token.payload.to_owned()),
            standing: StandingSlot::default(),
        })
    }

    /// When it was issued, as it says.
    pub(crate) fn issued(&self) -> Option<Timestamp> {
        self.registered.issued
    }

    /// A rough upper bound of the memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let texts = self.roles.iter().chain(&self.scopes).map(|text| text.len().saturating_add(32));
        let claims = self.claims.iter().flatten().map(|text| text.len().saturating_add(32));
        let names = self.bounds.iter().map(|bound| match bound {
            Bound::OneOf(names) => names.len().saturating_mul(160),
            // Lists of the configuration are shared with it.
            Bound::ActsFor(names) => names.own_bytes().saturating_add(64),
            _ => 64,
        });
        let fixed = [
            size_of::<Self>(),
            MOST_BYTES,
            self.payload.as_ref().map_or(0, String::len),
            self.subject.as_ref().map_or(0, String::len),
            self.client.as_ref().map_or(0, String::len),
            self.kid.as_ref().map_or(0, String::len),
        ];
        texts.chain(claims).chain(names).chain(fixed).fold(0, usize::saturating_add)
    }
}

/// What a token says of the tenant: its issuer's owner, its subject, its
/// claims. All that speak must agree.
fn bounds(issuer: &Issuer, claims: &Map<String, Value>, tenancy: &Tenancy) -> Vec<Bound> {
    let one = |name: &TenantName| Bound::OneOf(vec![tenancy.by_id(name)]);
    let mut bounds = Vec::new();
    bounds.extend(issuer.owner.as_ref().map(one));
    let subject = claims.get("sub").and_then(Value::as_str);
    bounds.extend(subject.and_then(|subject| issuer.subjects.get(subject)).map(one));
    bounds.push(match &issuer.tenant {
        TenantSource::Nothing => Bound::Nothing,
        TenantSource::Fixed(name) => one(name),
        TenantSource::ActsForAny => Bound::Any(issuer.reach.clone()),
        TenantSource::ActsFor(names) => {
            let is_id = |name: &TenantName| tenancy.by_id(name) == *name;
            Bound::ActsFor(match tenancy.elsewhere.is_none() || names.iter().all(is_id) {
                true => names.clone(),
                false => names.iter().map(|name| tenancy.by_id(name)).collect(),
            })
        }
        TenantSource::Claims(paths) => claimed(paths, claims, tenancy, &issuer.reach),
    });
    bounds
}

/// The tenants that the first present claim names.
fn claimed(
    paths: &[ClaimPath],
    claims: &Map<String, Value>,
    tenancy: &Tenancy,
    reach: &Reach,
) -> Bound {
    for path in paths {
        let Some(value) = path.find(claims) else {
            continue;
        };
        let texts = match &*value {
            Value::Array(members) => {
                members.iter().map(|member| tenant_text(member).flatten()).collect()
            }
            single => match tenant_text(single) {
                Some(None) => continue,
                Some(text) => Some(vec![text.unwrap_or_default()]),
                None => None,
            },
        };
        let names = texts.and_then(|texts: Vec<String>| {
            texts.iter().map(|text| tenancy.name(text)).collect::<Option<Vec<_>>>()
        });
        let Some(names) = names else {
            return Bound::Malformed(path.as_str().to_owned());
        };
        if names.is_empty() {
            continue;
        }
        if !names.iter().all(|name| tenancy.reaches(reach, name)) {
            return Bound::NotAllowed;
        }
        if names.len() == 1 {
            return Bound::OneOf(names);
        }
        let mut seen = HashSet::new();
        let distinct = names.into_iter().filter(|name| seen.insert(name.clone())).collect();
        return Bound::OneOf(distinct);
    }
    Bound::Nothing
}

/// A tenant's name in a claim: `Some(None)` where it says nothing, `None`
/// where it is of no shape that names one.
fn tenant_text(value: &Value) -> Option<Option<String>> {
    match value {
        Value::Null => Some(None),
        Value::String(text) if text.trim().is_empty() => Some(None),
        Value::String(text) => Some(Some(text.clone())),
        Value::Number(number) => {
            let number = number.as_i64()?;
            // Beyond that, two integers are one JSON number to many readers.
            (number.unsigned_abs() <= 1 << 53).then(|| Some(number.to_string()))
        }
        _ => None,
    }
}

/// The first of the claims that is text, or an integer, and not empty. One of
/// another type is an error: skipped, it would leave a rule out that is about
/// what it names.
fn first_text(claims: &Map<String, Value>, paths: &[ClaimPath]) -> Result<Option<String>, Denial> {
    for path in paths {
        match path.find(claims).as_deref() {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(Value::String(text)) => return Ok(Some(text.clone())),
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => {
                return Ok(Some(number.to_string()));
            }
            Some(_) => return Err(invalid(path.as_str().to_owned())),
        }
    }
    Ok(None)
}

/// The limit that the first of the claims names. One that isn't configured is
/// an error: ignored, a misspelt tier would be no limit.
fn tier(
    claims: &Map<String, Value>,
    paths: &[ClaimPath],
    tiers: &Tiers,
) -> Result<Option<Rate>, Denial> {
    let Some(name) = first_text(claims, paths)? else {
        return Ok(None);
    };
    match tiers.get(&name) {
        Some(rate) => Ok(Some(*rate)),
        None => Err(invalid("claims.tier: no such tier in limits.tiers".to_owned())),
    }
}

/// Up to so many texts are compared one by one: cheaper than hashing them.
const FEW: usize = 8;

/// The union of the claims, each a text to split or a list of texts.
fn union(
    claims: &Map<String, Value>,
    paths: &[ClaimPath],
    split: fn(&str) -> Vec<&str>,
    accepts: fn(&str) -> bool,
) -> Result<Vec<String>, Denial> {
    let (mut union, mut seen) = (Vec::<String>::new(), HashSet::new());
    let mut add = |item: &str| {
        let is_known = match union.len() {
            0..=FEW => union.iter().any(|known| known == item),
            _ => seen.contains(item),
        };
        if item.is_empty() || is_known {
            return;
        }
        match union.len() {
            0..FEW => {}
            FEW => seen.extend(union.iter().cloned().chain([item.to_owned()])),
            _ => {
                seen.insert(item.to_owned());
            }
        }
        union.push(item.to_owned());
    };
    for path in paths {
        let mistyped = || invalid(path.as_str().to_owned());
        match path.find(claims).as_deref() {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => split(text).into_iter().for_each(&mut add),
            Some(Value::Array(items)) => {
                for item in items {
                    let item = item.as_str().filter(|item| accepts(item)).ok_or_else(mistyped)?;
                    add(item);
                }
            }
            Some(_) => return Err(mistyped()),
        }
    }
    Ok(union)
}

/// RFC 6749 section 3.3: no scope holds a space.
fn is_scope(item: &str) -> bool {
    !item.contains(' ')
}

/// Roles in one text are apart by spaces, or else by commas.
fn split_roles(text: &str) -> Vec<&str> {
    if text.contains(' ') { text.split(' ').collect() } else { text.split(',').collect() }
}
