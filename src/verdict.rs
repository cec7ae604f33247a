//! What becomes of a request.

use crate::reply::Reply;

/// What becomes of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on with its identity.
    Allow,
    /// It goes on without: the route asks for none.
    Public,
    /// It goes on, but only because the guard is told to refuse nothing.
    Shadow,
    /// It is answered here.
    Refuse(Reply),
}

impl Verdict {
    /// The filter state `wasm.tenant_guard.decision` of a request that goes
    /// on; `None` for one that doesn't.
    pub fn marker(&self) -> Option<&'static str> {
        match self {
            Self::Allow => Some("allow"),
            Self::Public => Some("public"),
            Self::Shadow => Some("shadow"),
            Self::Refuse(_) => None,
        }
    }
}
