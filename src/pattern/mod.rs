//! Patterns over canonical paths and hosts, for routes and for the places where
//! a tenant is asserted.

mod host;
mod path;
mod tree;

pub(crate) use host::HostPattern;
pub(crate) use path::PathPattern;
pub(crate) use tree::Tree;
