//! `key`.

use clap::Args;

use crate::Exit;
use crate::console::Console;

/// Arguments of `key`.
#[derive(Debug, Args)]
pub struct KeyArgs {}

/// Runs it.
///
/// # Errors
/// Always, so far.
pub fn run(_: &KeyArgs, _: &mut Console<'_>) -> anyhow::Result<Exit> {
    anyhow::bail!("not there yet")
}
