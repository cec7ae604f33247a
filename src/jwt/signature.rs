//! Signature verification: by the host where it can, in wasm where it can't.
//!
//! RS* and ES* cost a fraction of the time in the host. Both ways give the same
//! verdict: the signature's form is checked here before either sees it.

use std::borrow::Cow;
use std::cell::Cell;
use std::convert::Infallible;

use jwt_compact::alg::{Hs256, Hs256Key, Hs384, Hs384Key, Hs512, Hs512Key};
use jwt_compact::{Algorithm as _, AlgorithmSignature};
use sha2::{Sha256, Sha384, Sha512};

use super::algorithm::Algorithm;
use super::key::{Key, Material};
use crate::host::{Hash, HostError, SignatureVerdict as Verdict, SignatureVerifier};

/// Verifies `signature` over `message`. Unsupported is what neither the host
/// nor the guard verifies.
///
/// # Errors
/// When the host fails at it.
pub(crate) fn verify(
    key: &Key,
    signature: &[u8],
    message: &[u8],
    host: &dyn SignatureVerifier,
) -> Result<Verdict, HostError> {
    if let Material::Secret(secret) = &key.material {
        return Ok(verify_hmac(key.algorithm, secret, signature, message));
    }
    let algorithm = Asymmetric { key, host, outcome: Cell::new(Ok(Verdict::Invalid)) };
    let Ok(signature) = RawSignature::try_from_slice(signature) else {
        return Ok(Verdict::Invalid);
    };
    algorithm.verify_signature(&signature, key, message);
    algorithm.outcome.into_inner()
}

fn verify_hmac(algorithm: Algorithm, secret: &[u8], signature: &[u8], message: &[u8]) -> Verdict {
    fn run<A: jwt_compact::Algorithm>(
        algorithm: &A,
        key: &A::VerifyingKey,
        signature: &[u8],
        message: &[u8],
    ) -> Verdict {
        match A::Signature::try_from_slice(signature) {
            Ok(signature) if algorithm.verify_signature(&signature, key, message) => Verdict::Valid,
            _ => Verdict::Invalid,
        }
    }
    let Algorithm::Hs(hash) = algorithm else {
        return Verdict::Unsupported;
    };
    if signature.len() != hash.length() {
        return Verdict::Invalid;
    }
    match hash {
        Hash::Sha256 => run(&Hs256, &Hs256Key::new(secret), signature, message),
        Hash::Sha384 => run(&Hs384, &Hs384Key::new(secret), signature, message),
        Hash::Sha512 => run(&Hs512, &Hs512Key::new(secret), signature, message),
    }
}

/// RSA, ECDSA and EdDSA as an algorithm of jwt-compact.
struct Asymmetric<'a> {
    key: &'a Key,
    host: &'a dyn SignatureVerifier,
    /// jwt-compact knows yes and no only; a host that failed is neither.
    outcome: Cell<Result<Verdict, HostError>>,
}

struct RawSignature(Vec<u8>);

impl AlgorithmSignature for RawSignature {
    fn try_from_slice(slice: &[u8]) -> anyhow::Result<Self> {
        Ok(Self(slice.to_vec()))
    }

    fn as_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.0)
    }
}

impl jwt_compact::Algorithm for Asymmetric<'_> {
    /// The guard never signs.
    type SigningKey = Infallible;
    type VerifyingKey = Key;
    type Signature = RawSignature;

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(self.key.algorithm.name())
    }

    fn sign(&self, key: &Infallible, _: &[u8]) -> RawSignature {
        match *key {}
    }

    fn verify_signature(&self, signature: &RawSignature, key: &Key, message: &[u8]) -> bool {
        let outcome = verify_asymmetric(key, &signature.0, message, self.host);
        self.outcome.set(outcome);
        outcome == Ok(Verdict::Valid)
    }
}

fn verify_asymmetric(
    key: &Key,
    signature: &[u8],
    message: &[u8],
    host: &dyn SignatureVerifier,
) -> Result<Verdict, HostError> {
    match (key.algorithm, &key.material) {
        (Algorithm::Rs(hash), Material::Rsa { key, modulus, der }) => {
            if !is_rsa_signature(modulus, signature) {
                return Ok(Verdict::Invalid);
            }
            match host.verify_signature(hash, der, signature, message)? {
                Verdict::Unsupported => Ok(of(rsa_pkcs1(key, hash, signature, message))),
                verdict => Ok(verdict),
            }
        }
        (Algorithm::Ps(hash), Material::Rsa { key, modulus, .. }) => {
            Ok(of(is_rsa_signature(modulus, signature) && rsa_pss(key, hash, signature, message)))
        }
        (Algorithm::Es(hash), Material::P256 { key, der }) => {
            // RFC 7518 section 3.4: r and s, each as long as the curve's order,
            // from 1 to the order less 1.
            let Ok(parsed) = p256::ecdsa::Signature::from_slice(signature) else {
                return Ok(Verdict::Invalid);
            };
            match host.verify_signature(hash, der, parsed.to_der().as_bytes(), message)? {
                Verdict::Unsupported => {
                    use p256::ecdsa::signature::Verifier;
                    Ok(of(key.verify(message, &parsed).is_ok()))
                }
                verdict => Ok(verdict),
            }
        }
        (Algorithm::Es(hash), Material::P384 { key, der }) => {
            let Ok(parsed) = p384::ecdsa::Signature::from_slice(signature) else {
                return Ok(Verdict::Invalid);
            };
            match host.verify_signature(hash, der, parsed.to_der().as_bytes(), message)? {
                Verdict::Unsupported => {
                    use p384::ecdsa::signature::Verifier;
                    Ok(of(key.verify(message, &parsed).is_ok()))
                }
                verdict => Ok(verdict),
            }
        }
        (Algorithm::Es(hash), Material::P521 { der }) => {
            let Ok(parsed) = p521::ecdsa::Signature::from_slice(signature) else {
                return Ok(Verdict::Invalid);
            };
            host.verify_signature(hash, der, parsed.to_der().as_bytes(), message)
        }
        (Algorithm::EdDsa, Material::Ed25519(key)) => {
            let signature = ed25519_dalek::Signature::from_slice(signature);
            Ok(of(signature.is_ok_and(|s| key.verify_strict(message, &s).is_ok())))
        }
        // Keys are made with an algorithm of their kind.
        _ => Ok(Verdict::Unsupported),
    }
}

fn of(valid: bool) -> Verdict {
    if valid { Verdict::Valid } else { Verdict::Invalid }
}

/// RFC 8017 sections 5.2.2, 8.1.2 and 8.2.2: as long as the modulus, and below
/// it. The same number plus the modulus would verify as well.
fn is_rsa_signature(modulus: &[u8], signature: &[u8]) -> bool {
    // Big-endian and as long as each other: they compare as numbers do.
    signature.len() == modulus.len() && signature < modulus
}

fn rsa_pkcs1(key: &rsa::RsaPublicKey, hash: Hash, signature: &[u8], message: &[u8]) -> bool {
    use rsa::Pkcs1v15Sign;
    use sha2::Digest;
    match hash {
        Hash::Sha256 => {
            key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature)
        }
        Hash::Sha384 => {
            key.verify(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(message), signature)
        }
        Hash::Sha512 => {
            key.verify(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(message), signature)
        }
    }
    .is_ok()
}

/// RFC 7518 section 3.5: MGF1 with the same hash, the salt as long as it.
fn rsa_pss(key: &rsa::RsaPublicKey, hash: Hash, signature: &[u8], message: &[u8]) -> bool {
    use rsa::Pss;
    use sha2::Digest;
    let salt = hash.length();
    match hash {
        Hash::Sha256 => {
            key.verify(Pss::new_with_salt::<Sha256>(salt), &Sha256::digest(message), signature)
        }
        Hash::Sha384 => {
            key.verify(Pss::new_with_salt::<Sha384>(salt), &Sha384::digest(message), signature)
        }
        Hash::Sha512 => {
            key.verify(Pss::new_with_salt::<Sha512>(salt), &Sha512::digest(message), signature)
        }
    }
    .is_ok()
}
