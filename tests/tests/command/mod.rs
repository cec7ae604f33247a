//! The command itself, run in the test's own process.

use std::ffi::OsString;

use tenant_guard_cli::Exit;
use tenant_guard_cli::console::{Console, Format};

/// Runs `tenant-guard` with these arguments and no input: how it ends, and what
/// it writes without colour to standard output and standard error.
pub fn run(args: impl IntoIterator<Item = impl Into<OsString>>) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console {
        out: &mut anstream::StripStream::new(&mut out),
        err: &mut anstream::StripStream::new(&mut err),
        input: &mut std::io::empty(),
        format: Format::Human,
    };
    let name = std::iter::once("tenant-guard".into());
    let exit = tenant_guard_cli::run(name.chain(args.into_iter().map(Into::into)), &mut console);
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}
