//! Reading an object whose names are ours.

use core::cell::RefCell;

use serde_json::{Map, Value};

use super::node::{Context, Node};
use super::shape::{FieldShape, HowMany, Rule};
use super::units;

/// An object; each field is asked for by name, and at the end the others are
/// unknown.
pub(super) struct Object<'v, 'c> {
    /// `None` where a reader describes itself.
    map: Option<&'v Map<String, Value>>,
    node: Node<'v, 'c>,
    known: RefCell<Vec<&'static str>>,
}

/// As many fields as most objects may have.
const MANY_FIELDS: usize = 16;

impl<'v, 'c> Object<'v, 'c> {
    pub(super) fn new(map: Option<&'v Map<String, Value>>, node: Node<'v, 'c>) -> Self {
        Self { map, node, known: RefCell::new(Vec::with_capacity(MANY_FIELDS)) }
    }

    /// What reading needs besides.
    pub(super) fn context(&self) -> &'c Context<'c> {
        self.node.context
    }

    pub(super) fn field<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(Node<'v, '_>) -> Option<T>,
    ) -> Option<T> {
        self.member(name, false, read)
    }

    /// A field's value, which is known from now on. Once for all fields: with
    /// the search in each of them the readers are several times their size.
    #[inline(never)]
    fn take(&self, name: &'static str) -> Option<&'v Value> {
        self.known.borrow_mut().push(name);
        self.map?.get(name)
    }

    #[inline(never)]
    fn require(&self, name: &'static str) {
        if !self.has(name) {
            self.node.context.problems.error(self.node.at.name(name), "is required");
        }
    }

    fn member<T>(
        &self,
        name: &'static str,
        required: bool,
        read: impl FnOnce(Node<'v, '_>) -> Option<T>,
    ) -> Option<T> {
        if self.node.paper.sketch().is_some() {
            let shape = self.node.described(read)?;
            self.node.paper.object(|o| o.add_field(FieldShape { name, required, shape }));
            return None;
        }
        let value = self.take(name)?;
        let at = self.node.at.name(name);
        read(Node::new(value, &at, self.node.context))
    }

    /// A field that stands over a default: `Some(None)` is `null`, which turns
    /// the default off.
    pub(super) fn or_null<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(Node<'v, '_>) -> Option<T>,
    ) -> Option<Option<T>> {
        self.field(name, |node| node.or_null(read))
    }

    pub(super) fn required<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(Node<'v, '_>) -> Option<T>,
    ) -> Option<T> {
        self.require(name);
        self.member(name, true, read)
    }

    #[inline(never)]
    pub(super) fn has(&self, name: &str) -> bool {
        self.map.is_some_and(|map| map.contains_key(name))
    }

    /// How many of these fields it has.
    pub(super) fn count(&self, names: &[&str]) -> usize {
        names.iter().filter(|name| self.has(name)).count()
    }

    /// How many of these fields it has, where its reader tells of another
    /// number than this as a mistake.
    pub(super) fn count_for(&self, how_many: HowMany, names: &[&'static str]) -> usize {
        let paper = self.node.paper;
        paper.object(|object| object.add_rule(Rule { fields: names.to_vec(), how_many }));
        self.count(names)
    }

    /// Fields that were read already.
    pub(super) fn known(&self, names: &[&'static str]) {
        self.known.borrow_mut().extend(names);
    }

    /// Tells of every field that nobody asked for.
    #[inline(never)]
    pub(super) fn close(self) {
        let known = self.known.into_inner();
        let names = self.map.into_iter().flat_map(Map::keys);
        for name in names.filter(|name| !known.contains(&name.as_str())) {
            let problem = match units::nearest(name, &known) {
                Some(near) => format!("unknown field; did you mean {near}?"),
                None => format!("unknown field; the fields here are: {}", known.join(", ")),
            };
            self.node.context.problems.error(self.node.at.name(name), problem);
        }
    }
}
