//! `explain`.

use clap::Args;

use crate::Exit;
use crate::console::Console;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {}

/// Runs it.
///
/// # Errors
/// Always, so far.
pub fn run(_: &ExplainArgs, _: &mut Console<'_>) -> anyhow::Result<Exit> {
    anyhow::bail!("not there yet")
}
