//! What credentials bind a request to, and what they leave to choose from.

use std::sync::Arc;

use super::TenantName;
use crate::denial::{Code, Denial};

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
    ActsFor(Arc<[TenantName]>),
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
    Only(Arc<[TenantName]>),
}

/// What all credentials together leave to choose from.
pub(super) enum Choices<'b> {
    /// Nothing is bound.
    Unbound,
    /// Whatever the caller asserts.
    Any,
    /// One of these.
    Among {
        names: Vec<&'b TenantName>,
        /// Nothing but the caller's assertion picks one, even of one.
        must_choose: bool,
    },
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
    let mut choices = Choices::Unbound;
    for bound in bounds {
        let (names, free) = match bound {
            Bound::OneOf(names) => (names.as_slice(), false),
            Bound::ActsFor(names) => (names.as_ref(), true),
            Bound::Any(_) if matches!(choices, Choices::Unbound) => {
                choices = Choices::Any;
                continue;
            }
            _ => continue,
        };
        choices = match choices {
            Choices::Among { names: known, must_choose } => {
                let common: Vec<_> = known.into_iter().filter(|n| names.contains(n)).collect();
                if common.is_empty() {
                    return Err(Denial::by(Code::TenantMismatch, "credentials disagree"));
                }
                Choices::Among { names: common, must_choose: must_choose && free }
            }
            _ => Choices::Among { names: names.iter().collect(), must_choose: free },
        };
    }
    Ok(choices)
}
