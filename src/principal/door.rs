//! The door: where credentials are verified, and where an address that failed
//! too often is stopped.

use std::net::IpAddr;
use std::rc::Rc;

use super::{Principal, Proof, Trail};
use crate::Guard;
use crate::api_key::KnownKey;
use crate::credential::Presented;
use crate::denial::{Code, Denial};
use crate::host::Host;
use crate::jwt::{CacheUse, TokenCache, VerifiedToken};
use crate::route::{Auth, Rules, Shadow};
use crate::throttle::Throttle;

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
            Presented::Nothing if self.rules.auth == Auth::SuperAdmin => {
                Err(Denial::by(Code::CredentialsMissing, "only the super admin's key counts here"))
            }
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
