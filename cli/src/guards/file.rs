//! Files that hold guards.

use std::path::{Path, PathBuf};

use crate::document::{EMPTY, SECOND, parse_documents};
use crate::mistake::Mistake;
use crate::source::{Embedded, Kind, Node, Position};

use super::contents::Contents;
use super::fields::field;

/// A file, read.
#[derive(Debug)]
pub struct ConfigFile {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub holds: Holds,
}

/// What a file holds.
#[derive(Debug)]
pub enum Holds {
    /// A document of the guard, and nothing else.
    Document(Node),
    /// Configurations of a proxy, or objects of Kubernetes.
    Configuration(Vec<Root>),
}

/// A document of a configuration.
#[derive(Debug)]
pub struct Root {
    /// Where it is within another: `data.envoy.yaml` of a ConfigMap.
    prefix: String,
    /// The document.
    pub node: Node,
}

/// Names at the top of what a proxy reads, and never at that of a document of
/// the guard.
pub(super) const OF_PROXIES: [&str; 30] = [
    "@type",
    "admin",
    "api_version",
    "apiVersion",
    "clusters",
    "code",
    "config",
    "config_discovery",
    "configs",
    "configuration",
    "default_filter_chain",
    "dynamic_resources",
    "filter_chains",
    "filters",
    "http_filters",
    "items",
    "kind",
    "layered_runtime",
    "listeners",
    "load_assignment",
    "metadata",
    "node",
    "overload_manager",
    "resources",
    "route_config",
    "spec",
    "static_resources",
    "typed_config",
    "virtual_hosts",
    "vm_config",
];

impl ConfigFile {
    /// Reads a file whose text is known.
    ///
    /// # Errors
    /// Where it is neither YAML nor JSON, or holds nothing, or a second
    /// document of the guard.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Mistake> {
        let mut documents = parse_documents(path, text)?;
        if !documents.iter().any(is_of_proxy) {
            if let [_, second, ..] = documents.as_slice() {
                return Err(Mistake::whole(path, second.at, SECOND));
            }
            let document = documents.pop().filter(|document| document.kind != Kind::Null);
            let Some(document) = document else {
                return Err(Mistake::whole(path, Position::START, EMPTY));
            };
            return Ok(Self { path: path.to_owned(), holds: Holds::Document(document) });
        }
        let mut roots = Vec::new();
        for node in documents {
            embedded(&node, &mut roots);
            roots.push(Root { prefix: String::new(), node });
        }
        Ok(Self { path: path.to_owned(), holds: Holds::Configuration(roots) })
    }

    /// What is in its configurations; nothing where it holds a document.
    pub fn contents(&self) -> Contents<'_> {
        let mut contents = Contents::default();
        if let Holds::Configuration(roots) = &self.holds {
            roots.iter().for_each(|root| contents.add(&root.node));
        }
        contents
    }

    /// The place and the path of a node of this file.
    pub fn place(&self, node: &Node) -> (Position, String) {
        if let Holds::Configuration(roots) = &self.holds {
            for root in roots {
                let mut path = root.prefix.clone();
                if let Some(at) = find(&root.node, root.node.at, node, &mut path) {
                    return (at, path);
                }
            }
        }
        (node.at, String::new())
    }
}

/// Whether a document is a proxy's or Kubernetes', not the guard's.
fn is_of_proxy(document: &Node) -> bool {
    match &document.kind {
        Kind::List(items) => items.iter().any(is_of_proxy),
        Kind::Map(_) => {
            document.get("version").is_none()
                && OF_PROXIES.iter().any(|name| field(document, name).is_some())
        }
        _ => false,
    }
}

/// The configurations in ConfigMaps.
fn embedded(node: &Node, roots: &mut Vec<Root>) {
    let items = field(node, "items").map(Node::items).unwrap_or_default();
    for (index, item) in items.iter().enumerate() {
        config_map(item, &format!("items[{index}]."), roots);
    }
    config_map(node, "", roots);
}

fn config_map(node: &Node, before: &str, roots: &mut Vec<Root>) {
    if node.get("kind").and_then(Node::text) != Some("ConfigMap") {
        return;
    }
    for member in node.get("data").map(Node::members).unwrap_or_default() {
        // What is no YAML is none of ours.
        let Some(Ok(documents)) = Embedded::of(&member.node).map(|text| text.parse()) else {
            continue;
        };
        for node in documents.into_iter().filter(is_of_proxy) {
            roots.push(Root { prefix: format!("{before}data.{}", member.name), node });
        }
    }
}

/// The place of a node within another: that of its name, if it has one.
fn find(node: &Node, at: Position, wanted: &Node, path: &mut String) -> Option<Position> {
    if core::ptr::eq(node, wanted) {
        return Some(at);
    }
    let length = path.len();
    for member in node.members() {
        if length > 0 {
            path.push('.');
        }
        path.push_str(&member.name);
        if let Some(at) = find(&member.node, member.at, wanted, path) {
            return Some(at);
        }
        path.truncate(length);
    }
    for (index, item) in node.items().iter().enumerate() {
        path.push_str(&format!("[{index}]"));
        if let Some(at) = find(item, item.at, wanted, path) {
            return Some(at);
        }
        path.truncate(length);
    }
    None
}
