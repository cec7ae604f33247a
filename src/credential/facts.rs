//! What is told of credentials and of the places for them.

use super::place::{Kinds, Reading};
use super::{Mode, Sources};
use crate::Guard;
use crate::explain::{CredentialFacts, CredentialKind, PlaceFacts};
use crate::request::{Found, Headers, Target};
use crate::route::{Auth, Rules};

impl Guard {
    /// The credentials that a request has, wherever they are read.
    pub(crate) fn found(
        &self,
        rules: &Rules,
        headers: &Headers<'_>,
        target: &Target<'_>,
    ) -> Vec<CredentialFacts> {
        let mut found = Vec::new();
        if let Some(admin) = &self.super_admin {
            found.extend(admin.sources().found(Mode::ApiKey, headers, target));
        }
        for facts in &mut found {
            facts.kind = CredentialKind::SuperAdmin;
        }
        // The super admin's key decides alone.
        let callers = found.is_empty() && rules.auth != Auth::SuperAdmin;
        let dev = self.dev.as_ref().map(|dev| &dev.user);
        if let Some(user) = dev.filter(|user| headers.find(user.as_bytes()) != Found::Absent) {
            found.push(CredentialFacts {
                kind: CredentialKind::Dev,
                place: format!("header {user}"),
                looked_at: callers && rules.mode != Mode::ApiKey,
            });
        }
        found.extend(
            self.sources
                .found(rules.mode, headers, target)
                .into_iter()
                .map(|facts| CredentialFacts { looked_at: facts.looked_at && callers, ..facts }),
        );
        found
    }

    /// The places where credentials may be sent on a route.
    pub(crate) fn places(&self, rules: &Rules) -> Vec<PlaceFacts> {
        match rules.auth {
            Auth::None => Vec::new(),
            Auth::SuperAdmin => {
                let sources = self.super_admin.iter().map(|admin| admin.sources());
                sources.flat_map(|sources| sources.told(Mode::ApiKey)).collect()
            }
            Auth::Optional | Auth::Required => {
                let dev = self.dev.iter().filter(|_| rules.mode != Mode::ApiKey);
                let dev = dev.map(|dev| PlaceFacts {
                    place: format!("header {}", dev.user),
                    scheme: None,
                    jwt: false,
                    api_key: false,
                });
                dev.chain(self.sources.told(rules.mode)).collect()
            }
        }
    }
}

impl Sources {
    fn found(
        &self,
        mode: Mode,
        headers: &Headers<'_>,
        target: &Target<'_>,
    ) -> Vec<CredentialFacts> {
        let kind_of = |reading| match reading {
            Reading::Nothing => None,
            Reading::Jwt(_) => Some(CredentialKind::Jwt),
            Reading::Key(_) => Some(CredentialKind::ApiKey),
            Reading::OtherScheme => Some(CredentialKind::OtherScheme),
            Reading::Repeated => Some(CredentialKind::Repeated),
        };
        let found = self.places.iter().filter_map(|place| {
            let counts = kind_of(place.read(mode.looks_at(), headers, target));
            let any = kind_of(place.read(Kinds::BOTH, headers, target));
            let (looked_at, kind) = (counts.is_some(), counts.or(any)?);
            Some(CredentialFacts { kind, place: place.to_string(), looked_at })
        });
        found.collect()
    }

    fn told(&self, mode: Mode) -> Vec<PlaceFacts> {
        self.places.iter().flat_map(|place| place.told(mode.looks_at())).collect()
    }
}
