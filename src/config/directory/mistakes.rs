//! What is wrong with a fetched directory.

use crate::config::problem::ConfigError;

/// The first mistakes, and how many more there are: by tenant they may be too
/// many to tell all, or even to keep.
#[derive(Debug, Default)]
pub(crate) struct Mistakes {
    first: Vec<ConfigError>,
    more: usize,
}

/// How many are told.
const MOST: usize = 20;

/// How long a line may be, in characters.
const LONGEST: usize = 400;

impl Mistakes {
    pub(super) fn add(&mut self, path: String, problem: impl Into<String>) {
        self.extend([ConfigError { path, problem: problem.into() }]);
    }

    pub(super) fn extend(&mut self, mistakes: impl IntoIterator<Item = ConfigError>) {
        for mistake in mistakes {
            if self.first.len() < MOST {
                self.first.push(mistake);
            } else {
                self.more = self.more.saturating_add(1);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// In lines for the log.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.first.iter().map(|mistake| plain(&mistake.to_string())).collect();
        if self.more > 0 {
            lines.push(format!("and {} mistakes more", self.more));
        }
        lines
    }
}

/// A text that others wrote, as one line that isn't too long.
pub(super) fn plain(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if c.is_control() { '?' } else { c }).collect()
}
