//! `envoy`: a whole Envoy configuration around a document.

mod address;
mod clusters;

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use crate::Exit;
use crate::console::{Console, WARNING};
use crate::document::{Document, read_text};
use crate::environment::Variables;
use crate::escape;
use crate::guards::{ConfigFile, Holds};
use crate::mistake::Mistake;
use crate::source::{self, Node, Position};
use address::Address;

/// Arguments of `envoy`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenant-guard envoy -c guard.yaml --app 127.0.0.1:8000 > my-envoy.yaml
  tenant-guard envoy -c guard.yaml --app app.internal:80 --listen 0.0.0.0:8080 \\
      --plugin /etc/envoy/tenant-guard.wasm > my-envoy.yaml
  envoy -c my-envoy.yaml

Keys and tenants that the document has fetched get clusters that speak TLS and
check who answers. Variables that it reads must be set where Envoy starts.

Exit codes: 0 it is written, 3 the document is invalid, 1 anything else.")]
pub struct EnvoyArgs {
    /// The guard's document, YAML or JSON.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Where the application listens.
    #[arg(long, value_name = "HOST:PORT")]
    app: Address,
    /// Where Envoy listens.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:10000")]
    listen: Address,
    /// Where Envoy's administration listens: for nobody else.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9901")]
    admin: Address,
    /// The plugin, where Envoy finds it.
    #[arg(long, value_name = "FILE", default_value = "target/tenant-guard.wasm")]
    plugin: PathBuf,
    /// The system's root certificates, for clusters that speak TLS.
    #[arg(long, value_name = "FILE", default_value = "/etc/ssl/certs/ca-certificates.crt")]
    roots: PathBuf,
    /// By which name its data is shared among Envoy's workers: another for
    /// each guard of an Envoy.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "tenant-guard",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    vm_id: String,
}

/// What a configuration in place of a document is told.
const OF_PROXY: &str =
    "is a proxy's configuration already; give the guard's document (`version`, `tenants`, ...)";

/// Writes an Envoy configuration.
///
/// # Errors
/// Where the document can't be read, or the result can't be written.
pub fn run(args: &EnvoyArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let mut env = Variables::of_process();
    env.set_vm_id(Some(&args.vm_id));
    // Envoy's own process has them, not this one.
    env.assume_others();
    let file = ConfigFile::parse(&args.config, &read_text(&args.config, console.input)?);
    let document = match file.map(|file| file.holds) {
        Ok(Holds::Document(document)) => document,
        Ok(Holds::Configuration(_)) => {
            let mistake = Mistake::whole(&args.config, Position::START, OF_PROXY);
            return Ok(console.refuse(&[mistake])?);
        }
        Err(mistake) => return Ok(console.refuse(&[mistake])?),
    };
    match Document::new(&args.config, &document).load(&env) {
        Ok(loaded) => {
            for warning in loaded.warnings {
                writeln!(console.err, "{WARNING}warning:{WARNING:#} {warning}")?;
            }
        }
        Err(mistakes) => return Ok(console.refuse(&mistakes)?),
    }
    let text = configuration(args, &document, &env.read())?;
    if console.format == crate::console::Format::Json {
        let config = source::parse(&text).context("the configuration is no YAML")?;
        console.json(&config.first())?;
    } else {
        write!(console.out, "{text}")?;
    }
    Ok(Exit::Ok)
}

fn configuration(
    args: &EnvoyArgs,
    document: &Node,
    variables: &[String],
) -> anyhow::Result<String> {
    let value = document.to_value();
    let fetched = clusters::fetched(&value);
    let mut application = "application".to_owned();
    while fetched.contains_key(&application) {
        application.insert_str(0, "guarded-");
    }
    let quoted = |text: &str| escape::json(&Value::from(text).to_string());
    let roots = quoted(args.roots.to_str().context("--roots must be UTF-8")?);
    let mut clusters = clusters::application(&application, &args.app);
    for (name, place) in &fetched {
        clusters.push_str(&clusters::fetching(name, place.as_ref(), &roots));
    }
    let plugin = args.plugin.to_str().context("--plugin must be UTF-8")?;
    let names: Vec<String> = variables.iter().map(|name| quoted(name)).collect();
    let environment = match names.as_slice() {
        [] => String::new(),
        names => format!("environment_variables:\n  host_env_keys: [{}]", names.join(", ")),
    };
    let document = escape::json(&serde_json::to_string_pretty(document)?);
    let peer = if trusts_peers(&value) { PEER } else { "" };
    let words = [
        ("{{admin}}", args.admin.socket_address()),
        ("{{listen}}", args.listen.socket_address()),
        ("{{vm_id}}", quoted(&args.vm_id)),
        ("{{plugin}}", quoted(plugin)),
        ("{{application}}", quoted(&application)),
    ];
    let blocks = [
        ("{{peer}}", peer, 18),
        ("{{environment}}", &environment, 26),
        ("{{document}}", &document, 28),
        ("{{clusters}}", &clusters, 0),
    ];
    Ok(fill(include_str!("template.yaml"), &words, &blocks))
}

/// Keeps the connection's own address where the guard reads it.
const PEER: &str = r#"# Which peers may name a tenant, the guard decides by the connection's own address.
- name: peer
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config
    on_request_headers:
      - object_key: tenant_guard.peer
        factory_key: envoy.string
        read_only: true
        format_string:
          text_format_source: {inline_string: "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"}"#;

/// Puts words into the lines of a template, and blocks in place of whole lines,
/// as far in; an empty block takes its line out. What was put in is never taken
/// for a place itself.
fn fill(template: &str, words: &[(&str, String)], blocks: &[(&str, &str, usize)]) -> String {
    let mut filled = String::new();
    for line in template.lines() {
        if let Some((_, block, indent)) = blocks.iter().find(|(place, ..)| line == *place) {
            let indent = *indent;
            // Only at line feeds: JSON text holds other line ends, too.
            let lines = block.split_terminator('\n').map(|line| format!("{:indent$}{line}\n", ""));
            filled.extend(lines);
            continue;
        }
        match words.iter().find(|(place, _)| line.contains(place)) {
            Some((place, word)) => filled.push_str(&line.replacen(place, word, 1)),
            None => filled.push_str(line),
        }
        filled.push('\n');
    }
    filled
}

/// Whether a tenant is taken from some peers, anywhere.
fn trusts_peers(value: &Value) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name == "trust_header" && value.is_array() || trusts_peers(value)),
        Value::Array(items) => items.iter().any(trusts_peers),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
