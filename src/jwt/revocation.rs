//! Revoked tokens: whose they are, and until when they were issued.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use crate::host::Timestamp;

/// What a revocation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Revoked {
    /// All tokens of a subject.
    Subject,
    /// All tokens of a client.
    Client,
    /// One token, by its `jti`.
    Token,
    /// All tokens of a session, by their `sid`.
    Session,
}

/// All revocations of a document.
#[derive(Debug, Clone, Default)]
pub(crate) struct Revocations {
    by_value: HashMap<(Revoked, Box<str>), Vec<Revocation>>,
}

#[derive(Debug, Clone)]
struct Revocation {
    /// The issuer's name in the configuration, or the `iss` of its tokens.
    issuer: Box<str>,
    /// Only tokens issued before; `None` for all.
    issued_before: Option<Timestamp>,
}

/// What of a token revocations are about.
pub(super) struct Suspect<'t> {
    /// What its issuer is known by, in the configuration and in tokens.
    pub(super) issuer: [&'t str; 2],
    pub(super) claims: &'t Map<String, Value>,
    /// As the issuer's claims say, which need not be `sub`.
    pub(super) subject: Option<&'t str>,
    pub(super) client: Option<&'t str>,
    pub(super) issued: Option<Timestamp>,
}

impl Revocations {
    pub(crate) fn add(
        &mut self,
        kind: Revoked,
        value: &str,
        issuer: &str,
        issued_before: Option<Timestamp>,
    ) {
        let revocation = Revocation { issuer: issuer.into(), issued_before };
        self.by_value.entry((kind, value.into())).or_default().push(revocation);
    }

    /// The issuers that are named, each once.
    pub(crate) fn issuers(&self) -> BTreeSet<&str> {
        self.by_value.values().flatten().map(|revocation| &*revocation.issuer).collect()
    }

    /// Whether a token is among those revoked. One that doesn't say when it
    /// was issued may be as old as any.
    pub(super) fn cover(&self, suspect: &Suspect<'_>) -> bool {
        if self.by_value.is_empty() {
            return false;
        }
        let claim = |name: &str| suspect.claims.get(name).and_then(Value::as_str);
        let values = [
            (Revoked::Subject, suspect.subject),
            (Revoked::Subject, claim("sub")),
            (Revoked::Client, suspect.client),
            (Revoked::Token, claim("jti")),
            (Revoked::Session, claim("sid")),
        ];
        values.into_iter().any(|(kind, value)| {
            let found = value.and_then(|value| self.by_value.get(&(kind, value.into())));
            found.into_iter().flatten().any(|revocation| {
                suspect.issuer.contains(&&*revocation.issuer)
                    && is_before(suspect.issued, revocation.issued_before)
            })
        })
    }
}

/// Whether a token was issued before a time, or may have been. Before none it
/// always was.
pub(super) fn is_before(issued: Option<Timestamp>, time: Option<Timestamp>) -> bool {
    match (issued, time) {
        (Some(issued), Some(time)) => issued < time,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn revoked(revocations: &Revocations, claims: &Value) -> bool {
        revocations.cover(&Suspect {
            issuer: ["staff", "https://idp.example"],
            claims: claims.as_object().unwrap(),
            subject: claims["email"].as_str(),
            client: claims["azp"].as_str(),
            issued: claims["iat"].as_f64().and_then(Timestamp::from_seconds),
        })
    }

    #[test]
    fn a_revocation_covers_what_it_names_and_nothing_else() {
        let claims =
            json!({"sub": "s", "email": "e", "azp": "c", "jti": "j", "sid": "i", "iat": 9});
        for (kind, value) in [
            (Revoked::Subject, "s"),
            (Revoked::Subject, "e"),
            (Revoked::Client, "c"),
            (Revoked::Token, "j"),
            (Revoked::Session, "i"),
        ] {
            for issuer in ["staff", "https://idp.example"] {
                let mut revocations = Revocations::default();
                revocations.add(kind, value, issuer, None);
                assert!(revoked(&revocations, &claims), "{kind:?} {issuer}");
            }
            let mut others = Revocations::default();
            others.add(kind, value, "https://idp.example/", None);
            others.add(kind, "S", "staff", None);
            assert!(!revoked(&others, &claims), "{kind:?}");
        }
        assert!(!revoked(&Revocations::default(), &claims));
    }

    #[test]
    fn the_latest_of_several_times_counts() {
        let mut revocations = Revocations::default();
        for time in [10.0, 20.0, 15.0] {
            revocations.add(Revoked::Subject, "s", "staff", Timestamp::from_seconds(time));
        }
        assert!(revoked(&revocations, &json!({"sub": "s", "iat": 19.9})));
        assert!(!revoked(&revocations, &json!({"sub": "s", "iat": 20.0})));
        assert!(revoked(&revocations, &json!({"sub": "s"})), "it may be as old as any");
    }
}
