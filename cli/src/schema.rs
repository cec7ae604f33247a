//! `schema`.

use clap::Args;

use crate::Exit;
use crate::console::Console;

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {}

/// Runs it.
///
/// # Errors
/// Always, so far.
pub fn run(_: &SchemaArgs, _: &mut Console<'_>) -> anyhow::Result<Exit> {
    anyhow::bail!("not there yet")
}
