//! The document's text: the whole of it as a tree, but its list of tenants,
//! which may be nearly all of it, stays text until its entries are read.

use core::cell::{Cell, RefCell};

use serde_json::Value;

use super::node::Node;
use super::problem::Problems;
use super::wire;
use crate::json::{self, JsonError};

/// A document that is JSON by its form.
pub(super) struct Parsed<'d> {
    /// All of it; where `tenants` are apart, an empty list is in their place.
    pub(super) value: Value,
    pub(super) tenants: Option<TenantsText<'d>>,
}

/// The list of tenants of a document.
pub(super) struct TenantsText<'d> {
    text: &'d str,
    /// Whether it turned out to be no JSON that the guard reads.
    broken: Cell<bool>,
}

/// The field whose list stays text.
const TENANTS: &str = "tenants";

/// A key takes as much text at least: its digest, and the names and quotes
/// about it.
const SHORTEST_KEY: usize = 80;

impl<'d> Parsed<'d> {
    /// Parses a document, and tells what is wrong with its form.
    pub(super) fn read(document: &'d [u8], problems: &Problems) -> Option<Self> {
        if document.trim_ascii().is_empty() {
            problems
                .error("", "is empty; the guard needs a configuration, at least {\"version\": 1}");
            return None;
        }
        let Ok((value, tenants, duplicates)) = json::parse_but_list(document, TENANTS) else {
            // It is looked at as a whole: it may be no JSON, and no mistake.
            return parse_whole(document, problems).map(|value| Self { value, tenants: None });
        };
        tell_duplicates(duplicates, problems);
        let tenants = tenants.map(|text| TenantsText { text, broken: Cell::new(false) });
        Some(Self { value, tenants })
    }

    /// Whether what was read of it isn't what it says.
    pub(super) fn is_broken(&self) -> bool {
        self.tenants.as_ref().is_some_and(|tenants| tenants.broken.get())
    }
}

impl TenantsText<'_> {
    /// Reads the entries one by one, at the place of the list.
    pub(super) fn each(&self, list: Node<'_, '_>, read: impl Fn(Node<'_, '_>)) -> Option<()> {
        let context = list.context;
        let duplicates = RefCell::new(Vec::new());
        let done = json::each_item(self.text, list.at, &duplicates, |value, at| {
            // Each before what else is wrong with its entry.
            tell_duplicates(duplicates.take(), context.problems);
            read(Node::new(value, at, context));
        });
        self.broken.set(done.is_err());
        done.ok()
    }

    /// How many keys there are, roughly.
    pub(super) fn count_keys(&self) -> usize {
        count_keys(self.text.as_bytes())
    }
}

/// How many keys a text has, roughly: room for them all at once is less than
/// room that grows. No text makes it many times its own length.
pub(super) fn count_keys(text: &[u8]) -> usize {
    let most = text.len().checked_div(SHORTEST_KEY).unwrap_or_default();
    let named = text.split(|byte| *byte == b'"').filter(|part| part.ends_with(b"sha256"));
    named.count().min(most)
}

fn tell_duplicates(paths: Vec<String>, problems: &Problems) {
    for path in paths {
        problems.error(path, "is there twice; keep one of them");
    }
}

fn parse_whole(document: &[u8], problems: &Problems) -> Option<Value> {
    match json::parse_with_duplicates(document) {
        Ok((value, duplicates)) => {
            tell_duplicates(duplicates, problems);
            Some(value)
        }
        Err(JsonError::Syntax { line, column, what }) => {
            let value = wire::parse(document);
            if value.is_none() {
                problems.error("", format!("line {line} column {column}: {what}"));
            }
            value
        }
        Err(JsonError::Duplicates(_)) => None,
    }
}

/// Tells why a document is no JSON that the guard reads.
pub(super) fn tell_syntax(document: &[u8], problems: &Problems) {
    if let Err(JsonError::Syntax { line, column, what }) = json::parse_with_duplicates(document) {
        problems.error("", format!("line {line} column {column}: {what}"));
    } else {
        problems.error("", "is no JSON that can be read");
    }
}
