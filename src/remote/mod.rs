//! Documents that live elsewhere: key sets of issuers, and the directory of
//! tenants. They are fetched through the proxy while it runs.
//!
//! - What is fetched: `source`, at a `uri`.
//! - Each worker has a `fetcher`, with a `slot` for each source; `schedule`
//!   says when to `fetch`. One fetch is a `call` and its `answer`, or two with
//!   `discovery`.
//! - Workers share a `record` of each source and its content, by a `store`.
//! - A `keeper` judges what came, and puts it into the guard.
//! - Requests that need it wait in `waiting`.

mod answer;
mod call;
mod discovery;
mod event;
mod fetch;
mod fetcher;
mod keeper;
mod record;
mod schedule;
mod slot;
mod source;
mod store;
mod uri;
mod waiting;

pub use answer::Answer;
pub use call::Network;
pub use event::Event;
pub use fetcher::Fetcher;
pub use keeper::{Keeper, Kept};
pub use source::Source;
pub use store::Store;
pub use waiting::{MOST_AT_ONCE, Ready, WaitingRoom};

pub(crate) use source::{Content, Timing};
pub(crate) use uri::Uri;

/// Names a document that lives elsewhere, by where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u64);

/// How far what was fetched can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Nothing was fetched so far.
    #[default]
    Awaited,
    /// What was fetched holds.
    Current,
    /// It is older than `max_stale`.
    TooOld,
}

/// What to expect of a document that lives elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// How far what was fetched can be relied on.
    pub standing: Standing,
    /// Whether a fetch that a request asks for would be made, and soon.
    pub soon: bool,
}

/// Before anything is known: the first fetch is about to be made.
impl Default for Outlook {
    fn default() -> Self {
        Self { standing: Standing::Awaited, soon: true }
    }
}

#[cfg(test)]
mod tests;
