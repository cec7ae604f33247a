//! Guards in files: in a document of their own, or in what Envoy, Istio and
//! Envoy Gateway are configured by.

mod chain;
mod contents;
pub mod fields;
mod file;
mod plugin;
#[cfg(test)]
mod tests;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::document::Document;
use crate::environment::Variables;
use crate::mistake::Mistake;
use crate::source::{Embedded, Kind, Node, Position};

pub use chain::{Chain, Filter};
pub use contents::{Contents, Found};
pub use file::{ConfigFile, Holds};
pub use plugin::{Holder, Plugin, names_guard};

use fields::Any;

/// A guard, ready to be loaded.
#[derive(Debug)]
pub struct FoundGuard {
    /// The plugin's name; none for a document of its own.
    pub name: Option<String>,
    /// What configures it; none for a document of its own.
    pub holder: Option<Holder>,
    /// Where it stands.
    pub at: Position,
    /// Its document.
    pub document: Document,
    /// The environment of its VM, and the VM's id.
    pub variables: Variables,
}

/// Every guard in the text of a file. `host` is the environment of the machine that runs
/// it; what isn't set there, and would reach the guard, counts as set, which
/// [`Variables::assumed`] tells.
///
/// # Errors
/// Where it is neither YAML nor JSON, or a guard's document is no JSON.
pub fn in_text(path: &Path, text: &str, host: &Variables) -> Result<Vec<FoundGuard>, Mistake> {
    let file = ConfigFile::parse(path, text)?;
    if let Holds::Document(document) = &file.holds {
        return Ok(vec![of_document(path, document, host)]);
    }
    file.contents().guards().iter().map(|found| of_plugin(&file, found.plugin, host)).collect()
}

/// The guard of a document that stands alone.
pub fn of_document(path: &Path, document: &Node, host: &Variables) -> FoundGuard {
    let mut variables = host.clone();
    variables.assume_others();
    FoundGuard {
        name: None,
        holder: None,
        at: document.at,
        document: Document::new(path, document),
        variables,
    }
}

/// The guard that is configured as a plugin.
///
/// # Errors
/// Where its document is no JSON.
pub fn of_plugin(
    file: &ConfigFile,
    plugin: &Plugin<'_>,
    host: &Variables,
) -> Result<FoundGuard, Mistake> {
    let mut variables = Variables::default();
    variables.set_vm_id(Some(plugin.vm_id()));
    let (values, from_host) = plugin.environment();
    for (name, value) in values {
        variables.set(name, &value);
    }
    for name in from_host {
        variables.take_over(host, name);
    }
    let (at, _) = file.place(plugin.node);
    Ok(FoundGuard {
        name: Some(plugin.name().to_owned()),
        holder: Some(plugin.holder),
        at,
        document: document(file, plugin, at)?,
        variables,
    })
}

fn document(file: &ConfigFile, plugin: &Plugin<'_>, at: Position) -> Result<Document, Mistake> {
    let Some(configuration) = plugin.configuration() else {
        return Document::from_text(&file.path, Embedded::at("", at));
    };
    let any = Any::of(configuration);
    let mistake = |problem: &str| {
        let (at, path) = file.place(configuration);
        Mistake { path, ..Mistake::whole(&file.path, at, problem) }
    };
    if plugin.holder == Holder::Envoy && any.type_name.is_empty() {
        return Err(mistake(
            "has no `@type`, so Envoy refuses it; give the document as `\"@type\": type.googleapis.com/google.protobuf.StringValue` with a `value` of JSON text",
        ));
    }
    let Some(text) = Embedded::of(any.value) else {
        if any.value.kind == Kind::Null {
            return Document::from_text(&file.path, Embedded::at("", configuration.at));
        }
        return Ok(Document::new(&file.path, any.value));
    };
    if any.is("google.protobuf.BytesValue") {
        let bytes = STANDARD.decode(text.text).ok().map(String::from_utf8);
        let Some(Ok(bytes)) = bytes else {
            return Err(mistake("is no base64 of UTF-8 text; give it as a StringValue instead"));
        };
        return Document::from_text(&file.path, Embedded::at(&bytes, any.value.at));
    }
    Document::from_text(&file.path, text)
}
