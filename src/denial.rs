//! Why a request is refused: every code, its status and its words.

use std::borrow::Cow;

use crate::host::HostError;

macro_rules! codes {
    ($($variant:ident $name:literal $status:literal $detail:literal;)*) => {
        /// Why a request is refused. The name never changes: it is in
        /// the reply, in Envoy's response-code details, in metrics and in the
        /// audit line.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each variant's meaning is its detail text")]
        pub enum Code { $($variant,)* }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name, as replies and logs have it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Envoy's response-code details of the reply.
            pub(crate) fn details(self) -> &'static str {
                match self { $(Self::$variant => concat!("tenant_guard.", $name),)* }
            }

            /// The HTTP status unless `replies.status` says another.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// The default `detail` of the reply.
            pub fn detail(self) -> &'static str {
                match self { $(Self::$variant => $detail,)* }
            }
        }
    };
}

codes! {
    CredentialsAmbiguous "credentials_ambiguous" 400 "The request carries more than one credential, or one of them twice. Send exactly one.";
    PathAmbiguous "path_ambiguous" 400 "The request's path or host can be read in more than one way.";
    TenantMalformed "tenant_malformed" 400 "A tenant is named in a form that is no tenant name, or in one place twice.";
    CredentialsMissing "credentials_missing" 401 "This resource needs a credential and the request has none.";
    TokenTooLarge "token_too_large" 401 "The token is larger than this service accepts.";
    TokenMalformed "token_malformed" 401 "The credential is not a well-formed signed token.";
    TokenAlgorithmRefused "token_algorithm_refused" 401 "The token is signed with an algorithm that its issuer's keys are not for.";
    TokenIssuerUnknown "token_issuer_unknown" 401 "The token's issuer is not accepted here.";
    TokenKeyUnknown "token_key_unknown" 401 "The token names no key that its issuer is known by.";
    TokenSignatureInvalid "token_signature_invalid" 401 "The token's signature is not valid.";
    TokenExpired "token_expired" 401 "The token has expired.";
    TokenNotYetValid "token_not_yet_valid" 401 "The token is not valid yet.";
    TokenAudienceInvalid "token_audience_invalid" 401 "The token is for another audience.";
    TokenClaimInvalid "token_claim_invalid" 401 "A claim of the token is missing or has a value that is not accepted.";
    TokenTypeRefused "token_type_refused" 401 "The token is of a type that is not accepted here.";
    TokenRevoked "token_revoked" 401 "The token has been revoked.";
    ApiKeyUnknown "api_key_unknown" 401 "The API key is not known.";
    ApiKeyExpired "api_key_expired" 401 "The API key has expired.";
    ApiKeyInactive "api_key_inactive" 401 "The API key is not active.";
    RouteRefused "route_refused" 403 "No rule admits requests to this path with this method.";
    TenantReserved "tenant_reserved" 403 "The request names a reserved tenant.";
    TenantMismatch "tenant_mismatch" 403 "The request names a tenant other than the one its credential is for.";
    TenantRequired "tenant_required" 403 "The credential is bound to no tenant, and one is required.";
    TenantHeaderUntrusted "tenant_header_untrusted" 403 "The credential is bound to no tenant, and a tenant named by the caller is not trusted.";
    TenantChoiceRequired "tenant_choice_required" 403 "The credential is for several tenants; name the one that the request is for.";
    TenantNotAllowed "tenant_not_allowed" 403 "The credential's issuer may not name this tenant.";
    TenantUnknown "tenant_unknown" 403 "The tenant is not known.";
    TenantInactive "tenant_inactive" 403 "The tenant is not active.";
    ClientInactive "client_inactive" 403 "The client is not active.";
    ClientUnknown "client_unknown" 403 "The client is not known.";
    IpRefused "ip_refused" 403 "The caller's address is not allowed.";
    ScopeMissing "scope_missing" 403 "The credential lacks a scope that this resource requires.";
    RoleMissing "role_missing" 403 "The credential has none of the roles that this resource requires.";
    RateLimited "rate_limited" 429 "The limit of requests is reached.";
    AuthenticationBlocked "authentication_blocked" 429 "Too many failed authentications from this address.";
    KeysUnavailable "keys_unavailable" 503 "The issuer's keys are not available at the moment.";
    TenantsUnavailable "tenants_unavailable" 503 "The tenants are not available at the moment.";
    LimiterUnavailable "limiter_unavailable" 503 "The limit of requests can't be checked at the moment.";
    GuardUnavailable "guard_unavailable" 503 "The request can't be checked at the moment.";
}

impl Code {
    /// The code of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// Whether the caller could be told from nobody: a 401 by nature.
    pub(crate) fn is_unauthenticated(self) -> bool {
        self.status() == 401
    }
}

/// The gRPC status that goes with an HTTP status.
pub(crate) fn grpc_status(status: u16) -> u8 {
    match status {
        401 => 16,       // UNAUTHENTICATED
        429 => 8,        // RESOURCE_EXHAUSTED
        500..=599 => 14, // UNAVAILABLE
        400 => 3,        // INVALID_ARGUMENT
        _ => 7,          // PERMISSION_DENIED
    }
}

/// Whose rule it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The tenant's.
    Tenant,
    /// The client's.
    Client,
    /// The API key's.
    Key,
    /// The route's.
    Route,
}

impl Level {
    /// The name, as replies and logs have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Client => "client",
            Self::Key => "key",
            Self::Route => "route",
        }
    }
}

/// A refusal and its cause. The one error of the request path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The code.
    pub code: Code,
    /// What exactly refused, for the audit line only.
    pub rule: Option<Cow<'static, str>>,
    /// Whose rule it was, where that is known.
    pub level: Option<Level>,
    /// The `kid` of a token that failed, as it claims. For the audit line only.
    pub kid: Option<String>,
    /// The scopes that the route asks, where one is missing.
    pub scopes: Vec<String>,
    /// In how many seconds it may be tried again, where that is known.
    pub retry_after: Option<u64>,
}

impl Denial {
    /// A refusal by a rule that the text names.
    pub(crate) fn by(code: Code, rule: impl Into<Cow<'static, str>>) -> Self {
        Self { rule: Some(rule.into()), ..code.into() }
    }

    /// The same, at a level.
    #[must_use]
    pub(crate) fn at(self, level: Level) -> Self {
        Self { level: Some(level), ..self }
    }

    /// The same, to be tried again in so many seconds.
    #[must_use]
    pub(crate) fn again_in(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

impl From<Code> for Denial {
    fn from(code: Code) -> Self {
        Self { code, rule: None, level: None, kid: None, scopes: Vec::new(), retry_after: None }
    }
}

impl From<HostError> for Denial {
    fn from(error: HostError) -> Self {
        Self::by(
            Code::GuardUnavailable,
            format!("host call {} answered {}", error.call, error.status),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_name() {
        for &code in Code::ALL {
            assert_eq!(Code::parse(code.name()), Some(code));
        }
        assert_eq!(Code::parse("tenant"), None);
    }

    #[test]
    fn every_status_has_its_grpc_status() {
        for (status, grpc) in [(400, 3), (401, 16), (403, 7), (404, 7), (429, 8), (503, 14)] {
            assert_eq!(grpc_status(status), grpc);
        }
    }
}
