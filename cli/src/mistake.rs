//! What is wrong with a file, and where.

use core::fmt;
use std::path::{Path, PathBuf};

use crate::escape::plain;
use crate::source::{Position, SourceError};

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

impl Mistake {
    /// One of a file, or of a whole document in it.
    pub fn whole(file: &Path, at: Position, problem: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at, path: String::new(), problem: problem.into() }
    }

    /// One that keeps a file from being read at all.
    pub fn in_source(file: &Path, error: SourceError) -> Self {
        Self::whole(file, error.at, error.problem)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file.display(), self.at)?;
        // Names in files are whatever somebody wrote.
        if !self.path.is_empty() {
            write!(f, "{}: ", plain(&self.path))?;
        }
        f.write_str(&plain(&self.problem))
    }
}

impl core::error::Error for Mistake {}
