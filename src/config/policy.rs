//! What tenants, clients, keys and issuers say of addresses, scopes, roles and
//! limits.

use std::sync::Arc;

use serde_json::Value;

use super::limits::{self, OwnLimits};
use super::node::{Node, Object};
use super::vocabulary::{held_scope, role};
use crate::address::{AddressRule, AddressSet};
use crate::jwt::Ceilings;
use crate::policy::limit::Limits;
use crate::policy::{Policy, RoleSet, Scopes};

/// A field that may say nothing, be turned off, or say something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Setting<T> {
    #[default]
    Absent,
    /// `null`: the default doesn't hold.
    Off,
    Is(T),
}

impl<T> Setting<T> {
    /// Reads a field that is there; one with a mistake counts as absent.
    pub(super) fn read(node: Node<'_, '_>, read: impl Fn(Node<'_, '_>) -> Option<T>) -> Self {
        match node.value {
            Value::Null => Self::Off,
            _ => read(node).map_or(Self::Absent, Self::Is),
        }
    }

    /// This, or where it says nothing the default.
    pub(super) fn or(self, default: Self) -> Self {
        match self {
            Self::Absent => default,
            own => own,
        }
    }

    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            _ => None,
        }
    }
}

/// `ip`, `scopes`, `roles` and `limits` as read.
#[derive(Debug, Clone, Default)]
pub(super) struct PolicySpec {
    ip: Setting<Arc<AddressSet>>,
    scopes: Setting<Arc<Scopes>>,
    roles: Setting<Arc<RoleSet>>,
    limits: Setting<Arc<OwnLimits>>,
}

/// Reads the four fields of an object.
pub(super) fn fields(object: &Object<'_, '_>) -> PolicySpec {
    PolicySpec {
        ip: limits::setting(object, "ip", |node| addresses(node).map(Arc::new)),
        scopes: limits::setting(object, "scopes", scopes),
        roles: limits::setting(object, "roles", roles),
        limits: limits::setting(object, "limits", |node| limits::own_limits(node).map(Arc::new)),
    }
}

/// An object of these four and nothing else.
pub(super) fn policy(node: Node<'_, '_>) -> Option<PolicySpec> {
    let object = node.object()?;
    let spec = fields(&object);
    object.close();
    Some(spec)
}

impl PolicySpec {
    /// The policy, with what the defaults say where this says nothing.
    pub(super) fn over(&self, defaults: &Self) -> Policy {
        let limits = match (&self.limits, &defaults.limits) {
            (Setting::Off, _) | (Setting::Absent, Setting::Off | Setting::Absent) => None,
            (Setting::Is(own), Setting::Is(default)) => Some(own.over(Some(default))),
            (Setting::Is(limits), _) | (Setting::Absent, Setting::Is(limits)) => {
                Some(limits.over(None))
            }
        };
        Policy {
            ip: self.ip.clone().or(defaults.ip.clone()).value(),
            scopes: self.scopes.clone().or(defaults.scopes.clone()).value(),
            roles: self.roles.clone().or(defaults.roles.clone()).value(),
            limits: limits.map(Arc::new),
        }
    }

    /// Whether it limits requests.
    pub(super) fn has_limits(&self) -> bool {
        matches!(self.limits, Setting::Is(_))
    }
}

/// `ip`: rules that addresses must match one of.
pub(super) fn addresses(node: Node<'_, '_>) -> Option<AddressSet> {
    let rules = node.list(|node| node.parsed(AddressRule::parse))?;
    let set = AddressSet::compile(rules);
    if node.value.as_array().is_some_and(Vec::is_empty) && set.is_empty() {
        node.warn("is empty and so allows no address; leave it out where any will do");
    }
    Some(set)
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

/// `limits` of a key, which has no defaults.
pub(super) fn key_limits(node: Node<'_, '_>) -> Option<Limits> {
    Some(limits::own_limits(node)?.over(None))
}
