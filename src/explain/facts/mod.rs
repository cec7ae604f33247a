//! What an explanation tells of each step. None of it holds a credential.

mod caller;
mod credential;
mod policy;
mod request;

pub use caller::{AssertedFacts, BoundFacts, PrincipalFacts, Says, TenantFacts};
pub use credential::{IssuerFacts, KeyFacts, TokenFacts};
pub use policy::{CeilingFacts, Lack, Outcome, PermissionFacts, PolicyFacts, Subject};
pub use request::{
    CredentialFacts, CredentialKind, NearRoute, PatternFacts, PlaceFacts, RouteFacts, SourceFacts,
    TargetFacts, TenancyFacts,
};
