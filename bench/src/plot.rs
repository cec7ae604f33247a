//! Scaling lines as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::scaling::{MOST, Measured};

/// Draws added CPU time over size, both ends of each interval, and what the
/// largest may cost.
///
/// # Errors
/// When the file can't be written.
pub fn write(measured: &Measured, file: &Path) -> Result<()> {
    draw(measured, file).map_err(|error| anyhow!("{}: {error}", file.display()))
}

fn draw(measured: &Measured, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let points: Vec<(f64, f64, f64, f64)> = measured
        .points
        .iter()
        .map(|point| (point.size as f64, point.ratio.value, point.ratio.low, point.ratio.high))
        .collect();
    let last = points.last().map_or(10.0, |point| point.0);
    let highest = points.iter().fold(MOST, |most, point| most.max(point.3));
    let area = SVGBackend::new(file, (640, 400)).into_drawing_area();
    area.fill(&WHITE)?;
    let name = measured.line.name();
    let mut chart = ChartBuilder::on(&area)
        .caption(format!("Added CPU by number of {name}"), ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(52)
        .build_cartesian_2d((0.8..last * 1.25).log_scale(), 0.0..highest * 1.1)?;
    chart
        .configure_mesh()
        .x_desc(name)
        .y_desc("ratio to the smallest")
        .x_label_formatter(&|size| format!("{size:.0}"))
        .y_label_formatter(&|ratio| format!("{ratio:.2}"))
        .draw()?;
    chart.draw_series(LineSeries::new([(0.8, MOST), (last * 1.25, MOST)], RED))?;
    chart.draw_series(LineSeries::new(points.iter().map(|point| (point.0, point.1)), BLUE))?;
    for (size, value, low, high) in points {
        chart.draw_series(LineSeries::new([(size, low), (size, high)], BLUE))?;
        chart.draw_series([Circle::new((size, value), 4, BLUE.filled())])?;
    }
    area.present()?;
    Ok(())
}
