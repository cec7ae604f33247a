//! The `tenancy` section.

use super::names;
use super::node::Node;
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
        }
    }
}

pub(super) fn tenancy(node: Node<'_, '_>, paths: PathRules) -> Option<TenancySpec> {
    let defaults = TenancySpec::default();
    let listed = [("allow", Unlisted::Allow), ("deny", Unlisted::Deny)];
    let formats = [("any", IdFormat::Any), ("slug", IdFormat::Slug), ("uuid", IdFormat::Uuid)];
    let object = node.object()?;
    object.not_supported_yet(&["default"]);
    let spec = TenancySpec {
        strict: object.field("strict", |node| node.flag()).unwrap_or(defaults.strict),
        header: object.field("header", names::identity_header).unwrap_or(defaults.header),
        reserved: object.field("reserved", reserved).unwrap_or(defaults.reserved),
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
    };
    object.close();
    Some(spec)
}

fn reserved(node: Node<'_, '_>) -> Option<String> {
    let text = node.some_text()?;
    if !IdFormat::Any.accepts(text) {
        return node.error(format!("is no tenant name: {}", IdFormat::Any.describe()));
    }
    Some(text.to_owned())
}

pub(super) fn trust(node: Node<'_, '_>) -> Option<Trust> {
    if node.value.is_array() {
        return node
            .error("a list of addresses is not supported yet; use never, any_peer or ignore");
    }
    node.choice(&[("never", Trust::Never), ("any_peer", Trust::AnyPeer), ("ignore", Trust::Ignore)])
}

/// Exactly one of path, host and query.
fn assertion(node: Node<'_, '_>, paths: PathRules) -> Option<Place> {
    let object = node.object()?;
    let path = object.field("path", |node| {
        let pattern = node.parsed(|text| PathPattern::parse(text, paths))?;
        if pattern.tenants() != 1 || pattern.has_inner_many() {
            return node.error("must have {tenant} once, and ** at its end only");
        }
        Some(Place::Path(pattern))
    });
    let host = object.field("host", |node| {
        let pattern = node.parsed(HostPattern::parse)?;
        if pattern.tenants() != 1 {
            return node.error("must have {tenant} once, as a whole label");
        }
        Some(Place::Host(pattern))
    });
    let query = object.field("query", |node| Some(Place::Query(node.some_text()?.to_owned())));
    let places = object.count(&["path", "host", "query"]);
    object.close();
    if places != 1 {
        return node.error("must name exactly one of path, host and query");
    }
    path.or(host).or(query)
}
