//! Findings as text and as JSON.

use std::io;
use std::path::PathBuf;

use anstyle::Style;
use serde::Serialize;

use crate::console::{Console, ERROR, FAINT, Format, GOOD, STRONG, WARNING};
use crate::escape::plain;
use crate::failure;

use super::finding::{Code, Finding, Severity};

/// A finding as programs read it.
#[derive(Serialize)]
struct Record<'f> {
    severity: Severity,
    code: Code,
    #[serde(flatten)]
    mistake: failure::Record<'f>,
}

/// Writes what was found in files.
///
/// # Errors
/// Where it can't be written.
pub(super) fn write(
    findings: &[Finding],
    files: &[PathBuf],
    guards: usize,
    console: &mut Console<'_>,
) -> io::Result<()> {
    match console.format {
        Format::Json => {
            let records: Vec<_> = findings.iter().map(record).collect();
            console.json(&records)
        }
        Format::Human => human(findings, files, guards, console),
    }
}

fn record(finding: &Finding) -> Record<'_> {
    let (severity, code) = (finding.code.severity(), finding.code);
    Record { severity, code, mistake: (&finding.mistake).into() }
}

fn human(
    findings: &[Finding],
    files: &[PathBuf],
    guards: usize,
    console: &mut Console<'_>,
) -> io::Result<()> {
    for finding in findings {
        let severity = finding.code.severity();
        let style = style(severity);
        let (name, code) = (severity.name(), finding.code.name());
        let mistake = &finding.mistake;
        let told = match finding.code {
            // No place in a file that nobody has read.
            Code::Unreadable => format!("{}: {}", mistake.file.display(), mistake.problem),
            _ => mistake.to_string(),
        };
        let told = plain(&told);
        writeln!(console.out, "{style}{name}:{style:#} {told} {FAINT}[{code}]{FAINT:#}")?;
    }
    let count =
        |severity| findings.iter().filter(|finding| finding.code.severity() == severity).count();
    let checked = format!("{} in {}", several(guards, "guard"), several(files.len(), "file"));
    let (errors, warnings, notes) =
        (count(Severity::Error), count(Severity::Warning), count(Severity::Note));
    if errors == 0 && warnings == 0 {
        let notes = if notes > 0 { format!(", {}", several(notes, "note")) } else { String::new() };
        return writeln!(console.out, "{GOOD}ok:{GOOD:#} {checked}{notes}");
    }
    let counts: Vec<_> = [(errors, "error"), (warnings, "warning"), (notes, "note")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| several(count, what))
        .collect();
    writeln!(console.out, "{STRONG}{checked}: {}{STRONG:#}", counts.join(", "))
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
        Severity::Note => STRONG,
    }
}

fn several(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
