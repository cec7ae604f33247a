//! Where documents live that are fetched: `jwks_uri`, `discovery` and
//! `directory`.

use std::collections::HashSet;

use serde_json::Value;

use super::names;
use super::node::Node;
use super::object::Object;
use super::shape::{Form, Shape};
use crate::jwt::IssuerName;
use crate::remote::{Content, Source, Timing, Uri};
use crate::request::fold::fold;

/// The most that a key set may be, in bytes.
const MOST_KEYS: usize = 64 << 10;

const DAY: f64 = 86_400.0;

/// What is allowed of `refresh` and `timeout`, in seconds.
const SHORTEST: f64 = 0.1;
const LONGEST_TIMEOUT: f64 = 60.0;

/// The `directory` section as read.
pub(super) struct DirectorySpec {
    /// `None` where it couldn't be read.
    pub(super) source: Option<Source>,
    /// The clusters that its tenants' issuers may fetch keys from.
    pub(super) key_clusters: Vec<String>,
}

/// `jwks_uri` of an issuer.
pub(super) fn jwks_uri(node: Node<'_, '_>) -> Option<Source> {
    let object = node.object("jwks_uri")?;
    let place = place(&object, "cluster");
    let timing = timing(node, &object, 300.0);
    object.close();
    keys(node, Content::Keys, place?, timing?)
}

/// `discovery` of an issuer.
pub(super) fn discovery(node: Node<'_, '_>, issuer: Option<&IssuerName>) -> Option<Source> {
    let object = node.object("discovery")?;
    let place = place(&object, "cluster");
    let jwks_cluster = object.field("jwks_cluster", cluster);
    let timing = timing(node, &object, 300.0);
    object.close();
    if issuer == Some(&IssuerName::None) {
        return node.error("tells of an issuer by its name, and issuer is none; give jwks_uri");
    }
    let content = Content::Discovery {
        issuer: issuer?.to_string(),
        jwks_cluster,
        insecure: node.context.development,
    };
    keys(node, content, place?, timing?)
}

fn keys(
    node: Node<'_, '_>,
    content: Content,
    place: (String, Uri),
    timing: Timing,
) -> Option<Source> {
    node.is_shared();
    Some(Source::new(String::new(), content, place, Vec::new(), timing, MOST_KEYS))
}

/// The `directory` section.
pub(super) fn directory(node: Node<'_, '_>) -> Option<DirectorySpec> {
    let object = node.object("directory")?;
    let place = place(&object, "cluster");
    let headers = object.field("headers", headers).unwrap_or_default();
    let timing = timing(node, &object, 10.0);
    let max_bytes = object.field("max_bytes", |node| match node.size()? {
        0 => node.error("must be at least 1"),
        size => Some(size),
    });
    let max_bytes = max_bytes.map_or(64 << 20, |size| usize::try_from(size).unwrap_or(usize::MAX));
    let key_clusters = object.field("key_clusters", |node| node.list(cluster));
    object.close();
    node.is_shared();
    let source = place.zip(timing).map(|(place, timing)| {
        Source::new("the directory".into(), Content::Directory, place, headers, timing, max_bytes)
    });
    Some(DirectorySpec { source, key_clusters: key_clusters.unwrap_or_default() })
}

fn place(object: &Object<'_, '_>, cluster_field: &'static str) -> Option<(String, Uri)> {
    let cluster = object.required(cluster_field, cluster);
    let uri = object.required("uri", |node| {
        let uri = node.parsed(Form::Uri, Uri::parse)?;
        if !uri.is_secure() && !node.context.development {
            return node.error("must be https: what is fetched decides who is let in, and http: is for environment: development only");
        }
        Some(uri)
    });
    cluster.zip(uri)
}

fn cluster(node: Node<'_, '_>) -> Option<String> {
    let name = node.some_text()?;
    if let Some(allowed) = node.context.key_clusters
        && !allowed.iter().any(|known| known == name)
    {
        return node.error(
            "is none of directory.key_clusters, which alone tenants' issuers may fetch keys from",
        );
    }
    Some(name.to_owned())
}

fn timing(node: Node<'_, '_>, object: &Object<'_, '_>, refresh: f64) -> Option<Timing> {
    let at_least =
        |name: &'static str, default: f64, least: f64, most: f64, problem: &'static str| {
            let read = object.field(name, |node| {
                let seconds = node.duration()?;
                if (least..=most).contains(&seconds) { Some(seconds) } else { node.error(problem) }
            });
            if object.has(name) { read } else { Some(default) }
        };
    let longest = 365.0 * DAY;
    // All are read, so that none is unknown.
    let refresh = at_least("refresh", refresh, SHORTEST, longest, "must be from 100ms to 365d");
    let timeout = at_least("timeout", 2.0, 0.01, LONGEST_TIMEOUT, "must be from 10ms to 60s");
    let max_stale = at_least("max_stale", DAY, SHORTEST, longest, "must be from 100ms to 365d");
    let cooldown = at_least("cooldown", 30.0, 0.0, longest, "must be at most 365d");
    let timing =
        Timing { refresh: refresh?, timeout: timeout?, max_stale: max_stale?, cooldown: cooldown? };
    if timing.max_stale < timing.refresh {
        return node.error("max_stale is shorter than refresh, so what was fetched would be too old before it is fetched again");
    }
    Some(timing)
}

/// Request headers, whose values are secrets.
fn headers(node: Node<'_, '_>) -> Option<Vec<(String, String)>> {
    let name = |name: &str, node: Node<'_, '_>| {
        names::own_header(Node { value: &Value::String(name.to_owned()), ..node })
    };
    let names = || Shape::Text(Form::HeaderName);
    let headers = node.entries(names, name, |node| {
        let value = String::from_utf8(node.secret()?).ok();
        let sendable = |value: &String| {
            !value.is_empty() && value.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        };
        match value.filter(sendable) {
            Some(value) => Some(value),
            None => {
                node.error("must be the value of a header: visible ASCII characters and spaces")
            }
        }
    })?;
    let mut seen = HashSet::new();
    if let Some((name, _)) = headers.iter().find(|(name, _)| !seen.insert(fold(name.as_bytes()))) {
        return node.error(format!("has {name} twice, or another that servers may take for it"));
    }
    Some(headers)
}
