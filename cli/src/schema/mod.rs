//! `schema`: the JSON Schema of documents, by which editors complete and check
//! them as they are written.
//!
//! What it says of values comes from the guard's own readers, what it tells
//! people from the tables in `text`.

mod form;
mod render;
mod text;

use clap::{Args, ValueEnum};
use serde_json::Value;
use tenant_guard::Shape;

use crate::Exit;
use crate::console::Console;

/// Arguments of `schema`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenant-guard schema > tenant-guard.schema.json
  tenant-guard schema directory > tenant-guard-directory.schema.json

Editors with YAML support read the schema that the first line of a file names:
  # yaml-language-server: $schema=tenant-guard.schema.json")]
pub struct SchemaArgs {
    /// Of which document.
    #[arg(value_enum, default_value_t)]
    pub document: Kind,
}

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Kind {
    /// What the plugin is configured with.
    #[default]
    Plugin,
    /// The tenants that `directory` fetches.
    Directory,
}

/// Prints a schema.
///
/// # Errors
/// Where it can't be written.
pub fn run(args: &SchemaArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    console.json(&schema(args.document))?;
    Ok(Exit::Ok)
}

/// The JSON Schema (draft 07) of a kind of document. It never refuses what the
/// guard accepts; what parts of a document say about one another only the
/// guard itself checks.
pub fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Plugin => render::schema("tenant-guard", &Shape::of_document()),
        Kind::Directory => render::schema("tenant-guard directory", &Shape::of_directory()),
    }
}

#[cfg(test)]
mod tests;
