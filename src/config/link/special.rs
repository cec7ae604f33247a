//! What sections ask of the rest of the document and of the VM.

use super::super::Document;
use super::super::node::Context;
use super::super::policy::PolicySpec;
use crate::api_key::KeyHash;
use crate::credential::{Location, Sources};
use crate::request::fold::fold;

/// Checks `dev_headers` and `super_admin` against the rest.
pub(super) fn check(context: &Context<'_>, document: &Document, has_jwt: bool, sources: &Sources) {
    let problems = context.problems;
    if let Some(dev) = &document.dev {
        if has_jwt {
            problems.error(
                "dev_headers",
                "stands where JWTs do, and there are issuers too; take one of them out",
            );
        }
        problems.warn("dev_headers", "lets every caller say who it is");
        for name in [Some(&dev.user), dev.tenant.as_ref()].into_iter().flatten() {
            let folded = fold(name.as_bytes());
            let taken = sources.locations().any(|location| {
                matches!(location, Location::Header(header) if fold(header.as_bytes()) == folded)
            });
            if taken {
                problems.error(
                    "dev_headers",
                    format!("uses {name}, which a credential is read from; use another header"),
                );
            }
        }
    }
    if let Some(admin) = &document.super_admin
        && KeyHash::Sha256.is_of_nothing(&admin.digest)
    {
        problems.error(
            "super_admin.sha256",
            "is the digest of an empty text: the command that made it had no key to read",
        );
    }
}

/// Checks that the VM has an id of its own where workers share data by it.
pub(super) fn check_vm_id(context: &Context<'_>, document: &Document) {
    let Some(section) = shares_data(document) else {
        return;
    };
    if context.env.vm_id() == Some("") {
        context.problems.error(section, "is counted in data that workers share by vm_config.vm_id, and that is empty: every plugin without one would share it too; set it to a name of this guard's own");
    }
}

/// A section whose counts are shared, where there is one.
fn shares_data(document: &Document) -> Option<&'static str> {
    let tenants = || document.tenants.iter().flatten();
    let clients = || tenants().flat_map(|tenant| &tenant.clients);
    let policies = tenants().map(|tenant| &tenant.policy);
    let client_policies = clients().map(|client| &client.policy);
    let defaults = [&document.tenant_defaults, &document.tenancy.default];
    let own_keys = document.api_keys.iter().flat_map(|section| &section.keys);
    let mut keys = clients().flat_map(|client| &client.keys).chain(own_keys);
    let own_issuers = document.jwt.iter().flat_map(|section| &section.issuers);
    let mut issuers = tenants().flat_map(|tenant| &tenant.issuers).chain(own_issuers);
    let limits = policies.chain(client_policies).chain(defaults).any(PolicySpec::has_limits)
        || keys.any(|key| key.limits.is_some())
        || issuers.any(|issuer| !issuer.claims.tier.is_empty());
    if limits { Some("limits") } else { document.throttle.is_some().then_some("failures") }
}
