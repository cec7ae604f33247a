//! What is told of the request: its target, its route and its credentials.

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
