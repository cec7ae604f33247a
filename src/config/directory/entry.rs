//! One tenant of a fetched directory, and what is wrong with it.

use std::collections::HashSet;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::api_keys::{KeyPlace, repeated};
use super::super::jwt::IssuerSpec;
use super::super::link;
use super::super::node::{Context, Node};
use super::super::problem::{ConfigError, Problems};
use super::super::tenants::{self, TenantEntrySpec};
use super::Reader;
use super::claims::Claims;
use super::document::{UNREADABLE, fields};
use crate::json::{self, At};
use crate::jwt::IssuerName;
use crate::tenant::TenantName;

/// An entry as read.
pub(super) struct Entry {
    /// Its tenant, where it says which.
    pub(super) id: Option<String>,
    /// Whether its tenant is not to be active. Anything but `true` says so,
    /// where it says anything.
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
                problems.error(at, UNREADABLE);
                // What can be read of it may say whose it is.
                let (id, active) = readable(text);
                return Self {
                    id,
                    says_inactive: !active.map_or(reader.rules.start_active, |a| a == true),
                    claims: Claims::default(),
                    spec: None,
                    mistakes: problems.into_parts().0,
                };
            }
        };
        let context = reader.context(&problems);
        let spec = tenants::tenant(Node::new(&value, &at, &context));
        if let Some(spec) = &spec {
            check(reader, spec, &context);
        }
        let (mistakes, _) = problems.into_parts();
        let spec = spec.filter(|_| mistakes.is_empty());
        Self {
            id: value.get("id").and_then(Value::as_str).map(str::to_owned),
            says_inactive: !value.get("active").map_or(reader.rules.start_active, |a| *a == true),
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
    link::tenants::check_names(context.problems, spec, tenancy.format, reserved, super_admin);
    if let Some(twice) = repeated(spec.names()) {
        context.problems.error(&spec.path, format!("names itself {twice} twice"));
    }
    let keys = spec.clients.iter().map(|client| client.keys.len()).sum();
    let mut digests = HashSet::with_capacity(keys);
    for client in &spec.clients {
        for key in &client.keys {
            let owner = Some((spec.path.as_str(), client.index));
            let at = KeyPlace { owner, index: key.index };
            if !digests.insert(&key.digest) {
                context.problems.error(&at, "has the digest of another key of the tenant");
            }
            reader.digests.check(key, &at, context.problems);
        }
    }
    for issuer in &spec.issuers {
        link::issuers::check_owned(context, issuer, |text| spec.names().any(|own| own == text));
        if issuer.iss == IssuerName::None {
            let problem = "none is for the configuration's own issuers";
            context.problems.error(format!("{}.issuer", issuer.path), problem);
        }
    }
    let templates = spec.issuers.iter().filter_map(|issuer| match &issuer.iss {
        IssuerName::Template(template) => Some((&issuer.path, template)),
        _ => None,
    });
    let templates: Vec<_> = templates.collect();
    for (index, (path, template)) in templates.iter().enumerate() {
        if templates.iter().take(index).any(|(_, other)| other.overlaps(template)) {
            let problem = "overlaps another issuer of the tenant: some issuer matches both";
            context.problems.error(format!("{path}.issuer"), problem);
        }
    }
    let issuers: Vec<String> = spec.issuers.iter().map(|issuer| issuer.iss.to_string()).collect();
    let names: Vec<String> = spec.issuers.iter().map(IssuerSpec::known_as).collect();
    if let Some(iss) = repeated(issuers.iter().map(String::as_str)) {
        context.problems.error(&spec.path, format!("has the issuer {iss} twice"));
    } else if let Some(name) = repeated(names.iter().map(String::as_str)) {
        context.problems.error(&spec.path, format!("calls two issuers {name}"));
    }
}

/// The id of an entry that can't be read as a whole, and its state.
fn readable(text: &str) -> (Option<String>, Option<Value>) {
    let fields = fields(text.as_bytes()).unwrap_or_default();
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, raw)| *raw);
    let id = field("id").and_then(|raw| serde_json::from_str(raw.get()).ok());
    (id, field("active").map(|raw| serde_json::from_str(raw.get()).unwrap_or_default()))
}

/// What an entry says, mistakes or not, and where it says something twice each
/// of it. What can't be read isn't known: `false`, which is no list.
pub(super) fn said(text: &str) -> Vec<Value> {
    if let Ok((first, duplicates)) = json::parse_with_duplicates(text.as_bytes()) {
        let last = (!duplicates.is_empty()).then(|| serde_json::from_str(text).ok()).flatten();
        return core::iter::once(first).chain(last).collect();
    }
    let fields = fields(text.as_bytes()).unwrap_or_default();
    let value = |raw: &RawValue| serde_json::from_str(raw.get()).unwrap_or(Value::Bool(false));
    let mut members = Map::new();
    for (name, raw) in fields {
        members.insert(name, value(raw));
    }
    vec![Value::Object(members)]
}
