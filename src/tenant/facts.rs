//! What is told of how a tenant came about.

use super::{Bound, Tenancy, TenancyRules};
use crate::Guard;
use crate::explain::{AssertedFacts, BoundFacts, Says, TenantFacts};
use crate::host::Host;
use crate::principal::Principal;
use crate::request::{Found, Headers, Target};

impl Bound {
    /// What it says.
    pub(crate) fn says(&self) -> Says {
        let texts = |names: &[super::TenantName]| {
            names.iter().map(|name| name.as_str().to_owned()).collect()
        };
        match self {
            Self::Nothing => Says::Nothing,
            Self::Malformed(_) => Says::Malformed,
            Self::NotAllowed => Says::NotAllowed,
            Self::OneOf(names) => Says::OneOf(texts(names)),
            Self::ActsFor(names) => Says::ActsFor(texts(names)),
            Self::Any(_) => Says::Any,
        }
    }
}

impl Guard {
    /// How the tenant of a verified caller came about. `token` is what
    /// its token says of the tenant, and where.
    pub(crate) fn tenant_facts(
        &self,
        rules: &TenancyRules,
        principal: &Principal,
        token: Vec<BoundFacts>,
        (headers, target): (&Headers<'_>, &Target<'_>),
        host: &dyn Host,
    ) -> TenantFacts {
        let tenancy = &self.tenancy;
        let mut bounds = token;
        let others = principal.bounds().into_iter().skip(bounds.len());
        bounds.extend(others.map(|bound| BoundFacts {
            source: match principal.key() {
                Some(key) => format!("key {}", key.id),
                None => "dev_headers.tenant".into(),
            },
            says: bound.says(),
            written: Vec::new(),
        }));
        let assertions = tenancy.assertions.found(&rules.trust, headers, target);
        let told = |(found, place, may_be_empty)| tenancy.told(found, place, may_be_empty);
        TenantFacts {
            bounds,
            asserted: assertions.filter_map(told).collect(),
            resolved: None,
            reserved: tenancy.reserved.as_str().to_owned(),
            header: tenancy.assertions.header.clone(),
            format: tenancy.format.describe(),
            peer: host.peer_address().ok().flatten(),
        }
    }
}

impl Tenancy {
    fn told(
        &self,
        found: Found<Vec<u8>>,
        place: &str,
        may_be_empty: bool,
    ) -> Option<AssertedFacts> {
        let written = match found {
            Found::Absent => return None,
            Found::Once(value) if value.is_empty() && may_be_empty => return None,
            Found::Once(value) => Some(String::from_utf8_lossy(&value).into_owned()),
            Found::Repeated => None,
        };
        let id = written.as_deref().and_then(|text| self.name(text));
        let id = id.map(|name| name.as_str().to_owned());
        Some(AssertedFacts { place: place.to_owned(), written, id })
    }
}
