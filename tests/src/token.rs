//! Keys of test identity providers, and the tokens they sign.
//!
//! Everything is deterministic (fixed RSA keys, other keys derived from their
//! seed) except the salt of PS* signatures. None of it needs Envoy.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
use rsa::{BigUint, RsaPrivateKey, pkcs1v15, pss};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Unpadded base64url.
pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of unpadded base64url.
pub fn unb64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("canonical base64url")
}

/// Lower-case hex of SHA-256, as API keys are configured.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes.as_ref()))
}

/// Lower-case hex of HMAC-SHA-256, as peppered API keys are configured.
pub fn hmac_sha256_hex(pepper: impl AsRef<[u8]>, bytes: impl AsRef<[u8]>) -> String {
    hex(&mac::<Hmac<Sha256>>(pepper.as_ref(), bytes.as_ref()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Seconds since 1970, now.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

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
enum Material {
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
    /// 3072 bits.
    Bits3072,
    /// 1024 bits: too small to be accepted.
    Bits1024,
}

impl RsaKey {
    fn load(self) -> RsaPrivateKey {
        let text = match self {
            RsaKey::A => include_str!("keys/rsa-2048-a.json"),
            RsaKey::B => include_str!("keys/rsa-2048-b.json"),
            RsaKey::Bits3072 => include_str!("keys/rsa-3072.json"),
            RsaKey::Bits1024 => include_str!("keys/rsa-1024.json"),
        };
        let jwk: Value = serde_json::from_str(text).unwrap();
        let part = |name: &str| BigUint::from_bytes_be(&unb64(jwk[name].as_str().unwrap()));
        let primes = vec![part("p"), part("q")];
        RsaPrivateKey::from_components(part("n"), part("e"), part("d"), primes).unwrap()
    }
}

/// A signing key of a test identity provider.
#[derive(Clone)]
pub struct Key {
    alg: Alg,
    kid: Option<String>,
    material: Material,
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

fn mac<M: Mac + hmac::digest::KeyInit>(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <M as Mac>::new_from_slice(secret).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// A JWKS of these keys.
pub fn jwks(keys: &[&Key]) -> Value {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()})
}

/// The three parts of a token, to be tampered with and joined again.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The encoded header.
    pub header: String,
    /// The encoded payload.
    pub payload: String,
    /// The encoded signature.
    pub signature: String,
}

impl Parts {
    /// Takes a token apart.
    pub fn of(token: &str) -> Parts {
        let mut parts = token.split('.').map(str::to_owned);
        let mut next = || parts.next().expect("a token has three parts");
        Parts { header: next(), payload: next(), signature: next() }
    }

    /// The header's JSON.
    pub fn header_json(&self) -> Value {
        serde_json::from_slice(&unb64(&self.header)).unwrap()
    }

    /// The payload's JSON.
    pub fn payload_json(&self) -> Value {
        serde_json::from_slice(&unb64(&self.payload)).unwrap()
    }

    /// With another header, the signature left as it was.
    pub fn with_header(mut self, header: &Value) -> Parts {
        self.header = b64(header.to_string());
        self
    }

    /// With other claims, the signature left as it was.
    pub fn with_payload(mut self, claims: &Value) -> Parts {
        self.payload = b64(claims.to_string());
        self
    }

    /// With another signature.
    pub fn with_signature(mut self, signature: impl AsRef<[u8]>) -> Parts {
        self.signature = b64(signature);
        self
    }

    /// With one bit of the signature changed.
    pub fn with_flipped_bit(self) -> Parts {
        let mut signature = unb64(&self.signature);
        signature[0] ^= 1;
        self.with_signature(signature)
    }

    /// The token again.
    pub fn join(&self) -> String {
        format!("{}.{}.{}", self.header, self.payload, self.signature)
    }
}

/// An identity provider: an issuer name, an audience and its signing key.
#[derive(Clone)]
pub struct Issuer {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `aud` of its tokens.
    pub audience: String,
    /// The key it signs with.
    pub key: Key,
}

impl Issuer {
    /// An issuer whose tokens are for the audience `api`.
    pub fn new(issuer: &str, key: Key) -> Issuer {
        Issuer { issuer: issuer.to_owned(), audience: "api".to_owned(), key }
    }

    /// Good claims: iss, aud, sub `user-1`, iat now, exp in five minutes; then
    /// `more` over them, where a null takes a claim out.
    pub fn claims(&self, more: Value) -> Value {
        let mut claims = json!({
            "iss": self.issuer, "aud": self.audience, "sub": "user-1",
            "iat": now(), "exp": now() + 300,
        });
        let map = claims.as_object_mut().unwrap();
        for (name, value) in more.as_object().expect("claims are an object") {
            if value.is_null() {
                map.remove(name);
            } else {
                map.insert(name.clone(), value.clone());
            }
        }
        claims
    }

    /// A good token with `more` over the claims of [`Issuer::claims`].
    pub fn token(&self, more: Value) -> String {
        self.key.token(self.claims(more))
    }

    /// `Bearer <token>`.
    pub fn bearer(&self, more: Value) -> String {
        format!("Bearer {}", self.token(more))
    }

    /// The JWKS of its one key.
    pub fn jwks(&self) -> Value {
        jwks(&[&self.key])
    }

    /// An entry of `jwt.issuers`: issuer, audiences and inline keys (the secret
    /// of an HS key); `more` over it (`{"tenant": {...}}`).
    pub fn config(&self, more: Value) -> Value {
        let keys = match &self.key.material {
            Material::Secret(_) => json!({"secret": self.key.secret()}),
            _ => json!({"jwks": self.jwks()}),
        };
        let mut config = json!({
            "issuer": self.issuer, "audiences": [self.audience],
            "algorithms": [self.key.alg.name()], "keys": keys,
        });
        for (name, value) in more.as_object().expect("an issuer's fields are an object") {
            config[name] = value.clone();
        }
        config
    }
}
