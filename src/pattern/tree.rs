//! Patterns as a tree of their literals: what a text can match is found by its
//! own parts, whether there are ten patterns or ten thousand.

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
    /// By length, then bytes: most of the others differ in the first already.
    literals: Vec<(Box<str>, Self)>,
    any: Option<Box<Self>>,
}

impl<T: Default> Default for Tree<T> {
    fn default() -> Self {
        Self { here: T::default(), literals: Vec::new(), any: None }
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
                Step::Literal(text) => tree.literal(text),
            };
        }
        &mut tree.here
    }

    #[allow(clippy::indexing_slicing, reason = "the search gives a place where there is one")]
    fn literal(&mut self, text: &str) -> &mut Self {
        let place = self.place(text).unwrap_or_else(|free| {
            self.literals.insert(free, (text.into(), Self::default()));
            free
        });
        &mut self.literals[place].1
    }
}

impl<T> Tree<T> {
    fn place(&self, text: &str) -> Result<usize, usize> {
        self.literals.binary_search_by(|(known, _)| {
            known.len().cmp(&text.len()).then_with(|| known.as_bytes().cmp(text.as_bytes()))
        })
    }

    /// Visits every value that these parts lead to or past, with how many parts
    /// are left there.
    pub(crate) fn visit<'t>(&'t self, parts: &[&str], visit: &mut impl FnMut(&'t T, usize)) {
        visit(&self.here, parts.len());
        let Some((part, rest)) = parts.split_first() else {
            return;
        };
        let literal = self.place(part).ok().and_then(|place| self.literals.get(place));
        if let Some((_, tree)) = literal {
            tree.visit(rest, visit);
        }
        if let Some(tree) = &self.any {
            tree.visit(rest, visit);
        }
    }
}
