//! What other sections name: roles and tiers. They are read first, so that
//! each name is resolved where it stands.

use super::api_keys::{identifier, scope};
use super::limits::{self, LimitsSpec};
use super::node::{Node, Object};
use crate::policy::limit::Tiers;
use crate::policy::{EVERY, RoleEntry, Roles};

/// Names by section. What couldn't be read is `None`: nothing is then held
/// against it.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    pub(super) roles: Option<Roles>,
    pub(super) tiers: Option<Tiers>,
}

/// The fields of the document that are read here.
pub(super) const FIELDS: [&str; 4] = ["roles", "role_case", "wildcard_scopes", "limits"];

pub(super) fn vocabulary(document: &Object<'_, '_>) -> (Vocabulary, LimitsSpec) {
    let limits = document.field("limits", limits::limits);
    let tiers = match &limits {
        Some(limits) => limits.tiers.clone(),
        None => (!document.has("limits")).then(Tiers::new),
    };
    (Vocabulary { roles: roles(document), tiers }, limits.unwrap_or_default())
}

fn roles(document: &Object<'_, '_>) -> Option<Roles> {
    let case =
        document.field("role_case", |node| node.choice(&[("exact", false), ("ignore", true)]));
    let wildcards = document.field("wildcard_scopes", |node| node.list(wildcard));
    let entries = document.field("roles", |node| node.entries(entry));
    let problems = document.problems();
    if ["roles", "role_case"].iter().any(|section| problems.has_errors_at(section)) {
        return None;
    }
    let ignore_case = case.unwrap_or(false);
    let roles = match Roles::new(ignore_case, entries.as_deref(), wildcards.unwrap_or_default()) {
        Ok(roles) => roles,
        Err(cycle) => {
            let problem = format!("go in a circle: {}", cycle.join(" includes "));
            problems.error("roles", problem);
            return None;
        }
    };
    let entries = entries.unwrap_or_default();
    for (index, entry) in entries.iter().enumerate() {
        let at = format!("roles.{}", entry.name);
        for (place, included) in entry.includes.iter().enumerate() {
            if !roles.knows(included) {
                problems.error(format!("{at}.includes[{place}]"), "is no role; add it to roles");
            }
        }
        let same = |other: &&RoleEntry| roles.compared(&other.name) == roles.compared(&entry.name);
        if entries.iter().take(index).any(|other| same(&other)) {
            problems.error(at, "is there twice, since role_case is ignore");
        }
    }
    Some(roles)
}

fn entry(name: &str, node: Node<'_, '_>) -> Option<RoleEntry> {
    if name.is_empty() || name == EVERY {
        return node.error("is no name of a role");
    }
    let object = node.object()?;
    let entry = RoleEntry {
        name: name.to_owned(),
        includes: object.field("includes", |node| node.list(identifier)).unwrap_or_default(),
        scopes: object.field("scopes", |node| node.list(scope)).unwrap_or_default(),
    };
    object.close();
    Some(entry)
}

fn wildcard(node: Node<'_, '_>) -> Option<String> {
    let scope = scope(node)?;
    if scope == EVERY {
        return node.error("means every scope in this document only; name a scope of your tokens");
    }
    Some(scope)
}

/// The name of a role that `roles` lists, where it is there.
pub(super) fn role(node: Node<'_, '_>) -> Option<String> {
    let name = identifier(node)?;
    if name == EVERY {
        return node.error("is no role; leave roles out where any will do");
    }
    match &node.context.vocabulary.roles {
        Some(roles) if !roles.knows(&name) => {
            node.error(format!("names the role {name}, which roles doesn't list"))
        }
        _ => Some(name),
    }
}

/// A scope that somebody has or may have. What means every scope in tokens
/// means itself here.
pub(super) fn held_scope(node: Node<'_, '_>) -> Option<String> {
    let scope = scope(node)?;
    let roles = node.context.vocabulary.roles.as_ref();
    if roles.is_some_and(|roles| roles.is_wildcard(&scope)) {
        node.warn(format!("means only itself here; write {EVERY} for every scope"));
    }
    Some(scope)
}
