//! From a document to a guard: read, check, link.
//!
//! Reading turns each section into types and collects every mistake with its
//! path. Linking resolves names between sections and refuses what contradicts
//! itself. Nothing here depends on time, randomness or anything but the
//! document and the VM's environment, so that every worker comes to the same
//! result.

mod api_keys;
mod jwt;
mod keys;
mod link;
mod names;
mod node;
mod problem;
mod replies;
mod routes;
mod tenancy;
mod tenants;
mod units;
mod upstream;
mod wire;

pub use problem::ConfigError;

use serde_json::Value;

use crate::Guard;
use crate::credential::{Both, Mode};
use crate::json::{self, At, JsonError};
use crate::request::path::PathRules;
use crate::route::Shadow;
use node::{Context, Node, Object};
use problem::Problems;

/// The environment that `{env: NAME}` reads: the VM's.
pub trait Environment {
    /// The value of a variable.
    fn variable(&self, name: &str) -> Option<Vec<u8>>;
}

/// A guard, and what to tell its operator.
#[derive(Debug)]
pub struct Loaded {
    /// The guard.
    pub guard: Guard,
    /// What is allowed but likely not meant.
    pub warnings: Vec<ConfigError>,
}

/// Loads a document: JSON text, or a `google.protobuf.Struct` in the wire
/// format, which is how Envoy hands over a `Struct`.
///
/// # Errors
/// All mistakes at once, each with its path.
pub fn load(document: &[u8], env: &dyn Environment) -> Result<Loaded, Vec<ConfigError>> {
    let problems = Problems::default();
    let guard = match parse(document, &problems) {
        Some(value) => read(&value, env, &problems),
        None => None,
    };
    let (errors, warnings) = problems.into_parts();
    match guard {
        Some(guard) if errors.is_empty() => Ok(Loaded { guard, warnings }),
        _ => Err(errors),
    }
}

fn parse(document: &[u8], problems: &Problems) -> Option<Value> {
    if document.trim_ascii().is_empty() {
        problems.error("", "is empty; the guard needs a configuration, at least {\"version\": 1}");
        return None;
    }
    match json::parse_with_duplicates(document) {
        Ok((value, duplicates)) => {
            for path in duplicates {
                problems.error(path, "is there twice; keep one of them");
            }
            Some(value)
        }
        Err(JsonError::Syntax { line, column, what }) => {
            let value = wire::parse(document);
            if value.is_none() {
                problems.error("", format!("line {line} column {column}: {what}"));
            }
            value
        }
        Err(JsonError::Duplicates(_)) => None,
    }
}

/// Fields of later versions.
const LATER: [&str; 9] = [
    "directory",
    "roles",
    "role_case",
    "wildcard_scopes",
    "super_admin",
    "dev_headers",
    "limits",
    "failures",
    "tenant_defaults",
];

/// The whole document as read.
struct Document {
    revision: Option<String>,
    mode: Mode,
    paths: PathRules,
    jwt: Option<jwt::JwtSpec>,
    api_keys: Option<api_keys::ApiKeysSpec>,
    tenancy: tenancy::TenancySpec,
    tenants: Option<Vec<tenants::TenantEntrySpec>>,
    routes: Vec<routes::RouteSpec>,
    /// Whether what no route matches is refused.
    unmatched_denied: bool,
    upstream: upstream::UpstreamSpec,
    replies: crate::reply::Replies,
    shadow: Shadow,
    audit: crate::audit::AuditRules,
}

fn read(value: &Value, env: &dyn Environment, problems: &Problems) -> Option<Guard> {
    let development = value.get("environment").is_some_and(|value| value == "development");
    let context = Context { problems, env, development };
    let root = Node { value, at: &At::ROOT, context: &context };
    let object = root.object()?;
    let document = sections(&object);
    object.close();
    link::link(document, &context)
}

fn sections(object: &Object<'_, '_>) -> Document {
    object.required("version", |node| match node.count()? {
        1 => Some(()),
        _ => node.error("must be 1"),
    });
    object.field("environment", |node| node.choice(&[("production", ()), ("development", ())]));
    object.not_supported_yet(&LATER);
    object.field("cors_preflight", |node| {
        if node.value == "allow" {
            return node.error("allow is not supported yet; use deny");
        }
        node.choice(&[("deny", ())])
    });
    let both = object
        .field("both", |node| node.choice(&[("refuse", Both::Refuse), ("agree", Both::Agree)]))
        .unwrap_or(Both::Refuse);
    let paths = object.field("paths", replies::paths).unwrap_or_default();
    Document {
        revision: object.field("revision", |node| node.text()).map(str::to_owned),
        mode: object.field("mode", |node| routes::mode(node, both)).unwrap_or(Mode::Either(both)),
        paths,
        jwt: object.field("jwt", jwt::jwt),
        api_keys: object.field("api_keys", api_keys::api_keys),
        tenancy: object.field("tenancy", |n| tenancy::tenancy(n, paths)).unwrap_or_default(),
        tenants: object.field("tenants", tenants::tenants),
        routes: object
            .field("routes", |node| node.list(|node| routes::route(node, paths, both)))
            .unwrap_or_default(),
        unmatched_denied: object
            .field("routes_unmatched", |node| node.choice(&[("deny", true), ("auth", false)]))
            .unwrap_or(false),
        upstream: object.field("upstream", upstream::upstream).unwrap_or_default(),
        replies: object.field("replies", replies::replies).unwrap_or_default(),
        shadow: object.field("shadow", shadow).unwrap_or(Shadow::Off),
        audit: object.field("audit", replies::audit).unwrap_or(replies::DEFAULT_AUDIT),
    }
}

fn shadow(node: Node<'_, '_>) -> Option<Shadow> {
    match node.value {
        Value::Bool(false) => Some(Shadow::Off),
        Value::Bool(true) => Some(Shadow::On),
        Value::String(text) if text == "untouched" => {
            node.warn("untouched leaves forged identity headers in every request; use it behind an application that still checks for itself only");
            Some(Shadow::Untouched)
        }
        _ => node.error("must be true, false or untouched"),
    }
}

#[cfg(test)]
mod tests;
