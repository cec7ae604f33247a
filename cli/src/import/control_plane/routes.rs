//! The control plane's routes, as its API reference lists them.

use super::issuers::Issuers;
use super::trust::Mode;
use crate::import::settings::Settings;
use crate::import::tree::{Map, Tree};

pub(super) fn routes(settings: &Settings<'_>, mode: Mode, issuers: &Issuers) -> Tree {
    let strict_ingest = settings.flag("INGEST_STRICT_TENANT").unwrap_or(false);
    let admins = settings.has("AUTH_ADMIN_API_KEYS");
    // With tenants listed, only routes can be lax.
    let lax = !mode.strict && mode.listed;
    let caller = |route: Map| {
        route.when(lax, |map| map.with("tenancy", Map::default().with("strict", false)))
    };
    let admin = |paths: &[&str]| {
        let route = any(paths);
        caller(if admins { route.with("roles", ["admin"]) } else { route.with("ip", none()) })
    };
    let mut routes = vec![
        rule(&["/healthz", "/readyz", "/metrics", "/ingest/health", "/log/witness"], &["GET"])
            .with("auth", "none"),
        rule(
            &["/.well-known/jwks.json", "/.well-known/acdp-witness.json", "/.well-known/did.json"],
            &["GET"],
        )
        .with("auth", "none"),
        rule(&["/auth/challenge"], &["POST"]).with("auth", "none"),
        unsigned(rule(&["/auth/token"], &["POST"])).with("action", "token.issue"),
    ];
    let ingest = unsigned(rule(&["/ingest/acdp"], &["POST"]));
    routes.push(ingest.when(!strict_ingest, |map| {
        map.decide("INGEST_STRICT_TENANT isn't true, so registries that aren't enrolled named their tenant in X-Tenant-Id. Nothing proves that: the header decides nothing here, and such events are the default tenant's. Enrol the registries, or list their addresses in trust_header")
    }).with("action", "publish"));
    let paths = [
        "/registries/enroll",
        "/registries/*/log-witness/ack",
        "/routing/stats",
        "/auth/revocations",
        "/admin/**",
    ];
    routes.extend([
        unsigned(rule(&["/runs/started"], &["POST"])).with("action", "run.start"),
        unsigned(rule(&["/runs/*/complete"], &["POST"])),
        admin(&paths).when(!admins, |map| {
            map.decide("the file has no AUTH_ADMIN_API_KEYS, so nobody is an admin")
        }),
        caller(rule(&["/auth/introspect"], &["POST"])),
    ]);
    let read_only = issuers.writers();
    if read_only.is_some() {
        routes.push(caller(rule(&["/**"], &["GET", "HEAD", "OPTIONS"])));
    }
    let writes = |route: Map| match &read_only {
        None => route,
        // Tokens that only read are left out; keys aren't asked for an issuer.
        Some(writers) if writers.is_empty() => route.with("mode", "api_key"),
        Some(writers) => route.with("issuers", writers.clone()),
    };
    routes.extend([
        writes(caller(rule(&["/contexts/**"], &["POST"]))).with("action", "publish"),
        writes(caller(rule(&["/runs"], &["POST"]))).with("action", "run.start"),
        writes(caller(rule(&["/capabilities"], &["POST"]))).with("action", "capability.declare"),
        writes(caller(any(&["/**"]))),
    ]);
    routes.into()
}

fn rule(paths: &[&str], methods: &[&str]) -> Map {
    Map::default().with("match", these(paths).with("methods", methods.to_vec()))
}

/// A rule for every method.
fn any(paths: &[&str]) -> Map {
    Map::default().with("match", these(paths))
}

fn these(paths: &[&str]) -> Map {
    let path: Tree = match paths {
        [path] => (*path).into(),
        paths => paths.to_vec().into(),
    };
    Map::default().with("path", path)
}

/// Nobody's address.
fn none() -> Tree {
    Vec::<&str>::new().into()
}

/// A route whose callers sign what they send, or have nothing yet: the control
/// plane checks that itself. A header names no tenant here.
fn unsigned(route: Map) -> Map {
    let tenancy = Map::default().with("strict", false).with("trust_header", "ignore");
    route.with("auth", "optional").with("tenancy", tenancy)
}
