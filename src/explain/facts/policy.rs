//! What is told of policies.

use crate::denial::{Denial, Level};

/// What a policy is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Whether tenant and clients are known and active.
    State,
    /// The caller's address.
    Address,
    /// A scope.
    Scope,
    /// Roles.
    Roles,
    /// A limit.
    Limit,
}

/// How a policy decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It lets the request on.
    Passed,
    /// It refuses it.
    Failed(Box<Denial>),
    /// Something before it refused.
    NotReached,
}

/// One policy.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyFacts {
    /// What it is about.
    pub subject: Subject,
    /// Whose it is.
    pub level: Option<Level>,
    /// The rule in words: `ip of tenant acme`, `scope outline:generate`.
    pub rule: String,
    /// How it decided.
    pub outcome: Outcome,
}

/// What a caller's credentials carry, and what is left of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionFacts {
    /// Scopes that credentials carry, those that their roles grant included.
    pub carried_scopes: Vec<String>,
    /// Roles that they carry.
    pub carried_roles: Vec<String>,
    /// The scopes under all ceilings.
    pub scopes: Vec<String>,
    /// The roles under all ceilings.
    pub roles: Vec<String>,
    /// The ceilings.
    pub ceilings: Vec<CeilingFacts>,
    /// The scopes that the route asks, and why one is lacking.
    pub asked_scopes: Vec<(String, Lack)>,
    /// The roles that the route asks any of, likewise.
    pub asked_roles: Vec<(String, Lack)>,
}

/// Why a caller hasn't what a route asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// It has it.
    Nothing,
    /// None of its credentials carries it.
    NotCarried,
    /// A credential carries it, and each of these ceilings cuts it; where none
    /// is told, several do together.
    Cut(Vec<String>),
}

/// A ceiling on what credentials bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CeilingFacts {
    /// Whose: `tenant acme`, `client web`, `issuer staff`.
    pub of: String,
    /// The scopes that it leaves; `None` where it says nothing of them.
    pub scopes: Option<Vec<String>>,
    /// The roles, likewise, with all that they include.
    pub roles: Option<Vec<String>>,
}
