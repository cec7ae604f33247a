//! What is told of what a token says of the tenant.

use super::{
    Bound, ClaimPath, Issuer, Map, Tenancy, TenantSource, Value, bounds, claimed, tenant_text,
};
use crate::explain::BoundFacts;

/// What [`bounds`] has, each with where it is from.
pub(in crate::jwt) fn bound_facts(
    issuer: &Issuer,
    claims: &Map<String, Value>,
    tenancy: &Tenancy,
) -> Vec<BoundFacts> {
    let subject = claims.get("sub").and_then(Value::as_str);
    let by_subject = subject.is_some_and(|subject| issuer.subjects.contains_key(subject));
    let (by_source, written) = match &issuer.tenant {
        TenantSource::Nothing => ("its issuer".to_owned(), Vec::new()),
        TenantSource::Fixed(_) => ("tenant.fixed of its issuer".to_owned(), Vec::new()),
        TenantSource::ActsForAny | TenantSource::ActsFor(_) => {
            ("tenant.acts_for of its issuer".to_owned(), Vec::new())
        }
        TenantSource::Claims(paths) => {
            let says = |path: &&ClaimPath| {
                let one = core::slice::from_ref(*path);
                claimed(one, claims, tenancy, &issuer.reach) != Bound::Nothing
            };
            match paths.iter().find(says) {
                Some(path) => (format!("claim {}", path.as_str()), texts(path, claims)),
                None => {
                    let names: Vec<&str> = paths.iter().map(ClaimPath::as_str).collect();
                    (format!("claim {}", names.join(" or ")), Vec::new())
                }
            }
        }
    };
    let owner = issuer.owner.as_ref().map(|_| "its issuer, which is the tenant's own".to_owned());
    let subjects = by_subject.then(|| "tenant.subjects of its issuer".to_owned());
    let sources = owner.into_iter().chain(subjects).chain([by_source]);
    let all = bounds(issuer, claims, tenancy);
    let last = all.len().saturating_sub(1);
    let told = sources.zip(&all).enumerate().map(|(index, (source, bound))| {
        let written = if index == last { written.clone() } else { Vec::new() };
        BoundFacts { source, says: bound.says(), written }
    });
    told.collect()
}

/// The texts of a claim that names tenants.
fn texts(path: &ClaimPath, claims: &Map<String, Value>) -> Vec<String> {
    match path.find(claims).as_deref() {
        Some(Value::Array(members)) => {
            members.iter().filter_map(|member| tenant_text(member).flatten()).collect()
        }
        Some(single) => tenant_text(single).flatten().into_iter().collect(),
        None => Vec::new(),
    }
}
