//! What other sections name: roles, tiers and actions. They are read first, so
//! that each name is resolved where it stands. And what names look like.

use std::collections::HashSet;

use serde_json::Value;

use super::limits::{self, LimitsSpec};
use super::node::Node;
use super::roles::{self, role_name};
use super::shape::Form;
use crate::policy::Roles;
use crate::policy::limit::{HeaderStyles, Tiers};

/// Names by section. What couldn't be read is `None`: nothing is then held
/// against it.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    pub(super) roles: Option<Roles>,
    pub(super) tiers: Option<Tiers>,
    /// The actions that routes have.
    pub(super) actions: HashSet<String>,
}

/// The fields of the document that are read here.
pub(super) const FIELDS: [&str; 4] = ["roles", "role_case", "wildcard_scopes", "limits"];

pub(super) fn read(document: Node<'_, '_>) -> Option<(Vocabulary, HeaderStyles)> {
    let object = document.object("document")?;
    let limits = object.field("limits", |node| Some(limits::section(node)));
    let LimitsSpec { tiers, headers } = limits.unwrap_or_default();
    let roles = roles::sections(&object, document.context.problems);
    Some((Vocabulary { roles, tiers, actions: actions(document.value) }, headers))
}

fn actions(document: &Value) -> HashSet<String> {
    let routes = document.get("routes").and_then(Value::as_array).into_iter().flatten();
    let actions = routes.filter_map(|route| route.get("action")?.as_str().map(str::to_owned));
    actions.collect()
}

/// The name of a role that `roles` lists, where it is there.
pub(super) fn role(node: Node<'_, '_>) -> Option<String> {
    let name = role_name(node)?;
    match &node.context.vocabulary.roles {
        Some(roles) if !roles.knows(&name) => node.error(roles::unlisted(&name)),
        _ => Some(name),
    }
}

/// A scope that somebody has or may have. What means every scope in tokens
/// means itself here.
pub(super) fn held_scope(node: Node<'_, '_>) -> Option<String> {
    let scope = scope(node)?;
    let roles = node.context.vocabulary.roles.as_ref();
    if roles.is_some_and(|roles| roles.is_wildcard(&scope)) {
        node.warn(roles::ONLY_ITSELF);
    }
    Some(scope)
}

/// The id of a client or key, or a role: any text that isn't very long.
pub(super) fn identifier(node: Node<'_, '_>) -> Option<String> {
    identifier_as(node, Form::Identifier)
}

fn identifier_as(node: Node<'_, '_>, form: Form) -> Option<String> {
    let text = node.some(form)?;
    if is_identifier(text) { Some(text.to_owned()) } else { node.error(NO_IDENTIFIER) }
}

pub(super) const NO_IDENTIFIER: &str = "must be at most 256 bytes without control characters";

pub(super) fn is_identifier(text: &str) -> bool {
    text.len() <= 256 && !text.chars().any(char::is_control)
}

/// A scope (RFC 6749 section 3.3).
pub(super) fn scope(node: Node<'_, '_>) -> Option<String> {
    let text = identifier_as(node, Form::Scope)?;
    if text.contains(' ') {
        return node.error("is no scope: a scope holds no space");
    }
    Some(text)
}
