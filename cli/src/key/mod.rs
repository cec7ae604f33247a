//! `key`: API keys, and the digests that stand for them in documents.

mod entry;
mod secret;

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use rand::rngs::OsRng;
use serde_json::json;
use tenant_guard::KeyHash;

use crate::Exit;
use crate::console::{Console, FAINT, Format, STRONG};
use crate::digest::digest;
use entry::{Entry, Owner};
use secret::Look;

/// Arguments of `key`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenant-guard key new --tenant acme --client web --scopes invoices:read --expires 90d
  tenant-guard key hash < key.txt")]
pub struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key: print it once, and the entry for the document.
    #[command(after_help = "\
The key is printed once and kept nowhere; the document gets its digest only.

Examples:
  tenant-guard key new --tenant acme --client web --start guard.yaml
  tenant-guard key new --tenant acme --client web --scopes invoices:read --expires 90d
  API_KEY_PEPPER=$(cat pepper.txt) tenant-guard key new --tenant acme --client web \\
      --pepper-env API_KEY_PEPPER

A key matches tgk_[0-9A-Za-z]{49}; its last six characters are the CRC-32 of
all before them, in base 62 (0-9A-Za-z), so that scanners know it for sure.")]
    New(NewArgs),
    /// Print the digest of a key.
    #[command(after_help = "\
A key on the command line stays in the shell's history, and every user of the
machine can read it there. From a file it doesn't:

  tenant-guard key hash < key.txt
  API_KEY_PEPPER=$(cat pepper.txt) tenant-guard key hash --pepper-env API_KEY_PEPPER < key.txt

One line end after the key is none of it.")]
    Hash(DigestArgs),
}

#[derive(Debug, Args)]
struct NewArgs {
    /// The tenant that it is for.
    #[arg(long, required_unless_present = "unbound")]
    tenant: Option<String>,
    /// The tenant's client that gets it.
    #[arg(long, required_unless_present = "unbound")]
    client: Option<String>,
    /// Make one that is bound to no tenant.
    #[arg(long, conflicts_with_all = ["tenant", "client"])]
    unbound: bool,
    /// Its name in the document, logs and `x-key-id`; by default the client's
    /// and a few random characters.
    #[arg(long)]
    id: Option<String>,
    /// What it may do, separated by commas.
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<String>,
    /// What it is, separated by commas: names of the document's `roles`.
    #[arg(long, value_delimiter = ',')]
    roles: Vec<String>,
    /// When it ends: a time (2027-01-01T00:00:00Z, 2027-01-01) or a time span (90d).
    #[arg(long)]
    expires: Option<String>,
    /// When it begins, likewise.
    #[arg(long)]
    not_before: Option<String>,
    /// Write a first document with this key to a file that isn't there yet.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["unbound", "pepper_env", "roles"])]
    start: Option<PathBuf>,
    #[command(flatten)]
    hash: HashArgs,
}

#[derive(Debug, Args)]
struct DigestArgs {
    /// The key; read from standard input, unless given.
    key: Option<String>,
    #[command(flatten)]
    hash: HashArgs,
}

#[derive(Debug, Args)]
struct HashArgs {
    /// The environment variable with the document's `api_keys.pepper`: for
    /// documents with `hash: hmac-sha256`.
    #[arg(long, value_name = "NAME")]
    pepper_env: Option<String>,
}

impl HashArgs {
    fn hash(&self) -> anyhow::Result<KeyHash> {
        let Some(name) = &self.pepper_env else {
            return Ok(KeyHash::Sha256);
        };
        let pepper = std::env::var(name)
            .ok()
            .filter(|pepper| !pepper.is_empty())
            .with_context(|| format!("the environment variable {name} is not set"))?;
        KeyHash::hmac(pepper.as_bytes()).context("the pepper can't be a key of HMAC-SHA-256")
    }
}

/// Makes or hashes a key.
///
/// # Errors
/// Where an argument is none, or the result can't be written.
pub fn run(args: &KeyArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    match &args.command {
        KeyCommand::New(args) => new(args, console),
        KeyCommand::Hash(args) => hash(args, console),
    }
}

fn new(args: &NewArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let hash = args.hash.hash()?;
    let key = secret::generate(&mut OsRng);
    let owner = args.tenant.clone().zip(args.client.clone());
    let owner = owner.map(|(tenant, client)| Owner { tenant, client });
    let now = chrono::Utc::now();
    let entry = Entry::new(args, owner.as_ref(), digest(&hash, &key), now, &mut OsRng)?;
    entry.check(owner.as_ref())?;
    if let (Some(file), Some(owner)) = (&args.start, &owner) {
        start(file, owner, &entry)?;
    }
    if console.format == Format::Json {
        let owner = owner.map(|owner| json!({"tenant": owner.tenant, "client": owner.client}));
        console.json(&json!({"key": key, "owner": owner, "entry": entry}))?;
        return Ok(Exit::Ok);
    }
    let place = match &owner {
        Some(Owner { tenant, client }) => {
            format!("`keys` of client {client} of tenant {tenant} (tenants[].clients[].keys)")
        }
        None => "`api_keys.keys`".to_owned(),
    };
    let out = &mut console.out;
    writeln!(
        out,
        "{STRONG}The key{STRONG:#} {FAINT}(shown this once; give it to its client){FAINT:#}"
    )?;
    writeln!(out, "{key}")?;
    writeln!(out)?;
    if let Some(file) = &args.start {
        writeln!(out, "{STRONG}The document{STRONG:#} is {}", file.display())?;
        return Ok(Exit::Ok);
    }
    writeln!(out, "{STRONG}Its entry{STRONG:#} {FAINT}for {place}; YAML and JSON{FAINT:#}")?;
    writeln!(out, "{}", entry.line())?;
    Ok(Exit::Ok)
}

/// Writes a first document with one key.
fn start(file: &Path, owner: &Owner, entry: &Entry) -> anyhow::Result<()> {
    let (tenant, client) = (json!(owner.tenant), json!(owner.client));
    let text = format!(
        "version: 1
# Every request needs a credential; those of a tenant are for that tenant only.
tenants:
  - id: {tenant}
    clients:
      - id: {client}
        keys:
          # One more: `tenant-guard key new`.
          - {}
",
        entry.line()
    );
    let written = File::create_new(file).and_then(|mut file| file.write_all(text.as_bytes()));
    if written.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) {
        bail!(
            "{} is there already, and --start writes first documents only: leave it out, and put the entry into the document",
            file.display()
        );
    }
    written.with_context(|| format!("{} can't be written", file.display()))
}

/// The longest key that is hashed, in bytes: no header is longer.
const LONGEST: u64 = 64 << 10;

fn hash(args: &DigestArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let hash = args.hash.hash()?;
    let key = match &args.key {
        Some(key) => key.clone(),
        None => read(console)?,
    };
    let key = key.strip_suffix('\n').unwrap_or(&key);
    let key = key.strip_suffix('\r').unwrap_or(key);
    ensure!(!key.is_empty(), "there is no key");
    ensure!(
        !key.contains(|c: char| c.is_control()),
        "there is more than one line, or a control character: give the key alone"
    );
    ensure!(key.trim() == key, "there are spaces around the key: no header keeps them");
    if secret::look(key) == Look::Damaged {
        bail!("the key is damaged: its checksum is another, so it was mistyped or cut");
    }
    let (name, digest) = digest(&hash, key);
    match console.format {
        Format::Json => console.json(&json!({name: digest}))?,
        Format::Human => writeln!(console.out, "{name}: \"{digest}\"")?,
    }
    Ok(Exit::Ok)
}

fn read(console: &mut Console<'_>) -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        writeln!(console.err, "Type the key, then Enter and Ctrl-D:")?;
    }
    let mut key = String::new();
    let most = LONGEST.saturating_add(1);
    (&mut *console.input).take(most).read_to_string(&mut key).context("the key can't be read")?;
    ensure!(key.len() < LONGEST as usize, "that is longer than any key");
    Ok(key)
}

#[cfg(test)]
mod tests;
