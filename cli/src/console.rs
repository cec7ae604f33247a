//! Where a command reads and writes.

use std::io::{self, Read, Write};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use serde::Serialize;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Text for people.
    #[default]
    Human,
    /// One JSON value, for programs; an object with `errors` where it fails.
    Json,
}

/// Input and output of a command. What is written may be styled: whoever makes
/// a console strips that where it goes to no terminal.
pub struct Console<'c> {
    /// Results.
    pub out: &'c mut dyn Write,
    /// Complaints and hints.
    pub err: &'c mut dyn Write,
    /// Standard input.
    pub input: &'c mut dyn Read,
    /// How results are written.
    pub format: Format,
}

impl Console<'_> {
    /// Writes a result as JSON, whatever the format.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn json(&mut self, result: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, result)?;
        writeln!(self.out)
    }
}

/// What is wrong.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What is likely not meant.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// What is as it should be.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What stands out: names of things, headings.
pub const STRONG: Style = Style::new().bold();
/// What may be passed over.
pub const FAINT: Style = Style::new().dimmed();

/// Names in files may hold what a terminal would obey.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            printable.extend(c.escape_default());
        } else {
            printable.push(c);
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        assert_eq!(printable("é\u{1b}[2J\n"), "é\\u{1b}[2J\\n");
    }
}
