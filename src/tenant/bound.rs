//! What credentials bind a request to, and what they leave to choose from.

use super::{TenantList, TenantName};
use crate::denial::{Code, Denial};
use crate::sorted::sorted;

/// What a credential says about the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Nothing.
    Nothing,
    /// Something that is no tenant name; which claim it was.
    Malformed(String),
    /// A tenant that its issuer may not name.
    NotAllowed,
    /// One of these, each there once. A single name simply binds.
    OneOf(Vec<TenantName>),
    /// The one of these that the caller asserts; it must assert one.
    ActsFor(TenantList),
    /// Whatever tenant the caller asserts, within a reach.
    Any(Reach),
}

impl Bound {
    /// The tenant that it simply binds to.
    pub(crate) fn one(&self) -> Option<&TenantName> {
        match self {
            Self::OneOf(names) => match names.as_slice() {
                [name] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The tenants that an issuer's tokens may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every one; but those of the directory that have identity providers of
    /// their own.
    Everywhere,
    /// Every one but those that have identity providers of their own.
    Unowned,
    /// These.
    Only(TenantList),
}

/// What all credentials together leave to choose from.
pub(super) enum Choices<'b> {
    /// Nothing is bound.
    Unbound,
    /// Whatever the caller asserts.
    Any,
    /// One that each credential names.
    Among(Common<'b>),
}

/// The names that several credentials have in common: at least one.
pub(super) struct Common<'b> {
    /// What each names; that of the fewest names first.
    all: Vec<Names<'b>>,
    /// Nothing but the caller's assertion picks one, even of one.
    must_choose: bool,
}

/// What one credential names.
#[derive(Clone, Copy)]
enum Names<'b> {
    Of(&'b [TenantName]),
    Listed(&'b TenantList),
}

impl<'b> Names<'b> {
    fn all(self) -> &'b [TenantName] {
        match self {
            Self::Of(names) => names,
            Self::Listed(names) => names,
        }
    }

    fn contains(self, name: &TenantName) -> bool {
        match self {
            Self::Of(names) => names.contains(name),
            Self::Listed(names) => names.contains(name),
        }
    }
}

impl<'b> Common<'b> {
    /// Each name that is common.
    fn names(&self) -> impl Iterator<Item = &'b TenantName> {
        let (first, others) = match self.all.split_first() {
            Some((first, others)) => (first.all(), others),
            None => (&[][..], &[][..]),
        };
        first.iter().filter(|name| others.iter().all(|others| others.contains(name)))
    }

    /// Whether a name is common.
    pub(super) fn contains(&self, name: &TenantName) -> bool {
        self.all.iter().all(|names| names.contains(name))
    }

    /// The name that the caller needn't choose: the only one.
    pub(super) fn one(&self) -> Option<&'b TenantName> {
        let mut names = self.names();
        match (names.next(), names.next()) {
            (Some(name), None) if !self.must_choose => Some(name),
            _ => None,
        }
    }
}

/// Checks that credentials name one tenant, where none is resolved.
///
/// # Errors
/// `tenant_mismatch` where they don't.
pub(crate) fn agree(bounds: &[&Bound]) -> Result<(), Denial> {
    choices(bounds).map(|_| ())
}

/// What all credentials together leave to choose from.
///
/// # Errors
/// `tenant_mismatch` where they leave nothing.
pub(super) fn choices<'b>(bounds: &[&'b Bound]) -> Result<Choices<'b>, Denial> {
    let mut common = Common { all: Vec::new(), must_choose: true };
    let mut is_any = false;
    for bound in bounds {
        match bound {
            Bound::OneOf(names) => {
                common.must_choose = false;
                common.all.push(Names::Of(names));
            }
            Bound::ActsFor(names) => common.all.push(Names::Listed(names)),
            Bound::Any(_) => is_any = true,
            Bound::Nothing | Bound::Malformed(_) | Bound::NotAllowed => {}
        }
    }
    if common.all.is_empty() {
        return Ok(if is_any { Choices::Any } else { Choices::Unbound });
    }
    common.all = sorted(common.all, |a, b| a.all().len().cmp(&b.all().len()));
    // One alone agrees with itself, even on nothing.
    if common.all.len() > 1 && common.names().next().is_none() {
        return Err(Denial::by(Code::TenantMismatch, "credentials disagree"));
    }
    Ok(Choices::Among(common))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names() -> impl Strategy<Value = Vec<TenantName>> {
        prop::sample::subsequence((0..12).collect::<Vec<_>>(), 0..12)
            .prop_map(|all| all.into_iter().map(|n| TenantName::new(format!("t{n}"))).collect())
    }

    fn bound() -> impl Strategy<Value = Bound> {
        prop_oneof![
            Just(Bound::Nothing),
            Just(Bound::Any(Reach::Everywhere)),
            names().prop_map(Bound::OneOf),
            names().prop_map(|names| Bound::ActsFor(names.into())),
        ]
    }

    proptest! {
        /// By sets: what all of them name.
        #[test]
        fn what_is_common_is_what_each_names(bounds in prop::collection::vec(bound(), 0..4)) {
            let bounds: Vec<_> = bounds.iter().collect();
            let lists: Vec<&[TenantName]> = bounds.iter().filter_map(|bound| match bound {
                Bound::OneOf(names) => Some(&names[..]),
                Bound::ActsFor(names) => Some(&names[..]),
                _ => None,
            }).collect();
            let all: Vec<_> = (0..13).map(|n| TenantName::new(format!("t{n}"))).collect();
            let common: Vec<_> =
                all.iter().filter(|name| lists.iter().all(|list| list.contains(name))).collect();
            let frees = bounds.iter().all(|bound| !matches!(bound, Bound::OneOf(_)));
            match choices(&bounds) {
                Ok(Choices::Unbound) => {
                    prop_assert!(bounds.iter().all(|bound| **bound == Bound::Nothing));
                }
                Ok(Choices::Any) => prop_assert!(lists.is_empty()),
                Ok(Choices::Among(found)) => {
                    for name in &all {
                        prop_assert_eq!(found.contains(name), common.contains(&name));
                    }
                    let one = Some(common[..].as_ref()).filter(|_| !frees).and_then(|names: &[&TenantName]| match names {
                        [name] => Some(*name),
                        _ => None,
                    });
                    prop_assert_eq!(found.one(), one);
                }
                Err(denial) => {
                    prop_assert_eq!(denial.code, Code::TenantMismatch);
                    prop_assert!(lists.len() > 1 && common.is_empty());
                }
            }
        }
    }
}
