//! Of policies.

use tenant_guard::Denial;
use tenant_guard::explain::{Explanation, Lack, PermissionFacts};

use super::Given;
use crate::explain::words::{all_of, any_of};

pub(super) fn inactive(rule: Option<&str>) -> String {
    let rule = rule.unwrap_or("active");
    format!("{rule} must be true.")
}

pub(super) fn unknown_client(explanation: &Explanation) -> String {
    let client = explanation.principal.as_ref().and_then(|who| who.client.as_deref());
    let client = client.map_or("none".into(), |client| format!("{client:?}"));
    let tenant = explanation.tenant.as_ref().and_then(|tenant| tenant.resolved.as_ref());
    let tenant = tenant.map_or("", |(name, _)| name);
    format!(
        "The token's client must be listed in tenant {tenant}: it is {client}. Or tenancy.unknown_clients must be allow."
    )
}

pub(super) fn address(rule: Option<&str>, given: Given) -> String {
    let rule = rule.unwrap_or("ip");
    match given.from {
        Some(address) => {
            format!("The client's address must be among those that {rule} lists; it is {address}.")
        }
        None => format!(
            "The client's address must be among those that {rule} lists; it isn't known here, and what isn't known fails every rule: give --from ADDRESS."
        ),
    }
}

fn permissions(explanation: &Explanation) -> PermissionFacts {
    explanation.permissions.clone().unwrap_or_default()
}

fn why(lack: &Lack, what: &str, carried: &[String]) -> String {
    match lack {
        Lack::Nothing => "it is there".into(),
        Lack::NotCarried if carried.is_empty() => {
            format!("the credential doesn't carry it; it carries no {what}")
        }
        Lack::NotCarried => {
            format!("the credential doesn't carry it, only {}", all_of(&listed(carried, what)))
        }
        Lack::Cut(ceilings) if ceilings.is_empty() => {
            format!("the credential carries it, and several ceilings on {what} cut it together")
        }
        Lack::Cut(ceilings) => format!(
            "the credential carries it, and the ceiling of {} cuts it ({what})",
            all_of(ceilings)
        ),
    }
}

/// The first of many.
fn listed(names: &[String], what: &str) -> Vec<String> {
    const MOST: usize = 12;
    let more = names.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| format!("{more} more {what}"));
    names.iter().take(MOST).cloned().chain(rest).collect()
}

pub(super) fn scope(explanation: &Explanation) -> String {
    let held = permissions(explanation);
    let missing = held.asked_scopes.iter().find(|(_, lack)| *lack != Lack::Nothing);
    match missing {
        Some((scope, lack)) => {
            format!("The route asks scope {scope}: {}.", why(lack, "scopes", &held.carried_scopes))
        }
        None => "The credential must have all scopes that the route asks.".into(),
    }
}

pub(super) fn role(explanation: &Explanation) -> String {
    let held = permissions(explanation);
    let asked: Vec<String> = held.asked_roles.iter().map(|(role, _)| role.clone()).collect();
    let cut = held.asked_roles.iter().find(|(_, lack)| matches!(lack, Lack::Cut(_)));
    let why = cut
        .or(held.asked_roles.first())
        .map(|(role, lack)| (role, why(lack, "roles", &held.carried_roles)));
    match (asked.as_slice(), why) {
        ([role], Some((_, why))) => format!("The route asks role {role}: {why}."),
        (_, Some((role, why))) => {
            format!("The route asks one of the roles {}. Of {role}: {why}.", any_of(&asked))
        }
        (_, None) => "The route asks a role that the credential doesn't carry.".to_owned(),
    }
}

pub(super) fn limited(rule: Option<&str>, denial: &Denial) -> String {
    let wait = denial.retry_after.map(|seconds| format!(", in {seconds} s"));
    format!(
        "The window must end{}, or the limit be higher: {}.",
        wait.unwrap_or_default(),
        rule.unwrap_or("limits")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::words::any_of;

    #[test]
    fn long_lists_are_cut() {
        let many: Vec<String> = (0..20).map(|n| format!("s{n}")).collect();
        assert_eq!(listed(&many, "scopes").last().map(String::as_str), Some("8 more scopes"));
        assert!(any_of(&listed(&many, "scopes")).ends_with("or 8 more scopes"));
    }
}
