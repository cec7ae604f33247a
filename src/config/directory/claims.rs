//! What tenants claim for themselves: names, keys and issuers. Each is one
//! tenant's; where two claim it, it is the earlier owner's.

use std::collections::HashMap;

use super::super::tenants::TenantEntrySpec;
use crate::Guard;
use crate::jwt::{Issuer, IssuerName, Key, Template};
use crate::remote::SourceId;

/// What one tenant claims.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    /// Its id and aliases.
    names: Vec<String>,
    /// Digests of its keys.
    digests: Vec<[u8; 32]>,
    issuers: Vec<IssuerClaim>,
}

/// What an issuer claims.
#[derive(Debug, Clone)]
struct IssuerClaim {
    iss: IssuerName,
    /// The name it was given.
    name: Option<String>,
    kids: Vec<Box<str>>,
    source: Option<SourceId>,
    /// Whether a key of it has no kid, so that its `iss` can't be another's
    /// too.
    alone: bool,
}

impl IssuerClaim {
    fn new(
        iss: &IssuerName,
        name: Option<String>,
        keys: &[Key],
        source: Option<SourceId>,
        has_secret: bool,
    ) -> Self {
        Self {
            iss: iss.clone(),
            name,
            kids: keys.iter().filter_map(|key| key.kid.clone()).collect(),
            source,
            alone: has_secret || keys.iter().any(|key| key.kid.is_none()),
        }
    }

    fn of(issuer: &Issuer) -> Self {
        let name = Some(issuer.name.clone()).filter(|name| *name != issuer.iss.to_string());
        let mut claim = Self::new(
            &issuer.iss,
            name,
            &issuer.keys,
            issuer.source_id(),
            !issuer.secrets.is_empty(),
        );
        // One that is no tenant's shares with none.
        claim.alone |= issuer.owner.is_none();
        claim
    }
}

impl Claims {
    pub(super) fn of(tenant: &TenantEntrySpec) -> Self {
        let keys = tenant.clients.iter().flat_map(|client| &client.keys);
        let issuers = tenant.issuers.iter().map(|issuer| {
            let (keys, source) = (&issuer.keys, issuer.keys.source.as_ref());
            let source = source.map(crate::remote::Source::id);
            let secret = !keys.secrets.is_empty();
            IssuerClaim::new(&issuer.iss, issuer.name.clone(), &keys.keys, source, secret)
        });
        Self {
            names: tenant.names().map(str::to_owned).collect(),
            digests: keys.map(|key| key.digest).collect(),
            issuers: issuers.collect(),
        }
    }
}

/// Who owns what: the configuration first, then tenants, each by a number.
pub(super) struct Owners<'g> {
    guard: &'g Guard,
    names: HashMap<String, usize>,
    digests: HashMap<[u8; 32], usize>,
    issuers: HashMap<String, Vec<(usize, IssuerClaim)>>,
    issuer_names: HashMap<String, usize>,
    templates: Vec<(Template, usize)>,
}

/// A claim that is another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) what: String,
    /// The owner; `None` is the configuration.
    pub(super) owner: Option<usize>,
}

/// The number of the configuration.
const CONFIGURATION: usize = usize::MAX;

impl<'g> Owners<'g> {
    /// Nobody but the configuration.
    pub(super) fn of_guard(guard: &'g Guard) -> Self {
        let mut owners = Self {
            guard,
            names: HashMap::new(),
            digests: HashMap::new(),
            issuers: HashMap::new(),
            issuer_names: HashMap::new(),
            templates: Vec::new(),
        };
        for issuer in guard.jwt.own_issuers() {
            owners.add_issuer(&IssuerClaim::of(issuer), CONFIGURATION);
        }
        owners
    }

    pub(super) fn add(&mut self, claims: &Claims, owner: usize) {
        self.names.extend(claims.names.iter().map(|name| (name.clone(), owner)));
        self.digests.extend(claims.digests.iter().map(|digest| (*digest, owner)));
        for issuer in &claims.issuers {
            self.add_issuer(issuer, owner);
        }
    }

    fn add_issuer(&mut self, claim: &IssuerClaim, owner: usize) {
        match &claim.iss {
            IssuerName::Exact(iss) => {
                self.issuers.entry(iss.clone()).or_default().push((owner, claim.clone()));
            }
            IssuerName::Template(template) => self.templates.push((template.clone(), owner)),
            IssuerName::None => {}
        }
        self.issuer_names.extend(claim.name.clone().map(|name| (name, owner)));
    }

    /// The first claim that is another's.
    pub(super) fn conflict(&self, claims: &Claims, me: usize) -> Option<Conflict> {
        self.conflict_where(claims, me, |_, _| true)
    }

    /// The first claim that is another's, of those that this still `holds` to:
    /// it is asked with a tenant's number and the claim alone. What is the
    /// configuration's always is.
    pub(super) fn conflict_where(
        &self,
        claims: &Claims,
        me: usize,
        holds: impl Fn(usize, &Claims) -> bool,
    ) -> Option<Conflict> {
        let owner_of = |owners: &[usize], claim: &dyn Fn() -> Claims| {
            let mut others = owners.iter().copied().filter(|owner| *owner != me);
            others.find(|owner| *owner == CONFIGURATION || holds(*owner, &claim()))
        };
        let name = claims.names.iter().find_map(|name| {
            let own = self.guard.tenancy.directory.own.get(name).map(|_| CONFIGURATION);
            let owner = own.or_else(|| self.names.get(name).copied())?;
            let claim = || Claims { names: vec![name.clone()], ..Claims::default() };
            Some((format!("the name {name}"), owner_of(&[owner], &claim)?))
        });
        let key = || {
            claims.digests.iter().find_map(|digest| {
                let own = self.guard.keys.own(digest).map(|_| CONFIGURATION);
                let owner = own.or_else(|| self.digests.get(digest).copied())?;
                let claim = || Claims { digests: vec![*digest], ..Claims::default() };
                Some(("the digest of a key".to_owned(), owner_of(&[owner], &claim)?))
            })
        };
        let issuer = || {
            claims.issuers.iter().find_map(|issuer| {
                let claim = || Claims { issuers: vec![issuer.clone()], ..Claims::default() };
                let owner = owner_of(&self.issuer_owners(issuer, me), &claim)?;
                Some((format!("the issuer {}", issuer.iss), owner))
            })
        };
        let (what, owner) = name.or_else(key).or_else(issuer)?;
        Some(Conflict { what, owner: (owner != CONFIGURATION).then_some(owner) })
    }

    /// Whose an issuer is besides this tenant's.
    fn issuer_owners(&self, claim: &IssuerClaim, me: usize) -> Vec<usize> {
        let others = |owner: &usize| *owner != me;
        let named = claim.name.as_ref().and_then(|name| self.issuer_names.get(name)).copied();
        let mut owners: Vec<usize> = named.into_iter().collect();
        match &claim.iss {
            IssuerName::Exact(iss) => {
                let sharers = self.issuers.get(iss).into_iter().flatten();
                let alone = sharers.filter(|(o, other)| others(o) && !claim.may_share(other));
                owners.extend(alone.map(|(owner, _)| *owner));
                // Its tokens would be the template's no more.
                let covering = self.templates.iter().filter(|(template, _)| template.covers(iss));
                owners.extend(covering.map(|(_, owner)| *owner));
            }
            IssuerName::Template(template) => {
                let overlapping = self.templates.iter().filter(|(t, _)| t.overlaps(template));
                owners.extend(overlapping.map(|(_, owner)| *owner));
                let covered = self.issuers.iter().filter(|(iss, _)| template.covers(iss));
                owners.extend(covered.flat_map(|(_, all)| all.iter().map(|(owner, _)| *owner)));
            }
            IssuerName::None => {}
        }
        owners.retain(others);
        owners
    }
}

impl IssuerClaim {
    /// Whether two tenants' issuers may have one `iss`: each token must tell by
    /// its kid whose it is.
    fn may_share(&self, other: &Self) -> bool {
        !self.alone
            && !other.alone
            && (self.source.is_none() || self.source != other.source)
            && !self.kids.iter().any(|kid| other.kids.contains(kid))
    }
}
