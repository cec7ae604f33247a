//! The `tenants` section.

use core::cell::RefCell;
use std::sync::Arc;

use super::api_keys::{self, KeySpec, repeated};
use super::jwt::{self, IssuerSpec};
use super::node::Node;
use super::policy::{self, PolicyOver};
use super::vocabulary::identifier;
use crate::host::Timestamp;
use crate::policy::Policy;

/// A tenant as read.
pub(super) struct TenantEntrySpec {
    /// Where it stands.
    pub(super) path: String,
    pub(super) id: String,
    pub(super) aliases: Vec<String>,
    /// `None` where it doesn't say.
    pub(super) active: Option<bool>,
    pub(super) tokens_not_before: Option<Timestamp>,
    pub(super) policy: PolicyOver,
    pub(super) issuers: Vec<IssuerSpec>,
    pub(super) clients: Vec<ClientSpec>,
}

impl TenantEntrySpec {
    /// Its id and aliases.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        core::iter::once(self.id.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}

/// A client as read.
pub(super) struct ClientSpec {
    /// As how many-th it stands in its list.
    pub(super) index: usize,
    pub(super) id: Arc<str>,
    pub(super) active: bool,
    pub(super) policy: Policy,
    pub(super) keys: Vec<KeySpec>,
}

/// All tenants of a list.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn tenants(node: Node<'_, '_>) -> Option<Vec<TenantEntrySpec>> {
    node.list(tenant)
}

/// Reads the document's tenants one by one, from its text where that is at
/// hand: all of them as trees would take many times their text.
pub(super) fn each(node: Node<'_, '_>, add: impl FnMut(TenantEntrySpec)) -> Option<()> {
    let add = RefCell::new(add);
    let read = |node: Node<'_, '_>| {
        let mut add = add.try_borrow_mut().ok()?;
        tenant(node).map(&mut *add)
    };
    match node.context.tenants {
        Some(text) => text.each(node, |node| {
            read(node);
        }),
        None => node.list(read).map(drop),
    }
}

pub(super) fn tenant(node: Node<'_, '_>) -> Option<TenantEntrySpec> {
    let object = node.object("tenant")?;
    let id = object.required("id", |node| node.some_text());
    let spec = TenantEntrySpec {
        path: node.at.to_string(),
        id: id.unwrap_or_default().to_owned(),
        aliases: object
            .field("aliases", |node| node.list(|node| node.some_text().map(str::to_owned)))
            .unwrap_or_default(),
        active: object.field("active", |node| node.flag()),
        tokens_not_before: object.field("tokens_not_before", |node| node.timestamp()),
        policy: policy::policy_over(&object),
        issuers: object.field("issuers", |node| node.list(jwt::issuer)).unwrap_or_default(),
        clients: object.field("clients", clients).unwrap_or_default(),
    };
    object.close();
    id.map(|_| spec)
}

fn clients(node: Node<'_, '_>) -> Option<Vec<ClientSpec>> {
    let clients = node.list(client)?;
    match repeated(clients.iter().map(|client| &*client.id)) {
        Some(id) => node.error(format!("has the client {id} twice; put its keys together")),
        None => Some(clients),
    }
}

fn client(node: Node<'_, '_>) -> Option<ClientSpec> {
    let object = node.object("client")?;
    let id = object.required("id", identifier);
    let active = object.field("active", |node| node.flag()).unwrap_or(true);
    let policy = policy::policy(&object);
    let keys = object.field("keys", api_keys::keys).unwrap_or_default();
    object.close();
    Some(ClientSpec { index: node.at.last_index(), id: id?.into(), active, policy, keys })
}
