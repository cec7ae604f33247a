//! The `tenant-guard` command: what the guard thinks of a configuration or a
//! request, before a proxy runs it, and what operators need besides.
//!
//! Every verdict is the guard's own: the command runs the core that the
//! plugin runs.

#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::string_slice,
        reason = "a test that panics fails"
    )
)]

pub mod args;
pub mod check;
pub mod console;
mod digest;
pub mod document;
pub mod environment;
pub mod envoy;
pub mod escape;
mod exit;
pub mod explain;
mod failure;
pub mod guards;
mod host;
pub mod import;
pub mod key;
pub mod mistake;
pub mod schema;
pub mod source;
#[cfg(test)]
mod testing;
pub mod time;
pub mod token;

pub use exit::Exit;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use console::{Console, Format};

/// The process: its arguments, standard input and output, and exit code.
/// Colour goes to terminals only.
pub fn main() -> ExitCode {
    let (mut out, mut err) = (anstream::stdout(), anstream::stderr());
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        input: &mut io::stdin(),
        format: Format::default(),
    };
    run(std::env::args_os(), &mut console).into()
}

/// Runs the command; the first argument is its own name.
pub fn run(args: impl IntoIterator<Item = OsString>, console: &mut Console<'_>) -> Exit {
    let given: Vec<OsString> = args.into_iter().collect();
    let args = match Args::try_parse_from(&given) {
        Ok(args) => args,
        Err(error) => {
            let text = error.render();
            if !error.use_stderr() {
                // Help was asked for.
                return write!(console.out, "{}", text.ansi()).map_or(Exit::Failure, |()| Exit::Ok);
            }
            // Where nobody reads, nobody is told.
            let _ = if args::asks_for_json(&given) {
                let text = text.to_string();
                console.fail_json(text.trim().trim_start_matches("error: "))
            } else {
                write!(console.err, "{}", text.ansi())
            };
            return Exit::Failure;
        }
    };
    console.format = args.format;
    let outcome = match args.command {
        Command::Check(args) => check::run(&args, console),
        Command::Envoy(args) => envoy::run(&args, console),
        Command::Explain(args) => explain::run(&args, console),
        Command::Key(args) => key::run(&args, console),
        Command::Token(args) => token::run(&args, console),
        Command::Schema(args) => schema::run(&args, console),
        Command::Import(args) => import::run(&args, console),
    };
    outcome.unwrap_or_else(|error| console.fail(&error))
}
