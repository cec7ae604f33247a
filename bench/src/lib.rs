//! What tenant-guard costs, side by side with Envoy's own filters.
//!
//! [`scenario`] has the guard's documents and the requests that meet them; it
//! needs neither Envoy nor a clock, so other measurements may use it too.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a tool for developers: a measurement that can't go on ends"
)]

pub mod args;
pub mod calls;
pub mod config;
pub mod cpu;
pub mod h2load;
pub mod machine;
pub mod memory;
pub mod plot;
pub mod report;
pub mod rounds;
pub mod scaling;
pub mod scenario;
pub mod soak;
pub mod starting;
pub mod stats;
pub mod target;
pub mod variant;
pub mod verdict;

pub use args::{Args, Part};

use std::fs;

use anyhow::{Context, Result};
use tenant_guard_tests::token::now;

use machine::Machine;
use rounds::{Folder, Plan};
use scenario::Line;
use variant::Set;

/// Measures what the arguments ask for, and writes it down.
///
/// # Errors
/// When a request isn't answered as expected, h2load is missing, or a file
/// can't be written. Envoys that don't start end the process with their log.
pub fn run(args: &Args) -> Result<()> {
    let folder = Folder::new()?;
    let dir = folder.path();
    let has = |part| args.parts.contains(&part);
    let machine = Machine::look()?;
    let mut text = report::head(&machine);
    let mut verdicts = Vec::new();
    let plan =
        |rounds| Plan { rounds, requests: args.requests, new_tokens: args.new_tokens, now: now() };
    if has(Part::Compare) {
        let plan = plan(args.rounds);
        let set = Set::all(plan.now);
        let envoys = variant::start(set.servers);
        let series = rounds::measure(&envoys, &set.variants, plan, dir)?;
        drop(envoys);
        let outcomes = target::outcomes(&series);
        text += &report::comparison(&series, &outcomes, plan);
        verdicts.extend(verdict::compared(&outcomes));
    }
    if has(Part::Scaling) {
        let plots = args.out.join("plots");
        fs::create_dir_all(&plots).with_context(|| plots.display().to_string())?;
        let mut lines = Vec::new();
        for line in Line::ALL {
            let measured = scaling::line(line, plan(args.scaling_rounds), dir)?;
            plot::write(&measured, &plots.join(report::plot_name(line)))?;
            lines.push(measured);
        }
        text += &report::scaling(&lines);
        verdicts.extend(verdict::flat(&lines));
    }
    if has(Part::Calls) {
        let plan = Plan { requests: args.call_requests, ..plan(args.call_rounds) };
        text += &report::calls(&calls::costs(plan, dir)?, plan);
    }
    if has(Part::Start) {
        let starts = starting::measure(args.starts, now());
        text += &report::starts(&starts);
        verdicts.push(verdict::file(&machine));
        verdicts.extend(verdict::started(&starts));
    }
    if !verdicts.is_empty() {
        text += &report::verdicts(&verdicts);
    }
    if args.parts.iter().any(|part| *part != Part::Soak) {
        write(args, "RESULTS.md", &text)?;
    }
    if has(Part::Soak) {
        let soak = soak::run(args.soak_requests, now(), dir)?;
        let text = report::head(&Machine::look()?) + &report::soak(&soak);
        write(args, "SOAK.md", &text)?;
    }
    Ok(())
}

fn write(args: &Args, name: &str, text: &str) -> Result<()> {
    println!("{text}");
    let file = args.out.join(name);
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
}
