//! Who owns what is claimed. Each thing is one tenant's; where two claim it, it
//! is the earlier owner's.

use std::collections::HashMap;

use super::claims::{Claim, Claims, Thing};
use super::digests::DigestHolders;
use crate::Guard;
use crate::jwt::{IssuerName, Template};

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
        for digest in claims.digests() {
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
            match claims.digests().iter().any(is_anothers) {
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
