//! What is wrong with a document, and where.

use core::fmt;
use std::cell::RefCell;
use std::collections::HashSet;

/// One mistake in a document. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    errors: RefCell<Told>,
    warnings: RefCell<Told>,
}

/// How many mistakes are told of. A message is much longer than the byte or
/// two that make it: without a bound they take all the memory there is.
const MOST: usize = 10_000;

/// Each once, in order.
#[derive(Debug, Default)]
struct Told {
    list: Vec<ConfigError>,
    known: HashSet<ConfigError>,
}

impl Told {
    fn add(&mut self, path: &dyn fmt::Display, problem: &str) {
        if self.list.len() >= MOST {
            return;
        }
        let error = ConfigError { path: path.to_string(), problem: problem.to_owned() };
        if self.known.insert(error.clone()) {
            self.list.push(error);
        }
    }
}

impl Problems {
    pub(super) fn error(&self, path: impl fmt::Display, problem: impl AsRef<str>) {
        self.tell_error(&path, problem.as_ref());
    }

    pub(super) fn warn(&self, path: impl fmt::Display, problem: impl AsRef<str>) {
        self.tell_warning(&path, problem.as_ref());
    }

    // Once for all that tell of something: there are hundreds of them.

    #[cold]
    #[inline(never)]
    fn tell_error(&self, path: &dyn fmt::Display, problem: &str) {
        self.errors.borrow_mut().add(path, problem);
    }

    #[cold]
    #[inline(never)]
    fn tell_warning(&self, path: &dyn fmt::Display, problem: &str) {
        self.warnings.borrow_mut().add(path, problem);
    }

    /// Takes over all that others collected.
    pub(super) fn take_over(&self, others: &Self) {
        for (told, others) in [(&self.errors, &others.errors), (&self.warnings, &others.warnings)] {
            let mut told = told.borrow_mut();
            for ConfigError { path, problem } in others.take().list {
                told.add(&path, &problem);
            }
        }
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        self.errors.take();
        self.warnings.take();
    }

    /// Whether there is a mistake at such a place.
    pub(super) fn any(&self, is_there: impl Fn(&str) -> bool) -> bool {
        self.errors.borrow().list.iter().any(|error| is_there(&error.path))
    }

    /// Whether a mistake was told of that place, or of one within it.
    pub(super) fn has_errors_at(&self, path: &str) -> bool {
        self.any(|known| known.starts_with(path))
    }

    pub(super) fn into_parts(self) -> (Vec<ConfigError>, Vec<ConfigError>) {
        (self.errors.into_inner().list, self.warnings.into_inner().list)
    }
}
