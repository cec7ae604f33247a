//! What is told of tokens, of their issuers, and of keys.

use serde_json::Value;

/// What a token says, verified or not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenFacts {
    /// How large it is.
    pub bytes: usize,
    /// The most that is read.
    pub max_bytes: usize,
    /// Whether its shape is sound; nothing below is known where it isn't.
    pub is_sound: bool,
    /// `alg`.
    pub algorithm: Option<String>,
    /// `typ`.
    pub token_type: Option<String>,
    /// `kid`.
    pub kid: Option<String>,
    /// `iss`.
    pub iss: Option<String>,
    /// The audiences in the claims that its issuer has them in.
    pub audiences: Vec<String>,
    /// `exp`, in seconds since the epoch.
    pub expires: Option<f64>,
    /// `nbf`, likewise.
    pub not_before: Option<f64>,
    /// `iat`, likewise.
    pub issued: Option<f64>,
    /// The claims that its issuer asks certain values of, and theirs.
    pub asked_claims: Vec<(String, Option<Value>)>,
    /// Its issuer, where that is known.
    pub issuer: Option<IssuerFacts>,
}

/// An issuer's rules.
#[derive(Debug, Clone, PartialEq)]
pub struct IssuerFacts {
    /// Its name.
    pub name: String,
    /// The `iss` of its tokens, as the configuration has it.
    pub iss: String,
    /// The tenant whose own identity provider it is.
    pub owner: Option<String>,
    /// `None` is `any_audience`.
    pub audiences: Option<Vec<String>>,
    /// The algorithms that its tokens may have, by its keys that are known now.
    pub algorithms: Vec<&'static str>,
    /// The `kid` of each key that is known now and has one.
    pub kids: Vec<String>,
    /// How many keys are known now, shared secrets included.
    pub keys: usize,
    /// Where its keys are fetched from.
    pub source: Option<String>,
    /// `token_types`.
    pub token_types: Vec<String>,
    /// `clock_skew`, in seconds.
    pub clock_skew: f64,
    /// `max_lifetime`, in seconds.
    pub max_lifetime: Option<f64>,
    /// `claim_values`.
    pub claim_values: Vec<(String, Vec<Value>)>,
    /// The tenants that it may name; `None` for any.
    pub may_name: Option<Vec<String>>,
}

/// An API key that is configured and was presented. Never its value.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyFacts {
    /// Its id.
    pub id: String,
    /// The tenant that it is bound to.
    pub tenant: Option<String>,
    /// The client whose it is.
    pub client: Option<String>,
    /// Whether it is active.
    pub active: bool,
    /// `not_before`, in seconds since the epoch.
    pub not_before: Option<f64>,
    /// `expires`, likewise.
    pub expires: Option<f64>,
}
