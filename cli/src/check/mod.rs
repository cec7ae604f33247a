//! `check`: the mistakes of a configuration, before a proxy meets them.

use std::path::PathBuf;

use clap::Args;

use crate::Exit;
use crate::console::{Console, ERROR, GOOD, WARNING};
use crate::document::Document;
use crate::environment::Variables;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Plugin documents (YAML or JSON), or configurations that hold guards.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Checks files.
///
/// # Errors
/// Where the result can't be written.
pub fn run(args: &CheckArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let env = Variables::of_process();
    let mut exit = Exit::Ok;
    for file in &args.files {
        let loaded = Document::read(file).map_err(|mistake| vec![mistake]);
        match loaded.and_then(|document| document.load(&env)) {
            Ok(loaded) => {
                for warning in loaded.warnings {
                    writeln!(console.out, "{WARNING}warning:{WARNING:#} {warning}")?;
                }
                writeln!(console.out, "{GOOD}ok:{GOOD:#} {}", file.display())?;
            }
            Err(mistakes) => {
                for mistake in mistakes {
                    writeln!(console.out, "{ERROR}error:{ERROR:#} {mistake}")?;
                }
                exit = Exit::Invalid;
            }
        }
    }
    Ok(exit)
}
