//! The registered claims (RFC 7519 section 4.1), typed.
//!
//! A claim of the wrong type is an error, never an absence: a reader that skips
//! `"exp": "tomorrow"` accepts a token for ever.

use serde_json::{Map, Value};

use crate::denial::{Code, Denial};
use crate::host::Timestamp;

/// What the guard itself needs of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Registered {
    pub(super) expires: Timestamp,
    pub(super) not_before: Option<Timestamp>,
    pub(super) issued: Option<Timestamp>,
}

impl Registered {
    /// Reads and types them; `exp` must be there.
    pub(super) fn read(claims: &Map<String, Value>) -> Result<Self, Denial> {
        for name in ["iss", "sub", "jti"] {
            if claims.get(name).is_some_and(|value| !value.is_string()) {
                return Err(invalid(name));
            }
        }
        match claims.get("aud") {
            None | Some(Value::String(_)) => {}
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => {}
            Some(_) => return Err(invalid("aud")),
        }
        Ok(Self {
            expires: date(claims, "exp")?.ok_or_else(|| invalid("exp"))?,
            not_before: date(claims, "nbf")?,
            issued: date(claims, "iat")?,
        })
    }

    /// RFC 7519 sections 4.1.4 and 4.1.5, with `skew` seconds of leeway.
    pub(super) fn check_dates(&self, now: Timestamp, skew: f64) -> Result<(), Denial> {
        if now >= self.expires.plus(skew) {
            return Err(Denial::by(Code::TokenExpired, "exp"));
        }
        if self.not_before.is_some_and(|not_before| now.plus(skew) < not_before) {
            return Err(Denial::by(Code::TokenNotYetValid, "nbf"));
        }
        Ok(())
    }

    /// `max_lifetime`: from `iat`, which must then be there, to `exp`.
    pub(super) fn check_lifetime(&self, most: f64) -> Result<(), Denial> {
        let issued = self.issued.ok_or_else(|| invalid("iat"))?;
        if self.expires.seconds() - issued.seconds() > most {
            return Err(invalid("max_lifetime"));
        }
        Ok(())
    }
}

/// A NumericDate: a number, not past the year 9999.
fn date(claims: &Map<String, Value>, name: &'static str) -> Result<Option<Timestamp>, Denial> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            value.as_f64().and_then(Timestamp::from_seconds).map(Some).ok_or_else(|| invalid(name))
        }
    }
}

pub(super) fn invalid(rule: impl Into<std::borrow::Cow<'static, str>>) -> Denial {
    Denial::by(Code::TokenClaimInvalid, rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(claims: Value) -> Result<Registered, Code> {
        Registered::read(claims.as_object().unwrap()).map_err(|denial| denial.code)
    }

    #[test]
    fn a_mistyped_claim_is_no_absent_claim() {
        for bad in [json!(null), json!("1"), json!(true), json!({}), json!([1]), json!(1e19)] {
            for name in ["exp", "nbf", "iat"] {
                let mut claims = json!({"exp": 2_000_000_000});
                claims[name] = bad.clone();
                assert_eq!(read(claims.clone()), Err(Code::TokenClaimInvalid), "{claims}");
            }
        }
        for (name, bad) in [
            ("sub", json!(1)),
            ("jti", json!(null)),
            ("aud", json!(1)),
            ("aud", json!([1])),
            ("aud", json!([["a"]])),
            ("aud", json!(null)),
        ] {
            let mut claims = json!({"exp": 1});
            claims[name] = bad;
            assert_eq!(read(claims.clone()), Err(Code::TokenClaimInvalid), "{claims}");
        }
        assert_eq!(read(json!({})), Err(Code::TokenClaimInvalid), "exp is missing");
    }

    #[test]
    fn dates_far_away_do_not_overflow() {
        for exp in [json!(9_007_199_254_740_992_u64), json!(u64::MAX), json!(i64::MAX)] {
            assert_eq!(read(json!({ "exp": exp })), Err(Code::TokenClaimInvalid));
        }
        let past = read(json!({"exp": i64::MIN})).unwrap();
        let now = Timestamp::from_nanoseconds(1);
        assert_eq!(past.check_dates(now, 30.0).map_err(|d| d.code), Err(Code::TokenExpired));
    }

    #[test]
    fn exp_and_nbf_hold_to_the_second() {
        let at = |seconds: f64| Timestamp::from_seconds(seconds).unwrap();
        let claims = read(json!({"exp": 1000, "nbf": 900})).unwrap();
        let code = |now: f64, skew: f64| claims.check_dates(at(now), skew).map_err(|d| d.code);
        assert_eq!(code(999.999, 0.0), Ok(()));
        assert_eq!(code(1000.0, 0.0), Err(Code::TokenExpired));
        assert_eq!(code(1029.9, 30.0), Ok(()));
        assert_eq!(code(1030.0, 30.0), Err(Code::TokenExpired));
        assert_eq!(code(900.0, 0.0), Ok(()));
        assert_eq!(code(899.9, 0.0), Err(Code::TokenNotYetValid));
        assert_eq!(code(870.0, 30.0), Ok(()));
        assert_eq!(code(869.0, 30.0), Err(Code::TokenNotYetValid));
    }

    #[test]
    fn a_lifetime_needs_iat() {
        let check = |claims| read(claims).unwrap().check_lifetime(100.0).map_err(|d| d.code);
        assert_eq!(check(json!({"exp": 1100, "iat": 1000})), Ok(()));
        assert_eq!(check(json!({"exp": 1101, "iat": 1000})), Err(Code::TokenClaimInvalid));
        assert_eq!(check(json!({"exp": 1100})), Err(Code::TokenClaimInvalid));
    }
}
