//! Verification keys, from JSON Web Keys (RFC 7517) and shared secrets.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::BigUint;
use rsa::traits::PublicKeyParts;
use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use crate::host::Hash;

/// A key for one algorithm.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) kid: Option<Box<str>>,
    pub(crate) algorithm: Algorithm,
    pub(super) material: Material,
}

/// The key itself, ready for the host (DER) and for verification in wasm.
#[derive(Clone)]
pub(super) enum Material {
    Rsa {
        key: Box<rsa::RsaPublicKey>,
        /// Its modulus, big-endian: what each signature is compared with.
        modulus: Box<[u8]>,
        der: Vec<u8>,
    },
    P256 {
        key: Box<p256::ecdsa::VerifyingKey>,
        der: Vec<u8>,
    },
    P384 {
        key: Box<p384::ecdsa::VerifyingKey>,
        der: Vec<u8>,
    },
    /// Verified by the host only.
    P521 {
        der: Vec<u8>,
    },
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    Secret(Vec<u8>),
}

/// Keys hold secrets, so nothing of them is shown.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, kid {:?})", self.algorithm.name(), self.kid)
    }
}

/// Why a JWK is no key for the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JwkError {
    /// It is for another use or of a kind that isn't known: leave it out.
    NotForUs,
    /// It is unsafe or contradicts itself.
    Bad(&'static str),
}

/// Members that hold a secret, of any kind of key (RFC 7518 section 6; `priv`
/// is what newer kinds have).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

const BAD_PRIVATE: &str = "holds a private or symmetric key; a key set is published, so a key in it is no secret any more: replace the key, and list public keys only";

impl Key {
    /// The key of a shared secret for one HMAC algorithm.
    pub(crate) fn secret(algorithm: Algorithm, secret: &[u8]) -> Self {
        Self { kid: None, algorithm, material: Material::Secret(secret.to_vec()) }
    }

    /// From a JWK. A key without `alg` is RS256, by its curve, or EdDSA.
    pub(crate) fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, JwkError> {
        let kty = text(jwk, "kty")?.ok_or(JwkError::Bad("has no kty"))?;
        if PRIVATE.iter().any(|name| jwk.contains_key(*name)) || kty == "oct" {
            return Err(JwkError::Bad(BAD_PRIVATE));
        }
        if text(jwk, "use")?.is_some_and(|used| used != "sig") || !may_verify(jwk)? {
            return Err(JwkError::NotForUs);
        }
        let algorithm = match text(jwk, "alg")? {
            Some(name) => Some(Algorithm::parse(name).ok_or(JwkError::NotForUs)?),
            None => None,
        };
        let kid = text(jwk, "kid")?.map(Into::into);
        let (algorithm, material) = match kty {
            "RSA" => rsa(jwk, algorithm)?,
            "EC" => ec(jwk, algorithm)?,
            "OKP" => okp(jwk, algorithm)?,
            _ => return Err(JwkError::NotForUs),
        };
        Ok(Self { kid, algorithm, material })
    }
}

fn may_verify(jwk: &Map<String, Value>) -> Result<bool, JwkError> {
    match jwk.get("key_ops") {
        None => Ok(true),
        Some(Value::Array(operations)) => {
            Ok(operations.iter().any(|operation| operation.as_str() == Some("verify")))
        }
        Some(_) => Err(JwkError::Bad("has key_ops that is no list")),
    }
}

fn rsa(
    jwk: &Map<String, Value>,
    algorithm: Option<Algorithm>,
) -> Result<(Algorithm, Material), JwkError> {
    let algorithm = algorithm.unwrap_or(Algorithm::Rs(Hash::Sha256));
    if !matches!(algorithm, Algorithm::Rs(_) | Algorithm::Ps(_)) {
        return Err(JwkError::Bad("is an RSA key with the alg of another kind of key"));
    }
    let n = BigUint::from_bytes_be(&bytes(jwk, "n", "has no n in base64url")?);
    let e = BigUint::from_bytes_be(&bytes(jwk, "e", "has no e in base64url")?);
    if n.bits() < 2048 {
        return Err(JwkError::Bad(
            "is an RSA key under 2048 bits; have the issuer use 2048 or more",
        ));
    }
    if n.bits() > 8192 {
        return Err(JwkError::Bad("is an RSA key over 8192 bits; have the issuer use 4096"));
    }
    let one = BigUint::from(1u8);
    if &n & &one != one {
        return Err(JwkError::Bad("is an RSA key with an even modulus"));
    }
    if e <= one || &e & &one != one {
        return Err(JwkError::Bad("is an RSA key with an exponent that is 1 or even"));
    }
    if e.bits() > 33 {
        return Err(JwkError::Bad("is an RSA key with an exponent over 33 bits"));
    }
    let key = rsa::RsaPublicKey::new_with_max_size(n, e, 8192)
        .map_err(|_| JwkError::Bad("is no usable RSA key"))?;
    debug_assert!(key.n().bits() >= 2048);
    let der = rsa::pkcs8::EncodePublicKey::to_public_key_der(&key)
        .map_err(|_| JwkError::Bad("is no usable RSA key"))?
        .into_vec();
    let modulus = key.n().to_bytes_be().into();
    Ok((algorithm, Material::Rsa { key: Box::new(key), modulus, der }))
}

fn ec(
    jwk: &Map<String, Value>,
    algorithm: Option<Algorithm>,
) -> Result<(Algorithm, Material), JwkError> {
    const OFF_CURVE: JwkError = JwkError::Bad("is an EC key whose point is not on its curve");
    let curve = text(jwk, "crv")?.ok_or(JwkError::Bad("is an EC key without crv"))?;
    let (hash, length) = match curve {
        "P-256" => (Hash::Sha256, 32),
        "P-384" => (Hash::Sha384, 48),
        "P-521" => (Hash::Sha512, 66),
        _ => return Err(JwkError::NotForUs),
    };
    if algorithm.is_some_and(|algorithm| algorithm != Algorithm::Es(hash)) {
        return Err(JwkError::Bad("is an EC key with an alg that isn't for its curve"));
    }
    // SEC 1 section 2.3.3: an uncompressed point.
    let mut point = vec![4];
    for coordinate in ["x", "y"] {
        let value = bytes(jwk, coordinate, "is an EC key without x and y in base64url")?;
        if value.len() != length {
            return Err(JwkError::Bad("is an EC key with x or y of the wrong length"));
        }
        point.extend(value);
    }
    let material = match hash {
        Hash::Sha256 => {
            use p256::pkcs8::EncodePublicKey;
            let key = p256::PublicKey::from_sec1_bytes(&point).map_err(|_| OFF_CURVE)?;
            let der = key.to_public_key_der().map_err(|_| OFF_CURVE)?.into_vec();
            Material::P256 { key: Box::new(key.into()), der }
        }
        Hash::Sha384 => {
            use p384::pkcs8::EncodePublicKey;
            let key = p384::PublicKey::from_sec1_bytes(&point).map_err(|_| OFF_CURVE)?;
            let der = key.to_public_key_der().map_err(|_| OFF_CURVE)?.into_vec();
            Material::P384 { key: Box::new(key.into()), der }
        }
        Hash::Sha512 => {
            use p521::pkcs8::EncodePublicKey;
            let key = p521::PublicKey::from_sec1_bytes(&point).map_err(|_| OFF_CURVE)?;
            let der = key.to_public_key_der().map_err(|_| OFF_CURVE)?.into_vec();
            Material::P521 { der }
        }
    };
    Ok((Algorithm::Es(hash), material))
}

fn okp(
    jwk: &Map<String, Value>,
    algorithm: Option<Algorithm>,
) -> Result<(Algorithm, Material), JwkError> {
    if text(jwk, "crv")? != Some("Ed25519") {
        return Err(JwkError::NotForUs);
    }
    if algorithm.is_some_and(|algorithm| algorithm != Algorithm::EdDsa) {
        return Err(JwkError::Bad("is an Ed25519 key with the alg of another kind of key"));
    }
    let x = bytes(jwk, "x", "is an Ed25519 key without x in base64url")?;
    let key = <[u8; 32]>::try_from(x)
        .ok()
        .and_then(|x| ed25519_dalek::VerifyingKey::from_bytes(&x).ok())
        .ok_or(JwkError::Bad("is no Ed25519 key"))?;
    if key.is_weak() {
        return Err(JwkError::Bad("is an Ed25519 key of small order, under which anyone can sign"));
    }
    Ok((Algorithm::EdDsa, Material::Ed25519(Box::new(key))))
}

fn text<'j>(jwk: &'j Map<String, Value>, name: &str) -> Result<Option<&'j str>, JwkError> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwkError::Bad("has a kty, use, alg, kid or crv that is no text")),
    }
}

fn bytes(jwk: &Map<String, Value>, name: &str, problem: &'static str) -> Result<Vec<u8>, JwkError> {
    match jwk.get(name) {
        Some(Value::String(text)) => {
            URL_SAFE_NO_PAD.decode(text).map_err(|_| JwkError::Bad(problem))
        }
        _ => Err(JwkError::Bad(problem)),
    }
}
