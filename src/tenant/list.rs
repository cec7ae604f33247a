//! Lists of tenants in the configuration.

use core::ops::Deref;
use std::collections::HashSet;
use std::sync::Arc;

use super::TenantName;

/// Up to so many names are compared one by one.
const FEW: usize = 8;

/// Tenants as they were listed. Whether one is among them costs the same
/// however many they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TenantList(Arc<Listed>);

#[derive(Debug, PartialEq, Eq)]
struct Listed {
    names: Vec<TenantName>,
    /// `None` where they are few.
    set: Option<HashSet<TenantName>>,
}

impl TenantList {
    /// Whether a tenant is listed.
    pub(crate) fn contains(&self, name: &TenantName) -> bool {
        match &self.0.set {
            Some(set) => set.contains(name),
            None => self.0.names.contains(name),
        }
    }

    /// A rough upper bound of the memory it takes that it shares with no other,
    /// in bytes.
    pub(crate) fn own_bytes(&self) -> usize {
        if Arc::strong_count(&self.0) > 1 {
            return 0;
        }
        self.0.names.len().saturating_mul(40)
    }
}

impl From<Vec<TenantName>> for TenantList {
    fn from(names: Vec<TenantName>) -> Self {
        let set = (names.len() > FEW).then(|| names.iter().cloned().collect());
        Self(Arc::new(Listed { names, set }))
    }
}

impl FromIterator<TenantName> for TenantList {
    fn from_iter<I: IntoIterator<Item = TenantName>>(names: I) -> Self {
        Vec::from_iter(names).into()
    }
}

impl Deref for TenantList {
    type Target = [TenantName];

    fn deref(&self) -> &[TenantName] {
        &self.0.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_what_was_listed_and_in_that_order() {
        for many in [0, 1, FEW, FEW + 1, 1_000] {
            let names: Vec<_> = (0..many).rev().map(|n| TenantName::new(format!("t{n}"))).collect();
            let list: TenantList = names.iter().cloned().collect();
            assert_eq!(*list, *names);
            assert!(names.iter().all(|name| list.contains(name)));
            for other in ["t", "T0", "t1000", ""] {
                assert!(!list.contains(&TenantName::new(other)), "{other} of {many}");
            }
        }
    }
}
