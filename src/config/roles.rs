//! The `roles`, `role_case` and `wildcard_scopes` sections.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet, VecDeque};

use super::node::Node;
use super::object::Object;
use super::problem::Problems;
use super::shape::{Form, Shape};
use super::vocabulary::{NO_IDENTIFIER, identifier, is_identifier, scope};
use crate::policy::{EVERY, RoleEntry, Roles};

pub(super) const ONLY_ITSELF: &str = "means only itself here; write * for every scope";

pub(super) fn unlisted(name: &str) -> String {
    format!("names the role {name}, which roles doesn't list; add it there, or name one that is")
}

/// `None` where they couldn't be read.
pub(super) fn sections(document: &Object<'_, '_>, problems: &Problems) -> Option<Roles> {
    let case =
        document.field("role_case", |node| node.choice(&[("exact", false), ("ignore", true)]));
    let wildcards = document.field("wildcard_scopes", |node| node.list(wildcard));
    let names = || Shape::Text(Form::Identifier);
    let entries = document.field("roles", |node| node.entries(names, entry_name, entry));
    let entries: Option<Vec<RoleEntry>> = entries.map(|entries| {
        let entries = entries.into_iter();
        entries.map(|(name, (includes, scopes))| RoleEntry { name, includes, scopes }).collect()
    });
    if ["roles", "role_case"].iter().any(|section| problems.has_errors_at(section)) {
        return None;
    }
    let roles =
        Roles::new(case.unwrap_or(false), entries.as_deref(), wildcards.unwrap_or_default());
    check(&roles, entries.as_deref().unwrap_or_default(), problems);
    (!problems.has_errors_at("roles")).then_some(roles)
}

fn entry_name(name: &str, node: Node<'_, '_>) -> Option<String> {
    if name.is_empty() || name == EVERY {
        return node.error("is no name of a role");
    }
    if !is_identifier(name) {
        return node.error(NO_IDENTIFIER);
    }
    Some(name.to_owned())
}

/// What a role includes, and the scopes that it grants.
fn entry(node: Node<'_, '_>) -> Option<(Vec<String>, Vec<String>)> {
    let object = node.object("role")?;
    let includes = object.field("includes", |node| node.list(role_name)).unwrap_or_default();
    let scopes = object.field("scopes", |node| node.list(scope)).unwrap_or_default();
    object.close();
    Some((includes, scopes))
}

/// The name of a role, listed or not.
pub(super) fn role_name(node: Node<'_, '_>) -> Option<String> {
    match identifier(node)? {
        name if name == EVERY => node.error("is no role; name those that are meant, or none"),
        name => Some(name),
    }
}

fn wildcard(node: Node<'_, '_>) -> Option<String> {
    let scope = scope(node)?;
    if scope == EVERY {
        return node.error("means every scope in this document only; name a scope of your tokens");
    }
    Some(scope)
}

/// Checks what roles say of each other.
fn check(roles: &Roles, entries: &[RoleEntry], problems: &Problems) {
    let mut by_name = BTreeMap::new();
    for entry in entries {
        let at = format!("roles.{}", entry.name);
        if let Some(other) = by_name.insert(roles.compared(&entry.name), entry) {
            let other = &other.name;
            problems.error(&at, format!("is {other} too, since role_case is ignore; keep one"));
        }
        for (place, included) in entry.includes.iter().enumerate() {
            if !roles.knows(included) {
                problems.error(format!("{at}.includes[{place}]"), unlisted(included));
            }
        }
        for (place, scope) in entry.scopes.iter().enumerate() {
            if roles.is_wildcard(scope) {
                problems.warn(format!("{at}.scopes[{place}]"), ONLY_ITSELF);
            }
        }
    }
    let mut told = HashSet::new();
    for (name, entry) in &by_name {
        if told.contains(name) {
            continue;
        }
        if let Some(way) = way_back(roles, &by_name, name) {
            let written = way.iter().filter_map(|name| Some(by_name.get(name)?.name.as_str()));
            let way_told = written.collect::<Vec<_>>().join(" includes ");
            let at = format!("roles.{}.includes", entry.name);
            problems.error(at, format!("goes in a circle: {way_told}; take one of them out"));
            told.extend(way);
        }
    }
}

/// The shortest way from a role to itself by what each includes, with it at
/// both ends.
fn way_back<'e>(
    roles: &Roles,
    by_name: &BTreeMap<Cow<'e, str>, &'e RoleEntry>,
    name: &Cow<'e, str>,
) -> Option<Vec<Cow<'e, str>>> {
    // Each role with the one that led to it.
    let mut led: BTreeMap<Cow<'e, str>, Cow<'e, str>> = BTreeMap::new();
    let mut open = VecDeque::from([name.clone()]);
    while let Some(at) = open.pop_front() {
        for included in by_name.get(&at).into_iter().flat_map(|entry| &entry.includes) {
            let next = roles.compared(included);
            if led.contains_key(&next) {
                continue;
            }
            led.insert(next.clone(), at.clone());
            if next == *name {
                let mut way = vec![next];
                while let Some(before) = way.last().and_then(|step| led.get(step)) {
                    way.push(before.clone());
                    if before == name {
                        break;
                    }
                }
                way.reverse();
                return Some(way);
            }
            open.push_back(next);
        }
    }
    None
}
