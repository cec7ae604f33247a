//! Texts with places: a YAML or JSON file as a tree whose every node knows
//! its line and column.
//!
//! JSON is read as the YAML that it also is, for its places; whether a text
//! is JSON at all, the guard's own reader says.

mod hint;
mod node;
mod paths;
mod scalar;
mod text;
mod yaml;

pub use node::{Kind, Member, Node, Position};
pub use paths::Places;
pub use text::Embedded;
pub use yaml::{SourceError, parse};
