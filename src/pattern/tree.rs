//! Patterns as a tree of their literals: what a text can match is found by its
//! own parts, whether there are ten patterns or ten thousand.

use std::collections::BTreeMap;

/// One part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'p> {
    /// This very text.
    Literal(&'p str),
    /// Any one part.
    Any,
}

/// Values at the places that patterns lead to.
#[derive(Debug)]
pub(crate) struct Tree<T> {
    here: T,
    literals: BTreeMap<Box<str>, Self>,
    any: Option<Box<Self>>,
}

impl<T: Default> Default for Tree<T> {
    fn default() -> Self {
        Self { here: T::default(), literals: BTreeMap::new(), any: None }
    }
}

impl<T: Default> Tree<T> {
    /// The value at the place that these steps lead to. The tree is as deep as
    /// they are many.
    pub(crate) fn at<'p>(&mut self, steps: impl IntoIterator<Item = Step<'p>>) -> &mut T {
        let mut tree = self;
        for step in steps {
            tree = match step {
                Step::Any => tree.any.get_or_insert_default(),
                Step::Literal(text) => tree.literals.entry(text.into()).or_default(),
            };
        }
        &mut tree.here
    }
}

impl<T> Tree<T> {
    /// Visits every value that these parts lead to or past, with how many parts
    /// are left there.
    pub(crate) fn visit<'t>(&'t self, parts: &[&str], visit: &mut impl FnMut(&'t T, usize)) {
        visit(&self.here, parts.len());
        let Some((part, rest)) = parts.split_first() else {
            return;
        };
        if let Some(tree) = self.literals.get(*part) {
            tree.visit(rest, visit);
        }
        if let Some(tree) = &self.any {
            tree.visit(rest, visit);
        }
    }
}
