//! Tokens taken apart.

use serde_json::Value;

use super::{b64, unb64};

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
