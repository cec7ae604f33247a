//! `import`.

use clap::Args;

use crate::Exit;
use crate::console::Console;

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {}

/// Runs it.
///
/// # Errors
/// Always, so far.
pub fn run(_: &ImportArgs, _: &mut Console<'_>) -> anyhow::Result<Exit> {
    anyhow::bail!("not there yet")
}
