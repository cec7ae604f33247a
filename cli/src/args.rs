//! The command's arguments.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::console::Format;
use crate::{check, envoy, explain, import, key, schema, token};

/// Checks configurations of tenant-guard, explains its decisions, and makes
/// what they need.
#[derive(Debug, Parser)]
#[command(name = "tenant-guard", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "\
A guard in front of an application on port 8000, from nothing:
  tenant-guard key new --tenant acme --client web --start guard.yaml
  tenant-guard envoy -c guard.yaml --app 127.0.0.1:8000 > my-envoy.yaml

After every change, and when a request is refused:
  tenant-guard check guard.yaml
  tenant-guard explain -c guard.yaml -H @headers.txt https://api.example.com/v1/things

`tenant-guard help COMMAND` has more of each. A FILE that is - is standard input.

Exit codes: 0 ok, 1 failure, 2 the request would be refused, 3 invalid configuration.")]
pub struct Args {
    /// How results are written.
    #[arg(long, value_enum, default_value_t, global = true)]
    pub format: Format,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Whether arguments that don't make sense ask for JSON all the same.
pub(crate) fn asks_for_json(args: &[OsString]) -> bool {
    args.iter().any(|arg| arg == "--format=json")
        || args.windows(2).any(|pair| matches!(pair, [a, b] if a == "--format" && b == "json"))
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find the mistakes in a configuration before a proxy does.
    Check(check::CheckArgs),
    /// Show how the guard decides on a request, step by step.
    Explain(explain::ExplainArgs),
    /// Write an Envoy configuration around a document.
    Envoy(envoy::EnvoyArgs),
    /// Make API keys, and the digests that stand for them.
    Key(key::KeyArgs),
    /// Make and read tokens for development.
    Token(token::TokenArgs),
    /// Print the JSON Schema of the document, for editors.
    Schema(schema::SchemaArgs),
    /// Turn the environment of a system with its own tenancy into a document.
    Import(import::ImportArgs),
}
