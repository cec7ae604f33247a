//! Whether cost grows with the document.

use std::path::Path;

use anyhow::Result;

use crate::config::guard;
use crate::rounds::{Plan, Series, measure, ratio};
use crate::scenario::{Line, USUAL};
use crate::stats::Estimate;
use crate::variant::{BARE, BARE_KEY, Server, Set, Traffic, Variant, start};

/// The most that a point's added CPU time may be of the smallest's.
pub const MOST: f64 = 1.25;

/// A point of a line.
#[derive(Clone, Debug)]
pub struct Point {
    /// How many there are.
    pub size: usize,
    /// What was measured.
    pub series: Series,
    /// Added CPU time over that of the smallest size.
    pub ratio: Estimate,
}

/// A line with its points, from small to large.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What grows.
    pub line: Line,
    /// The points.
    pub points: Vec<Point>,
}

impl Measured {
    /// Whether no point's interval reaches beyond what it may cost.
    pub fn is_flat(&self) -> bool {
        self.points.iter().all(|point| point.ratio.high <= MOST)
    }
}

/// Measures a line: all its sizes are alive at once, and have turns.
///
/// # Errors
/// As [`measure`].
pub fn line(line: Line, plan: Plan, dir: &Path) -> Result<Measured> {
    let base = if line == Line::Keys { BARE_KEY } else { BARE };
    let mut set = Set::default();
    let smallest = line.at(line.sizes().first().copied().unwrap_or(USUAL), plan.now);
    set.servers.push(Server { name: base.to_owned(), filters: Vec::new() });
    set.variants.push(Variant {
        name: base.to_owned(),
        server: base.to_owned(),
        load: Traffic::Same(smallest.request),
        status: 200,
        base,
    });
    for size in line.sizes() {
        let scenario = line.at(*size, plan.now);
        let name = format!("{} {}", size, line.name());
        let filters = guard::guarded(&scenario.document);
        set.servers.push(Server { name: name.clone(), filters });
        set.variants.push(Variant {
            name: name.clone(),
            server: name,
            load: Traffic::Same(scenario.request),
            status: 200,
            base,
        });
    }
    let envoys = start(set.servers);
    let mut series = measure(&envoys, &set.variants, plan, dir)?;
    series.remove(0);
    Ok(Measured { line, points: points(line, series) })
}

fn points(line: Line, series: Vec<Series>) -> Vec<Point> {
    let smallest = series.first().cloned().unwrap_or_default();
    let sizes = line.sizes().iter().copied();
    let point = |(size, series): (usize, Series)| {
        let ratio = ratio(&series, &smallest);
        Point { size, series, ratio }
    };
    sizes.zip(series).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(added: f64) -> Series {
        Series { cpu: vec![10.0 + added; 10], base: vec![10.0; 10], ..Series::default() }
    }

    #[test]
    fn a_line_is_flat_where_no_point_costs_much_more_than_the_smallest() {
        let costs = |costs: [f64; 4]| Measured {
            line: Line::Tenants,
            points: points(Line::Tenants, costs.map(series).into()),
        };
        assert!(costs([20.0, 21.0, 22.0, 24.9]).is_flat());
        assert!(!costs([20.0, 21.0, 22.0, 25.1]).is_flat());
        let measured = costs([20.0, 10.0, 20.0, 20.0]);
        let ratios: Vec<f64> = measured.points.iter().map(|point| point.ratio.value).collect();
        assert_eq!(ratios, [1.0, 0.5, 1.0, 1.0]);
    }
}
