//! The `tenancy` section.

use std::sync::Arc;

use serde_json::Value;

use super::names;
use super::node::Node;
use super::policy::{self, PolicyOver, policy_over};
use super::shape::{Form, HowMany};
use crate::address::AddressSet;
use crate::pattern::{HostPattern, PathPattern};
use crate::request::path::PathRules;
use crate::tenant::{IdFormat, Place, Trust, Unlisted};

/// The `tenancy` section as read.
pub(super) struct TenancySpec {
    pub(super) strict: bool,
    pub(super) header: String,
    pub(super) reserved: String,
    pub(super) trust: Trust,
    pub(super) assertions: Vec<Place>,
    pub(super) format: IdFormat,
    pub(super) unknown: Option<Unlisted>,
    pub(super) unknown_clients: Unlisted,
    pub(super) start_active: bool,
    /// Of the reserved tenant.
    pub(super) default: PolicyOver,
}

impl Default for TenancySpec {
    fn default() -> Self {
        Self {
            strict: true,
            header: "x-tenant-id".into(),
            reserved: "default".into(),
            trust: Trust::Never,
            assertions: Vec::new(),
            format: IdFormat::Any,
            unknown: None,
            unknown_clients: Unlisted::Allow,
            start_active: true,
            default: PolicyOver::default(),
        }
    }
}

pub(super) fn tenancy(node: Node<'_, '_>, paths: PathRules) -> Option<TenancySpec> {
    let defaults = TenancySpec::default();
    let listed = [("allow", Unlisted::Allow), ("deny", Unlisted::Deny)];
    let formats = [("any", IdFormat::Any), ("slug", IdFormat::Slug), ("uuid", IdFormat::Uuid)];
    let object = node.object("tenancy")?;
    let spec = TenancySpec {
        strict: object.field("strict", |node| node.flag()).unwrap_or(defaults.strict),
        header: object.field("header", names::identity_header).unwrap_or(defaults.header),
        reserved: object.field("reserved", tenant_name).unwrap_or(defaults.reserved),
        trust: object.field("trust_header", trust).unwrap_or(defaults.trust),
        assertions: object
            .field("assertions", |node| node.list(|node| assertion(node, paths)))
            .unwrap_or_default(),
        format: object.field("id_format", |node| node.choice(&formats)).unwrap_or_default(),
        unknown: object.field("unknown", |node| node.choice(&listed)),
        unknown_clients: object
            .field("unknown_clients", |node| node.choice(&listed))
            .unwrap_or(defaults.unknown_clients),
        start_active: object
            .field("start", |node| node.choice(&[("active", true), ("inactive", false)]))
            .unwrap_or(defaults.start_active),
        default: object
            .field("default", |node| policy::only(node, "policy_over", policy_over))
            .unwrap_or_default(),
    };
    object.close();
    Some(spec)
}

/// A name of a tenant that isn't listed.
pub(super) fn tenant_name(node: Node<'_, '_>) -> Option<String> {
    let text = node.some(Form::TenantName)?;
    if !IdFormat::Any.accepts(text) {
        return node.error(format!("is no tenant name: {}", IdFormat::Any.describe()));
    }
    Some(text.to_owned())
}

pub(super) fn trust(node: Node<'_, '_>) -> Option<Trust> {
    let words = [("never", Trust::Never), ("any_peer", Trust::AnyPeer), ("ignore", Trust::Ignore)];
    if let Some(trust) = node.word(&words) {
        return Some(trust);
    }
    if !node.may_be(Value::is_array) {
        return node.error("must be never, any_peer, ignore, or a list of addresses");
    }
    let nobody = "must not be empty; name the proxies to trust, or write never";
    let peers = AddressSet::compile(node.some_list_or(nobody, policy::address)?);
    if peers.covers_everything_of_a_family() {
        return node
            .error("trusts every address; name those of your own proxies, or write any_peer");
    }
    Some(Trust::Peers(Arc::new(peers)))
}

/// Exactly one of path, host and query.
fn assertion(node: Node<'_, '_>, paths: PathRules) -> Option<Place> {
    let object = node.object("assertion")?;
    let path = object.field("path", |node| {
        let pattern = node.parsed(Form::PathPattern, |text| PathPattern::parse(text, paths))?;
        if pattern.tenants() != 1 || pattern.has_inner_many() {
            return node.error("must have {tenant} once, and ** at its end only");
        }
        Some(Place::Path(pattern))
    });
    let host = object.field("host", |node| {
        let pattern = node.parsed(Form::HostPattern, HostPattern::parse)?;
        if pattern.tenants() != 1 {
            return node.error("must have {tenant} once, as a whole label");
        }
        Some(Place::Host(pattern))
    });
    let query = object.field("query", |node| Some(Place::Query(node.some_text()?.to_owned())));
    let places = object.count_for(HowMany::ExactlyOne, &["path", "host", "query"]);
    object.close();
    if places != 1 {
        return node.error("must name exactly one of path, host and query");
    }
    path.or(host).or(query)
}
