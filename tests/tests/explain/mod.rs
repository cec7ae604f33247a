//! What `explain` and the plugin are both asked.

mod document;
mod requests;

pub use document::document;
pub use requests::{Asked, requests};
