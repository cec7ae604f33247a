//! What tenants, clients, keys and issuers say of addresses, scopes, roles and
//! limits.

use std::sync::Arc;

use super::limits::{self, LimitsOver};
use super::node::Node;
use super::object::Object;
use super::shape::Form;
use super::vocabulary::{held_scope, role};
use crate::address::{AddressRule, AddressSet};
use crate::jwt::Ceilings;
use crate::policy::{Policy, RoleSet, Scopes};

/// `ip`, `scopes`, `roles` and `limits` that stand over defaults: for each
/// `None` where it says nothing, `Some(None)` where it turns the default off.
#[derive(Debug, Default)]
pub(super) struct PolicyOver {
    ip: Option<Option<Arc<AddressSet>>>,
    scopes: Option<Option<Arc<Scopes>>>,
    roles: Option<Option<Arc<RoleSet>>>,
    limits: Option<Option<LimitsOver>>,
}

/// The four fields of an object for which there are defaults.
pub(super) fn policy_over(object: &Object<'_, '_>) -> PolicyOver {
    PolicyOver {
        ip: object.or_null("ip", addresses),
        scopes: object.or_null("scopes", scopes),
        roles: object.or_null("roles", roles),
        limits: object.or_null("limits", limits::limits_over),
    }
}

/// The four fields of an object for which there are none.
pub(super) fn policy(object: &Object<'_, '_>) -> Policy {
    Policy {
        ip: object.field("ip", addresses),
        scopes: object.field("scopes", scopes),
        roles: object.field("roles", roles),
        limits: object.field("limits", limits::limits).map(Arc::new),
    }
}

/// An object of fields that `read` reads, and nothing else.
pub(super) fn only<T>(
    node: Node<'_, '_>,
    name: &'static str,
    read: fn(&Object<'_, '_>) -> T,
) -> Option<T> {
    let object = node.object(name)?;
    let policy = read(&object);
    object.close();
    Some(policy)
}

impl PolicyOver {
    /// The policy, with what the defaults say where this says nothing.
    pub(super) fn over(&self, defaults: &Policy) -> Policy {
        let limits = match &self.limits {
            None => defaults.limits.clone(),
            Some(None) => None,
            Some(Some(own)) => Some(Arc::new(own.over(defaults.limits.as_deref()))),
        };
        Policy {
            ip: self.ip.clone().unwrap_or_else(|| defaults.ip.clone()),
            scopes: self.scopes.clone().unwrap_or_else(|| defaults.scopes.clone()),
            roles: self.roles.clone().unwrap_or_else(|| defaults.roles.clone()),
            limits,
        }
    }
}

/// `ip`: rules that addresses must match one of.
pub(super) fn addresses(node: Node<'_, '_>) -> Option<Arc<AddressSet>> {
    let rules = node.list(address)?;
    if node.value.as_array().is_some_and(Vec::is_empty) {
        node.warn("is empty and so allows no address; leave it out where any will do");
    }
    Some(Arc::new(AddressSet::compile(rules)))
}

/// A rule that addresses may match.
pub(super) fn address(node: Node<'_, '_>) -> Option<AddressRule> {
    node.parsed(Form::Address, AddressRule::parse)
}

fn scopes(node: Node<'_, '_>) -> Option<Arc<Scopes>> {
    Some(Arc::new(Scopes::configured(&node.list(held_scope)?)))
}

fn roles(node: Node<'_, '_>) -> Option<Arc<RoleSet>> {
    let names = node.list(role)?;
    let roles = node.context.vocabulary.roles.as_ref()?;
    Some(Arc::new(roles.reach(names.iter().map(String::as_str))))
}

/// `scopes` and `roles` of an issuer.
pub(super) fn ceilings(object: &Object<'_, '_>) -> Ceilings {
    Ceilings { scopes: object.field("scopes", scopes), roles: object.field("roles", roles) }
}
