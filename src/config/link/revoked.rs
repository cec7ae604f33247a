//! Linking revocations: the issuers that they name.

use super::super::node::Context;
use crate::jwt::{Issuer, IssuerName, Revocations};

/// Warns of revocations for an issuer that there isn't. Where tenants are
/// fetched it may be one of theirs.
pub(super) fn check(context: &Context<'_>, issuers: &[Issuer], revoked: &Revocations) {
    for named in revoked.issuers() {
        let is_of = |issuer: &Issuer| {
            issuer.name == named
                || match &issuer.iss {
                    IssuerName::Exact(iss) => iss == named,
                    IssuerName::Template(template) => template.covers(named),
                    IssuerName::None => named == "none",
                }
        };
        if !issuers.iter().any(is_of) {
            let problem = format!("revokes nothing for {named}, which is no issuer's name or iss");
            context.problems.warn("jwt.revoked", problem);
        }
    }
}
