//! Of the tenant.

use tenant_guard::explain::{BoundFacts, Explanation, Says, TenantFacts};

use crate::explain::words::{all_of, any_of};

/// What a credential says of the tenant, in words.
pub(in crate::explain) fn bound(bound: &BoundFacts) -> Option<String> {
    let BoundFacts { source, says, .. } = bound;
    Some(match says {
        Says::Nothing => return None,
        Says::Malformed => format!("{source} names something that is no tenant"),
        Says::NotAllowed => format!("{source} names {}", all_of(&bound.written)),
        Says::OneOf(names) | Says::ActsFor(names) => {
            let also = match bound.written.iter().all(|text| names.contains(text)) {
                true => String::new(),
                false => format!(" (as {})", all_of(&bound.written)),
            };
            format!("{source} says {}{also}", any_of(names))
        }
        Says::Any => format!("{source} says any tenant"),
    })
}

/// What the request says of the tenant, each place in words.
pub(in crate::explain) fn asserted(facts: &TenantFacts) -> Vec<String> {
    let told = facts.asserted.iter().map(|asserted| {
        let place = &asserted.place;
        match (&asserted.written, &asserted.id) {
            (Some(written), Some(id)) if written == id => format!("{place} says {id}"),
            (Some(written), Some(id)) => format!("{place} says {id} (as {written})"),
            (Some(written), None) => format!("{place} says {written:?}"),
            (None, _) => format!("{place} is there more than once"),
        }
    });
    told.collect()
}

fn facts(explanation: &Explanation) -> TenantFacts {
    explanation.tenant.clone().unwrap_or_default()
}

fn bounds(facts: &TenantFacts) -> Vec<String> {
    facts.bounds.iter().filter_map(bound).collect()
}

pub(super) fn malformed(explanation: &Explanation, rule: Option<&str>) -> String {
    let facts = facts(explanation);
    let bad = facts.asserted.iter().find(|asserted| asserted.id.is_none());
    match (rule.and_then(|rule| rule.strip_prefix("claim ")), bad) {
        (Some(claim), _) => format!(
            "{claim} must name a tenant: text (or an integer), or a list of these, each {}.",
            facts.format
        ),
        (None, Some(asserted)) => match &asserted.written {
            Some(written) => format!(
                "{} must name a tenant: {}. It is {written:?}.",
                asserted.place, facts.format
            ),
            None => format!("{} must be there once.", asserted.place),
        },
        (None, None) => {
            format!("{} must name a tenant: {}.", rule.unwrap_or("The request"), facts.format)
        }
    }
}

pub(super) fn reserved(explanation: &Explanation, rule: Option<&str>) -> String {
    let facts = facts(explanation);
    let who = match rule {
        Some("credential") => {
            format!("The credential must not name it: {}", all_of(&bounds(&facts)))
        }
        _ => format!("The request must not name it: {}", all_of(&asserted(&facts))),
    };
    format!(
        "{who}. {:?} (tenancy.reserved) and the super admin's tenant are nobody's to name; the reserved one is reached only where nothing is named.",
        facts.reserved
    )
}

pub(super) fn mismatch(explanation: &Explanation) -> String {
    let facts = facts(explanation);
    let bounds = bounds(&facts);
    let asserted = asserted(&facts);
    let rule = explanation.decision.denial.as_ref().and_then(|denial| denial.rule.as_deref());
    if rule == Some("credentials disagree") {
        return format!("The credentials must name one tenant: {}.", all_of(&bounds));
    }
    match bounds.as_slice() {
        [] => format!("All places must name one tenant: {}.", all_of(&asserted)),
        bounds => format!(
            "The request must name the tenant that the credential is for, or none: {}, but {}.",
            all_of(&asserted),
            all_of(bounds)
        ),
    }
}

pub(super) fn required(explanation: &Explanation) -> String {
    let facts = facts(explanation);
    let empty: Vec<&str> = facts.bounds.iter().map(|bound| bound.source.as_str()).collect();
    let empty = match empty.as_slice() {
        [] => "nothing in it says one".to_owned(),
        sources => format!("{} says none", any_of(sources)),
    };
    format!(
        "The credential must be bound to a tenant: {empty}. Whatever the request names can't stand in for that where tenancy.strict is true."
    )
}

pub(super) fn untrusted(explanation: &Explanation, rule: Option<&str>) -> String {
    let facts = facts(explanation);
    let peer =
        facts.peer.map_or("isn't known here (give --peer)".into(), |peer| format!("is {peer}"));
    let trust = explanation.route.as_ref().and_then(|route| route.tenancy);
    let trust = trust.map_or("never", |tenancy| tenancy.trust_header);
    format!(
        "The credential must be bound to a tenant, or the connection come from a peer that trust_header lists. Nothing binds it, {} names one, trust_header is {trust}, and the peer {peer}.",
        rule.unwrap_or("the request")
    )
}

pub(super) fn choice(explanation: &Explanation) -> String {
    let facts = facts(explanation);
    let bounds = bounds(&facts);
    let bounds = match bounds.as_slice() {
        [] => "the super admin has no tenant of its own".to_owned(),
        bounds => all_of(bounds),
    };
    format!("The request must name one tenant, in {} for example: {bounds}.", facts.header)
}

pub(super) fn not_allowed(explanation: &Explanation) -> String {
    let facts = facts(explanation);
    let issuer = explanation.token.as_ref().and_then(|token| token.issuer.as_ref());
    let name = issuer.map_or("the issuer".to_owned(), |issuer| format!("issuer {}", issuer.name));
    let may = match issuer.and_then(|issuer| issuer.may_name.as_ref()) {
        Some(names) => format!("{name} may name {} (tenant.allow)", any_of(names)),
        None => format!("{name} may name no tenant that has identity providers of its own"),
    };
    let told: Vec<String> = bounds(&facts).into_iter().chain(asserted(&facts)).collect();
    format!(
        "The token must be for a tenant that its issuer may name: {may}, and {}.",
        all_of(&told)
    )
}

pub(super) fn unknown(explanation: &Explanation) -> String {
    let facts = facts(explanation);
    let name = facts.resolved.map_or("the tenant".into(), |(name, _)| format!("{name:?}"));
    format!(
        "{name} must be listed, in tenants or in the directory, by its id or as an alias; or tenancy.unknown be allow."
    )
}

pub(super) fn unavailable(explanation: &Explanation) -> String {
    let directory = explanation.sources.iter().find(|source| source.is_directory);
    let uri = directory.map_or("the directory", |source| &source.uri);
    format!(
        "The tenants must be known, and they aren't here. They are at {uri}: give that document with --fetched URI=FILE."
    )
}
