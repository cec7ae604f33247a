//! A token whose signature is good: what may be said of it only now.

use serde_json::{Map, Value};

use super::compact::Compact;
use super::issuer::Issuer;
use super::key::Key;
use super::registered::{Registered, invalid};
use super::signature;
use crate::denial::{Code, Denial};
use crate::host::{SignatureVerdict, SignatureVerifier};

/// Proof that a token was signed by its issuer. Only [`Signed::verify`] makes
/// one.
#[derive(Debug)]
pub(super) struct Signed<'c, 't> {
    token: &'c Compact<'t>,
    registered: Registered,
}

impl<'c, 't> Signed<'c, 't> {
    /// Verifies the signature with the key that was picked for the token.
    ///
    /// # Errors
    /// `token_signature_invalid`, or `token_algorithm_refused` where nobody
    /// here verifies the algorithm.
    pub(super) fn verify(
        token: &'c Compact<'t>,
        registered: Registered,
        key: &Key,
        host: &dyn SignatureVerifier,
    ) -> Result<Self, Denial> {
        match signature::verify(key, &token.signature, token.signed.as_bytes(), host)? {
            SignatureVerdict::Valid => Ok(Self { token, registered }),
            SignatureVerdict::Invalid => Err(Code::TokenSignatureInvalid.into()),
            SignatureVerdict::Unsupported => {
                let rule = "this proxy doesn't verify the algorithm";
                Err(Denial::by(Code::TokenAlgorithmRefused, rule))
            }
        }
    }

    /// The claims.
    pub(super) fn claims(&self) -> &'c Map<String, Value> {
        &self.token.claims
    }

    /// The registered claims, typed.
    pub(super) fn registered(&self) -> &Registered {
        &self.registered
    }

    /// The token, whose key it names.
    pub(super) fn token(&self) -> &'c Compact<'t> {
        self.token
    }

    /// What an issuer's rules ask of claims, the audience aside.
    pub(super) fn check_claims(&self, issuer: &Issuer) -> Result<(), Denial> {
        let claims = self.claims();
        if claims.contains_key("cnf") {
            // RFC 7800: the token is bound to a key that the guard can't see, so
            // whoever holds it need not be who it was issued to.
            return Err(invalid("cnf"));
        }
        if let Some(most) = issuer.max_lifetime {
            self.registered.check_lifetime(most)?;
        }
        for path in &issuer.require_claims {
            let empty = match path.find(claims).as_deref() {
                None | Some(Value::Null) => true,
                Some(Value::String(text)) => text.is_empty(),
                Some(Value::Array(items)) => items.is_empty(),
                Some(_) => false,
            };
            if empty {
                return Err(invalid(format!("require_claims: {}", path.as_str())));
            }
        }
        for (path, accepted) in &issuer.claim_values {
            let value = path.find(claims);
            if !value.is_some_and(|value| accepted.contains(&value)) {
                return Err(invalid(format!("claim_values: {}", path.as_str())));
            }
        }
        Ok(())
    }

    /// RFC 7519 section 4.1.3: one of the token's audiences must be one of ours.
    pub(super) fn check_audience(&self, issuer: &Issuer) -> Result<(), Denial> {
        let Some(ours) = &issuer.audiences else {
            return Ok(());
        };
        let is_ours =
            |value: &Value| value.as_str().is_some_and(|text| ours.iter().any(|a| a == text));
        let found =
            issuer.audience_claims.iter().any(|path| match path.find(self.claims()).as_deref() {
                Some(Value::Array(audiences)) => audiences.iter().any(is_ours),
                Some(audience) => is_ours(audience),
                None => false,
            });
        if found { Ok(()) } else { Err(Denial::by(Code::TokenAudienceInvalid, "audiences")) }
    }
}
