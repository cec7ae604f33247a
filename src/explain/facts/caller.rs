//! What is told of the caller and its tenant.

use std::net::IpAddr;

/// Who a request is from.
#[derive(Debug, Clone, PartialEq)]
pub struct PrincipalFacts {
    /// How it authenticated, as `x-auth-method` has it.
    pub method: &'static str,
    /// The user or machine.
    pub subject: Option<String>,
    /// The client.
    pub client: Option<String>,
    /// The API key's id.
    pub key: Option<String>,
    /// The name of the token's issuer.
    pub issuer: Option<String>,
    /// The `kid` of the token.
    pub kid: Option<String>,
    /// Whether it acts for tenants that its caller asserts.
    pub acts_for: bool,
    /// When what it has ends, in seconds since the epoch.
    pub expires: Option<f64>,
}

/// What a credential says of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundFacts {
    /// What says it: `claim org_id`, `key web-1`.
    pub source: String,
    /// What it says.
    pub says: Says,
    /// What it is as it was written, where that is another.
    pub written: Vec<String>,
}

/// What something says of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// Nothing.
    Nothing,
    /// What is no tenant name.
    Malformed,
    /// A tenant that its issuer may not name.
    NotAllowed,
    /// One of these; a single one simply binds.
    OneOf(Vec<String>),
    /// The one of these that the caller asserts.
    ActsFor(Vec<String>),
    /// Whatever tenant the caller asserts.
    Any,
}

/// A tenant that the request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertedFacts {
    /// Where: a header's name, `path`, `host`, a query parameter.
    pub place: String,
    /// The name as it was written, as far as it is text; `None` where the
    /// place is there twice.
    pub written: Option<String>,
    /// The id that it is read as; `None` where it is no tenant name.
    pub id: Option<String>,
}

/// How the tenant came about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantFacts {
    /// What credentials say.
    pub bounds: Vec<BoundFacts>,
    /// What the request says.
    pub asserted: Vec<AssertedFacts>,
    /// The tenant, and how it came about (`bound`, `chosen`, `asserted`,
    /// `default`).
    pub resolved: Option<(String, &'static str)>,
    /// The reserved name.
    pub reserved: String,
    /// `tenancy.header`.
    pub header: String,
    /// `tenancy.id_format` in words.
    pub format: &'static str,
    /// The connection's own address, as the proxy keeps it for `trust_header`.
    pub peer: Option<IpAddr>,
}
