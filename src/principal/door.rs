//! The door: where credentials are verified, and where an address that failed
//! too often is stopped.

use std::net::IpAddr;
use std::rc::Rc;

use super::{Principal, Proof, Trail};
use crate::Guard;
use crate::api_key::{KnownKey, RecentKeys};
use crate::credential::Presented;
use crate::denial::{Code, Denial};
use crate::halt::{Halt, Patience};
use crate::host::Host;
use crate::jwt::{CacheUse, Known, TokenCache, VerifiedToken};
use crate::memory::Memory;
use crate::route::{Auth, Rules, Shadow};
use crate::throttle::Throttle;

/// Verifies what a request presents, where that could be read.
///
/// # Errors
/// Why it doesn't verify, `credentials_missing` where the route asks for a
/// credential and there is none, or what it lacks, where it may wait for that.
pub(crate) fn authenticate(
    guard: &Guard,
    rules: &Rules,
    presented: Result<Presented<'_>, Denial>,
    host: &dyn Host,
    patience: Patience,
    memory: &mut Memory,
    trail: &mut Trail,
) -> Result<Principal, Halt> {
    let mut door = Door { guard, rules, host, patience, client: None };
    let presented = door.unless_blocked(presented).map_err(Halt::from);
    let outcome = presented.and_then(|presented| door.admit(presented, memory, trail));
    if let Err(Halt::Refused(denial)) = &outcome
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
    patience: Patience,
    /// Its address, once it was asked for.
    client: Option<Option<IpAddr>>,
}

impl Door<'_> {
    fn admit(
        &mut self,
        presented: Presented<'_>,
        memory: &mut Memory,
        trail: &mut Trail,
    ) -> Result<Proof, Halt> {
        match presented {
            Presented::Nothing if self.rules.auth == Auth::Optional => Ok(Proof::Nothing),
            Presented::Nothing if self.rules.auth == Auth::SuperAdmin => {
                let why = "only the super admin's key counts here";
                Err(Denial::by(Code::CredentialsMissing, why).into())
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
            Presented::Jwt(jwt) => Ok(Proof::Token(self.token(&jwt, &mut memory.tokens, trail)?)),
            Presented::ApiKey(key) => Ok(Proof::Key(self.api_key(&key, &mut memory.keys)?)),
            Presented::Both { jwt, key } => {
                let token = self.token(&jwt, &mut memory.tokens, trail)?;
                Ok(Proof::Both(token, self.api_key(&key, &mut memory.keys)?))
            }
            Presented::JwtElseKey { jwt, key } => {
                let (denial, key) = match (self.token(&jwt, &mut memory.tokens, trail), key) {
                    (Err(Halt::Refused(denial)), Some(key)) if leaves_a_try(&denial) => {
                        (denial, key)
                    }
                    (outcome, _) => return Ok(Proof::Token(outcome?)),
                };
                match key.map_err(Halt::from).and_then(|key| self.api_key(&key, &mut memory.keys)) {
                    Ok(key) => Ok(Proof::Key(key)),
                    Err(Halt::Refused(other)) if other.code.status() != 503 => {
                        trail.key_denial = Some(other);
                        Err(denial.into())
                    }
                    Err(halt) => Err(halt),
                }
            }
        }
    }

    fn token(
        &mut self,
        jwt: &[u8],
        cache: &mut TokenCache,
        trail: &mut Trail,
    ) -> Result<Rc<VerifiedToken>, Halt> {
        let guard = self.guard;
        let only = self.rules.issuers.as_deref();
        let was_good = match guard.jwt.known(jwt, only, self.host, cache) {
            Known::Good(token) => {
                trail.cache = Some(CacheUse::Hit);
                return Ok(token);
            }
            Known::Refused(denial) => {
                trail.cache = Some(CacheUse::Miss);
                return Err(denial.into());
            }
            // It was good: whoever has it isn't guessing.
            Known::Outdated => true,
            Known::No => {
                if let Some(denial) = self.blocked()? {
                    return Err(denial.into());
                }
                false
            }
        };
        if self.patience == Patience::MayWait
            && let Some(lack) = guard.tenancy.first_fetch()
        {
            // Any token may be among those that are revoked there.
            return Err(Halt::Lacks(lack));
        }
        let verified = guard.jwt.verify(jwt, only, &guard.tenancy, self.host, cache);
        let verified = verified.map_err(|halt| halt.settled(self.patience));
        // One that was good before isn't any more. Where nobody can tell it
        // stays: its owner still isn't guessing.
        if let Err(Halt::Refused(denial)) = &verified
            && was_good
            && denial.code.status() != 503
        {
            cache.remove(jwt);
        }
        // Too large a token isn't looked for.
        let large = |halt: &Halt| matches!(halt, Halt::Refused(d) if d.code == Code::TokenTooLarge);
        let looked = !verified.as_ref().is_err_and(large);
        trail.cache = looked.then_some(CacheUse::Miss);
        verified
    }

    fn api_key(&mut self, key: &[u8], recent: &mut RecentKeys) -> Result<KnownKey, Halt> {
        let complete = self.guard.tenancy.is_complete();
        match self.guard.keys.verify(key, complete, self.host, recent) {
            // Tenants that aren't known at the moment may have it.
            Err(denial) if denial.code == Code::ApiKeyUnknown && !complete && !key.is_empty() => {
                if let Some(blocked) = self.blocked()? {
                    return Err(blocked.into());
                }
                Err(self.guard.tenancy.unless_fetched(denial).settled(self.patience))
            }
            verified => Ok(self.unless_blocked(verified)?),
        }
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
