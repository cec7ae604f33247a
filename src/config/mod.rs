//! From a document to a guard: read, check, link.
//!
//! Reading turns each section into types and collects every mistake with its
//! path. Linking resolves names between sections and refuses what contradicts
//! itself. Nothing here depends on time, randomness or anything but the
//! document and the VM's environment, so that every worker comes to the same
//! result.

mod api_keys;
#[cfg(not(target_arch = "wasm32"))]
mod describe;
mod directory;
mod jwt;
mod keys;
mod limits;
mod link;
mod names;
mod node;
mod object;
mod policy;
mod problem;
mod remote;
mod replies;
mod revoked;
mod roles;
mod routes;
mod scalar;
mod shape;
mod sketch;
mod super_admin;
mod tenancy;
mod tenant_source;
mod tenants;
mod units;
mod upstream;
mod vocabulary;
mod wire;

pub(crate) use directory::{DirectoryRules, FetchedTenants, Reader};
pub use problem::ConfigError;
pub use shape::{FieldShape, Form, HowMany, ObjectShape, Rule, Shape};

use core::cell::OnceCell;
use std::rc::Rc;

use serde_json::Value;

use crate::Guard;
use crate::credential::{Both, DevHeaders, Mode};
use crate::json::{self, At, JsonError};
use crate::policy::Policy;
use crate::policy::limit::HeaderStyles;
use crate::request::path::PathRules;
use crate::route::Shadow;
use crate::throttle::Throttle;
use node::{Context, Node};
use object::Object;
use problem::Problems;

/// The environment that `{env: NAME}` reads: the VM's.
pub trait Environment {
    /// The value of a variable.
    fn variable(&self, name: &str) -> Option<Vec<u8>>;

    /// The VM's id, by which data is shared; `None` where that isn't known.
    fn vm_id(&self) -> Option<&str>;
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

/// The whole document as read.
struct Document {
    revision: Option<String>,
    mode: Mode,
    paths: PathRules,
    jwt: Option<jwt::JwtSpec>,
    api_keys: Option<api_keys::ApiKeysSpec>,
    super_admin: Option<super_admin::SuperAdminSpec>,
    dev: Option<DevHeaders>,
    throttle: Option<Throttle>,
    limit_headers: HeaderStyles,
    tenancy: tenancy::TenancySpec,
    tenant_defaults: Policy,
    tenants: Option<Vec<tenants::TenantEntrySpec>>,
    directory: Option<remote::DirectorySpec>,
    routes: Vec<routes::RouteSpec>,
    /// Whether what no route matches is refused; `None` where it doesn't say.
    unmatched_denied: Option<bool>,
    cors_preflight: bool,
    upstream: upstream::UpstreamSpec,
    replies: crate::reply::Replies,
    shadow: Shadow,
    audit: crate::audit::AuditRules,
}

fn read(value: &Value, env: &dyn Environment, problems: &Problems) -> Option<Guard> {
    // What is neither is refused, and nothing more is held against the rest.
    let development = value.get("environment").is_some_and(|value| value != "production");
    let mut context = Context {
        problems,
        env,
        development,
        vocabulary: Rc::default(),
        key_clusters: None,
        shared: OnceCell::new(),
    };
    let (vocabulary, limit_headers) = vocabulary::read(Node::new(value, &At::ROOT, &context))?;
    context.vocabulary = Rc::new(vocabulary);
    let root = Node::new(value, &At::ROOT, &context);
    let object = root.object("document")?;
    object.known(&vocabulary::FIELDS);
    let document = sections(&object, limit_headers);
    object.close();
    link::link(document, &context)
}

fn sections(object: &Object<'_, '_>, limit_headers: HeaderStyles) -> Document {
    object.required("version", |node| node.count_within(1, 1, "must be 1"));
    object.field("environment", |node| node.choice(&[("production", ()), ("development", ())]));
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
        super_admin: object.field("super_admin", |node| Some(super_admin::super_admin(node))),
        dev: object.field("dev_headers", super_admin::dev_headers),
        throttle: object.field("failures", limits::failures),
        limit_headers,
        tenancy: object.field("tenancy", |n| tenancy::tenancy(n, paths)).unwrap_or_default(),
        tenant_defaults: object
            .field("tenant_defaults", |node| policy::only(node, "policy", policy::policy))
            .unwrap_or_default(),
        tenants: object.field("tenants", tenants::tenants),
        directory: object.field("directory", remote::directory),
        routes: object
            .field("routes", |node| node.list(|node| routes::route(node, paths, both)))
            .unwrap_or_default(),
        unmatched_denied: object
            .field("routes_unmatched", |node| node.choice(&[("deny", true), ("auth", false)])),
        cors_preflight: object
            .field("cors_preflight", |node| node.choice(&[("deny", false), ("allow", true)]))
            .unwrap_or(false),
        upstream: object.field("upstream", upstream::upstream).unwrap_or_default(),
        replies: object.field("replies", replies::replies).unwrap_or_default(),
        shadow: object.field("shadow", shadow).unwrap_or(Shadow::Off),
        audit: object.field("audit", replies::audit).unwrap_or(replies::DEFAULT_AUDIT),
    }
}

fn shadow(node: Node<'_, '_>) -> Option<Shadow> {
    if node.word(&[("untouched", ())]).is_some() {
        node.warn("untouched leaves forged identity headers in every request; use it behind an application that still checks for itself only");
        return Some(Shadow::Untouched);
    }
    if !node.may_be(Value::is_boolean) {
        return node.error("must be true, false or untouched");
    }
    node.flag().map(|on| if on { Shadow::On } else { Shadow::Off })
}

#[cfg(test)]
mod tests;
