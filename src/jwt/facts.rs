//! What is told of tokens and issuers.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::compact::Compact;
use super::issuer::Issuer;
use super::verified::bound_facts;
use super::{Jwt, VerifiedToken};
use crate::explain::{BoundFacts, IssuerFacts, TokenFacts};
use crate::json;
use crate::remote::{SourceId, Standing};
use crate::tenant::{Reach, Tenancy};

impl Jwt {
    /// What a token says, verified or not.
    pub(crate) fn facts(&self, token: &[u8], tenancy: &Tenancy) -> TokenFacts {
        let facts = TokenFacts {
            bytes: token.len(),
            max_bytes: self.max_token_bytes,
            ..TokenFacts::default()
        };
        if token.len() > self.max_token_bytes {
            return facts;
        }
        let Ok(compact) = Compact::parse(token) else {
            return facts;
        };
        let claims = &compact.claims;
        let issuer = self.issuers.of(&compact, tenancy).ok().map(|(_, issuer)| issuer);
        let number = |name: &str| claims.get(name).and_then(Value::as_f64);
        TokenFacts {
            is_sound: true,
            algorithm: algorithm(&compact),
            token_type: compact.typ.clone(),
            kid: compact.kid.clone(),
            iss: claims.get("iss").and_then(Value::as_str).map(str::to_owned),
            audiences: audiences(issuer, claims),
            expires: number("exp"),
            not_before: number("nbf"),
            issued: number("iat"),
            asked_claims: asked(issuer, claims),
            issuer: issuer.map(|issuer| self.issuer_facts(issuer)),
            ..facts
        }
    }

    /// What a verified token says of the tenant, and where.
    pub(crate) fn bounds(&self, token: &[u8], tenancy: &Tenancy) -> Vec<BoundFacts> {
        let Ok(compact) = Compact::parse(token) else {
            return Vec::new();
        };
        match self.issuers.of(&compact, tenancy) {
            Ok((_, issuer)) => bound_facts(issuer, &compact.claims, tenancy),
            Err(_) => Vec::new(),
        }
    }

    /// How far the keys of a source can be relied on.
    pub(crate) fn standing(&self, source: SourceId) -> Standing {
        self.issuers.outlook(source).standing
    }

    fn issuer_facts(&self, issuer: &Issuer) -> IssuerFacts {
        let keys = self.issuers.known_keys(issuer);
        let mut algorithms: Vec<&'static str> = Vec::new();
        for key in keys.iter().chain(&issuer.secrets) {
            let may = issuer.algorithms.as_ref().is_none_or(|only| only.contains(&key.algorithm));
            let name = key.algorithm.name();
            if may && !algorithms.contains(&name) {
                algorithms.push(name);
            }
        }
        IssuerFacts {
            name: issuer.name.clone(),
            iss: issuer.iss.to_string(),
            owner: issuer.owner.as_ref().map(|owner| owner.as_str().to_owned()),
            audiences: issuer.audiences.clone(),
            algorithms,
            kids: keys.iter().filter_map(|key| key.kid.as_deref().map(str::to_owned)).collect(),
            keys: keys.len().saturating_add(issuer.secrets.len()),
            source: issuer.source.as_ref().map(|source| source.uri.to_string()),
            token_types: issuer.token_types.clone(),
            clock_skew: issuer.clock_skew,
            max_lifetime: issuer.max_lifetime,
            claim_values: issuer
                .claim_values
                .iter()
                .map(|(path, values)| (path.as_str().to_owned(), values.clone()))
                .collect(),
            may_name: match &issuer.reach {
                Reach::Everywhere | Reach::Unowned => None,
                Reach::Only(names) => {
                    Some(names.iter().map(|name| name.as_str().to_owned()).collect())
                }
            },
        }
    }
}

impl VerifiedToken {
    /// When it ends.
    pub(crate) fn expires(&self) -> crate::host::Timestamp {
        self.registered.expires
    }
}

/// `alg` as it is written, also where it is none that the guard verifies.
fn algorithm(token: &Compact<'_>) -> Option<String> {
    let (header, _) = token.signed.split_once('.')?;
    let header = json::parse(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    header.get("alg").and_then(Value::as_str).map(str::to_owned)
}

fn audiences(issuer: Option<&Issuer>, claims: &Map<String, Value>) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let of = |value: &Value| match value {
        Value::Array(items) => items.iter().filter_map(text).collect(),
        other => text(other).into_iter().collect::<Vec<_>>(),
    };
    match issuer {
        Some(issuer) => {
            let found = issuer.audience_claims.iter().filter_map(|path| path.find(claims));
            found.flat_map(|value| of(&value)).collect()
        }
        None => claims.get("aud").map(of).unwrap_or_default(),
    }
}

/// The claims that an issuer asks something of, as the token has them.
fn asked(issuer: Option<&Issuer>, claims: &Map<String, Value>) -> Vec<(String, Option<Value>)> {
    let paths = issuer.into_iter().flat_map(|issuer| issuer.claim_values.iter().map(|(p, _)| p));
    let told = paths.map(|path| {
        let value = path.find(claims).map(|value| value.into_owned());
        (path.as_str().to_owned(), value)
    });
    told.collect()
}
