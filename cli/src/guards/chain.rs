//! HTTP filter chains, in the order in which requests pass them.

use crate::source::Node;

use super::fields::{Any, field, is_true, repeated};
use super::plugin::{Plugin, names_guard};

/// An HTTP filter.
#[derive(Debug, Clone)]
pub struct Filter<'n> {
    /// Where it stands.
    pub node: &'n Node,
    /// Its name, by which routes refer to it.
    pub name: Option<&'n str>,
    /// Its configuration; `None` where that comes from elsewhere (ECDS).
    pub body: Option<Any<'n>>,
    /// The Wasm plugins in it.
    pub plugins: Vec<Plugin<'n>>,
}

/// A connection manager and its HTTP filters.
#[derive(Debug, Clone)]
pub struct Chain<'n> {
    /// The connection manager.
    pub manager: &'n Node,
    /// The listener around it, if that is in the file.
    pub listener: Option<&'n Node>,
    /// The entry of `upgrade_configs` that has these filters; none for those
    /// of all other requests.
    pub upgrade: Option<&'n Node>,
    /// Its filters.
    pub filters: Vec<Filter<'n>>,
}

impl<'n> Filter<'n> {
    /// An entry of a list of HTTP filters, or a `TypedExtensionConfig`.
    pub fn of(node: &'n Node) -> Self {
        let name = field(node, "name").and_then(Node::text);
        let discovery = field(node, "config_discovery");
        let body = field(node, "typed_config")
            .or_else(|| discovery.and_then(|discovery| field(discovery, "default_config")))
            .map(Any::of);
        let mut plugins = Vec::new();
        if let Some(body) = body {
            if is_wasm(body) {
                plugins
                    .extend(field(body.value, "config").map(|node| Plugin::of_envoy(node, name)));
            } else {
                plugins_within(body.value, &mut plugins);
            }
        }
        Self { node, name, body, plugins }
    }

    /// Whether it is the guard, or holds it, or will be the guard once its
    /// configuration came.
    pub fn is_guard(&self) -> bool {
        let awaited = self.body.is_none() && self.name.is_some_and(names_guard);
        awaited || self.plugins.iter().any(Plugin::is_guard)
    }

    /// Whether the guard in it runs for some requests only.
    pub fn is_conditional(&self) -> bool {
        self.is_guard() && self.body.is_some_and(|body| !is_wasm(body))
    }

    /// Whether it is an RBAC filter.
    pub fn is_rbac(&self) -> bool {
        self.body.is_some_and(|body| body.is("filters.http.rbac.v3.RBAC"))
    }

    /// Whether it is off wherever no route turns it on.
    pub fn is_disabled(&self) -> bool {
        is_true(self.node, "disabled")
    }

    /// A name to show.
    pub fn shown(&self) -> &'n str {
        self.name.or_else(|| self.body.map(|body| body.type_name)).unwrap_or("a filter")
    }
}

impl<'n> Chain<'n> {
    /// A connection manager's.
    pub fn of(manager: &'n Node, listener: Option<&'n Node>) -> Self {
        let filters = repeated(manager, "http_filters").iter().map(Filter::of).collect();
        Self { manager, listener, upgrade: None, filters }
    }

    /// Those that a connection manager has for upgraded requests alone.
    pub fn of_upgrades(manager: &'n Node, listener: Option<&'n Node>) -> Vec<Self> {
        let upgrades = repeated(manager, "upgrade_configs").iter();
        let own = upgrades.filter(|upgrade| !repeated(upgrade, "filters").is_empty());
        own.map(|upgrade| {
            let filters = repeated(upgrade, "filters").iter().map(Filter::of).collect();
            Self { manager, listener, upgrade: Some(upgrade), filters }
        })
        .collect()
    }

    /// Whether a guard is in it.
    pub fn is_guarded(&self) -> bool {
        self.filters.iter().any(Filter::is_guard)
    }
}

/// Whether this is the Wasm filter.
pub(super) fn is_wasm(any: Any<'_>) -> bool {
    any.is("filters.http.wasm.v3.Wasm")
}

/// Every `PluginConfig` within.
fn plugins_within<'n>(node: &'n Node, plugins: &mut Vec<Plugin<'n>>) {
    if is_plugin(node) {
        plugins.push(Plugin::of_envoy(node, None));
        return;
    }
    for member in node.members() {
        plugins_within(&member.node, plugins);
    }
    for item in node.items() {
        plugins_within(item, plugins);
    }
}

/// Whether this is a `PluginConfig`.
pub(super) fn is_plugin(node: &Node) -> bool {
    field(node, "vm_config").is_some_and(|vm| !vm.members().is_empty())
}
