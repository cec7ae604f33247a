//! Where credentials are read from: nothing else reads or writes there.

use super::super::Document;
use super::super::node::Context;
use super::super::super_admin::SuperAdminSpec;
use crate::api_key::KeyHash;
use crate::credential::{DevHeaders, Location, Sources};
use crate::request::fold::fold;

/// Checks the sources of JWTs and API keys, of the super admin and of
/// developers against each other, and against headers of other sections.
pub(super) fn check(context: &Context<'_>, document: &Document, has_jwt: bool, sources: &Sources) {
    let mut all: Vec<&Location> = sources.locations().collect();
    if let Some(admin) = &document.super_admin {
        check_super_admin(context, admin, &all);
        all.extend(admin.from.iter().map(|source| &source.location));
    }
    for location in &all {
        check_headers(context, location, document);
    }
    if let Some(dev) = &document.dev {
        check_dev_headers(context, dev, has_jwt, &document.tenancy.header, &all);
    }
}

/// Checks that what the application is told, and what callers assert, is in
/// other headers than a credential.
fn check_headers(context: &Context<'_>, location: &Location, document: &Document) {
    let Location::Header(name) = location else {
        return;
    };
    let is_taken = |header: &String| are_alike(header, name);
    if document.upstream.headers().any(is_taken) {
        context.problems.error(
            "upstream",
            format!("uses {name}, which a credential is read from; use another header"),
        );
    }
    if is_taken(&document.tenancy.header) {
        context
            .problems
            .error("tenancy.header", "is a header that a credential is read from; use another one");
    }
}

fn check_super_admin(context: &Context<'_>, admin: &SuperAdminSpec, others: &[&Location]) {
    for (index, source) in admin.from.iter().enumerate() {
        if others.iter().any(|other| is_same(other, &source.location)) {
            context.problems.error(
                format!("super_admin.from[{index}]"),
                "is a place that other credentials are read from: what stands there would always be taken for the super admin's key; use another",
            );
        }
    }
    if admin.digest.is_some_and(|digest| KeyHash::Sha256.of_nothing().contains(&digest)) {
        context.problems.error(
            "super_admin.sha256",
            "is the digest of an empty text: the command that made it had no key to read",
        );
    }
}

fn check_dev_headers(
    context: &Context<'_>,
    dev: &DevHeaders,
    has_jwt: bool,
    tenancy_header: &str,
    credentials: &[&Location],
) {
    let problems = context.problems;
    if has_jwt {
        problems.error(
            "dev_headers",
            "stands where JWTs do, and there are issuers too; take one of them out",
        );
    }
    problems.warn("dev_headers", "lets every caller say who it is");
    if are_alike(&dev.user, tenancy_header) {
        problems.error(
            "dev_headers.user",
            "is tenancy.header, in which callers assert a tenant; use another header",
        );
    }
    for (field, name) in [("user", Some(&dev.user)), ("tenant", dev.tenant.as_ref())] {
        let header = name.map(|name| Location::Header(name.clone()));
        if header.is_some_and(|header| credentials.iter().any(|other| is_same(other, &header))) {
            problems.error(
                format!("dev_headers.{field}"),
                "is a header that a credential is read from; use another one",
            );
        }
    }
}

/// Whether two places are one, or two headers that somebody may take for one.
fn is_same(a: &Location, b: &Location) -> bool {
    match (a, b) {
        (Location::Header(a), Location::Header(b)) => are_alike(a, b),
        _ => a == b,
    }
}

fn are_alike(a: &str, b: &str) -> bool {
    fold(a.as_bytes()) == fold(b.as_bytes())
}
