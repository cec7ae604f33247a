//! The results as Markdown.

mod calls;
mod table;
mod verdicts;

use crate::machine::Machine;
use crate::rounds::{Plan, Series};
use crate::scaling::{MOST, Measured};
use crate::scenario::Line;
use crate::soak::Soak;
use crate::starting::{LOADS, Starts};
use crate::stats::{Estimate, median};
use crate::target::{Bound, Outcome};
use crate::variant::MANY;

pub use calls::calls;
use table::Table;
pub use verdicts::verdicts;

/// Bytes in a MiB.
const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// The start of the file: on what, and with what.
pub fn head(machine: &Machine) -> String {
    let mut table = Table::new(&["what", "which"]);
    for (what, which) in [
        ("CPU", format!("{}, {} cores", machine.processor, machine.cores)),
        ("kernel", machine.kernel.clone()),
        ("load average at the start", machine.load.clone()),
        ("Envoy", machine.envoy.clone()),
        ("rustc", machine.rustc.clone()),
        ("h2load", machine.h2load.clone()),
        ("plugin", format!("{} KiB", machine.plugin.div_ceil(1024))),
    ] {
        table.row([what.to_owned(), which]);
    }
    format!(
        "# Measurements\n\nWritten by the benchmark; [README.md](README.md) says what is measured and how.\n\n{table}\n"
    )
}

/// All variants, and the comparisons with their targets.
pub fn comparison(series: &[Series], outcomes: &[Outcome], plan: Plan) -> String {
    let mut all = Table::new(&[
        "variant",
        "CPU µs a request",
        "added µs",
        "requests/s",
        "p50 µs",
        "p99 µs",
        "RSS MiB",
    ]);
    for series in series {
        all.row([
            series.name.clone(),
            format!("{:.2}", series.median_cpu()),
            format!("{:.2}", series.added()),
            format!("{:.0}", median(&series.rate)),
            format!("{:.0}", median(&series.p50)),
            format!("{:.0}", median(&series.p99)),
            format!("{:.0}", series.memory as f64 / MEBIBYTE),
        ]);
    }
    let mut compared =
        Table::new(&["variant", "compared with", "found", "95 % interval", "target", "met"]);
    for outcome in outcomes {
        compared.row(compare(outcome));
    }
    format!(
        "## Side by side\n\nMedians of {} rounds of {} requests each ({} where each has a new token).\n\n{all}\n\
        Added CPU time over no filter, compared: a ratio, or a difference in µs. It is the difference of medians over the rounds; \
        the interval is that of a bootstrap which draws whole rounds.\n\n{compared}\n",
        plan.rounds, plan.requests, plan.new_tokens
    )
}

fn compare(outcome: &Outcome) -> [String; 6] {
    let unit = match outcome.target.bound {
        Bound::Microseconds(_) => " µs",
        Bound::Ratio(_) | Bound::Told => "",
    };
    let target = match outcome.target.bound {
        Bound::Ratio(most) => format!("≤ {most}"),
        Bound::Microseconds(most) => format!("≤ {most} µs"),
        Bound::Told => String::new(),
    };
    [
        outcome.target.variant.clone(),
        outcome.target.reference.clone(),
        format!("{:.2}{unit}", outcome.found.value),
        interval(outcome.found),
        target,
        outcome.is_met().map_or("", word).to_owned(),
    ]
}

/// The lines, each with its plot.
pub fn scaling(lines: &[Measured]) -> String {
    let mut text = format!(
        "## Growing documents\n\nAdded CPU time over that of the smallest; flat where no interval reaches beyond {MOST}.\n\n"
    );
    for measured in lines {
        let name = measured.line.name();
        let mut table = Table::new(&[
            name,
            "CPU µs a request",
            "added µs",
            "ratio",
            "95 % interval",
            "RSS MiB",
        ]);
        for point in &measured.points {
            table.row([
                point.size.to_string(),
                format!("{:.2}", point.series.median_cpu()),
                format!("{:.2}", point.series.added()),
                format!("{:.2}", point.ratio.value),
                interval(point.ratio),
                format!("{:.0}", point.series.memory as f64 / MEBIBYTE),
            ]);
        }
        let plot = plot_name(measured.line);
        text += &format!(
            "### By number of {name}\n\nFlat: {}\n\n{table}\n![added CPU by number of {name}](plots/{plot})\n\n",
            word(measured.is_flat())
        );
    }
    text
}

/// The file of a line's plot.
pub fn plot_name(line: Line) -> String {
    format!("{}.svg", line.name().replace(' ', "-"))
}

/// Starts.
pub fn starts(starts: &Starts) -> String {
    let mut table = Table::new(&[
        "filter",
        "ready after ms",
        "added ms",
        "RSS MiB",
        "VMs MiB",
        "largest VM MiB",
    ]);
    for started in starts.all() {
        table.row([
            started.name.to_owned(),
            format!("{:.0}", started.ready),
            format!("{:.0}", started.ready - starts.bare.ready),
            format!("{:.0}", started.memory / MEBIBYTE),
            format!("{:.1}", started.linear / MEBIBYTE),
            format!("{:.1}", started.largest / MEBIBYTE),
        ]);
    }
    format!(
        "## Starting\n\nFrom the start of the process until it answers, to the next 20 ms. \
        Envoy compiles a plugin once and configures it {LOADS} times: on trial, on the main thread, on the worker.\n\n{table}\n\
        Beyond ten keys, {MANY} keys take {:.0} ms for each time that they are loaded. In one VM they take {:.0} bytes a key, \
        beside {:.1} MiB that the plugin has without tenants and {:.1} MiB of the document.\n\n",
        starts.load(),
        starts.bytes_a_key(),
        starts.none.largest / MEBIBYTE,
        starts.document as f64 / MEBIBYTE
    )
}

/// The soak.
pub fn soak(soak: &Soak) -> String {
    let mut table = Table::new(&["requests", "RSS MiB", "VMs MiB"]);
    let step = soak.samples.len().div_ceil(20).max(1);
    for sample in soak.samples.iter().skip(step - 1).step_by(step) {
        let mebibytes = |bytes: u64| format!("{:.1}", bytes as f64 / MEBIBYTE);
        table.row([
            sample.requests.to_string(),
            mebibytes(sample.resident),
            mebibytes(sample.linear),
        ]);
    }
    format!(
        "## Soak\n\nSteady: {} (from the second fifth to the last, RSS grew by {:.2} MiB and the VMs by {:.2} MiB)\n\n{table}\n",
        word(soak.is_steady()),
        soak.growth() / MEBIBYTE,
        soak.linear_growth() / MEBIBYTE
    )
}

fn interval(estimate: Estimate) -> String {
    format!("{:.2} – {:.2}", estimate.low, estimate.high)
}

fn word(yes: bool) -> &'static str {
    if yes { "yes" } else { "**no**" }
}
