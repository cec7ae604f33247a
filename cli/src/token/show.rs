//! `token show`: what is in a token, not verified.

use std::io::Read;

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::Value;

use crate::Exit;
use crate::console::{Console, FAINT, Format, STRONG, WARNING};
use crate::escape::json;
use crate::time;

/// Arguments of `token show`.
#[derive(Debug, Args)]
#[command(after_help = "\
A token on the command line stays in the shell's history; from a file it
doesn't. A leading `Bearer ` is passed over:

  tenant-guard token show < token.txt

Nothing is verified: anybody can write such a token. Whether the guard takes
it, and why not, `tenant-guard explain` says.")]
pub(super) struct ShowArgs {
    /// The token; read from standard input, unless given.
    token: Option<String>,
}

/// The longest text that is read, in bytes: no header is longer.
const LONGEST: u64 = 1 << 20;

pub(super) fn run(args: &ShowArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let mut text = String::new();
    match &args.token {
        Some(token) => text.clone_from(token),
        None => {
            let input = (&mut *console.input).take(LONGEST).read_to_string(&mut text);
            input.context("the token can't be read")?;
        }
    }
    let token = text.trim();
    let scheme = token.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer "));
    let token = if scheme { token.get(7..).unwrap_or_default().trim() } else { token };
    ensure!(!token.is_empty(), "there is no token");
    let (header, claims) = match token.split('.').collect::<Vec<_>>().as_slice() {
        [header, claims, _] => (part("header", header)?, part("payload", claims)?),
        [_, _, _, _, _] => {
            bail!("is an encrypted token (JWE): nobody but its audience can read it")
        }
        parts => {
            bail!(
                "is no JWT: a JWT has three parts with dots between, and this has {}",
                parts.len()
            )
        }
    };
    let times = times(&claims);
    if console.format == Format::Json {
        let times: serde_json::Map<_, _> = times
            .iter()
            .map(|(name, time)| ((*name).to_owned(), serde_json::json!(time::rfc3339(*time))))
            .collect();
        let shown = serde_json::json!({"verified": false, "header": header, "claims": claims, "times": times});
        console.json(&shown)?;
        return Ok(Exit::Ok);
    }
    let out = &mut console.out;
    writeln!(out, "{WARNING}Not verified:{WARNING:#} anybody can write such a token.")?;
    // Whoever wrote the token wrote its strings.
    let (header, claims) = (json(&format!("{header:#}")), json(&format!("{claims:#}")));
    writeln!(out, "{STRONG}header{STRONG:#} {header}")?;
    writeln!(out, "{STRONG}claims{STRONG:#} {claims}")?;
    let now = Utc::now();
    for (name, time) in times {
        let seconds = time.signed_duration_since(now).num_seconds();
        let when = span(seconds.unsigned_abs());
        let when = if seconds < 0 { format!("{when} ago") } else { format!("in {when}") };
        writeln!(out, "{STRONG}{name}{STRONG:#} {} {FAINT}({when}){FAINT:#}", time::rfc3339(time))?;
    }
    Ok(Exit::Ok)
}

fn part(name: &str, text: &str) -> anyhow::Result<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    let bytes = bytes.ok().with_context(|| format!("its {name} is no base64url"))?;
    serde_json::from_slice(&bytes).ok().with_context(|| format!("its {name} is no JSON"))
}

/// The registered claims that are times (RFC 7519 section 4.1).
fn times(claims: &Value) -> Vec<(&'static str, DateTime<Utc>)> {
    let time = |name: &'static str| {
        let seconds = claims.get(name)?.as_f64()?;
        Some((name, DateTime::from_timestamp(seconds as i64, 0)?))
    };
    ["iat", "nbf", "exp"].into_iter().filter_map(time).collect()
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}
