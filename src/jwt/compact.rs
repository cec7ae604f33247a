//! A compact JWS, taken apart (RFC 7515 section 7.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memchr_iter;
use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use crate::denial::{Code, Denial};
use crate::json;

/// The parts of a token whose shape is sound. Nothing in it is verified.
#[derive(Debug)]
pub(super) struct Compact<'t> {
    /// Header and payload as they were signed.
    pub(super) signed: &'t str,
    /// The payload as it came, base64url.
    pub(super) payload: &'t str,
    pub(super) signature: Vec<u8>,
    pub(super) claims: Map<String, Value>,
    pub(super) alg: Option<Algorithm>,
    pub(super) kid: Option<String>,
    pub(super) typ: Option<String>,
}

impl<'t> Compact<'t> {
    /// Takes a token apart. Everything that RFC 7515 leaves to the reader is
    /// refused: other serialisations, non-canonical base64url, repeated names,
    /// extensions (`crit`, `b64`), compression and nesting.
    pub(super) fn parse(token: &'t [u8]) -> Result<Self, Denial> {
        let malformed = |rule: &'static str| Denial::by(Code::TokenMalformed, rule);
        let (first, second) = dots(token).ok_or(malformed("not three parts"))?;
        let text = core::str::from_utf8(token).map_err(|_| malformed("not ASCII"))?;
        let part = |range| text.get(range).ok_or(malformed("not three parts"));
        let (header, payload) = (part(0..first)?, part(first.saturating_add(1)..second)?);
        let (signed, signature) = (part(0..second)?, part(second.saturating_add(1)..text.len())?);
        let decode = |part: &str| {
            URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed("not canonical base64url"))
        };
        let header = Header::read(object(&decode(header)?).ok_or(malformed("header"))?)?;
        Ok(Self {
            signed,
            payload,
            signature: decode(signature)?,
            claims: object(&decode(payload)?).ok_or(malformed("payload"))?,
            alg: header.alg,
            kid: header.kid,
            typ: header.typ,
        })
    }
}

/// What the guard reads of a token's header (RFC 7515 section 4.1).
struct Header {
    alg: Option<Algorithm>,
    kid: Option<String>,
    typ: Option<String>,
}

impl Header {
    fn read(parameters: Map<String, Value>) -> Result<Self, Denial> {
        let malformed = |rule: &'static str| Denial::by(Code::TokenMalformed, rule);
        let (mut alg, mut kid, mut typ, mut cty) = (None, None, None, None);
        let mut extended = false;
        for (name, value) in parameters {
            match name.as_str() {
                "alg" => alg = Some(value),
                "kid" => kid = Some(value),
                "typ" => typ = Some(value),
                "cty" => cty = Some(value),
                "crit" | "b64" | "zip" | "enc" => extended = true,
                _ => {}
            }
        }
        if extended {
            return Err(malformed("header: an extension that isn't supported"));
        }
        let alg = text_of(alg).ok_or(malformed("header: alg"))?;
        let kid = text_of(kid).ok_or(malformed("header: kid"))?;
        let typ = text_of(typ).ok_or(malformed("header: typ"))?;
        let cty = text_of(cty).ok_or(malformed("header: cty"))?;
        if cty.is_some_and(|cty| cty.to_ascii_uppercase().ends_with("JWT")) {
            return Err(malformed("header: a token in a token"));
        }
        Ok(Self { alg: alg.as_deref().and_then(Algorithm::parse), kid, typ })
    }
}

/// Whether a value has the shape of a compact JWS.
pub(crate) fn has_three_parts(value: &[u8]) -> bool {
    dots(value).is_some()
}

/// The places of the dots, where there are two.
fn dots(value: &[u8]) -> Option<(usize, usize)> {
    let mut dots = memchr_iter(b'.', value);
    match (dots.next(), dots.next(), dots.next()) {
        (Some(first), Some(second), None) => Some((first, second)),
        _ => None,
    }
}

fn object(json: &[u8]) -> Option<Map<String, Value>> {
    match json::parse(json) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    }
}

/// A header parameter that is text: `None` where it is something else.
fn text_of(parameter: Option<Value>) -> Option<Option<String>> {
    match parameter {
        None => Some(None),
        Some(Value::String(text)) => Some(Some(text)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &[u8], payload: &[u8]) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        format!("{}.{}.{}", encode(header), encode(payload), encode(b"signature"))
    }

    fn is_malformed(token: &[u8]) -> bool {
        Compact::parse(token).is_err_and(|denial| denial.code == Code::TokenMalformed)
    }

    #[test]
    fn only_three_parts_are_a_token() {
        let good = token(br#"{"alg":"RS256"}"#, b"{}");
        assert!(Compact::parse(good.as_bytes()).is_ok());
        let dots = ".".repeat(100_000);
        for bad in ["", "a", ".", "..", "a.b", "a.b.c.d", "a.b.c.d.e", dots.as_str()] {
            assert!(is_malformed(bad.as_bytes()), "{}", &bad[..bad.len().min(20)]);
        }
        assert!(is_malformed(br#"{"payload":"e30","signature":"","protected":"e30"}"#));
    }

    #[test]
    fn base64url_has_one_spelling() {
        let good = token(br#"{"alg":"RS256"}"#, b"{}");
        let (signed, signature) = good.rsplit_once('.').unwrap();
        for bad in [
            format!("{good}="),
            format!(" {good}"),
            format!("{good}\n"),
            format!("{signed}.{signature}A"),
            format!("{signed}.+/"),
            // The last character holds bits that no byte uses.
            format!("{signed}.AB"),
            format!("{signed}.A"),
            format!("{signed}.\u{ff21}A"),
        ] {
            assert!(is_malformed(bad.as_bytes()), "{bad}");
        }
        assert!(is_malformed(b"\xff.e30.AA"));
    }

    #[test]
    fn header_and_payload_are_objects_with_unique_names() {
        for (header, payload) in [
            (&br#"{"alg":"RS256","alg":"HS256"}"#[..], &b"{}"[..]),
            (br#"{"alg":"RS256"}"#, br#"{"sub":"a","sub":"b"}"#),
            (br#"{"alg":"RS256"}"#, br#"{"a":{"b":1,"b":2}}"#),
            (br#"{"alg":"RS256"}"#, b"[]"),
            (br#"{"alg":"RS256"}"#, b"\"text\""),
            (br#"{"alg":"RS256"}"#, b"{} trailing"),
            (b"[]", b"{}"),
            (b"", b"{}"),
            (br#"{"alg":"RS256"}"#, b""),
        ] {
            assert!(is_malformed(token(header, payload).as_bytes()));
        }
    }

    #[test]
    fn extensions_and_mistyped_parameters_are_refused() {
        for header in [
            r#"{"alg":"RS256","crit":["exp"]}"#,
            r#"{"alg":"RS256","crit":[]}"#,
            r#"{"alg":"RS256","b64":false}"#,
            r#"{"alg":"RS256","b64":true}"#,
            r#"{"alg":"RS256","zip":"DEF"}"#,
            r#"{"alg":"RSA-OAEP","enc":"A128GCM"}"#,
            r#"{"alg":"RS256","cty":"JWT"}"#,
            r#"{"alg":"RS256","cty":"application/jwt"}"#,
            r#"{"alg":5}"#,
            r#"{"alg":null}"#,
            r#"{"alg":["RS256"]}"#,
            r#"{"alg":"RS256","kid":1}"#,
            r#"{"alg":"RS256","kid":null}"#,
            r#"{"alg":"RS256","typ":{}}"#,
        ] {
            assert!(is_malformed(token(header.as_bytes(), b"{}").as_bytes()), "{header}");
        }
    }

    #[test]
    fn key_references_in_the_header_are_ignored() {
        let header = br#"{"alg":"RS256","jku":"https://evil.example","jwk":{},"x5u":1,"x5c":[]}"#;
        assert!(Compact::parse(token(header, b"{}").as_bytes()).is_ok());
    }

    #[test]
    fn an_algorithm_that_is_not_known_is_none() {
        for name in ["none", "None", "nOnE", "HS1", "ES256K", "RS256 "] {
            let header = format!(r#"{{"alg":"{name}"}}"#);
            let text = token(header.as_bytes(), b"{}");
            assert_eq!(Compact::parse(text.as_bytes()).unwrap().alg, None);
        }
    }
}
