//! What tenants claim for themselves: names, keys and issuers. Each is one
//! tenant's; where two claim it, it is the earlier owner's.

use std::collections::{HashMap, HashSet};

use super::super::tenants::TenantEntrySpec;
use super::digests::DigestHolders;
use crate::Guard;
use crate::jwt::{Issuer, IssuerName, Key, Template};
use crate::remote::SourceId;

/// What somebody may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Thing {
    /// An id or alias.
    Name(String),
    /// The `iss` of an issuer's tokens.
    Issuer(String),
    /// A key of an issuer, by its `kid`.
    Kid(String, Box<str>),
    /// Where keys of an issuer are.
    Keys(String, SourceId),
    /// A template of issuers, as it was given.
    Template(String),
    /// What logs call an issuer.
    IssuerName(String),
}

impl Thing {
    fn describe(&self) -> String {
        match self {
            Self::Name(name) => format!("the name {name}"),
            Self::Issuer(iss) | Self::Kid(iss, _) | Self::Keys(iss, _) | Self::Template(iss) => {
                format!("the issuer {iss}")
            }
            Self::IssuerName(name) => format!("the issuer's name {name}"),
        }
    }
}

/// A claim to something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Claim {
    thing: Thing,
    /// Nobody else may have it too.
    alone: bool,
}

impl Claim {
    fn is_name(&self) -> bool {
        matches!(self.thing, Thing::Name(_))
    }
}

/// What one tenant claims.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    things: Vec<Claim>,
    /// Of keys, which nobody else may have: there are very many.
    digests: Vec<[u8; 32]>,
}

impl Claims {
    pub(super) fn of(tenant: &TenantEntrySpec) -> Self {
        let mut claims = Self::default();
        for name in tenant.names() {
            claims.add(Thing::Name(name.to_owned()), true);
        }
        for key in tenant.clients.iter().flat_map(|client| &client.keys) {
            claims.digests.push(key.digest);
        }
        for issuer in &tenant.issuers {
            let keys = &issuer.keys;
            let source = keys.source.as_ref().map(crate::remote::Source::id);
            let has_secret = !keys.secrets.is_empty();
            claims.add_issuer(&issuer.iss, &issuer.known_as(), &keys.keys, source, has_secret);
        }
        claims
    }

    /// Of a tenant of which no more is known than its id.
    pub(super) fn of_id(id: &str) -> Self {
        let mut claims = Self::default();
        claims.add(Thing::Name(id.to_owned()), true);
        claims
    }

    fn of_issuer(issuer: &Issuer) -> Self {
        let mut claims = Self::default();
        let (source, has_secret) = (issuer.source_id(), !issuer.secrets.is_empty());
        claims.add_issuer(&issuer.iss, &issuer.name, &issuer.keys, source, has_secret);
        // One that is no tenant's shares with none.
        if issuer.owner.is_none() {
            claims.things.iter_mut().for_each(|claim| claim.alone = true);
        }
        claims
    }

    fn add(&mut self, thing: Thing, alone: bool) {
        self.things.push(Claim { thing, alone });
    }

    fn add_issuer(
        &mut self,
        iss: &IssuerName,
        known_as: &str,
        keys: &[Key],
        source: Option<SourceId>,
        has_secret: bool,
    ) {
        let text = iss.to_string();
        let is_given = known_as != text;
        self.add(Thing::IssuerName(known_as.to_owned()), is_given);
        match iss {
            IssuerName::Exact(_) => {
                for kid in keys.iter().filter_map(|key| key.kid.clone()) {
                    self.add(Thing::Kid(text.clone(), kid), true);
                }
                self.things.extend(
                    source.map(|source| Claim {
                        thing: Thing::Keys(text.clone(), source),
                        alone: true,
                    }),
                );
                // Where several share it, each token tells by its kid whose it is.
                let nameless = has_secret || keys.iter().any(|key| key.kid.is_none());
                self.add(Thing::Issuer(text), nameless);
            }
            IssuerName::Template(_) => self.add(Thing::Template(text), true),
            IssuerName::None => {}
        }
    }

    /// What of it is claimed there, too.
    pub(super) fn also_in(&self, other: &Self) -> Self {
        let there: HashSet<&Thing> = other.things.iter().map(|claim| &claim.thing).collect();
        let things = self.things.iter().filter(|claim| there.contains(&claim.thing));
        let there: HashSet<&[u8; 32]> = other.digests.iter().collect();
        let digests = self.digests.iter().filter(|digest| there.contains(digest));
        Self { things: things.cloned().collect(), digests: digests.copied().collect() }
    }

    /// The names among it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.things.iter().filter_map(|claim| match &claim.thing {
            Thing::Name(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The keys among it, by their issuers and `kid`.
    pub(super) fn kids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.things.iter().filter_map(|claim| match &claim.thing {
            Thing::Kid(iss, kid) => Some((iss.as_str(), &**kid)),
            _ => None,
        })
    }

    /// The digests of keys among it.
    pub(super) fn digests(&self) -> &[[u8; 32]] {
        &self.digests
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }
}

/// Who has what: the configuration, and tenants, each by a number.
pub(super) struct Owners<'g> {
    guard: &'g Guard,
    things: HashMap<Thing, Holders>,
    digests: DigestHolders,
    /// Issuers by the beginning of their names and how long these are, in
    /// which templates and what they cover are alike.
    alike: HashMap<(String, usize), Alike>,
}

#[derive(Debug, Default)]
struct Holders {
    /// Whose it is alone.
    alone: Option<usize>,
    /// All that have it.
    all: Vec<usize>,
}

/// Issuers that may be of one template.
#[derive(Debug, Default)]
struct Alike {
    templates: Vec<(Template, usize)>,
    exact: Vec<(String, usize)>,
}

/// The number of the configuration.
const CONFIGURATION: usize = usize::MAX;

impl<'g> Owners<'g> {
    /// Nobody but the configuration.
    pub(super) fn of_guard(guard: &'g Guard) -> Self {
        let mut owners = Self {
            guard,
            things: HashMap::new(),
            digests: DigestHolders::default(),
            alike: HashMap::new(),
        };
        for issuer in guard.jwt.own_issuers() {
            owners.add(&Claims::of_issuer(issuer), CONFIGURATION);
        }
        owners
    }

    /// Makes room for so many digests.
    pub(super) fn reserve_digests(&mut self, digests: usize) {
        self.digests.reserve(digests);
    }

    pub(super) fn add(&mut self, claims: &Claims, owner: usize) {
        for digest in &claims.digests {
            self.digests.add(*digest, owner);
        }
        for claim in &claims.things {
            self.add_claim(claim, owner);
        }
    }

    /// The same for issuers alone, where others know whose the rest is.
    pub(super) fn add_issuers(&mut self, claims: &Claims, owner: usize) {
        for claim in claims.things.iter().filter(|claim| !claim.is_name()) {
            self.add_claim(claim, owner);
        }
    }

    fn add_claim(&mut self, Claim { thing, alone }: &Claim, owner: usize) {
        match thing {
            Thing::Issuer(iss) => {
                let alike = self.alike.entry(beginning(iss)).or_default();
                alike.exact.push((iss.clone(), owner));
            }
            Thing::Template(text) => {
                let alike = self.alike.entry(beginning(text)).or_default();
                alike.templates.extend(template(text).map(|template| (template, owner)));
            }
            _ => {}
        }
        let holders = self.things.entry(thing.clone()).or_default();
        if *alone {
            holders.alone = Some(owner);
        }
        holders.all.push(owner);
    }

    /// The first claim to what is another's, in words.
    pub(super) fn conflict(&self, claims: &Claims, me: usize) -> Option<String> {
        let mut names = claims.things.iter().filter(|claim| claim.is_name());
        let mut others = claims.things.iter().filter(|claim| !claim.is_name());
        let found = |claim: &&Claim| self.is_anothers(claim, me);
        let described = |claim: &Claim| claim.thing.describe();
        names.find(found).map(described).or_else(|| {
            let is_anothers = |digest: &[u8; 32]| {
                self.digests.are_anothers(digest, me) || self.is_configured_digest(digest)
            };
            match claims.digests.iter().any(is_anothers) {
                true => Some("the digest of a key".into()),
                false => others.find(found).map(described),
            }
        })
    }

    fn is_anothers(&self, claim: &Claim, me: usize) -> bool {
        let others = |owner: &usize| *owner != me;
        let held = self.things.get(&claim.thing).is_some_and(|holders| {
            holders.alone.as_ref().is_some_and(others)
                || claim.alone && holders.all.iter().any(others)
        });
        held || self.is_configured(&claim.thing) || self.is_overlapped(&claim.thing, me)
    }

    fn is_configured(&self, thing: &Thing) -> bool {
        match thing {
            Thing::Name(name) => self.guard.tenancy.directory.own.get(name).is_some(),
            _ => false,
        }
    }

    fn is_configured_digest(&self, digest: &[u8; 32]) -> bool {
        let admin = self.guard.super_admin.as_ref();
        self.guard.keys.own().get(digest).is_some() || admin.is_some_and(|a| a.is_of(digest))
    }

    /// Whether some token would be of this issuer and of another's.
    fn is_overlapped(&self, thing: &Thing, me: usize) -> bool {
        let (Thing::Issuer(text) | Thing::Template(text)) = thing else {
            return false;
        };
        let Some(alike) = self.alike.get(&beginning(text)) else {
            return false;
        };
        let mut templates = alike.templates.iter().filter(|(_, owner)| *owner != me);
        match thing {
            Thing::Template(text) => template(text).is_some_and(|mine| {
                templates.any(|(other, _)| other.overlaps(&mine))
                    || alike.exact.iter().any(|(iss, owner)| *owner != me && mine.covers(iss))
            }),
            _ => templates.any(|(template, _)| template.covers(text)),
        }
    }
}

fn template(text: &str) -> Option<Template> {
    match IssuerName::parse(text) {
        Ok(IssuerName::Template(template)) => Some(template),
        _ => None,
    }
}

/// Scheme and host of an issuer's name, which no template leaves open, and how
/// many parts there are in all.
fn beginning(iss: &str) -> (String, usize) {
    let parts: Vec<&str> = iss.split('/').collect();
    let first: Vec<&str> = parts.iter().take(3).copied().collect();
    (first.join("/"), parts.len())
}
