//! Envoy's foreign function `verify_signature`: missing, native, or a stub.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use p256::pkcs8::DecodePublicKey;
use rsa::Pkcs1v15Sign;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::status;

type Answer = Result<Vec<u8>, u32>;
type Function = dyn Fn(&[u8]) -> Answer + Send + Sync;

/// How a host answers `verify_signature`.
#[derive(Clone)]
pub struct Verify(Option<Arc<Function>>);

impl Verify {
    /// The host doesn't have it: `NotFound`.
    pub fn missing() -> Self {
        Self(None)
    }

    /// As Envoy has it: RSA PKCS#1 v1.5, and ECDSA (P-256, P-384) with a DER
    /// signature; `public_key` is DER SubjectPublicKeyInfo.
    pub fn native() -> Self {
        // The same few signatures come again and again, and a debug build is slow at them.
        static KNOWN: Mutex<BTreeMap<Vec<u8>, Answer>> = Mutex::new(BTreeMap::new());
        Self::stub(|arguments| {
            if let Some(known) = KNOWN.lock().unwrap().get(arguments) {
                return known.clone();
            }
            let result = Arguments::decode(arguments)
                .ok_or(status::BAD_ARGUMENT)
                .and_then(|arguments| arguments.verify())
                .map(|good| if good { vec![0x08, 0x01] } else { result_false() });
            KNOWN.lock().unwrap().insert(arguments.to_vec(), result.clone());
            result
        })
    }

    /// Whatever `f` makes of the protobuf arguments: the protobuf result, or a status.
    pub fn stub(f: impl Fn(&[u8]) -> Result<Vec<u8>, u32> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(f)))
    }

    pub(crate) fn call(&self, arguments: &[u8]) -> Result<Vec<u8>, u32> {
        self.0.as_ref().map_or(Err(status::NOT_FOUND), |f| f(arguments))
    }
}

/// As proto3: `result` false is left out, `error` says something.
fn result_false() -> Vec<u8> {
    let error = b"Failed to verify.";
    [&[0x12, error.len() as u8][..], error].concat()
}

/// `VerifySignatureArguments`.
#[derive(Debug, Default)]
struct Arguments {
    hash: String,
    key: Vec<u8>,
    signature: Vec<u8>,
    text: Vec<u8>,
}

impl Arguments {
    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut out = Self::default();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes)?;
            if tag & 7 != 2 {
                return None;
            }
            let length = varint(&mut bytes)? as usize;
            let value = bytes.get(..length)?.to_vec();
            bytes = &bytes[length..];
            match tag >> 3 {
                1 => out.hash = String::from_utf8(value).ok()?,
                2 => out.key = value,
                3 => out.signature = value,
                4 => out.text = value,
                _ => return None,
            }
        }
        Some(out)
    }

    fn verify(&self) -> Result<bool, u32> {
        let (scheme, digest) = match self.hash.to_ascii_lowercase().as_str() {
            "sha256" => (Pkcs1v15Sign::new::<Sha256>(), Sha256::digest(&self.text).to_vec()),
            "sha384" => (Pkcs1v15Sign::new::<Sha384>(), Sha384::digest(&self.text).to_vec()),
            "sha512" => (Pkcs1v15Sign::new::<Sha512>(), Sha512::digest(&self.text).to_vec()),
            _ => return Ok(false),
        };
        if let Ok(key) = rsa::RsaPublicKey::from_public_key_der(&self.key) {
            return Ok(key.verify(scheme, &digest, &self.signature).is_ok());
        }
        if let Ok(key) = p256::ecdsa::VerifyingKey::from_public_key_der(&self.key) {
            use p256::ecdsa::{Signature, signature::hazmat::PrehashVerifier};
            return Ok(Signature::from_der(&self.signature)
                .is_ok_and(|s| key.verify_prehash(&digest, &s).is_ok()));
        }
        if let Ok(key) = p384::ecdsa::VerifyingKey::from_public_key_der(&self.key) {
            use p384::ecdsa::{Signature, signature::hazmat::PrehashVerifier};
            return Ok(Signature::from_der(&self.signature)
                .is_ok_and(|s| key.verify_prehash(&digest, &s).is_ok()));
        }
        Err(status::BAD_ARGUMENT)
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
