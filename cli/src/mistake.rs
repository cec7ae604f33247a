//! What is wrong with a file, and where.

use core::fmt;
use std::path::PathBuf;

use crate::source::Position;

/// A mistake in a file. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub file: PathBuf,
    /// Where in it.
    pub at: Position,
    /// Where in the document: `jwt.issuers[1].audiences`; empty for the
    /// whole, or where there is no document.
    pub path: String,
    /// What is wrong, and how to mend it.
    pub problem: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file.display(), self.at)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.problem)
    }
}

impl core::error::Error for Mistake {}
