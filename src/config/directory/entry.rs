//! One tenant of a fetched directory, and what is wrong with it.

use std::collections::HashSet;

use serde_json::Value;

use super::super::api_keys::repeated;
use super::super::link;
use super::super::node::{Context, Node};
use super::super::problem::{ConfigError, Problems};
use super::super::tenants::{self, TenantEntrySpec};
use super::Reader;
use super::claims::Claims;
use super::restrict::says_inactive;
use crate::json::{self, At};
use crate::jwt::IssuerName;
use crate::tenant::TenantName;

/// An entry as read.
pub(super) struct Entry {
    /// Its tenant, where it says which.
    pub(super) id: Option<String>,
    /// Whether it says that its tenant isn't active: anything but `true` does.
    pub(super) says_inactive: bool,
    pub(super) claims: Claims,
    /// `None` where it has a mistake.
    pub(super) spec: Option<TenantEntrySpec>,
    pub(super) mistakes: Vec<ConfigError>,
}

impl Entry {
    pub(super) fn read(reader: &Reader<'_>, index: usize, text: &str) -> Self {
        let list = At::ROOT.name("tenants");
        let at = list.index(index);
        let problems = Problems::default();
        let value = match json::parse_with_duplicates(text.as_bytes()) {
            Ok((value, duplicates)) => {
                for path in duplicates {
                    problems.error(format!("{at}.{path}"), "is there twice; keep one of them");
                }
                value
            }
            Err(_) => {
                problems.error(at, "is nested too deep");
                Value::Null
            }
        };
        let context = reader.context(&problems);
        let spec = tenants::tenant(Node { value: &value, at: &at, context: &context });
        if let Some(spec) = &spec {
            check(reader, spec, &context);
        }
        let (mistakes, _) = problems.into_parts();
        let spec = spec.filter(|_| mistakes.is_empty());
        Self {
            id: value.get("id").and_then(Value::as_str).map(str::to_owned),
            says_inactive: says_inactive(&value),
            claims: spec.as_ref().map(Claims::of).unwrap_or_default(),
            spec,
            mistakes,
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        self.spec.is_some()
    }
}

/// All that can be checked of an entry alone.
fn check(reader: &Reader<'_>, spec: &TenantEntrySpec, context: &Context<'_>) {
    let tenancy = &reader.guard.tenancy;
    let super_admin = tenancy.super_admin.as_ref().map(TenantName::as_str);
    let reserved = tenancy.reserved.as_str();
    link::tenants::check_names(context, spec, tenancy.format, reserved, super_admin);
    if let Some(twice) = repeated(spec.names()) {
        context.problems.error(&spec.path, format!("names itself {twice} twice"));
    }
    let mut digests = HashSet::new();
    for key in spec.clients.iter().flat_map(|client| &client.keys) {
        if !digests.insert(key.digest) {
            context.problems.error(&key.path, "has the digest of another key of the tenant");
        }
        let hash = reader.guard.keys.hash();
        link::keys::check_digest(context, key, hash, Some(reader.rules.hmac));
    }
    for issuer in &spec.issuers {
        link::issuers::check_owned(context, issuer, |text| spec.names().any(|own| own == text));
        if issuer.iss == IssuerName::None {
            let problem = "none is for the configuration's own issuers";
            context.problems.error(format!("{}.issuer", issuer.path), problem);
        }
    }
    let issuers: Vec<String> = spec.issuers.iter().map(|issuer| issuer.iss.to_string()).collect();
    if let Some(iss) = repeated(issuers.iter().map(String::as_str)) {
        context.problems.error(&spec.path, format!("has the issuer {iss} twice"));
    }
}
