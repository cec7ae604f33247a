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
mod text;
mod units;
mod upstream;
mod vocabulary;
mod wire;

pub(crate) use directory::{DirectoryRules, FetchedTenants, InForce, Merged, Reader};
pub use problem::ConfigError;
pub use shape::{FieldShape, Form, HowMany, ObjectShape, Rule, Shape};

use core::cell::OnceCell;
use std::rc::Rc;

use serde_json::Value;

use crate::Guard;
use crate::credential::{Both, DevHeaders, Mode, Source};
use crate::json::At;
use crate::policy::limit::HeaderStyles;
use crate::request::path::PathRules;
use crate::route::Shadow;
use crate::throttle::Throttle;
use api_keys::KeyPlace;
use link::keys::OwnKeys;
use link::tenants::{LinkedTenants, TenantLinker, TenantRules};
use node::{Context, Node};
use object::Object;
use problem::Problems;
use text::{Parsed, TenantsText};

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
    let guard = match Parsed::read(document, &problems) {
        Some(parsed) => match read(&parsed, env, &problems) {
            // Only what is in the list of tenants is known this late.
            _ if parsed.is_broken() => {
                problems.clear();
                text::tell_syntax(document, &problems);
                None
            }
            guard => guard,
        },
        None => None,
    };
    let (errors, warnings) = problems.into_parts();
    match guard {
        Some(guard) if errors.is_empty() => Ok(Loaded { guard, warnings }),
        _ => Err(errors),
    }
}

/// The whole document as read, its tenants linked already.
struct Document<'p> {
    revision: Option<String>,
    mode: Mode,
    paths: PathRules,
    jwt: Option<jwt::JwtSpec>,
    has_api_keys: bool,
    key_sources: Vec<Source>,
    hmac: Option<bool>,
    super_admin: Option<super_admin::SuperAdminSpec>,
    dev: Option<DevHeaders>,
    throttle: Option<Throttle>,
    limit_headers: HeaderStyles,
    tenancy: tenancy::TenancySpec,
    /// Whether there is a list of tenants.
    lists_tenants: bool,
    tenants: LinkedTenants<'p>,
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

/// What is wrong with tenants beyond what reading tells. It is told later: first
/// comes what was read.
#[derive(Default)]
struct Later {
    names: Problems,
    digests: Problems,
}

fn read(parsed: &Parsed<'_>, env: &dyn Environment, problems: &Problems) -> Option<Guard> {
    let value = &parsed.value;
    // What is neither is refused, and nothing more is held against the rest.
    let development = value.get("environment").is_some_and(|value| value != "production");
    let mut context = Context {
        problems,
        env,
        development,
        vocabulary: Rc::default(),
        key_clusters: None,
        shared: OnceCell::new(),
        tenants: parsed.tenants.as_ref(),
    };
    let (vocabulary, limit_headers) = vocabulary::read(Node::new(value, &At::ROOT, &context))?;
    context.vocabulary = Rc::new(vocabulary);
    let root = Node::new(value, &At::ROOT, &context);
    let object = root.object("document")?;
    object.known(&vocabulary::FIELDS);
    let later = Later::default();
    let document = sections(&object, limit_headers, &later);
    object.close();
    link::link(document, &context, &later)
}

fn sections<'p>(
    object: &Object<'_, '_>,
    limit_headers: HeaderStyles,
    later: &'p Later,
) -> Document<'p> {
    object.required("version", |node| node.count_within(1, 1, "must be 1"));
    object.field("environment", |node| node.choice(&[("production", ()), ("development", ())]));
    let both = object
        .field("both", |node| node.choice(&[("refuse", Both::Refuse), ("agree", Both::Agree)]))
        .unwrap_or(Both::Refuse);
    let paths = object.field("paths", replies::paths).unwrap_or_default();
    let revision = object.field("revision", |node| node.text()).map(str::to_owned);
    let mode = object.field("mode", |node| routes::mode(node, both)).unwrap_or(Mode::Either(both));
    let jwt = object.field("jwt", jwt::jwt);
    let api_keys = object.field("api_keys", api_keys::api_keys);
    let super_admin = object.field("super_admin", |node| Some(super_admin::super_admin(node)));
    let dev = object.field("dev_headers", super_admin::dev_headers);
    let throttle = object.field("failures", limits::failures);
    let tenancy = object.field("tenancy", |n| tenancy::tenancy(n, paths)).unwrap_or_default();
    let defaults = object
        .field("tenant_defaults", |node| policy::only(node, "policy", policy::policy))
        .unwrap_or_default();
    let (has_api_keys, api_keys) = (api_keys.is_some(), api_keys.unwrap_or_default());
    let rules = TenantRules {
        format: tenancy.format,
        reserved: tenancy.reserved.clone(),
        super_admin: super_admin.as_ref().and_then(|admin| admin.tenant.clone()),
        start_active: tenancy.start_active,
        defaults,
    };
    let (hmac, key_sources) = (api_keys.hmac, api_keys.from);
    let known = object.context().tenants.map_or(0, TenantsText::count_keys);
    let mut keys = OwnKeys::new(
        &later.digests,
        api_keys.hash,
        hmac,
        known.saturating_add(api_keys.keys.len()),
    );
    for key in api_keys.keys {
        let at = KeyPlace { owner: None, index: key.index };
        keys.add(key, None, &at);
    }
    let mut tenants = TenantLinker::new(rules, &later.names, keys);
    let listed = object.field("tenants", |node| tenants::each(node, |tenant| tenants.add(tenant)));
    let (lists_tenants, tenants) = (listed.is_some(), tenants.finish());
    Document {
        revision,
        mode,
        paths,
        jwt,
        has_api_keys,
        key_sources,
        hmac,
        super_admin,
        dev,
        throttle,
        limit_headers,
        tenancy,
        lists_tenants,
        tenants,
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
