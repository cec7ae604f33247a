//! Wasm plugins, and which of them is the guard.

use crate::source::{Kind, Node};

use super::fields::{Any, deep, field, repeated};

/// What a plugin is configured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Envoy's own configuration.
    Envoy,
    /// Istio's `WasmPlugin`.
    Istio,
    /// Envoy Gateway's `EnvoyExtensionPolicy`.
    Gateway,
}

/// A Wasm plugin of a configuration.
#[derive(Debug, Clone)]
pub struct Plugin<'n> {
    /// What it is configured by.
    pub holder: Holder,
    /// Where it stands: a `PluginConfig`, the `spec` of a `WasmPlugin`, or an
    /// entry of `wasm`.
    pub node: &'n Node,
    /// The names of the filter, the resource and the plugin itself.
    pub names: Vec<&'n str>,
}

/// Names of sections by which a document is known.
pub(super) const SECTIONS: [&str; 14] = [
    "jwt",
    "api_keys",
    "tenancy",
    "tenants",
    "tenant_defaults",
    "directory",
    "routes",
    "routes_unmatched",
    "super_admin",
    "dev_headers",
    "failures",
    "upstream",
    "wildcard_scopes",
    "cors_preflight",
];

impl<'n> Plugin<'n> {
    /// A `PluginConfig` of Envoy, in a filter of that name.
    pub fn of_envoy(node: &'n Node, filter: Option<&'n str>) -> Self {
        let own = field(node, "name").and_then(Node::text);
        Self { holder: Holder::Envoy, node, names: filter.into_iter().chain(own).collect() }
    }

    /// A name to show.
    pub fn name(&self) -> &'n str {
        self.names.last().copied().unwrap_or("tenant-guard")
    }

    /// Whether it is the guard: by its names, its code's name or what its
    /// configuration looks like.
    pub fn is_guard(&self) -> bool {
        let mut code = Vec::new();
        match self.holder {
            Holder::Envoy => code.extend(deep(self.node, &["vm_config", "code"])),
            Holder::Istio => code.extend(field(self.node, "url")),
            Holder::Gateway => code.extend(field(self.node, "code")),
        }
        self.names.iter().any(|name| names_guard(name))
            || code.into_iter().any(mentions_guard)
            || self.configuration().is_some_and(|node| looks_like_document(Any::of(node).value))
    }

    /// Its configuration.
    pub fn configuration(&self) -> Option<&'n Node> {
        let name = match self.holder {
            Holder::Envoy => "configuration",
            Holder::Istio => "plugin_config",
            Holder::Gateway => "config",
        };
        field(self.node, name).filter(|node| node.kind != Kind::Null)
    }

    /// The id of its VM: empty where it has none.
    pub fn vm_id(&self) -> &'n str {
        match self.holder {
            Holder::Envoy => {
                deep(self.node, &["vm_config", "vm_id"]).and_then(Node::text).unwrap_or_default()
            }
            // A WasmPlugin can't set one.
            Holder::Istio => "",
            // Envoy Gateway gives each entry one of its own.
            Holder::Gateway => "envoy-gateway",
        }
    }

    /// Environment variables of its VM: names with values, and names whose
    /// values are those of the host.
    pub fn environment(&self) -> (Vec<(&'n str, String)>, Vec<&'n str>) {
        let (mut values, mut host) = (Vec::new(), Vec::new());
        match self.holder {
            Holder::Envoy => {
                if let Some(variables) = deep(self.node, &["vm_config", "environment_variables"]) {
                    let pairs = field(variables, "key_values").map(Node::members);
                    for pair in pairs.unwrap_or_default() {
                        values.push((pair.name.as_str(), scalar(&pair.node)));
                    }
                    host.extend(texts(repeated(variables, "host_env_keys")));
                }
            }
            Holder::Istio => {
                let variables = deep(self.node, &["vm_config", "env"]).map(Node::items);
                for variable in variables.unwrap_or_default() {
                    let Some(name) = field(variable, "name").and_then(Node::text) else { continue };
                    match field(variable, "value_from").and_then(Node::text) {
                        Some("HOST") => host.push(name),
                        _ => values
                            .push((name, field(variable, "value").map(scalar).unwrap_or_default())),
                    }
                }
            }
            Holder::Gateway => {
                let keys = deep(self.node, &["env", "host_keys"]).map(Node::items);
                host.extend(texts(keys.unwrap_or_default()));
            }
        }
        (values, host)
    }
}

fn texts(nodes: &[Node]) -> impl Iterator<Item = &str> {
    nodes.iter().filter_map(Node::text)
}

fn scalar(node: &Node) -> String {
    node.text().map_or_else(|| node.to_json(), str::to_owned)
}

/// Whether a name is the guard's, in any spelling.
pub fn names_guard(name: &str) -> bool {
    name.to_ascii_lowercase().replace('_', "-").contains("tenant-guard")
}

/// Whether any text within names the guard.
fn mentions_guard(node: &Node) -> bool {
    match &node.kind {
        Kind::Text { text, .. } => names_guard(text),
        Kind::List(items) => items.iter().any(mentions_guard),
        Kind::Map(members) => members.iter().any(|member| mentions_guard(&member.node)),
        _ => false,
    }
}

/// Whether a plugin's configuration looks like a document of the guard.
fn looks_like_document(node: &Node) -> bool {
    let is_document = |node: &Node| {
        node.get("version").is_some() && SECTIONS.iter().any(|name| node.get(name).is_some())
    };
    match &node.kind {
        Kind::Map(_) => is_document(node),
        // One with a mistake in it is one, too.
        Kind::Text { text, .. } => {
            text.contains("\"version\"")
                && SECTIONS.iter().any(|name| text.contains(&format!("\"{name}\"")))
        }
        _ => false,
    }
}
