//! `token`.

use clap::Args;

use crate::Exit;
use crate::console::Console;

/// Arguments of `token`.
#[derive(Debug, Args)]
pub struct TokenArgs {}

/// Runs it.
///
/// # Errors
/// Always, so far.
pub fn run(_: &TokenArgs, _: &mut Console<'_>) -> anyhow::Result<Exit> {
    anyhow::bail!("not there yet")
}
