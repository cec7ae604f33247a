//! The `tenant-guard` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    tenant_guard_cli::main()
}
