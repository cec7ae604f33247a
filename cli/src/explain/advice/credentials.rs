//! Of credentials that are missing, ambiguous or not good.

use tenant_guard::Denial;
use tenant_guard::explain::{CredentialKind, Explanation};

use super::Given;
use crate::explain::words::{all_of, any_of, place, span, time};

pub(super) fn ambiguous(explanation: &Explanation, rule: Option<&str>) -> String {
    let found = explanation.found.iter().filter(|found| found.looked_at);
    let found: Vec<String> = found.map(|found| kind_at(found.kind, &found.place)).collect();
    let found = match found.as_slice() {
        [] => rule.unwrap_or_default().to_owned(),
        found => all_of(found),
    };
    format!("The request must carry exactly one credential, once. There is {found}.")
}

/// A kind of credential, and where it is.
pub(in crate::explain) fn kind_at(kind: CredentialKind, place: &str) -> String {
    match kind {
        CredentialKind::Jwt => format!("a JWT in {place}"),
        CredentialKind::ApiKey => format!("an API key in {place}"),
        CredentialKind::SuperAdmin => format!("a super admin's key in {place}"),
        CredentialKind::Dev => format!("a developer's word in {place}"),
        CredentialKind::OtherScheme => format!("a value with another scheme in {place}"),
        CredentialKind::Repeated => format!("more than one value in {place}"),
    }
}

pub(super) fn missing(explanation: &Explanation) -> String {
    let places: Vec<String> = explanation.places.iter().map(place).collect();
    let mut text = match places.as_slice() {
        [] => "The route needs a credential, and the document reads none.".to_owned(),
        places => format!("The request must carry {}.", any_of(places)),
    };
    if explanation.route.as_ref().is_some_and(|route| route.auth == "super_admin") {
        text.push_str(" The route is for the super admin alone.");
    }
    let passed_over: Vec<String> = explanation
        .found
        .iter()
        .filter(|found| !found.looked_at)
        .map(|found| kind_at(found.kind, &found.place))
        .collect();
    if !passed_over.is_empty() {
        let mode = explanation.route.as_ref().map_or("", |route| route.mode);
        text.push_str(&format!(
            " There is {}, which isn't looked at here (mode {mode}).",
            all_of(&passed_over)
        ));
    }
    text
}

pub(super) fn unknown_key(explanation: &Explanation, rule: Option<&str>) -> String {
    let mut places = explanation.found.iter().filter(|found| found.looked_at);
    let place = places
        .next()
        .map_or("what was sent".to_owned(), |found| format!("what was sent in {}", found.place));
    match rule {
        Some("super_admin") => {
            format!(
                "{}: it isn't the super admin's key. Where one is sent, it decides alone.",
                capital(&place)
            )
        }
        Some("empty") => format!("{} is empty; it must be a key.", capital(&place)),
        Some(rule @ "a token where keys are read") => {
            format!("{} must be an API key, and is {rule}.", capital(&place))
        }
        _ => format!(
            "A key with the digest of {place} must be listed. None is: it is another key, was taken out, or the document hashes keys in another way (api_keys.hash)."
        ),
    }
}

pub(super) fn expired_key(explanation: &Explanation, given: Given) -> String {
    let Some((key, expires)) = explanation.key.as_ref().and_then(|key| Some((key, key.expires?)))
    else {
        return "The key must not have expired.".into();
    };
    let (when, ago) = (time(expires), span(given.at - expires));
    format!(
        "expires of key {} must be later: it is {when}, {ago} before {}.",
        key.id,
        time(given.at)
    )
}

pub(super) fn inactive_key(explanation: &Explanation, given: Given) -> String {
    match &explanation.key {
        Some(key) if !key.active => {
            format!("Key {} must be active; it says active: false.", key.id)
        }
        Some(key) => {
            let from = key.not_before.unwrap_or_default();
            let (when, left) = (time(from), span(from - given.at));
            format!(
                "not_before of key {} must have come: it is {when}, {left} after {}.",
                key.id,
                time(given.at)
            )
        }
        None => "The key must be active.".into(),
    }
}

pub(super) fn blocked(denial: &Denial) -> String {
    let wait = denial.retry_after.map(|seconds| format!(", in {} s", seconds));
    format!(
        "The block of the client's address must end{}; too many authentications from it failed (failures).",
        wait.unwrap_or_default()
    )
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
