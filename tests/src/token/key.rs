//! Signing keys: RSA keys are fixed, the others come from their seed.

use hmac::{Hmac, Mac};
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
use rsa::{BigUint, RsaPrivateKey, pkcs1v15, pss};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{b64, hex, unb64};

/// A signature algorithm of JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "these are the names of RFC 7518 and RFC 8037")]
pub enum Alg {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    EdDSA,
    HS256,
    HS384,
    HS512,
}

impl Alg {
    /// All of them.
    pub const ALL: [Alg; 13] = {
        use Alg::*;
        [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, HS256, HS384, HS512]
    };

    /// The value of `alg`.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

#[derive(Clone)]
pub(super) enum Material {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(Box<p521::ecdsa::SigningKey>),
    Ed25519(ed25519_dalek::SigningKey),
    Secret(Vec<u8>),
}

/// One of the fixed RSA keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaKey {
    /// 2048 bits; what `Key::rs256` and its like use.
    A,
    /// 2048 bits, another.
    B,
    /// 2048 bits, a third.
    C,
    /// 3072 bits.
    Bits3072,
    /// 1024 bits: too small to be accepted.
    Bits1024,
}

impl RsaKey {
    /// The private JWK.
    pub fn private_jwk(self) -> Value {
        let text = match self {
            RsaKey::A => include_str!("../keys/rsa-2048-a.json"),
            RsaKey::B => include_str!("../keys/rsa-2048-b.json"),
            RsaKey::C => include_str!("../keys/rsa-2048-c.json"),
            RsaKey::Bits3072 => include_str!("../keys/rsa-3072.json"),
            RsaKey::Bits1024 => include_str!("../keys/rsa-1024.json"),
        };
        serde_json::from_str(text).unwrap()
    }

    fn load(self) -> RsaPrivateKey {
        let jwk = self.private_jwk();
        let part = |name: &str| BigUint::from_bytes_be(&unb64(jwk[name].as_str().unwrap()));
        let primes = vec![part("p"), part("q")];
        RsaPrivateKey::from_components(part("n"), part("e"), part("d"), primes).unwrap()
    }
}

/// A signing key of a test identity provider.
#[derive(Clone)]
pub struct Key {
    pub(super) alg: Alg,
    kid: Option<String>,
    pub(super) material: Material,
}

macro_rules! shorthand {
    ($($name:ident $alg:ident),*) => {$(
        #[doc = concat!("A key for ", stringify!($alg), "; see [`Key::new`].")]
        pub fn $name(kid: &str) -> Key {
            Key::new(Alg::$alg, kid)
        }
    )*};
}

impl Key {
    shorthand!(
        rs256 RS256, rs384 RS384, rs512 RS512, ps256 PS256, ps384 PS384, ps512 PS512,
        es256 ES256, es384 ES384, es512 ES512, eddsa EdDSA, hs256 HS256, hs384 HS384, hs512 HS512
    );

    /// A key for `alg`. RSA algorithms use the fixed key [`RsaKey::A`] whatever
    /// the kid; other keys are derived from the kid, so another kid is another key.
    pub fn new(alg: Alg, kid: &str) -> Key {
        Key::seeded(alg, kid, kid)
    }

    /// A key for `alg` derived from `seed`: the same kid with other material.
    /// For RSA any seed that isn't the kid gives [`RsaKey::B`].
    pub fn seeded(alg: Alg, kid: &str, seed: &str) -> Key {
        use Alg::*;
        let long = Sha512::digest(seed);
        let material = match alg {
            RS256 | RS384 | RS512 | PS256 | PS384 | PS512 => {
                let which = if seed == kid { RsaKey::A } else { RsaKey::B };
                Material::Rsa(Box::new(which.load()))
            }
            ES256 => Material::P256(p256::ecdsa::SigningKey::from_slice(&long[..32]).unwrap()),
            ES384 => Material::P384(p384::ecdsa::SigningKey::from_slice(&long[..48]).unwrap()),
            ES512 => {
                let mut scalar = [0; 66];
                scalar[2..].copy_from_slice(&long);
                Material::P521(Box::new(p521::ecdsa::SigningKey::from_slice(&scalar).unwrap()))
            }
            EdDSA => {
                let seed: [u8; 32] = Sha256::digest(seed).into();
                Material::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed))
            }
            HS256 | HS384 | HS512 => Material::Secret(hex(&long).into_bytes()),
        };
        Key { alg, kid: Some(kid.to_owned()), material }
    }

    /// One of the fixed RSA keys, for an RS or PS algorithm.
    pub fn rsa(alg: Alg, kid: &str, which: RsaKey) -> Key {
        assert!(
            alg.name().ends_with(['6', '4', '2'])
                && matches!(alg.name().as_bytes()[0], b'R' | b'P')
        );
        Key { alg, kid: Some(kid.to_owned()), material: Material::Rsa(Box::new(which.load())) }
    }

    /// A key for an HS algorithm with this secret.
    pub fn with_secret(alg: Alg, kid: &str, secret: impl AsRef<[u8]>) -> Key {
        Key { alg, kid: Some(kid.to_owned()), material: Material::Secret(secret.as_ref().to_vec()) }
    }

    /// The same key without a kid, in its JWK and in its tokens.
    pub fn without_kid(mut self) -> Key {
        self.kid = None;
        self
    }

    /// The same RSA key under another RSA algorithm, or any key that lies about
    /// its algorithm in header and JWK; the signature is what `alg` makes of the
    /// key's own kind (an RSA key signs RS or PS; others always sign their own way).
    pub fn as_alg(mut self, alg: Alg) -> Key {
        self.alg = alg;
        self
    }

    /// Its algorithm.
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// Its kid; panics where it has none.
    pub fn kid(&self) -> &str {
        self.kid.as_deref().expect("this key has no kid")
    }

    /// The secret of an HS key, as text for `keys.secret`.
    pub fn secret(&self) -> String {
        match &self.material {
            Material::Secret(secret) => String::from_utf8(secret.clone()).unwrap(),
            _ => panic!("only HS keys have a secret"),
        }
    }

    /// The public JWK with alg, use and kid. For an HS key the (refused) `oct` key.
    pub fn jwk(&self) -> Value {
        let ec = |crv: &str, point: &[u8]| {
            let half = point.len() / 2;
            json!({"kty": "EC", "crv": crv, "x": b64(&point[1..=half]), "y": b64(&point[half + 1..])})
        };
        let mut jwk = match &self.material {
            Material::Rsa(key) => {
                use rsa::traits::PublicKeyParts;
                json!({"kty": "RSA", "n": b64(key.n().to_bytes_be()), "e": b64(key.e().to_bytes_be())})
            }
            Material::P256(key) => {
                ec("P-256", key.verifying_key().to_encoded_point(false).as_bytes())
            }
            Material::P384(key) => {
                ec("P-384", key.verifying_key().to_encoded_point(false).as_bytes())
            }
            Material::P521(key) => {
                let public = p521::ecdsa::VerifyingKey::from(&**key);
                ec("P-521", public.to_encoded_point(false).as_bytes())
            }
            Material::Ed25519(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": b64(key.verifying_key().as_bytes())})
            }
            Material::Secret(secret) => json!({"kty": "oct", "k": b64(secret)}),
        };
        jwk["alg"] = json!(self.alg.name());
        jwk["use"] = json!("sig");
        if let Some(kid) = &self.kid {
            jwk["kid"] = json!(kid);
        }
        jwk
    }

    /// The signature over these bytes.
    pub fn signature(&self, message: &[u8]) -> Vec<u8> {
        match &self.material {
            Material::Rsa(key) => rsa_signature(self.alg, key, message),
            Material::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Material::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Material::P521(key) => {
                let signature: p521::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Material::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Material::Secret(secret) => match self.alg {
                Alg::HS384 => mac::<Hmac<Sha384>>(secret, message),
                Alg::HS512 => mac::<Hmac<Sha512>>(secret, message),
                _ => mac::<Hmac<Sha256>>(secret, message),
            },
        }
    }

    /// The default header: alg, typ JWT, and the kid where there is one.
    pub fn header(&self) -> Value {
        let mut header = json!({"alg": self.alg.name(), "typ": "JWT"});
        if let Some(kid) = &self.kid {
            header["kid"] = json!(kid);
        }
        header
    }

    /// A token with this header and these claims, exactly.
    pub fn sign(&self, header: Value, claims: Value) -> String {
        self.sign_bytes(header.to_string(), claims.to_string())
    }

    /// A token of any two byte strings, each put into base64url.
    pub fn sign_bytes(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.sign_encoded(&b64(header), &b64(payload))
    }

    /// A token of two parts that are already encoded, well or badly.
    pub fn sign_encoded(&self, header: &str, payload: &str) -> String {
        let input = format!("{header}.{payload}");
        let signature = b64(self.signature(input.as_bytes()));
        format!("{input}.{signature}")
    }

    /// A token with the default header.
    pub fn token(&self, claims: Value) -> String {
        self.sign(self.header(), claims)
    }
}

fn rsa_signature(alg: Alg, key: &RsaPrivateKey, message: &[u8]) -> Vec<u8> {
    let key = key.clone();
    let rng = &mut rand::thread_rng();
    match alg {
        Alg::RS384 => pkcs1v15::SigningKey::<Sha384>::new(key).sign(message).to_vec(),
        Alg::RS512 => pkcs1v15::SigningKey::<Sha512>::new(key).sign(message).to_vec(),
        Alg::PS256 => pss::SigningKey::<Sha256>::new(key).sign_with_rng(rng, message).to_vec(),
        Alg::PS384 => pss::SigningKey::<Sha384>::new(key).sign_with_rng(rng, message).to_vec(),
        Alg::PS512 => pss::SigningKey::<Sha512>::new(key).sign_with_rng(rng, message).to_vec(),
        _ => pkcs1v15::SigningKey::<Sha256>::new(key).sign(message).to_vec(),
    }
}

pub(super) fn mac<M: Mac + hmac::digest::KeyInit>(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <M as Mac>::new_from_slice(secret).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
