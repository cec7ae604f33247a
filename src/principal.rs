//! Who a request is from: a verified token, a known key, both, or nobody.

use std::rc::Rc;

use crate::Guard;
use crate::api_key::{ApiKey, KnownKey};
use crate::credential::Presented;
use crate::denial::{Code, Denial};
use crate::host::Host;
use crate::jwt::{CacheUse, TokenCache, VerifiedToken};
use crate::route::{Auth, Rules};
use crate::tenant::{Bound, TenantName};

/// How a principal authenticated, as `x-auth-method` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// With a token; with a key beside it, where both must agree.
    Jwt,
    /// With an API key.
    ApiKey,
    /// Not at all.
    Anonymous,
}

impl Method {
    /// The name, as the header has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::ApiKey => "api_key",
            Self::Anonymous => "anonymous",
        }
    }
}

/// A caller whose credentials were verified, or who has none where none is
/// asked for. Only [`authenticate`] makes one.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    token: Option<Rc<VerifiedToken>>,
    key: Option<KnownKey>,
}

/// What happened besides the outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    pub(crate) cache: Option<CacheUse>,
    /// Why the key was refused too, where the reply tells of the token.
    pub(crate) key_denial: Option<Denial>,
}

/// Verifies what a request presents.
///
/// # Errors
/// Why it doesn't verify, or `credentials_missing` where the route asks for a
/// credential and there is none.
pub(crate) fn authenticate(
    guard: &Guard,
    rules: &Rules,
    presented: Presented,
    host: &dyn Host,
    cache: &mut TokenCache,
    trail: &mut Trail,
) -> Result<Principal, Denial> {
    let mut token = |jwt: &[u8], trail: &mut Trail| {
        let only = rules.issuers.as_deref();
        let verified = guard.jwt.verify(jwt, only, &guard.tenancy, host, cache);
        let (token, used) = verified.inspect_err(|denial| {
            // Too large a token isn't looked for.
            trail.cache = (denial.code != Code::TokenTooLarge).then_some(CacheUse::Miss);
        })?;
        trail.cache = Some(used);
        Ok(Principal { token: Some(token), key: None })
    };
    let api_key = |key: &[u8]| {
        let key = guard.keys.verify(key, host)?;
        Ok(Principal { token: None, key: Some(key) })
    };
    match presented {
        Presented::Nothing if rules.auth == Auth::Optional => {
            Ok(Principal { token: None, key: None })
        }
        Presented::Nothing => Err(Code::CredentialsMissing.into()),
        Presented::Jwt(jwt) => token(&jwt, trail),
        Presented::ApiKey(key) => api_key(&key),
        Presented::Both { jwt, key } => {
            let token = token(&jwt, trail)?.token;
            Ok(Principal { token, ..api_key(&key)? })
        }
        Presented::JwtElseKey { jwt, key } => {
            let (denial, key) = match (token(&jwt, trail), key) {
                (Err(denial), Some(key)) if denial.code.is_unauthenticated() => (denial, key),
                (outcome, _) => return outcome,
            };
            match key.and_then(|key| api_key(&key)) {
                Err(other) if other.code == Code::GuardUnavailable => Err(other),
                Err(other) => {
                    trail.key_denial = Some(other);
                    Err(denial)
                }
                principal => principal,
            }
        }
    }
}

impl Principal {
    /// How it authenticated.
    pub(crate) fn method(&self) -> Method {
        match (&self.token, &self.key) {
            (Some(_), _) => Method::Jwt,
            (None, Some(_)) => Method::ApiKey,
            (None, None) => Method::Anonymous,
        }
    }

    /// What its credentials say about the tenant.
    pub(crate) fn bounds(&self) -> Vec<&Bound> {
        let token = self.token.iter().flat_map(|token| &token.bounds);
        token.chain(self.key.iter().map(|key| &key.bound)).collect()
    }

    /// The tenants that its credentials are for, each where it is for one only.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &TenantName> {
        let bounds = self.bounds().into_iter();
        bounds.filter_map(|bound| match bound {
            Bound::OneOf(names) => match names.as_slice() {
                [name] => Some(name),
                _ => None,
            },
            _ => None,
        })
    }

    /// The token, where there is one.
    pub(crate) fn token(&self) -> Option<&VerifiedToken> {
        self.token.as_deref()
    }

    /// The key, where there is one.
    pub(crate) fn key(&self) -> Option<&ApiKey> {
        self.key.as_deref()
    }

    /// The user or machine that the token is about.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.token.as_ref()?.subject.as_deref()
    }

    /// The client: the key's owner, else what the token says.
    pub(crate) fn client(&self) -> Option<&str> {
        let owner = self.key.as_ref().and_then(|key| key.owner.as_ref());
        owner.map(|owner| &*owner.client).or_else(|| self.token_client())
    }

    /// The client that the token says, which need not be the key's.
    pub(crate) fn token_client(&self) -> Option<&str> {
        self.token.as_ref()?.client.as_deref()
    }

    /// The roles of token and key together.
    pub(crate) fn roles(&self) -> Vec<&str> {
        let token = self.token.as_ref().map(|token| token.roles.as_slice());
        united(token, self.key.as_ref().map(|key| key.roles.as_slice()))
    }

    /// The scopes of token and key together.
    pub(crate) fn scopes(&self) -> Vec<&str> {
        let token = self.token.as_ref().map(|token| token.scopes.as_slice());
        united(token, self.key.as_ref().map(|key| key.scopes.as_slice()))
    }
}

/// Both lists, each item once; a token's are distinct already.
fn united<'p>(token: Option<&'p [String]>, key: Option<&'p [String]>) -> Vec<&'p str> {
    let token = token.unwrap_or_default();
    let more = key.unwrap_or_default().iter().filter(|item| !token.contains(item));
    token.iter().chain(more).map(String::as_str).collect()
}
