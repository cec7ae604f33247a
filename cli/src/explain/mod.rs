//! `explain`: how the guard decides on a request, step by step.

mod advice;
mod config;
mod fetched;
mod human;
mod json;
mod request;
mod words;

use std::net::IpAddr;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use tenant_guard::{Timestamp, Verdict};

use crate::Exit;
use crate::console::{Console, Format, WARNING};
use crate::document::{is_standard_input, read_text};
use crate::environment::EnvArgs;
use crate::escape::plain;
use crate::host::OfflineHost;
use advice::Given;
use request::Request;

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ExplainArgs {
    /// The guard's document (YAML or JSON), or the configuration of an Envoy,
    /// Istio or Envoy Gateway that holds it.
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    pub config: PathBuf,
    /// Which guard of the file, where there are several: its plugin's name, or
    /// the line where it begins.
    #[arg(long, value_name = "NAME|LINE")]
    pub guard: Option<String>,
    /// The request's method.
    #[arg(short = 'X', long, default_value = "GET")]
    pub method: String,
    /// A header; `@FILE` takes header lines from a file, `@-` from standard
    /// input. May be repeated; order and repeated names are kept.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE|@FILE")]
    pub headers: Vec<String>,
    /// The client's address, as the proxy sees it.
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<IpAddr>,
    /// The connection's own address, which trust_header is about.
    #[arg(long, value_name = "ADDRESS")]
    pub peer: Option<IpAddr>,
    /// The time of the request (RFC 3339); now, unless given.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<DateTime<Utc>>,
    /// What the guard would fetch from a URI: a key set, an OpenID
    /// configuration or the directory. May be repeated.
    #[arg(long, value_name = "URI=FILE")]
    pub fetched: Vec<String>,
    /// What `{env: NAME}` reads.
    #[command(flatten)]
    pub env: EnvArgs,
    /// The request's URL, or its path alone.
    pub url: String,
}

const HELP: &str = "\
Nothing is sent anywhere: the guard decides on the request here, as the plugin
would, with nothing counted before it.

Examples:
  tenant-guard explain -c guard.yaml -H @headers.txt https://api.example.com/v1/things
  tenant-guard explain -c guard.yaml -X POST --from 192.0.2.7 -H @- /v1/things < headers.txt
  tenant-guard explain -c guard.yaml -H @headers.txt --at 2026-01-01T12:00:00Z \\
      --fetched https://idp.example.com/jwks=jwks.json /v1/things

Every user of a machine can read the arguments of its processes. Put
credentials into a file, one header a line as in a request, and give -H @FILE;
a file that is there for one command can be
  tenant-guard explain -c guard.yaml -H @<(pass show staging-token) /v1/things
No output ever holds a credential.

The request is taken as it would come to the guard. Only what Envoy itself does
before is done here: header names become lower-case, values lose the space
around them, Host becomes :authority, in place of the URL's host where that is
another, as curl sends it. Settings that change paths before they
come to the guard (normalize_path, merge_slashes) are not applied.

Exit codes: 0 it goes on (also where shadow lets it), 2 it is refused, 3 the
document is invalid, 1 anything else.";

/// Explains the decision on a request.
///
/// # Errors
/// Where a file can't be read, an argument is no good, or the result can't be
/// written.
pub fn run(args: &ExplainArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let is_input_taken = args.headers.iter().any(|header| header == "@-");
    anyhow::ensure!(
        !(is_input_taken && is_standard_input(&args.config)),
        "-c - and -H @- both read standard input; give one of them a file"
    );
    let text = read_text(&args.config, console.input)?;
    let request = Request::read(args, console.input)?;
    let now = args.at.unwrap_or_else(Utc::now);
    let nanoseconds = now.timestamp_nanos_opt().and_then(|time| u64::try_from(time).ok());
    let now = nanoseconds.map(Timestamp::from_nanoseconds);
    let now = now.ok_or_else(|| anyhow::anyhow!("--at must be between 1970 and 2262"))?;
    let env = args.env.variables()?;
    let mut loaded = match config::load((&args.config, &text), args.guard.as_deref(), &env) {
        Ok(loaded) => loaded,
        Err(mistakes) => return Ok(console.refuse(&mistakes)?),
    };
    for warning in &loaded.warnings {
        writeln!(console.err, "{WARNING}warning:{WARNING:#} {warning}")?;
    }
    let guard = &mut loaded.guard;
    let host = OfflineHost::new(now, args.from, args.peer);
    for line in fetched::put(&args.fetched, guard, &loaded.variables, &host)? {
        writeln!(console.err, "{WARNING}fetched:{WARNING:#} {}", plain(&line))?;
    }
    let explanation = guard.explain(&request.headers(), &host);
    let given = Given { at: now.seconds(), from: args.from };
    match console.format {
        Format::Json => console.json(&json::write(&explanation, given))?,
        Format::Human => {
            write!(console.out, "{}", human::write(&explanation, given))?;
        }
    }
    Ok(match explanation.decision.verdict {
        Verdict::Refuse(_) => Exit::Denied,
        Verdict::Allow | Verdict::Public | Verdict::Shadow => Exit::Ok,
    })
}

fn moment(text: &str) -> Result<DateTime<Utc>, &'static str> {
    text.parse().map_err(|_| "must be a time in RFC 3339, as in 2026-01-01T12:00:00Z")
}

#[cfg(test)]
mod tests;
