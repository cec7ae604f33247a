//! Who a request is from: a verified token, a known key, both, the super
//! admin, a developer, or nobody.

use std::net::IpAddr;
use std::rc::Rc;

use crate::Guard;
use crate::api_key::{ApiKey, KnownKey};
use crate::credential::Presented;
use crate::denial::{Code, Denial};
use crate::host::Host;
use crate::jwt::{CacheUse, TokenCache, VerifiedToken};
use crate::route::{Auth, Rules, Shadow};
use crate::tenant::{Bound, TenantName};
use crate::throttle::Throttle;

/// How a principal authenticated, as `x-auth-method` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// With a token; with a key beside it, where both must agree.
    Jwt,
    /// With an API key.
    ApiKey,
    /// With the super admin's key.
    SuperAdmin,
    /// By a developer's word, in development.
    Dev,
    /// Not at all.
    Anonymous,
}

impl Method {
    /// The name, as the header has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::ApiKey => "api_key",
            Self::SuperAdmin => "super_admin",
            Self::Dev => "dev",
            Self::Anonymous => "anonymous",
        }
    }
}

/// A caller whose credentials were verified, or who has none where none is
/// asked for. Only [`authenticate`] makes one.
#[derive(Debug, Clone)]
pub(crate) struct Principal(Proof);

/// What was verified.
#[derive(Debug, Clone)]
enum Proof {
    Nothing,
    Token(Rc<VerifiedToken>),
    Key(KnownKey),
    Both(Rc<VerifiedToken>, KnownKey),
    SuperAdmin,
    Dev { user: String, bound: Bound },
}

/// What happened besides the outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    pub(crate) cache: Option<CacheUse>,
    /// Why the key was refused too, where the reply tells of the token.
    pub(crate) key_denial: Option<Denial>,
}

/// Verifies what a request presents, where that could be read.
///
/// # Errors
/// Why it doesn't verify, or `credentials_missing` where the route asks for a
/// credential and there is none.
pub(crate) fn authenticate(
    guard: &Guard,
    rules: &Rules,
    presented: Result<Presented, Denial>,
    host: &dyn Host,
    cache: &mut TokenCache,
    trail: &mut Trail,
) -> Result<Principal, Denial> {
    let mut door = Door { guard, rules, host, client: None };
    let presented = door.unless_blocked(presented);
    let outcome = presented.and_then(|presented| door.admit(presented, cache, trail));
    if let Err(denial) = &outcome
        && (counts(denial) || trail.key_denial.as_ref().is_some_and(counts))
    {
        // It is refused, whether that is remembered or not.
        let _ = door.record();
    }
    outcome.map(Principal)
}

/// Whether a refusal is one that `failures` counts.
fn counts(denial: &Denial) -> bool {
    matches!(denial.code, Code::TokenMalformed | Code::TokenSignatureInvalid | Code::ApiKeyUnknown)
}

/// One request at the door.
struct Door<'a> {
    guard: &'a Guard,
    rules: &'a Rules,
    host: &'a dyn Host,
    /// Its address, once it was asked for.
    client: Option<Option<IpAddr>>,
}

impl Door<'_> {
    fn admit(
        &mut self,
        presented: Presented,
        cache: &mut TokenCache,
        trail: &mut Trail,
    ) -> Result<Proof, Denial> {
        match presented {
            Presented::Nothing if self.rules.auth == Auth::Optional => Ok(Proof::Nothing),
            Presented::Nothing => Err(Code::CredentialsMissing.into()),
            Presented::SuperAdmin(key) => {
                let known = self.guard.super_admin.as_ref().map(|admin| admin.verify(&key));
                self.unless_blocked(known.unwrap_or(Err(Code::ApiKeyUnknown.into())))?;
                Ok(Proof::SuperAdmin)
            }
            Presented::Dev { user, tenant } => {
                let bound = self.guard.tenancy.bound_by_text(tenant.as_deref());
                Ok(Proof::Dev { user, bound })
            }
            Presented::Jwt(jwt) => Ok(Proof::Token(self.token(&jwt, cache, trail)?)),
            Presented::ApiKey(key) => Ok(Proof::Key(self.api_key(&key)?)),
            Presented::Both { jwt, key } => {
                let token = self.token(&jwt, cache, trail)?;
                Ok(Proof::Both(token, self.api_key(&key)?))
            }
            Presented::JwtElseKey { jwt, key } => {
                let (denial, key) = match (self.token(&jwt, cache, trail), key) {
                    (Err(denial), Some(key)) if leaves_a_try(&denial) => (denial, key),
                    (outcome, _) => return Ok(Proof::Token(outcome?)),
                };
                match key.and_then(|key| self.api_key(&key)) {
                    Ok(key) => Ok(Proof::Key(key)),
                    Err(other) if other.code == Code::GuardUnavailable => Err(other),
                    Err(other) => {
                        trail.key_denial = Some(other);
                        Err(denial)
                    }
                }
            }
        }
    }

    fn token(
        &mut self,
        jwt: &[u8],
        cache: &mut TokenCache,
        trail: &mut Trail,
    ) -> Result<Rc<VerifiedToken>, Denial> {
        let guard = self.guard;
        let only = self.rules.issuers.as_deref();
        if let Some(known) = guard.jwt.known(jwt, only, self.host, cache) {
            trail.cache = Some(CacheUse::Hit);
            return known.inspect_err(|_| trail.cache = Some(CacheUse::Miss));
        }
        if let Some(denial) = self.blocked()? {
            return Err(denial);
        }
        let verified = guard.jwt.verify(jwt, only, &guard.tenancy, self.host, cache);
        // Too large a token isn't looked for.
        let looked = !matches!(&verified, Err(denial) if denial.code == Code::TokenTooLarge);
        trail.cache = looked.then_some(CacheUse::Miss);
        verified
    }

    fn api_key(&mut self, key: &[u8]) -> Result<KnownKey, Denial> {
        let verified = self.guard.keys.verify(key, self.host);
        self.unless_blocked(verified)
    }

    /// An outcome that costs nothing to find, unless it is a guess from an
    /// address that guessed wrong too often.
    fn unless_blocked<T>(&mut self, outcome: Result<T, Denial>) -> Result<T, Denial> {
        match outcome {
            Err(denial) if counts(&denial) => Err(self.blocked()?.unwrap_or(denial)),
            outcome => outcome,
        }
    }

    /// The refusal of an address that failed too often.
    fn blocked(&mut self) -> Result<Option<Denial>, Denial> {
        let Some((throttle, address)) = self.throttled()? else {
            return Ok(None);
        };
        let seconds = throttle.blocked(address, self.host)?;
        let refusal =
            |seconds| Denial::by(Code::AuthenticationBlocked, "failures").again_in(seconds);
        Ok(seconds.map(refusal))
    }

    fn record(&mut self) -> Result<(), Denial> {
        match self.throttled()? {
            Some((throttle, address)) => Ok(throttle.record(address, self.host)?),
            None => Ok(()),
        }
    }

    /// The throttle and the client's address, where both are there. Shadow
    /// blocks nothing.
    fn throttled(&mut self) -> Result<Option<(Throttle, IpAddr)>, Denial> {
        let Some(throttle) = self.guard.throttle else {
            return Ok(None);
        };
        if self.rules.shadow != Shadow::Off {
            return Ok(None);
        }
        let address = match self.client {
            Some(address) => address,
            None => *self.client.insert(self.host.client_address()?),
        };
        Ok(address.map(|address| (throttle, address)))
    }
}

/// Whether a token's refusal leaves it to the key: one that is a 401 by
/// nature, or that isn't about the token at all.
fn leaves_a_try(denial: &Denial) -> bool {
    denial.code.is_unauthenticated() || denial.code == Code::AuthenticationBlocked
}

impl Principal {
    /// How it authenticated.
    pub(crate) fn method(&self) -> Method {
        match &self.0 {
            Proof::Token(_) | Proof::Both(..) => Method::Jwt,
            Proof::Key(_) => Method::ApiKey,
            Proof::SuperAdmin => Method::SuperAdmin,
            Proof::Dev { .. } => Method::Dev,
            Proof::Nothing => Method::Anonymous,
        }
    }

    /// Whether it is the super admin, whom no policy holds.
    pub(crate) fn is_super_admin(&self) -> bool {
        matches!(self.0, Proof::SuperAdmin)
    }

    /// What its credentials say about the tenant.
    pub(crate) fn bounds(&self) -> Vec<&Bound> {
        let token = self.token().into_iter().flat_map(|token| &token.bounds);
        let dev = match &self.0 {
            Proof::Dev { bound, .. } => Some(bound),
            _ => None,
        };
        token.chain(self.key().map(|key| &key.bound)).chain(dev).collect()
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
        match &self.0 {
            Proof::Token(token) | Proof::Both(token, _) => Some(token),
            _ => None,
        }
    }

    /// The key, where there is one.
    pub(crate) fn key(&self) -> Option<&ApiKey> {
        match &self.0 {
            Proof::Key(key) | Proof::Both(_, key) => Some(key),
            _ => None,
        }
    }

    /// The user or machine that it is.
    pub(crate) fn subject(&self) -> Option<&str> {
        match &self.0 {
            Proof::Dev { user, .. } => Some(user),
            _ => self.token()?.subject.as_deref(),
        }
    }

    /// The client: the key's owner, else what the token says.
    pub(crate) fn client(&self) -> Option<&str> {
        let owner = self.key().and_then(|key| key.owner.as_ref());
        owner.map(|owner| &*owner.client).or_else(|| self.token_client())
    }

    /// The client that the token says, which need not be the key's.
    pub(crate) fn token_client(&self) -> Option<&str> {
        self.token()?.client.as_deref()
    }
}
