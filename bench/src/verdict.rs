//! Every target, and whether it is met.

use crate::machine::Machine;
use crate::scaling::{MOST, Measured};
use crate::starting::{LOADS, Starts};
use crate::stats::Estimate;
use crate::target::{Bound, Outcome};
use crate::variant::MANY;

/// The most that the plugin's file may have, in KiB.
const FILE: f64 = 900.0;

/// What the plugin may add to the start of an Envoy with a small document, in
/// milliseconds.
const READY: f64 = 300.0;

/// What a VM may take to load [`MANY`] keys, in milliseconds.
const LOAD: f64 = 1_000.0;

/// What a key may take of a VM's memory beside its document, in bytes.
const KEY: f64 = 160.0;

/// In what a value is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number without one.
    Ratio,
    /// µs
    Microseconds,
    /// ms
    Milliseconds,
    /// KiB
    Kibibytes,
    /// Bytes
    Bytes,
}

impl Unit {
    /// The value, as it is told in this unit.
    pub fn tell(self, value: f64) -> String {
        match self {
            Unit::Ratio => format!("{value:.2}"),
            Unit::Microseconds => format!("{value:.2} µs"),
            Unit::Milliseconds => format!("{value:.0} ms"),
            Unit::Kibibytes => format!("{value:.0} KiB"),
            Unit::Bytes => format!("{value:.0} bytes"),
        }
    }
}

/// A target, and what was found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What is asked.
    pub what: String,
    /// What was found.
    pub found: f64,
    /// Its interval, where it has one.
    pub interval: Option<Estimate>,
    /// The most that it may be.
    pub most: f64,
    /// The unit of them all.
    pub unit: Unit,
}

impl Verdict {
    /// Whether what was found is within the target.
    pub fn is_met(&self) -> bool {
        self.found <= self.most
    }

    fn plain(what: String, found: f64, most: f64, unit: Unit) -> Verdict {
        Verdict { what, found, interval: None, most, unit }
    }
}

/// Those of the comparison; what is only told is left out.
pub fn compared(outcomes: &[Outcome]) -> Vec<Verdict> {
    let verdict = |outcome: &Outcome| {
        let (most, unit, joint) = match outcome.target.bound {
            Bound::Ratio(most) => (most, Unit::Ratio, "over"),
            Bound::Microseconds(most) => (most, Unit::Microseconds, "less"),
            Bound::Told => return None,
        };
        Some(Verdict {
            what: format!("{}, {joint} {}", outcome.target.variant, outcome.target.reference),
            found: outcome.found.value,
            interval: Some(outcome.found),
            most,
            unit,
        })
    };
    outcomes.iter().filter_map(verdict).collect()
}

/// Those of growing documents: the highest end of any size's interval counts.
pub fn flat(lines: &[Measured]) -> Vec<Verdict> {
    let verdict = |measured: &Measured| {
        let highest = measured.points.iter().map(|point| point.ratio.high).max_by(f64::total_cmp);
        let name = measured.line.name();
        let what = format!("any number of {name} over the smallest, upper end of the interval");
        Verdict::plain(what, highest.unwrap_or(f64::NAN), MOST, Unit::Ratio)
    };
    lines.iter().map(verdict).collect()
}

/// That of the plugin's file.
pub fn file(machine: &Machine) -> Verdict {
    Verdict::plain(
        "size of the plugin".to_owned(),
        machine.plugin as f64 / 1024.0,
        FILE,
        Unit::Kibibytes,
    )
}

/// Those of starts.
pub fn started(starts: &Starts) -> Vec<Verdict> {
    vec![
        Verdict::plain(
            format!("start with 10 keys, less no filter: compiled once, {LOADS} VMs configured"),
            starts.ready_added(),
            READY,
            Unit::Milliseconds,
        ),
        Verdict::plain(
            format!("load of {MANY} keys, a VM"),
            starts.load(),
            LOAD,
            Unit::Milliseconds,
        ),
        Verdict::plain(
            format!("memory of one of {MANY} keys in one VM, beside plugin and document"),
            starts.bytes_a_key(),
            KEY,
            Unit::Bytes,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounds::Series;
    use crate::scaling::Point;
    use crate::scenario::Line;
    use crate::target::Target;

    fn outcome(bound: Bound, value: f64) -> Outcome {
        let target = Target { variant: "a".to_owned(), reference: "b".to_owned(), bound };
        Outcome { target, found: Estimate { value, low: 0.5, high: 9.0 } }
    }

    #[test]
    fn what_is_asked_is_judged_and_what_is_only_told_is_not() {
        let all = [
            outcome(Bound::Ratio(1.0), 0.9),
            outcome(Bound::Told, 5.0),
            outcome(Bound::Microseconds(8.0), 8.5),
        ];
        let found: Vec<(String, bool)> =
            compared(&all).iter().map(|one| (one.what.clone(), one.is_met())).collect();
        assert_eq!(found, [("a, over b".to_owned(), true), ("a, less b".to_owned(), false)]);
    }

    #[test]
    fn the_worst_size_of_a_line_counts() {
        let point = |high| Point {
            size: 1,
            series: Series::default(),
            ratio: Estimate { value: 1.0, low: 1.0, high },
        };
        let of = |highs: &[f64]| {
            let points = highs.iter().copied().map(point).collect();
            flat(&[Measured { line: Line::Tenants, points }]).remove(0)
        };
        assert_eq!((of(&[1.0, 1.25, 1.1]).found, of(&[1.0, 1.25, 1.1]).is_met()), (1.25, true));
        assert!(!of(&[1.0, 1.3, 1.1]).is_met());
        assert!(!of(&[1.0, f64::NAN]).is_met() && !of(&[]).is_met());
    }

    #[test]
    fn nothing_that_cannot_be_told_counts_as_met() {
        let verdict = |found| Verdict::plain(String::new(), found, 1.0, Unit::Ratio);
        assert!(verdict(1.0).is_met());
        assert!(!verdict(f64::NAN).is_met() && !verdict(f64::INFINITY).is_met());
    }
}
