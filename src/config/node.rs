//! Reading a document: every value with its place, every mistake told.
//!
//! A reader gives `None` where it told of a mistake; what it then leaves out
//! doesn't matter, since the document is refused.
//!
//! A reader can describe itself, too: called without a value, it gives `None`
//! after it said what it accepts. So what decides on that asks the node and not
//! the value itself.

use core::cell::OnceCell;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::Environment;
use super::object::Object;
use super::problem::Problems;
use super::shape::Shape;
use super::sketch::{Paper, Sketch};
use super::text::TenantsText;
use super::vocabulary::Vocabulary;
use crate::json::At;

/// What reading needs besides the document.
pub(super) struct Context<'c> {
    pub(super) problems: &'c Problems,
    pub(super) env: &'c dyn Environment,
    pub(super) development: bool,
    pub(super) vocabulary: Rc<Vocabulary>,
    /// The clusters that keys may be fetched from; `None` for any.
    pub(super) key_clusters: Option<&'c [String]>,
    /// The first place for which workers share data.
    pub(super) shared: OnceCell<String>,
    /// The document's list of tenants, where it is read from its text.
    pub(super) tenants: Option<&'c TenantsText<'c>>,
}

/// A value of the document and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Node<'v, 'c> {
    pub(super) value: &'v Value,
    pub(super) at: &'c At<'c>,
    pub(super) context: &'c Context<'c>,
    /// Where a reader describes itself.
    pub(super) paper: Paper<'c>,
}

/// Stands where there is no value.
static NULL: Value = Value::Null;

impl<'v, 'c> Node<'v, 'c> {
    /// A value to be read.
    pub(super) fn new(value: &'v Value, at: &'c At<'c>, context: &'c Context<'c>) -> Self {
        Self { value, at, context, paper: Paper::default() }
    }
}

impl<'v> Node<'v, '_> {
    /// What a reader describes itself as; `None` where values are read.
    pub(super) fn described<T>(
        &self,
        read: impl FnOnce(Node<'v, '_>) -> Option<T>,
    ) -> Option<Shape> {
        self.paper.sketch()?;
        let sketch = Sketch::default();
        read(Node { value: &NULL, paper: Paper::of(&sketch), ..*self });
        Some(sketch.into_shape())
    }

    /// Says what is accepted here, beside what else is said.
    pub(super) fn also(&self, shape: impl FnOnce() -> Shape) {
        if let Some(sketch) = self.paper.sketch() {
            sketch.add(shape());
        }
    }

    /// Says what is accepted here; `None` where there is no value to read.
    pub(super) fn accepts(&self, shape: impl FnOnce() -> Shape) -> Option<()> {
        self.also(shape);
        self.paper.sketch().is_none().then_some(())
    }

    /// Whether the value is such a one; where there is none it may be.
    pub(super) fn may_be(&self, is: fn(&Value) -> bool) -> bool {
        self.paper.sketch().is_some() || is(self.value)
    }

    /// Tells of a mistake here.
    pub(super) fn error<T>(&self, problem: impl AsRef<str>) -> Option<T> {
        self.context.problems.error(self.at, problem);
        None
    }

    pub(super) fn warn(&self, problem: impl AsRef<str>) {
        self.context.problems.warn(self.at, problem);
    }

    /// Something here is kept by all workers together.
    pub(super) fn is_shared(&self) {
        self.context.shared.get_or_init(|| self.at.to_string());
    }

    /// `null`, or what `read` reads: `Some(None)` is `null`.
    pub(super) fn or_null<T>(
        &self,
        read: impl FnOnce(Node<'v, '_>) -> Option<T>,
    ) -> Option<Option<T>> {
        let is_null = self.accepts(|| Shape::Null).is_some() && self.value.is_null();
        if is_null { Some(None) } else { read(*self).map(Some) }
    }

    pub(super) fn list<T>(&self, read: impl Fn(Node<'v, '_>) -> Option<T>) -> Option<Vec<T>> {
        self.list_from(0, read)
    }

    fn list_from<T>(
        &self,
        least: usize,
        read: impl Fn(Node<'v, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        if let Some(items) = self.described(&read) {
            self.also(|| Shape::List { items: Box::new(items), least });
            return None;
        }
        let items = self.items()?;
        let mut list = Vec::with_capacity(items.len());
        for (index, value) in items.iter().enumerate() {
            let at = self.at.index(index);
            list.extend(read(Node::new(value, &at, self.context)));
        }
        Some(list)
    }

    #[inline(never)]
    fn items(&self) -> Option<&'v [Value]> {
        match self.value {
            Value::Array(items) => Some(items),
            _ => self.wrong_type("a list"),
        }
    }

    #[inline(never)]
    fn members(&self) -> Option<&'v Map<String, Value>> {
        match self.value {
            Value::Object(members) => Some(members),
            _ => self.wrong_type("an object"),
        }
    }

    /// A list with something in it.
    pub(super) fn some_list<T>(&self, read: impl Fn(Node<'v, '_>) -> Option<T>) -> Option<Vec<T>> {
        self.some_list_or("must not be empty; name at least one, or leave it out", read)
    }

    /// A list with something in it; an empty one is this problem.
    pub(super) fn some_list_or<T>(
        &self,
        problem: &str,
        read: impl Fn(Node<'v, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        if self.value.as_array().is_some_and(Vec::is_empty) {
            return self.error(problem);
        }
        self.list_from(1, read)
    }

    /// One item, or a list of them.
    pub(super) fn one_or_more<T>(
        &self,
        read: impl Fn(Node<'v, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        if self.may_be(Value::is_array) {
            let list = self.some_list(&read);
            if self.value.is_array() {
                return list;
            }
        }
        read(*self).map(|item| vec![item])
    }

    /// The members of an object whose names are the document's own: `name`
    /// reads each one's name, which is of this shape, and `read` its value.
    pub(super) fn entries<N, T>(
        &self,
        names: impl FnOnce() -> Shape,
        name: impl Fn(&'v str, Node<'v, '_>) -> Option<N>,
        read: impl Fn(Node<'v, '_>) -> Option<T>,
    ) -> Option<Vec<(N, T)>> {
        if let Some(values) = self.described(&read) {
            self.also(|| Shape::Entries { names: Box::new(names()), values: Box::new(values) });
            return None;
        }
        let map = self.members()?;
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map {
            let at = self.at.name(key);
            let node = Node::new(value, &at, self.context);
            let name = name(key, node);
            entries.extend(name.and_then(|name| Some((name, read(node)?))));
        }
        Some(entries)
    }

    /// An object whose names are ours. Objects that are called the same have
    /// the same fields.
    pub(super) fn object(&self, name: &'static str) -> Option<Object<'v, '_>> {
        if self.paper.sketch().is_some() {
            let paper = self.paper.for_object(name);
            paper.object(|_| ());
            return Some(Object::new(None, Node { paper, ..*self }));
        }
        Some(Object::new(Some(self.members()?), *self))
    }

    pub(super) fn wrong_type<T>(&self, expected: &str) -> Option<T> {
        self.tell_type(expected);
        None
    }

    #[cold]
    #[inline(never)]
    fn tell_type(&self, expected: &str) {
        self.context.problems.error(self.at, format!("must be {expected}"));
    }
}
