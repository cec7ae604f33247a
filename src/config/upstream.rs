//! The `upstream` section: what the application is told, and what no client
//! may tell it.

use super::names;
use super::node::Node;
use super::scalar::any_name;
use crate::identity::{IdentityNames, Upstream};
use crate::jwt::ClaimPath;
use crate::request::fold::FoldedNames;

/// The `upstream` section as read.
pub(super) struct UpstreamSpec {
    names: IdentityNames,
    pub(super) claims: Vec<(ClaimPath, String)>,
    payload: Option<String>,
    strip: Vec<String>,
    /// Default names that were turned off. The application gets none from the
    /// guard, and may still believe one from a client.
    turned_off: Vec<String>,
    forward_credentials: bool,
}

impl Default for UpstreamSpec {
    fn default() -> Self {
        let name = |name: &str| Some(name.to_owned());
        Self {
            names: IdentityNames {
                tenant: name("x-tenant-id"),
                subject: name("x-user-id"),
                client: name("x-client-id"),
                key: name("x-key-id"),
                roles: name("x-roles"),
                scopes: name("x-scopes"),
                method: name("x-auth-method"),
            },
            claims: Vec::new(),
            payload: None,
            strip: Vec::new(),
            turned_off: Vec::new(),
            forward_credentials: false,
        }
    }
}

pub(super) fn upstream(node: Node<'_, '_>) -> Option<UpstreamSpec> {
    let defaults = UpstreamSpec::default();
    let object = node.object("upstream")?;
    let names = object.field("headers", identity_names);
    let off = |own: Option<&IdentityNames>| match own {
        Some(own) => defaults.names.all().zip(own.all()).filter_map(turned_off).collect(),
        None => Vec::new(),
    };
    let spec = UpstreamSpec {
        turned_off: off(names.as_ref()),
        names: names.unwrap_or(defaults.names.clone()),
        claims: object
            .field("claims", |node| {
                let claim = |name: &str, _: Node<'_, '_>| Some(ClaimPath::parse(name));
                node.entries(any_name, claim, names::identity_header)
            })
            .unwrap_or_default(),
        payload: object.field("payload", names::identity_header),
        strip: object.field("strip", |node| node.list(names::own_header)).unwrap_or_default(),
        forward_credentials: object
            .field("forward_credentials", |node| node.flag())
            .unwrap_or(false),
    };
    object.close();
    spec.check_distinct(node);
    Some(spec)
}

fn turned_off((default, own): (&Option<String>, &Option<String>)) -> Option<String> {
    if own.is_none() { default.clone() } else { None }
}

/// Merged with the defaults; `null` turns one off.
fn identity_names(node: Node<'_, '_>) -> Option<IdentityNames> {
    let defaults = UpstreamSpec::default().names;
    let object = node.object("identity_headers")?;
    let field = |name: &'static str, default: Option<String>| {
        object.or_null(name, names::identity_header).unwrap_or(default)
    };
    let names = IdentityNames {
        tenant: field("tenant", defaults.tenant),
        subject: field("subject", defaults.subject),
        client: field("client", defaults.client),
        key: field("key", defaults.key),
        roles: field("roles", defaults.roles),
        scopes: field("scopes", defaults.scopes),
        method: field("method", defaults.method),
    };
    object.close();
    Some(names)
}

impl UpstreamSpec {
    /// Every name that it sets or removes, but for those always removed.
    pub(super) fn headers(&self) -> impl Iterator<Item = &String> {
        self.names
            .all()
            .flatten()
            .chain(self.claims.iter().map(|(_, header)| header))
            .chain(&self.payload)
            .chain(&self.strip)
    }

    fn check_distinct(&self, node: Node<'_, '_>) {
        let mut seen = FoldedNames::default();
        for header in self.headers() {
            if !seen.insert(header.as_bytes()) {
                let _: Option<()> = node.error(format!(
                    "names {header} twice, or two headers that applications may take for one; give each its own"
                ));
            }
        }
    }

    /// The section as it is used. The header in which callers assert a tenant
    /// is stripped too: what it said has been checked, and where it wasn't, no
    /// application may believe it.
    /// `others` are names that a client may not send either, nor may any
    /// application read.
    pub(super) fn into_upstream<'n>(self, others: impl Iterator<Item = &'n str>) -> Upstream {
        let mut stripped = FoldedNames::default();
        let own = self.headers().chain(&self.turned_off).map(String::as_str);
        for header in own.chain(names::ALWAYS_STRIPPED) {
            stripped.insert(header.as_bytes());
        }
        for name in others {
            stripped.insert(name.as_bytes());
        }
        Upstream {
            names: self.names,
            claims: self.claims.into_iter().map(|(_, header)| header).collect(),
            payload: self.payload,
            stripped,
            forward_credentials: self.forward_credentials,
        }
    }

    pub(super) fn has_payload(&self) -> bool {
        self.payload.is_some()
    }
}
