//! Sets of scopes.

use std::collections::HashSet;

/// Scopes that somebody has, or may have at most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scopes {
    /// Every scope, those not named too.
    all: bool,
    /// Each once.
    names: Vec<String>,
}

/// In the configuration: every scope.
pub(crate) const EVERY: &str = "*";

impl Scopes {
    /// Scopes by name, each of which may stand for every one.
    pub(crate) fn of(names: &[String], every: impl Fn(&str) -> bool) -> Self {
        // A token may hold thousands: looking through those so far for each
        // would take their square.
        let mut seen = HashSet::new();
        let distinct = names.iter().filter(|name| seen.insert(name.as_str()));
        Self { all: names.iter().any(|name| every(name)), names: distinct.cloned().collect() }
    }

    /// Scopes as the configuration names them: `*` is every scope.
    pub(crate) fn configured(names: &[String]) -> Self {
        Self::of(names, |name| name == EVERY)
    }

    /// Adds all of another set.
    pub(crate) fn unite(&mut self, other: &Self) {
        self.all |= other.all;
        if self.names.is_empty() {
            self.names.clone_from(&other.names);
            return;
        }
        if other.names.is_empty() {
            return;
        }
        let known: HashSet<&str> = self.names.iter().map(String::as_str).collect();
        let new = other.names.iter().filter(|name| !known.contains(name.as_str()));
        let new: Vec<String> = new.cloned().collect();
        self.names.extend(new);
    }

    /// Cuts what a ceiling leaves out.
    pub(crate) fn cut(&mut self, ceiling: &Self) {
        if ceiling.all {
            return;
        }
        if self.all {
            *self = ceiling.clone();
        } else {
            let most: HashSet<&str> = ceiling.names().collect();
            self.names.retain(|name| most.contains(name.as_str()));
        }
    }

    /// Whether a scope is among them.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all || self.names.iter().any(|known| known == name)
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scopes(names: &[&str]) -> Scopes {
        Scopes::configured(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    fn names(scopes: &Scopes) -> Vec<&str> {
        scopes.names().collect()
    }

    #[test]
    fn a_ceiling_leaves_what_both_have() {
        let mut some = scopes(&["a", "b", "c"]);
        some.cut(&scopes(&["c", "a", "x"]));
        assert_eq!(names(&some), ["a", "c"]);
        some.cut(&scopes(&["*"]));
        assert_eq!(names(&some), ["a", "c"]);
        some.cut(&scopes(&[]));
        assert!(!some.has("a") && names(&some).is_empty());
    }

    #[test]
    fn every_scope_is_cut_to_what_the_ceiling_names() {
        let mut every = scopes(&["*"]);
        assert!(every.has("anything"));
        every.cut(&scopes(&["a"]));
        assert!(every.has("a") && !every.has("b"));
        assert_eq!(names(&every), ["a"]);
    }

    #[test]
    fn a_scope_that_is_there_twice_is_one_and_the_first_keeps_its_place() {
        let mut some = scopes(&["b", "a", "b", "c", "a"]);
        assert_eq!(names(&some), ["b", "a", "c"]);
        some.unite(&scopes(&["d", "a", "e", "d"]));
        assert_eq!(names(&some), ["b", "a", "c", "d", "e"]);
        some.unite(&scopes(&[]));
        assert_eq!(names(&some), ["b", "a", "c", "d", "e"]);
    }

    proptest! {
        #[test]
        fn a_ceiling_is_an_intersection(
            mine in proptest::collection::vec("[a-d*]", 0..5),
            ceiling in proptest::collection::vec("[a-d*]", 0..5),
        ) {
            let mut cut = Scopes::configured(&mine);
            cut.cut(&Scopes::configured(&ceiling));
            let has = |names: &[String], name: &str| names.iter().any(|n| n == name || n == "*");
            for name in ["a", "b", "c", "d", "e"] {
                prop_assert_eq!(cut.has(name), has(&mine, name) && has(&ceiling, name));
            }
        }
    }
}
