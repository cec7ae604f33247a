//! `token mint`: a signed token for development.

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, anyhow, ensure};
use chrono::Utc;
use clap::{ArgGroup, Args};
use serde_json::{Map, Value, json};

use super::signing_key::SigningKey;
use crate::Exit;
use crate::console::{Console, Format, WARNING};
use crate::document::read_text;
use crate::time;

/// Arguments of `token mint`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("signer").required(true))]
#[command(after_help = "\
The token alone goes to standard output:

  export JWT_SECRET=$(openssl rand -hex 32)
  TOKEN=$(tenant-guard token mint --secret-env JWT_SECRET --iss https://idp.dev --aud api \\
      --sub alice --claim tenant=acme --claim 'roles=[\"viewer\"]')

exp and iat are set; a --claim of that name replaces them, and `null` leaves
one out.")]
pub(super) struct MintArgs {
    /// A private JWK, or a key set with one, that signs it.
    #[arg(long, value_name = "FILE", group = "signer")]
    key: Option<PathBuf>,
    /// The shared secret that signs it, where others may see it.
    #[arg(long, value_name = "SECRET", group = "signer")]
    secret: Option<String>,
    /// The environment variable with the shared secret that signs it.
    #[arg(long, value_name = "NAME", group = "signer")]
    secret_env: Option<String>,
    /// The file with the shared secret that signs it; one line end after it is
    /// none of it.
    #[arg(long, value_name = "FILE", group = "signer")]
    secret_file: Option<PathBuf>,
    /// The algorithm (RFC 7518), as far as the key leaves it open; HS256 for
    /// secrets.
    #[arg(long, value_name = "ALG")]
    alg: Option<String>,
    /// Which key of a key set, and the `kid` of the token's header.
    #[arg(long)]
    kid: Option<String>,
    /// `iss`: who made it.
    #[arg(long)]
    iss: Option<String>,
    /// `sub`: whom it is about.
    #[arg(long)]
    sub: Option<String>,
    /// `aud`: for whom it is; may be there several times.
    #[arg(long)]
    aud: Vec<String>,
    /// Any claim: its value is JSON, or else text.
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    claims: Vec<String>,
    /// More claims: a file with a JSON object.
    #[arg(long, value_name = "FILE")]
    claims_file: Option<PathBuf>,
    /// How long it lives from now on.
    #[arg(long, value_name = "SPAN", default_value = "15m")]
    lifetime: String,
    /// `typ` of its header; empty for none.
    #[arg(long, default_value = "JWT")]
    typ: String,
}

pub(super) fn run(args: &MintArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let key = args.signer(console.input)?;
    let claims = args.claims(Utc::now().timestamp(), console.input)?;
    let mut header = Map::new();
    header.insert("alg".into(), json!(key.algorithm));
    if !args.typ.is_empty() {
        header.insert("typ".into(), json!(args.typ));
    }
    if let Some(kid) = args.kid.as_ref().or(key.kid.as_ref()) {
        header.insert("kid".into(), json!(kid));
    }
    let header = Value::Object(header);
    let token = key.sign(&header, &claims)?;
    if let Some((length, least)) = key.too_short() {
        writeln!(
            console.err,
            "{WARNING}warning:{WARNING:#} the secret has {length} bytes; {} asks for {least}, and the guard takes less in development only (RFC 7518 section 3.2)",
            key.algorithm
        )?;
    }
    match console.format {
        Format::Json => {
            console.json(&json!({"token": token, "header": header, "claims": claims}))?;
        }
        Format::Human => writeln!(console.out, "{token}")?,
    }
    Ok(Exit::Ok)
}

impl MintArgs {
    fn signer(&self, input: &mut dyn Read) -> anyhow::Result<SigningKey> {
        let algorithm = self.alg.as_deref();
        if let Some(file) = &self.key {
            return SigningKey::read(&read_text(file, input)?, self.kid.as_deref(), algorithm)
                .map_err(|problem| anyhow!("{}: {problem:#}", file.display()));
        }
        let secret = if let Some(secret) = &self.secret {
            secret.clone()
        } else if let Some(name) = &self.secret_env {
            std::env::var(name)
                .ok()
                .with_context(|| format!("the environment variable {name} is not set"))?
        } else if let Some(file) = &self.secret_file {
            let text = read_text(file, input)?;
            let line = text.strip_suffix('\n').unwrap_or(&text);
            line.strip_suffix('\r').unwrap_or(line).to_owned()
        } else {
            String::new()
        };
        SigningKey::secret(secret.as_bytes(), algorithm)
    }

    /// The claims of a token that is made at a time, in seconds since 1970.
    fn claims(&self, now: i64, input: &mut dyn Read) -> anyhow::Result<Value> {
        let lifetime =
            time::span(&self.lifetime).map_err(|problem| anyhow!("--lifetime {problem}"))?;
        let mut claims = Map::new();
        claims.insert("iat".into(), json!(now));
        claims.insert("exp".into(), json!(now.saturating_add(lifetime.num_seconds())));
        if let Some(file) = &self.claims_file {
            let more: Value = serde_json::from_str(&read_text(file, input)?)
                .ok()
                .with_context(|| format!("{}: is no JSON", file.display()))?;
            let Value::Object(more) = more else {
                return Err(anyhow!("{}: is no JSON object", file.display()));
            };
            claims.extend(more);
        }
        for (name, value) in [("iss", &self.iss), ("sub", &self.sub)] {
            claims.extend(value.as_ref().map(|value| (name.to_owned(), json!(value))));
        }
        match self.aud.as_slice() {
            [] => {}
            [one] => _ = claims.insert("aud".into(), json!(one)),
            several => _ = claims.insert("aud".into(), json!(several)),
        }
        for claim in &self.claims {
            let (name, value) = claim
                .split_once('=')
                .with_context(|| format!("--claim takes NAME=VALUE, and {claim} has no `=`"))?;
            ensure!(!name.is_empty(), "--claim takes NAME=VALUE, and {claim} has no name");
            let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
            claims.insert(name.to_owned(), value);
        }
        claims.retain(|_, value| !value.is_null());
        Ok(Value::Object(claims))
    }
}
