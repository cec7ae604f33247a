//! The one thing that would have to change for a refused request to go on.

pub(super) mod credentials;
mod policies;
pub(super) mod tenants;
mod tokens;

use std::net::IpAddr;

use tenant_guard::explain::Explanation;
use tenant_guard::{Code, Denial};

/// What an explanation was made with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given {
    /// The time, in seconds since the epoch.
    pub(super) at: f64,
    /// The client's address.
    pub(super) from: Option<IpAddr>,
}

/// What would have to change; `None` where nothing refuses the request.
pub(super) fn advise(explanation: &Explanation, given: Given) -> Option<String> {
    let denial = explanation.decision.denial.as_ref()?;
    Some(advise_on(denial, explanation, given))
}

fn advise_on(denial: &Denial, explanation: &Explanation, given: Given) -> String {
    let rule = denial.rule.as_deref();
    match denial.code {
        Code::CredentialsAmbiguous => credentials::ambiguous(explanation, rule),
        Code::CredentialsMissing => credentials::missing(explanation),
        Code::ApiKeyUnknown => credentials::unknown_key(explanation, rule),
        Code::ApiKeyExpired => credentials::expired_key(explanation, given),
        Code::ApiKeyInactive => credentials::inactive_key(explanation, given),
        Code::AuthenticationBlocked => credentials::blocked(denial),
        Code::TokenTooLarge => tokens::too_large(explanation),
        Code::TokenMalformed => tokens::malformed(explanation, rule),
        Code::TokenAlgorithmRefused => tokens::algorithm(explanation, rule),
        Code::TokenIssuerUnknown => tokens::issuer(explanation, denial),
        Code::TokenKeyUnknown => tokens::key(explanation, rule),
        Code::TokenSignatureInvalid => tokens::signature(explanation),
        Code::TokenExpired => tokens::expired(explanation, given),
        Code::TokenNotYetValid => tokens::not_yet_valid(explanation, given),
        Code::TokenAudienceInvalid => tokens::audience(explanation),
        Code::TokenClaimInvalid => tokens::claim(explanation, rule),
        Code::TokenTypeRefused => tokens::token_type(explanation),
        Code::TokenRevoked => tokens::revoked(explanation, rule),
        Code::KeysUnavailable => tokens::keys_unavailable(explanation, rule),
        Code::PathAmbiguous => path(rule),
        Code::RouteRefused => route(explanation),
        Code::TenantMalformed => tenants::malformed(explanation, rule),
        Code::TenantReserved => tenants::reserved(explanation, rule),
        Code::TenantMismatch => tenants::mismatch(explanation),
        Code::TenantRequired => tenants::required(explanation),
        Code::TenantHeaderUntrusted => tenants::untrusted(explanation, rule),
        Code::TenantChoiceRequired => tenants::choice(explanation),
        Code::TenantNotAllowed => tenants::not_allowed(explanation),
        Code::TenantUnknown => tenants::unknown(explanation),
        Code::TenantsUnavailable => tenants::unavailable(explanation),
        Code::TenantInactive | Code::ClientInactive => policies::inactive(rule),
        Code::ClientUnknown => policies::unknown_client(explanation),
        Code::IpRefused => policies::address(rule, given),
        Code::ScopeMissing => policies::scope(explanation),
        Code::RoleMissing => policies::role(explanation),
        Code::RateLimited => policies::limited(rule, denial),
        Code::LimiterUnavailable => {
            "The proxy must be able to count requests; nothing about this one has to change.".into()
        }
        Code::GuardUnavailable => {
            "The proxy must answer the guard's questions; nothing about the request has to change."
                .into()
        }
    }
}

fn path(rule: Option<&str>) -> String {
    match rule {
        Some("paths.encoded_slashes") => {
            "The path must have no %2F, or the document must say paths.encoded_slashes: keep."
                .into()
        }
        Some("paths.empty_segments") => {
            "The path must have no //, or the document must say paths.empty_segments: keep.".into()
        }
        Some("paths.parameters") => {
            "The path must have no ; (or %3B), or the document must say paths.parameters: keep."
                .into()
        }
        Some(rule) => match rule.split_once(": ") {
            Some(("host", _)) => {
                "The request must name one host, by one name or address; a port may follow.".into()
            }
            Some((_, why)) => {
                format!("The path must have one reading only. What stands against it: {why}.")
            }
            None => format!("The path must have one reading only ({rule})."),
        },
        None => "The path must have one reading only.".into(),
    }
}

fn route(explanation: &Explanation) -> String {
    let near: Vec<String> = explanation.near.iter().map(super::words::near).collect();
    let near = match near.as_slice() {
        [] => "No route has a path that begins like it.".to_owned(),
        near => format!("Nearest: {}.", near.join(", ")),
    };
    format!("A route must match the request, or routes_unmatched be auth. {near}")
}

#[cfg(test)]
mod tests;
