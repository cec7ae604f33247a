//! What tenants claim for themselves: names, keys and issuers.

use std::collections::HashSet;

use super::super::tenants::TenantEntrySpec;
use crate::jwt::{Issuer, IssuerName, Key};
use crate::remote::SourceId;

/// What somebody may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Thing {
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
    pub(super) fn describe(&self) -> String {
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
pub(super) struct Claim {
    pub(super) thing: Thing,
    /// Nobody else may have it too.
    pub(super) alone: bool,
}

impl Claim {
    pub(super) fn is_name(&self) -> bool {
        matches!(self.thing, Thing::Name(_))
    }
}

/// What one tenant claims.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    pub(super) things: Vec<Claim>,
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

    pub(super) fn of_issuer(issuer: &Issuer) -> Self {
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
