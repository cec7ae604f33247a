//! What an explanation tells of each step. None of it holds a credential.

use std::net::IpAddr;

use serde_json::Value;

use crate::denial::{Denial, Level};

/// The request's target, as rules are compared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFacts {
    /// The method.
    pub method: String,
    /// The path in its one spelling.
    pub path: String,
    /// The host in lower case, without port and final dot.
    pub host: String,
}

/// What a route matches; an empty list is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatternFacts {
    /// Path patterns.
    pub paths: Vec<String>,
    /// Methods.
    pub methods: Vec<String>,
    /// Host patterns.
    pub hosts: Vec<String>,
}

/// The route of a request, and what it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteFacts {
    /// Where it stands: `routes[2]`, or `routes_unmatched`.
    pub place: String,
    /// What it matches; nothing is said of what no route matches.
    pub patterns: Option<PatternFacts>,
    /// `auth`, as the configuration has it.
    pub auth: &'static str,
    /// `mode`, as the configuration has it.
    pub mode: &'static str,
    /// The names of the only issuers whose tokens count here.
    pub issuers: Option<Vec<String>>,
    /// `None` is `tenancy: none`.
    pub tenancy: Option<TenancyFacts>,
    /// `shadow`, as the configuration has it.
    pub shadow: &'static str,
    /// All of these scopes.
    pub scopes: Vec<String>,
    /// Any of these roles.
    pub roles: Vec<String>,
    /// What limits of actions count.
    pub action: Option<String>,
}

/// How a route resolves tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenancyFacts {
    /// `strict`.
    pub strict: bool,
    /// `trust_header`; what a list holds isn't told.
    pub trust_header: &'static str,
}

/// A route that a request comes near to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearRoute {
    /// Where it stands: `routes[2]`.
    pub place: String,
    /// What it matches.
    pub patterns: PatternFacts,
    /// Whether the request's path is one of them.
    pub path: bool,
    /// Whether its method is.
    pub method: bool,
    /// Whether its host is.
    pub host: bool,
}

/// What stands in a place where credentials are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// What counts as a JWT.
    Jwt,
    /// What counts as an API key.
    ApiKey,
    /// What stands where the super admin's key does.
    SuperAdmin,
    /// A developer's word.
    Dev,
    /// A value with a scheme that nobody reads.
    OtherScheme,
    /// More than one value.
    Repeated,
}

/// A credential that was found. Never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialFacts {
    /// Its kind.
    pub kind: CredentialKind,
    /// Where it was found: `header authorization`.
    pub place: String,
    /// Whether the route's `mode` looks at it.
    pub looked_at: bool,
}

/// A place where a credential may be sent; where neither kind is read there it
/// is a developer's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceFacts {
    /// `header authorization`.
    pub place: String,
    /// The scheme before it.
    pub scheme: Option<String>,
    /// Whether JWTs are read there.
    pub jwt: bool,
    /// Whether API keys are.
    pub api_key: bool,
}

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

/// What a policy is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Whether tenant and clients are known and active.
    State,
    /// The caller's address.
    Address,
    /// A scope.
    Scope,
    /// Roles.
    Roles,
    /// A limit.
    Limit,
}

/// How a policy decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It lets the request on.
    Passed,
    /// It refuses it.
    Failed(Box<Denial>),
    /// Something before it refused.
    NotReached,
}

/// One policy.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyFacts {
    /// What it is about.
    pub subject: Subject,
    /// Whose it is.
    pub level: Option<Level>,
    /// The rule in words: `ip of tenant acme`, `scope outline:generate`.
    pub rule: String,
    /// How it decided.
    pub outcome: Outcome,
}

/// What a caller's credentials carry, and what is left of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionFacts {
    /// Scopes that credentials carry, those that their roles grant included.
    pub carried_scopes: Vec<String>,
    /// Roles that they carry.
    pub carried_roles: Vec<String>,
    /// The scopes under all ceilings.
    pub scopes: Vec<String>,
    /// The roles under all ceilings.
    pub roles: Vec<String>,
    /// The ceilings.
    pub ceilings: Vec<CeilingFacts>,
    /// The scopes that the route asks, and why one is lacking.
    pub asked_scopes: Vec<(String, Lack)>,
    /// The roles that the route asks any of, likewise.
    pub asked_roles: Vec<(String, Lack)>,
}

/// Why a caller hasn't what a route asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// It has it.
    Nothing,
    /// None of its credentials carries it.
    NotCarried,
    /// A credential carries it, and each of these ceilings cuts it; where none
    /// is told, several do together.
    Cut(Vec<String>),
}

/// A ceiling on what credentials bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CeilingFacts {
    /// Whose: `tenant acme`, `client web`, `issuer staff`.
    pub of: String,
    /// The scopes that it leaves; `None` where it says nothing of them.
    pub scopes: Option<Vec<String>>,
    /// The roles, likewise, with all that they include.
    pub roles: Option<Vec<String>>,
}

/// A document that the guard fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFacts {
    /// Its URI.
    pub uri: String,
    /// Whose keys they are, or the directory.
    pub subject: String,
    /// Whether it is the directory of tenants.
    pub is_directory: bool,
    /// Whether it is an OpenID configuration, which names another URI.
    pub is_discovery: bool,
    /// Whether what is there is known.
    pub is_known: bool,
}
