//! Reading an object whose names are ours.

use core::cell::RefCell;

use serde_json::{Map, Value};

use super::node::{Context, Node};
use super::units;
use crate::json::At;

/// An object; each field is asked for by name, and at the end the others are
/// unknown.
pub(super) struct Object<'v, 'c> {
    map: &'v Map<String, Value>,
    at: &'c At<'c>,
    context: &'c Context<'c>,
    known: RefCell<Vec<&'static str>>,
}

impl<'v, 'c> Object<'v, 'c> {
    pub(super) fn new(
        map: &'v Map<String, Value>,
        at: &'c At<'c>,
        context: &'c Context<'c>,
    ) -> Self {
        Self { map, at, context, known: RefCell::default() }
    }

    pub(super) fn field<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(Node<'v, '_>) -> Option<T>,
    ) -> Option<T> {
        self.known.borrow_mut().push(name);
        let value = self.map.get(name)?;
        let at = self.at.name(name);
        read(Node { value, at: &at, context: self.context })
    }

    /// A field that stands over a default: `Some(None)` is `null`, which turns
    /// the default off.
    pub(super) fn or_null<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(Node<'v, '_>) -> Option<T>,
    ) -> Option<Option<T>> {
        self.field(name, |node| match node.value {
            Value::Null => Some(None),
            _ => read(node).map(Some),
        })
    }

    pub(super) fn required<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(Node<'v, '_>) -> Option<T>,
    ) -> Option<T> {
        if !self.map.contains_key(name) {
            self.context.problems.error(self.at.name(name), "is required");
        }
        self.field(name, read)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// How many of these fields it has.
    pub(super) fn count(&self, names: &[&str]) -> usize {
        names.iter().filter(|name| self.has(name)).count()
    }

    /// Fields that were read already.
    pub(super) fn known(&self, names: &[&'static str]) {
        self.known.borrow_mut().extend(names);
    }

    /// Tells of every field that nobody asked for.
    pub(super) fn close(self) {
        let known = self.known.into_inner();
        for name in self.map.keys().filter(|name| !known.contains(&name.as_str())) {
            let problem = match units::nearest(name, &known) {
                Some(near) => format!("unknown field; did you mean {near}?"),
                None => format!("unknown field; the fields here are: {}", known.join(", ")),
            };
            self.context.problems.error(self.at.name(name), problem);
        }
    }
}
