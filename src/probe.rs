//! Signatures as the plugin verifies them, for `tests/probe`: a plugin that
//! compares what the host says with what is computed in wasm. No part of the
//! guard.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::host::{HostError, SignatureVerdict as Verdict, SignatureVerifier};
use crate::jwt::probe::verify;
use crate::jwt::{Algorithm, Key};

/// The host that this VM runs in.
#[cfg(target_arch = "wasm32")]
pub fn host() -> impl SignatureVerifier {
    crate::plugin::host()
}

/// What is made of a signature: `valid`, `invalid`, `unsupported`, or that the
/// key is refused. An `oct` key is taken for a configured secret.
///
/// # Errors
/// When the host fails.
pub fn outcome(
    jwk: &Map<String, Value>,
    message: &[u8],
    signature: &[u8],
    host: &dyn SignatureVerifier,
) -> Result<&'static str, HostError> {
    let Some(key) = key(jwk) else {
        return Ok("key refused");
    };
    Ok(match verify(&key, signature, message, host)? {
        Verdict::Valid => "valid",
        Verdict::Invalid => "invalid",
        Verdict::Unsupported => "unsupported",
    })
}

fn key(jwk: &Map<String, Value>) -> Option<Key> {
    if jwk.get("kty")? != "oct" {
        return Key::from_jwk(jwk).ok();
    }
    let algorithm = Algorithm::parse(jwk.get("alg")?.as_str()?)?;
    let secret = URL_SAFE_NO_PAD.decode(jwk.get("k")?.as_str()?).ok()?;
    Some(Key::secret(algorithm, &secret))
}
