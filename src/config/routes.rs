//! The `routes` section.

use std::sync::Arc;

use super::limits;
use super::names::is_token;
use super::node::Node;
use super::policy;
use super::scalar::texts;
use super::shape::Form;
use super::tenancy;
use super::vocabulary::role;
use crate::address::AddressSet;
use crate::credential::{Both, Mode};
use crate::pattern::{HostPattern, PathPattern};
use crate::policy::EVERY;
use crate::policy::limit::Action;
use crate::request::path::PathRules;
use crate::route::{Auth, Match};
use crate::tenant::Trust;

/// A route as read: issuers are still names, the rest falls back on the
/// document's own settings.
pub(super) struct RouteSpec {
    /// Where it stands.
    pub(super) path: String,
    /// For the audit line.
    pub(super) name: String,
    pub(super) matches: Match,
    pub(super) auth: Auth,
    pub(super) mode: Option<Mode>,
    pub(super) issuers: Option<Vec<String>>,
    pub(super) tenancy: RouteTenancy,
    pub(super) shadow: Option<bool>,
    pub(super) ip: Option<Arc<AddressSet>>,
    pub(super) scopes: Vec<String>,
    pub(super) roles: Vec<String>,
    pub(super) action: Option<Action>,
}

impl RouteSpec {
    /// Whether its callers must be bound to a tenant, where the document's own
    /// rule is strict; true of a route without callers.
    pub(super) fn needs_a_tenant(&self) -> bool {
        let agree = self.mode == Some(Mode::Either(Both::Agree));
        let lax = self.tenancy.none || self.tenancy.strict == Some(false) || agree;
        !lax || self.auth == Auth::None
    }

    /// Whether it asks for more than a credential.
    pub(super) fn asks(&self) -> bool {
        self.ip.is_some()
            || !self.scopes.is_empty()
            || !self.roles.is_empty()
            || self.action.is_some()
    }
}

/// `tenancy` of a route.
#[derive(Clone, Default)]
pub(super) struct RouteTenancy {
    pub(super) none: bool,
    pub(super) strict: Option<bool>,
    pub(super) trust: Option<Trust>,
}

/// `mode`, with the document's `both`.
pub(super) fn mode(node: Node<'_, '_>, both: Both) -> Option<Mode> {
    node.choice(&[
        ("either", Mode::Either(both)),
        ("jwt", Mode::Jwt),
        ("api_key", Mode::ApiKey),
        ("jwt_then_api_key", Mode::JwtThenApiKey),
    ])
}

pub(super) fn route(node: Node<'_, '_>, paths: PathRules, both: Both) -> Option<RouteSpec> {
    let object = node.object("route")?;
    let matches = object.required("match", |node| matches(node, paths));
    let auth = object.field("auth", |node| {
        node.choice(&[
            ("required", Auth::Required),
            ("optional", Auth::Optional),
            ("none", Auth::None),
            ("super_admin", Auth::SuperAdmin),
        ])
    });
    let mode = object.field("mode", |node| mode(node, both));
    let issuers = object.field("issuers", texts);
    let tenancy = object.field("tenancy", route_tenancy);
    let shadow = object.field("shadow", |node| node.flag());
    // Where it couldn't be read, nothing more can be said of it.
    let unread = RouteTenancy { none: object.has("tenancy"), ..RouteTenancy::default() };
    let ip = object.field("ip", policy::addresses);
    let scopes = object.field("scopes", |node| node.some_list(asked_scope)).unwrap_or_default();
    let roles = object.field("roles", |node| node.some_list(asked_role)).unwrap_or_default();
    let action = object.field("action", limits::action);
    let given = |names: &[&str]| object.count(names) > 0;
    let about_callers = given(&["mode", "issuers", "scopes", "roles", "action"]);
    let (tenancy_given, ip_given) = (given(&["tenancy"]), given(&["ip"]));
    let first_path = node.value.get("match").and_then(|m| m.get("path")).map(|path| {
        let first = path.get(0).unwrap_or(path);
        first.as_str().unwrap_or_default().to_owned()
    });
    object.close();
    if auth == Some(Auth::None) && (about_callers || tenancy_given) {
        return node.error(
            "asks for no credential, so mode, issuers, tenancy, scopes, roles and action say nothing; take them out",
        );
    }
    if auth == Some(Auth::SuperAdmin) && (about_callers || ip_given) {
        return node.error(
            "is for the super admin, whom no policy holds, so mode, issuers, ip, scopes, roles and action say nothing; take them out",
        );
    }
    Some(RouteSpec {
        path: node.at.to_string(),
        name: format!("{} {}", node.at, first_path.unwrap_or_default()).trim_end().to_owned(),
        matches: matches?,
        auth: auth.unwrap_or(Auth::Required),
        mode,
        issuers,
        tenancy: tenancy.unwrap_or(unread),
        shadow,
        ip,
        scopes,
        roles,
        action,
    })
}

/// A scope as challenges name it (RFC 6749 section 3.3).
fn asked_scope(node: Node<'_, '_>) -> Option<String> {
    let text = node.some(Form::AskedScope)?;
    if text == EVERY {
        return node.error("is no scope to ask for; name the ones that the route needs");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte)) {
        return node.error("is no scope: printable ASCII without spaces, \" and \\");
    }
    Some(text.to_owned())
}

/// A role, in the form that is compared.
fn asked_role(node: Node<'_, '_>) -> Option<String> {
    let name = role(node)?;
    let roles = node.context.vocabulary.roles.as_ref()?;
    Some(roles.compared(&name).into_owned())
}

fn matches(node: Node<'_, '_>, rules: PathRules) -> Option<Match> {
    let object = node.object("match")?;
    let path = |node: Node<'_, '_>| {
        let pattern = node.parsed(Form::PathPattern, |text| PathPattern::parse(text, rules))?;
        if pattern.tenants() > 0 {
            return node.error("{tenant} belongs into tenancy.assertions; use * here");
        }
        Some(pattern)
    };
    let everything = || PathPattern::parse("/**", rules).into_iter().collect::<Vec<_>>();
    let paths = object.field("path", |node| node.one_or_more(path));
    let path_given = object.has("path");
    let methods = object.field("methods", |node| node.one_or_more(method)).unwrap_or_default();
    let hosts = object.field("host", |node| node.one_or_more(host)).unwrap_or_default();
    object.close();
    Some(Match { paths: if path_given { paths? } else { everything() }, methods, hosts })
}

/// RFC 9110 section 9.1: a token, and its case counts.
fn method(node: Node<'_, '_>) -> Option<String> {
    let text = node.some(Form::Method)?;
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return node.error("can never match: methods are in upper case");
    }
    if !is_token(text) {
        return node.error("can never match: it is no method name");
    }
    Some(text.to_owned())
}

fn host(node: Node<'_, '_>) -> Option<HostPattern> {
    let pattern = node.parsed(Form::HostPattern, HostPattern::parse)?;
    if pattern.tenants() > 0 {
        return node.error("{tenant} belongs into tenancy.assertions; use * here");
    }
    Some(pattern)
}

fn route_tenancy(node: Node<'_, '_>) -> Option<RouteTenancy> {
    if node.word(&[("none", ())]).is_some() {
        return Some(RouteTenancy { none: true, ..RouteTenancy::default() });
    }
    if node.value.is_string() {
        return node.error("must be none, or an object with strict and trust_header");
    }
    let object = node.object("route_tenancy")?;
    let spec = RouteTenancy {
        none: false,
        strict: object.field("strict", |node| node.flag()),
        trust: object.field("trust_header", tenancy::trust),
    };
    let unread = object.has("strict") && spec.strict.is_none()
        || object.has("trust_header") && spec.trust.is_none();
    object.close();
    (!unread).then_some(spec)
}
