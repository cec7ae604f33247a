//! Sets of scopes.

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
    /// Scopes as the configuration names them: `*` is every scope.
    pub(crate) fn configured(names: &[String]) -> Self {
        let mut scopes = Self::default();
        for name in names {
            scopes.add(name, name == EVERY);
        }
        scopes
    }

    /// Adds a scope, which may stand for every one.
    pub(crate) fn add(&mut self, name: &str, every: bool) {
        self.all |= every;
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }

    /// Adds all of another set.
    pub(crate) fn unite(&mut self, other: &Self) {
        self.all |= other.all;
        for name in &other.names {
            self.add(name, false);
        }
    }

    /// Cuts what a ceiling leaves out.
    pub(crate) fn cut(&mut self, ceiling: &Self) {
        if ceiling.all {
            return;
        }
        if self.all {
            *self = ceiling.clone();
        } else {
            self.names.retain(|name| ceiling.names.contains(name));
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
