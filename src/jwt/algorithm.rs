//! Signature algorithms of JWS (RFC 7518 section 3.1, RFC 8037 section 3.1).

use crate::host::Hash;

/// An algorithm that the guard verifies. `none` isn't one, and a token never
/// chooses: a key is for exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RSASSA-PKCS1-v1_5.
    Rs(Hash),
    /// RSASSA-PSS, the salt as long as the hash.
    Ps(Hash),
    /// ECDSA on the curve that goes with the hash.
    Es(Hash),
    /// Ed25519.
    EdDsa,
    /// HMAC.
    Hs(Hash),
}

impl Algorithm {
    /// All of them, by name.
    pub(crate) const ALL: [(&'static str, Self); 13] = [
        ("RS256", Self::Rs(Hash::Sha256)),
        ("RS384", Self::Rs(Hash::Sha384)),
        ("RS512", Self::Rs(Hash::Sha512)),
        ("PS256", Self::Ps(Hash::Sha256)),
        ("PS384", Self::Ps(Hash::Sha384)),
        ("PS512", Self::Ps(Hash::Sha512)),
        ("ES256", Self::Es(Hash::Sha256)),
        ("ES384", Self::Es(Hash::Sha384)),
        ("ES512", Self::Es(Hash::Sha512)),
        ("EdDSA", Self::EdDsa),
        ("HS256", Self::Hs(Hash::Sha256)),
        ("HS384", Self::Hs(Hash::Sha384)),
        ("HS512", Self::Hs(Hash::Sha512)),
    ];

    /// The algorithm of that name, case included.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// Whether it is keyed with a shared secret.
    pub(crate) fn is_hmac(self) -> bool {
        matches!(self, Self::Hs(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        for (name, algorithm) in Algorithm::ALL {
            assert_eq!(Algorithm::parse(name), Some(algorithm));
            assert_eq!(algorithm.name(), name);
        }
        for name in ["none", "None", "rs256", "RS256 ", "ES256K", "Ed25519", "RSA-OAEP", ""] {
            assert_eq!(Algorithm::parse(name), None, "{name}");
        }
    }
}
