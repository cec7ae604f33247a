//! `import`: the environment of a system with its own tenancy, as a document.
//!
//! A system's variables are read as it reads them ([`settings`]), with the
//! place of each mistake ([`env`]). What comes of them is a tree with comments
//! ([`tree`]), which is loaded by the core before anybody sees it.

mod ai_backend;
mod control_plane;
mod digest;
mod env;
mod heimdex;
mod outcome;
mod pairs;
mod quotas;
mod recsys;
mod settings;
mod super_admin;
mod system;
mod tree;
mod writer;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use system::System;

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::Exit;
use crate::console::{Console, Format, WARNING};
use crate::document::read_text;
use crate::mistake::Mistake;
use crate::source::{self, Position};

use outcome::Outcome;
use settings::Settings;
use tree::{Map, Tree};

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenant-guard import recsys.env > tenant-guard.yaml
  tenant-guard import --system agent-control-plane .env --add tenants.yaml
  tenant-guard import --system ai-backend

API keys become digests and secrets become {env: NAME}: none of the file's
secrets is in what is written. Lines that begin with `# DECIDE:` need a decision
of yours. Nothing is written where the file has a mistake.

Exit codes: 0 it is written, 3 the file has mistakes, 1 anything else.")]
pub struct ImportArgs {
    /// The system's environment: a file of NAME=value lines.
    #[arg(value_name = "FILE", required_unless_present = "system")]
    pub file: Option<PathBuf>,
    /// The system that it is of; it is told by its variables otherwise.
    #[arg(long, value_enum, value_name = "NAME")]
    pub system: Option<System>,
    /// A document (YAML or JSON) to put over the result: objects are merged,
    /// lists and everything else replaced. For what is in a system's database.
    #[arg(long, value_name = "FILE")]
    pub add: Option<PathBuf>,
}

/// Imports an environment.
///
/// # Errors
/// Where a file can't be read, its system isn't clear, or the result can't be
/// written.
pub fn run(args: &ImportArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let (file, text) = match &args.file {
        Some(file) => (file.clone(), read_text(file, console.input)?),
        None => (PathBuf::from("no file"), String::new()),
    };
    let (variables, problems) = env::parse(&text);
    let system = match args.system {
        Some(system) => system,
        None => System::detect(&variables)?,
    };
    let added = args.add.as_deref().map(|file| read_added(file, console.input)).transpose()?;
    let settings = Settings::new(&file, &variables);
    for (at, problem) in problems {
        settings.tell(at, problem);
    }
    let mut document = system.import(&settings);
    let unread = settings.unread();
    let mut mistakes = settings.into_mistakes();
    let mut over = None;
    match added {
        Some(Ok((map, places))) => {
            document.merge(map);
            over = args.add.as_deref().zip(Some(places));
        }
        Some(Err(mistake)) => mistakes.push(mistake),
        None => {}
    }
    if !mistakes.is_empty() {
        return Ok(console.refuse(&mistakes)?);
    }
    let outcome = Outcome::new(system, document, unread);
    let warnings = match outcome.check(&file, &variables, over.as_ref()) {
        Ok(warnings) => warnings,
        Err(mistakes) => return Ok(console.refuse(&mistakes)?),
    };
    match console.format {
        Format::Human => write!(console.out, "{}", outcome.yaml())?,
        Format::Json => console.json(&outcome)?,
    }
    for warning in warnings {
        writeln!(console.err, "{WARNING}warning:{WARNING:#} {warning}")?;
    }
    Ok(Exit::Ok)
}

type Added = Result<(Map, source::Places), Mistake>;

/// The document to put over the result.
fn read_added(file: &Path, input: &mut dyn Read) -> anyhow::Result<Added> {
    let text = read_text(file, input)?;
    let mistake =
        |at, problem: String| Mistake { file: file.to_owned(), at, path: String::new(), problem };
    let documents = match source::parse(&text) {
        Ok(documents) => documents,
        Err(error) => return Ok(Err(mistake(error.at, error.problem))),
    };
    Ok(match documents.as_slice() {
        [document] => match repeated(document) {
            Some((name, at)) => Err(mistake(at, format!("{name} is there twice; keep one"))),
            None => match Tree::from(document) {
                Tree::Map(map) => Ok((map, source::Places::of(document))),
                _ => {
                    Err(mistake(document.at, "must be an object with fields of a document".into()))
                }
            },
        },
        _ => Err(mistake(Position::START, "must hold one document".into())),
    })
}

/// A name that is twice in an object, and where it is again.
fn repeated(node: &source::Node) -> Option<(String, Position)> {
    let members = node.members();
    let mut names = std::collections::HashSet::new();
    let again = members.iter().find(|member| !names.insert(member.name.as_str()));
    again
        .map(|member| (member.name.clone(), member.at))
        .or_else(|| members.iter().find_map(|member| repeated(&member.node)))
        .or_else(|| node.items().iter().find_map(repeated))
}
