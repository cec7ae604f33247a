//! `token`: tokens for development, made and read.

mod mint;
mod show;
mod signing_key;

use clap::{Args, Subcommand};

use crate::Exit;
use crate::console::Console;

/// Arguments of `token`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenant-guard token mint --secret-env JWT_SECRET --iss https://idp.dev --aud api --sub alice
  tenant-guard token show < token.txt")]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a signed token for development.
    Mint(Box<mint::MintArgs>),
    /// Show what is in a token, without verifying it.
    Show(show::ShowArgs),
}

/// Makes or shows a token.
///
/// # Errors
/// Where an argument or the input is none, or the result can't be written.
pub fn run(args: &TokenArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    match &args.command {
        TokenCommand::Mint(args) => mint::run(args, console),
        TokenCommand::Show(args) => show::run(args, console),
    }
}

#[cfg(test)]
mod tests;
