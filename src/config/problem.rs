//! What is wrong with a document, and where.

use core::fmt;
use std::cell::RefCell;

/// One mistake in a document. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where: `jwt.issuers[1].audiences`; empty for the document itself.
    pub path: String,
    /// What is wrong, and how to mend it.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "document" } else { &self.path };
        write!(f, "{path}: {}", self.problem)
    }
}

impl core::error::Error for ConfigError {}

/// Collects all mistakes, so that they are told at once.
#[derive(Debug, Default)]
pub(super) struct Problems {
    errors: RefCell<Vec<ConfigError>>,
    warnings: RefCell<Vec<ConfigError>>,
}

impl Problems {
    pub(super) fn error(&self, path: impl fmt::Display, problem: impl Into<String>) {
        add(&self.errors, path, problem.into());
    }

    pub(super) fn warn(&self, path: impl fmt::Display, problem: impl Into<String>) {
        add(&self.warnings, path, problem.into());
    }

    /// Whether there is a mistake at such a place.
    pub(super) fn any(&self, is_there: impl Fn(&str) -> bool) -> bool {
        self.errors.borrow().iter().any(|error| is_there(&error.path))
    }

    /// Whether a mistake was told of that place, or of one within it.
    pub(super) fn has_errors_at(&self, path: &str) -> bool {
        self.errors.borrow().iter().any(|error| error.path.starts_with(path))
    }

    pub(super) fn into_parts(self) -> (Vec<ConfigError>, Vec<ConfigError>) {
        (self.errors.into_inner(), self.warnings.into_inner())
    }
}

fn add(list: &RefCell<Vec<ConfigError>>, path: impl fmt::Display, problem: String) {
    let error = ConfigError { path: path.to_string(), problem };
    let mut list = list.borrow_mut();
    if !list.contains(&error) {
        list.push(error);
    }
}
