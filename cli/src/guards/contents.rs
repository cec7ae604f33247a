//! What is in a configuration, as far as it matters to a guard.

use crate::source::{Kind, Node};

use super::chain::{Chain, Filter, is_plugin, is_wasm};
use super::fields::{Any, field, is_field};
use super::plugin::{Holder, Plugin};

/// What is in a configuration.
#[derive(Debug, Default)]
pub struct Contents<'n> {
    /// Chains of HTTP filters.
    pub chains: Vec<Chain<'n>>,
    /// Filters outside any chain: resources of their own, and patches.
    pub loose: Vec<Filter<'n>>,
    /// Plugins of Istio and Envoy Gateway.
    pub resources: Vec<Plugin<'n>>,
    /// Wasm plugins that are no HTTP filters.
    pub others: Vec<Plugin<'n>>,
    /// TCP proxies, each with its listener.
    pub streams: Vec<(&'n Node, Option<&'n Node>)>,
    /// Upstream clusters.
    pub clusters: Vec<&'n Node>,
    /// Envoy bootstraps.
    pub bootstraps: Vec<&'n Node>,
    /// Objects of Kubernetes, with their kinds.
    pub objects: Vec<(&'n str, &'n Node)>,
    /// Maps of routes' own configurations of filters, each with the number of
    /// the chain that it is in.
    pub per_route: Vec<(&'n Node, Option<usize>)>,
    /// Headers that routes add to requests, likewise.
    pub added_headers: Vec<(&'n Node, Option<usize>)>,
}

/// A guard that was found.
#[derive(Debug, Clone, Copy)]
pub struct Found<'c, 'n> {
    /// The plugin.
    pub plugin: &'c Plugin<'n>,
    /// The filter that holds it; none for a resource of Istio or Envoy Gateway.
    pub filter: Option<&'c Filter<'n>>,
    /// That filter's chain, and its number in it.
    pub chain: Option<(&'c Chain<'n>, usize)>,
}

/// What a node is in.
#[derive(Debug, Clone, Copy, Default)]
struct Around<'n> {
    listener: Option<&'n Node>,
    chain: Option<usize>,
    /// Of what is in a list: the list's name.
    name: &'n str,
    is_in_cluster: bool,
}

/// Fields of a connection manager that hold filters.
const FILTERS: [&str; 2] = ["http_filters", "upgrade_configs"];

impl<'n> Contents<'n> {
    /// Looks through a YAML document.
    pub fn add(&mut self, document: &'n Node) {
        self.walk(document, Around::default());
    }

    /// Every guard.
    pub fn guards<'c>(&'c self) -> Vec<Found<'c, 'n>> {
        let in_chains = self.chains.iter().flat_map(|chain| {
            chain.filters.iter().enumerate().map(move |(i, filter)| (filter, Some((chain, i))))
        });
        let loose = self.loose.iter().map(|filter| (filter, None));
        let in_filters = in_chains.chain(loose).flat_map(|(filter, chain)| {
            filter.plugins.iter().map(move |plugin| Found { plugin, filter: Some(filter), chain })
        });
        let resources =
            self.resources.iter().map(|plugin| Found { plugin, filter: None, chain: None });
        in_filters.chain(resources).filter(|found| found.plugin.is_guard()).collect()
    }

    /// Every Wasm plugin.
    pub fn plugins<'c>(&'c self) -> impl Iterator<Item = &'c Plugin<'n>> {
        let in_chains = self.chains.iter().flat_map(|chain| &chain.filters);
        let in_filters = in_chains.chain(&self.loose).flat_map(|filter| &filter.plugins);
        in_filters.chain(&self.resources).chain(&self.others)
    }

    fn walk(&mut self, node: &'n Node, mut around: Around<'n>) {
        for item in node.items() {
            self.walk(item, around);
        }
        if node.members().is_empty() {
            return;
        }
        if self.is_resource(node) || self.is_filter(node) {
            return;
        }
        if field(node, "filter_chains").is_some() || field(node, "default_filter_chain").is_some() {
            around.listener = Some(node);
        }
        if field(node, "static_resources").is_some() || field(node, "dynamic_resources").is_some() {
            self.bootstraps.push(node);
        }
        if is_cluster(node, around.name) {
            self.clusters.push(node);
            around.is_in_cluster = true;
        }
        if Any::of(node).is("tcp_proxy.v3.TcpProxy") {
            self.streams.push((node, around.listener));
        }
        let is_upstream = Any::of(node).is("HttpProtocolOptions");
        let is_manager = field(node, "http_filters").is_some() && !is_upstream;
        if is_manager {
            around.chain = Some(self.chains.len());
            self.chains.push(Chain::of(node, around.listener));
            self.chains.extend(Chain::of_upgrades(node, around.listener));
        }
        for member in node.members() {
            let name = member.name.as_str();
            if is_field(name, "typed_per_filter_config") {
                self.per_route.push((&member.node, around.chain));
            } else if is_field(name, "request_headers_to_add") && !around.is_in_cluster {
                // Those of a cluster are of its health checks.
                self.added_headers.push((&member.node, around.chain));
            } else if !(is_manager && FILTERS.iter().any(|filters| is_field(name, filters))) {
                let within = match &member.node.kind {
                    Kind::List(_) => name,
                    _ => "",
                };
                self.walk(&member.node, Around { name: within, ..around });
            }
        }
    }

    /// Takes an object of Kubernetes; true where that is all there is in it.
    fn is_resource(&mut self, node: &'n Node) -> bool {
        let (Some(kind), Some(_)) = (node.get("kind").and_then(Node::text), node.get("apiVersion"))
        else {
            return false;
        };
        self.objects.push((kind, node));
        let name = node.path(&["metadata", "name"]).and_then(Node::text);
        let Some(spec) = node.get("spec") else { return false };
        match kind {
            "WasmPlugin" => {
                let own = field(spec, "plugin_name").and_then(Node::text);
                let names = name.into_iter().chain(own).collect();
                self.resources.push(Plugin { holder: Holder::Istio, node: spec, names });
                true
            }
            "EnvoyExtensionPolicy" => {
                for node in field(spec, "wasm").map(Node::items).unwrap_or_default() {
                    let own = field(node, "name").and_then(Node::text);
                    let names = name.into_iter().chain(own).collect();
                    self.resources.push(Plugin { holder: Holder::Gateway, node, names });
                }
                true
            }
            _ => false,
        }
    }

    /// Takes what is a filter outside any chain, or a Wasm plugin.
    fn is_filter(&mut self, node: &'n Node) -> bool {
        let named = field(node, "typed_config").map(Any::of);
        if named.is_some_and(|any| is_wasm(any) || any.is("filters.http.rbac.v3.RBAC")) {
            self.loose.push(Filter::of(node));
            return true;
        }
        let any = Any::of(node);
        if is_wasm(any) {
            let plugins = field(any.value, "config").map(|config| Plugin::of_envoy(config, None));
            let plugins = plugins.into_iter().collect();
            self.loose.push(Filter { node, name: None, body: Some(any), plugins });
            return true;
        }
        if !is_plugin(node) {
            return false;
        }
        let plugin = Plugin::of_envoy(node, None);
        if plugin.is_guard() {
            let plugins = vec![plugin];
            self.loose.push(Filter { node, name: None, body: None, plugins });
        } else {
            self.others.push(plugin);
        }
        true
    }
}

/// An entry of `clusters`, or a resource of that type.
fn is_cluster(node: &Node, list: &str) -> bool {
    (list == "clusters" || Any::of(node).is("config.cluster.v3.Cluster"))
        && field(node, "name").is_some()
        && (Any::of(node).is("config.cluster.v3.Cluster")
            || ["type", "load_assignment", "cluster_type", "connect_timeout", "eds_cluster_config"]
                .iter()
                .any(|name| field(node, name).is_some()))
}
