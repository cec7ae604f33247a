//! `make bench`, `make bench-soak`.

use anyhow::Result;
use clap::Parser;

fn main() -> Result<()> {
    tenant_guard_bench::run(&tenant_guard_bench::Args::parse())
}
