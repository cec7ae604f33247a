//! Where a command reads and writes.

use std::io::{self, Read, Write};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use serde::Serialize;

use crate::escape;

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
    /// Writes a result as JSON, whatever the format; characters that a terminal
    /// would obey are escaped.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn json(&mut self, result: &impl Serialize) -> io::Result<()> {
        writeln!(self.out, "{}", escape::json(&serde_json::to_string_pretty(result)?))
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
