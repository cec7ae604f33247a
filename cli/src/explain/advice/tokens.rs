//! Of tokens that don't verify.

use serde_json::Value;
use tenant_guard::explain::{Explanation, IssuerFacts, TokenFacts};
use tenant_guard::{Denial, Level};

use super::Given;
use crate::explain::words::{all_of, any_of, place, span, time};

fn issuer_of(explanation: &Explanation) -> Option<&IssuerFacts> {
    explanation.token.as_ref()?.issuer.as_ref()
}

/// `issuer customers`, where it is known.
fn issuer_name(explanation: &Explanation) -> String {
    issuer_of(explanation).map_or("its issuer".into(), |issuer| format!("issuer {}", issuer.name))
}

fn token(explanation: &Explanation) -> TokenFacts {
    explanation.token.clone().unwrap_or_default()
}

/// The rule that a text without the dots of a token breaks.
const NO_DOTS: &str = "not three parts";

fn quoted(text: Option<&String>) -> String {
    text.map_or("none".into(), |text| format!("{text:?}"))
}

pub(super) fn too_large(explanation: &Explanation) -> String {
    let TokenFacts { bytes, max_bytes, .. } = token(explanation);
    format!(
        "The token must be smaller: it has {bytes} bytes, and jwt.max_token_bytes is {max_bytes}."
    )
}

pub(super) fn malformed(explanation: &Explanation, rule: Option<&str>) -> String {
    if let Some(place) = rule.and_then(|rule| rule.strip_suffix(": another scheme")) {
        let schemes = explanation.places.iter().filter(|read| read.place == place);
        let schemes: Vec<&str> = schemes.filter_map(|read| read.scheme.as_deref()).collect();
        let keys = for_keys(explanation);
        return format!("The value in {place} must begin with {}.{keys}", any_of(&schemes));
    }
    let why = rule.unwrap_or("its shape");
    let keys = if why == NO_DOTS { for_keys(explanation) } else { String::new() };
    format!(
        "The credential must be a signed token in compact form (RFC 7515), and a plain one. What stands against it: {why}.{keys}"
    )
}

/// Where keys are read, for who sent one as a token; empty where nowhere.
fn for_keys(explanation: &Explanation) -> String {
    let places: Vec<String> =
        explanation.places.iter().filter(|read| read.api_key).map(place).collect();
    match places.as_slice() {
        [] => String::new(),
        places => format!(" If it is an API key, send it as {}.", any_of(places)),
    }
}

pub(super) fn algorithm(explanation: &Explanation, rule: Option<&str>) -> String {
    let alg = quoted(token(explanation).algorithm.as_ref());
    let accepted = issuer_of(explanation).map_or_else(Vec::new, |issuer| issuer.algorithms.clone());
    match rule {
        Some(rule) if rule != "algorithms" => {
            format!("The token must be signed with another algorithm than {alg}: {rule}.")
        }
        // "signed with none" would be an algorithm's name.
        _ if accepted.is_empty() => format!(
            "The token must be signed with an algorithm of the keys of {}, and its alg is {alg}. None of these keys is known here: give --fetched URI=FILE.",
            issuer_name(explanation)
        ),
        _ => format!(
            "The token must be signed with {}, the algorithms of the keys of {}, and its alg is {alg}.",
            any_of(&accepted),
            issuer_name(explanation)
        ),
    }
}

pub(super) fn issuer(explanation: &Explanation, denial: &Denial) -> String {
    let iss = quoted(token(explanation).iss.as_ref());
    if denial.level == Some(Level::Route) {
        let route = explanation.route.as_ref();
        let names = route.and_then(|route| route.issuers.clone()).unwrap_or_default();
        let (place, own) = (route.map_or("", |route| &route.place), issuer_name(explanation));
        return format!(
            "{place} takes tokens of {} only, and this one is of {own} (iss {iss}).",
            any_of(&names)
        );
    }
    let known: Vec<String> = explanation
        .issuers
        .iter()
        .map(|(name, iss)| match name == iss {
            true => format!("{iss:?}"),
            false => format!("{iss:?} ({name})"),
        })
        .collect();
    format!(
        "iss must be exactly that of a configured issuer. It is {iss}; configured: {}.",
        all_of(&known)
    )
}

pub(super) fn key(explanation: &Explanation, rule: Option<&str>) -> String {
    let name = issuer_name(explanation);
    let kids = issuer_of(explanation).map_or_else(Vec::new, |issuer| issuer.kids.clone());
    match rule {
        Some("no kid, and not one key") => format!(
            "The token must name its key: it has no kid, and {name} has several keys for its alg ({}).",
            all_of(&kids)
        ),
        _ => format!(
            "kid must name a key of {name}. It is {}; known: {}.",
            quoted(token(explanation).kid.as_ref()),
            all_of(&kids)
        ),
    }
}

pub(super) fn signature(explanation: &Explanation) -> String {
    let token = token(explanation);
    let kid = token.kid.as_ref().map(|kid| format!(" with kid {kid:?}"));
    format!(
        "The token must be signed by the key{} that {} is known by; it was changed, or something else signed it.",
        kid.unwrap_or_default(),
        issuer_name(explanation)
    )
}

pub(super) fn expired(explanation: &Explanation, given: Given) -> String {
    let expires = token(explanation).expires.unwrap_or_default();
    let skew = issuer_of(explanation).map_or(0.0, |issuer| issuer.clock_skew);
    format!(
        "The token must be renewed: it expired at {}, {} before {}; {} of clock_skew are allowed.",
        time(expires),
        span(given.at - expires),
        time(given.at),
        span(skew)
    )
}

pub(super) fn not_yet_valid(explanation: &Explanation, given: Given) -> String {
    let from = token(explanation).not_before.unwrap_or_default();
    let skew = issuer_of(explanation).map_or(0.0, |issuer| issuer.clock_skew);
    format!(
        "nbf must have come: it is {}, {} after {}; {} of clock_skew are allowed.",
        time(from),
        span(from - given.at),
        time(given.at),
        span(skew)
    )
}

pub(super) fn audience(explanation: &Explanation) -> String {
    let ours = issuer_of(explanation).and_then(|issuer| issuer.audiences.clone());
    format!(
        "The token must be for {}, which {} expects; it is for {}.",
        any_of(&ours.unwrap_or_default()),
        issuer_name(explanation),
        all_of(&token(explanation).audiences)
    )
}

pub(super) fn claim(explanation: &Explanation, rule: Option<&str>) -> String {
    let name = issuer_name(explanation);
    let rule = rule.unwrap_or_default();
    if let Some(claim) = rule.strip_prefix("claim_values: ") {
        let issuer = issuer_of(explanation);
        let asked = issuer.and_then(|issuer| issuer.claim_values.iter().find(|(n, _)| n == claim));
        let accepted = asked.map(|(_, values)| values.iter().map(Value::to_string).collect());
        let accepted: Vec<String> = accepted.unwrap_or_default();
        let token = token(explanation);
        let found = token.asked_claims.iter().find(|(n, _)| n == claim);
        let found = found.and_then(|(_, value)| value.as_ref());
        let found = found.map_or("absent".to_owned(), Value::to_string);
        return format!(
            "Claim {claim} must be {} (claim_values of {name}); it is {found}.",
            any_of(&accepted)
        );
    }
    if let Some(claim) = rule.strip_prefix("require_claims: ") {
        return format!("Claim {claim} must be there and not empty (require_claims of {name}).");
    }
    match rule {
        "cnf" => {
            "The token must not be bound to a key of its holder (cnf): the guard can't check that."
                .into()
        }
        "max_lifetime" => {
            let token = token(explanation);
            let lasts = token.expires.unwrap_or_default() - token.issued.unwrap_or_default();
            let most = issuer_of(explanation).and_then(|issuer| issuer.max_lifetime);
            format!(
                "The token must not last longer than max_lifetime of {name}, {}; from iat to exp it lasts {}.",
                span(most.unwrap_or_default()),
                span(lasts)
            )
        }
        "exp" => "Claim exp must be there, and be a time in seconds since 1970.".into(),
        claim => format!("Claim {claim} must be there where it is needed, and be of its type."),
    }
}

pub(super) fn token_type(explanation: &Explanation) -> String {
    let accepted =
        issuer_of(explanation).map_or_else(Vec::new, |issuer| issuer.token_types.clone());
    format!(
        "typ must be one of token_types of {}: {}. It is {}.",
        issuer_name(explanation),
        any_of(&accepted),
        quoted(token(explanation).token_type.as_ref())
    )
}

pub(super) fn revoked(explanation: &Explanation, rule: Option<&str>) -> String {
    let issued = token(explanation).issued;
    let issued = issued.map_or("it doesn't say when it was issued".into(), |issued| {
        format!("it was issued at {}", time(issued))
    });
    format!(
        "The token must be a new one, which {} doesn't cover; {issued}.",
        rule.unwrap_or("the revocation")
    )
}

pub(super) fn keys_unavailable(explanation: &Explanation, rule: Option<&str>) -> String {
    let source = issuer_of(explanation).and_then(|issuer| issuer.source.clone());
    let unknown = explanation.sources.iter().filter(|source| !source.is_known);
    let uris: Vec<String> = match source {
        Some(uri) => vec![uri],
        None => {
            unknown.filter(|source| !source.is_directory).map(|source| source.uri.clone()).collect()
        }
    };
    format!(
        "The keys of {} must be known, and they aren't here ({}). They are at {}: give that document with --fetched URI=FILE.",
        issuer_name(explanation),
        rule.unwrap_or("not fetched"),
        all_of(&uris)
    )
}
