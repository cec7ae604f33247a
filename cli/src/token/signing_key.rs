//! Private keys, and signatures by them (RFC 7515, RFC 7518, RFC 8037).

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use rand::rngs::OsRng;
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
use rsa::{BigUint, RsaPrivateKey, pkcs1v15, pss};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};

/// A key that signs tokens with one algorithm.
pub(super) struct SigningKey {
    /// The `alg` of its tokens.
    pub(super) algorithm: String,
    /// The `kid` of its tokens.
    pub(super) kid: Option<String>,
    material: Material,
}

enum Material {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(Box<p521::ecdsa::SigningKey>),
    Ed25519(ed25519_dalek::SigningKey),
    Secret(Vec<u8>),
}

impl Material {
    /// The algorithms that it can sign with; the first unless another is named.
    fn algorithms(&self) -> &'static [&'static str] {
        match self {
            Self::Rsa(_) => &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
            Self::P256(_) => &["ES256"],
            Self::P384(_) => &["ES384"],
            Self::P521(_) => &["ES512"],
            Self::Ed25519(_) => &["EdDSA"],
            Self::Secret(_) => &["HS256", "HS384", "HS512"],
        }
    }
}

impl SigningKey {
    /// A shared secret, for an HS algorithm: HS256 unless another is named.
    pub(super) fn secret(secret: &[u8], algorithm: Option<&str>) -> anyhow::Result<Self> {
        ensure!(!secret.is_empty(), "the secret is empty");
        Self::new(Material::Secret(secret.to_vec()), algorithm, None)
    }

    /// A private JWK (RFC 7517), or a key set with exactly one that fits.
    pub(super) fn read(
        text: &str,
        kid: Option<&str>,
        algorithm: Option<&str>,
    ) -> anyhow::Result<Self> {
        // What serde_json says of it could quote it.
        let Ok(jwk) = serde_json::from_str::<Value>(text) else {
            bail!("is no JSON");
        };
        let Some(keys) = jwk.get("keys") else {
            return Self::from_jwk(&jwk, algorithm);
        };
        let keys = keys.as_array().context("has `keys` that are no list")?;
        let named = |key: &&Value| kid.is_none_or(|kid| key.get("kid").is_some_and(|k| k == kid));
        let private = |key: &&Value| key.get("d").is_some() || key.get("k").is_some();
        match keys.iter().filter(named).filter(private).collect::<Vec<_>>().as_slice() {
            [key] => Self::from_jwk(key, algorithm),
            [] => bail!("holds no such private key"),
            _ => bail!("holds several private keys: name one by --kid"),
        }
    }

    fn from_jwk(jwk: &Value, algorithm: Option<&str>) -> anyhow::Result<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let part = |name: &'static str| -> anyhow::Result<Vec<u8>> {
            let value = text(name).with_context(|| format!("is a key without {name}"))?;
            URL_SAFE_NO_PAD
                .decode(value)
                .ok()
                .with_context(|| format!("has {name} that is no base64url"))
        };
        let private = || part("d").context("is no private key");
        let material = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => {
                let number = |bytes: Vec<u8>| BigUint::from_bytes_be(&bytes);
                let primes = match (part("p"), part("q")) {
                    (Ok(p), Ok(q)) => vec![number(p), number(q)],
                    // RFC 7518 section 6.3.2: they may be absent, and be found again.
                    _ => Vec::new(),
                };
                let (n, e, d) = (number(part("n")?), number(part("e")?), number(private()?));
                let key = RsaPrivateKey::from_components(n, e, d, primes);
                Material::Rsa(Box::new(key.ok().context("is no RSA key: its numbers don't fit")?))
            }
            (Some("EC"), Some("P-256")) => p256::ecdsa::SigningKey::from_slice(&private()?)
                .map(Material::P256)
                .ok()
                .context("is no key on P-256")?,
            (Some("EC"), Some("P-384")) => p384::ecdsa::SigningKey::from_slice(&private()?)
                .map(Material::P384)
                .ok()
                .context("is no key on P-384")?,
            (Some("EC"), Some("P-521")) => p521::ecdsa::SigningKey::from_slice(&private()?)
                .map(|key| Material::P521(Box::new(key)))
                .ok()
                .context("is no key on P-521")?,
            (Some("OKP"), Some("Ed25519")) => {
                let seed = <[u8; 32]>::try_from(private()?).ok().context("is no Ed25519 key")?;
                Material::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed))
            }
            (Some("oct"), _) => Material::Secret(part("k")?),
            (None, _) => bail!("is no JWK: it has no kty"),
            _ => bail!(
                "is a key that signs no tokens: RSA, EC (P-256, P-384, P-521), OKP (Ed25519) and oct do"
            ),
        };
        Self::new(material, algorithm.or(text("alg")), text("kid"))
    }

    fn new(material: Material, algorithm: Option<&str>, kid: Option<&str>) -> anyhow::Result<Self> {
        let algorithms = material.algorithms();
        let algorithm = algorithm.or(algorithms.first().copied()).unwrap_or_default().to_owned();
        ensure!(
            algorithms.contains(&algorithm.as_str()),
            "such a key signs with {}, not with {algorithm}",
            algorithms.join(", ")
        );
        Ok(Self { algorithm, kid: kid.map(str::to_owned), material })
    }

    /// How short its secret is for its algorithm, in bytes: what it has and
    /// what RFC 7518 section 3.2 asks. The guard refuses such secrets.
    pub(super) fn too_short(&self) -> Option<(usize, usize)> {
        let Material::Secret(secret) = &self.material else {
            return None;
        };
        let least = match self.algorithm.as_str() {
            "HS384" => 48,
            "HS512" => 64,
            _ => 32,
        };
        (secret.len() < least).then_some((secret.len(), least))
    }

    /// The compact JWS (RFC 7515 section 3.1) of a header and a payload.
    pub(super) fn sign(&self, header: &Value, payload: &Value) -> anyhow::Result<String> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(payload));
        let signature = URL_SAFE_NO_PAD.encode(self.signature(message.as_bytes())?);
        Ok(format!("{message}.{signature}"))
    }

    fn signature(&self, message: &[u8]) -> anyhow::Result<Vec<u8>> {
        let failed = "this key signs nothing";
        Ok(match &self.material {
            Material::Rsa(key) => self.rsa(key, message).context(failed)?,
            Material::P256(key) => {
                Signer::<p256::ecdsa::Signature>::try_sign(key, message).context(failed)?.to_vec()
            }
            Material::P384(key) => {
                Signer::<p384::ecdsa::Signature>::try_sign(key, message).context(failed)?.to_vec()
            }
            Material::P521(key) => Signer::<p521::ecdsa::Signature>::try_sign(&**key, message)
                .context(failed)?
                .to_vec(),
            Material::Ed25519(key) => key.try_sign(message).context(failed)?.to_vec(),
            Material::Secret(secret) => match self.algorithm.as_str() {
                "HS384" => mac::<Hmac<Sha384>>(secret, message)?,
                "HS512" => mac::<Hmac<Sha512>>(secret, message)?,
                _ => mac::<Hmac<Sha256>>(secret, message)?,
            },
        })
    }

    fn rsa(&self, key: &RsaPrivateKey, message: &[u8]) -> Result<Vec<u8>, rsa::signature::Error> {
        let (key, rng) = (key.clone(), &mut OsRng);
        Ok(match self.algorithm.as_str() {
            "RS384" => pkcs1v15::SigningKey::<Sha384>::new(key).try_sign(message)?.to_vec(),
            "RS512" => pkcs1v15::SigningKey::<Sha512>::new(key).try_sign(message)?.to_vec(),
            "PS256" => {
                pss::SigningKey::<Sha256>::new(key).try_sign_with_rng(rng, message)?.to_vec()
            }
            "PS384" => {
                pss::SigningKey::<Sha384>::new(key).try_sign_with_rng(rng, message)?.to_vec()
            }
            "PS512" => {
                pss::SigningKey::<Sha512>::new(key).try_sign_with_rng(rng, message)?.to_vec()
            }
            _ => pkcs1v15::SigningKey::<Sha256>::new(key).try_sign(message)?.to_vec(),
        })
    }
}

fn mac<M: Mac + KeyInit>(secret: &[u8], message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut mac = <M as Mac>::new_from_slice(secret).ok().context("the secret can't be a key")?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().to_vec())
}
