//! Filters that run before the guard and believe what it hasn't checked yet.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::guards::fields::{field, is_field};
use crate::guards::{Chain, ConfigFile, Filter};
use crate::source::{Kind, Node};

use super::super::facts;
use super::super::finding::{Code, Findings};

/// Members that only take headers away or leave them out.
const HARMLESS: [&str; 4] =
    ["remove", "remove_on_match", "disallowed_headers", "request_headers_to_remove"];

pub(super) fn look(
    file: &ConfigFile,
    chain: &Chain<'_>,
    documents: &[&Value],
    findings: &mut Findings,
) {
    let mut names: BTreeSet<String> =
        documents.iter().flat_map(|document| facts::identity_headers(document)).collect();
    if documents.is_empty() {
        names = facts::identity_headers(&Value::Null);
    }
    for filter in chain.filters.iter().take_while(|filter| !filter.is_guard()) {
        // Browsers are told which headers they may send: that believes none.
        if filter.body.is_some_and(|body| body.is("cors.v3.Cors")) {
            continue;
        }
        let body = filter.body.and_then(|body| mentioned(body.value, &names));
        let Some(name) = body.or_else(|| by_routes(chain, filter, &names)) else { continue };
        let problem = format!(
            "{} runs before the guard and mentions {name}, which is then still what the client sent; put it behind the guard and its backstop",
            filter.shown()
        );
        findings.at(Code::IdentityBeforeGuard, file, filter.node, problem);
    }
}

/// What routes tell this filter: their own configuration of it, and the
/// descriptors of rate limits.
fn by_routes<'b>(
    chain: &Chain<'_>,
    filter: &Filter<'_>,
    names: &'b BTreeSet<String>,
) -> Option<&'b str> {
    let routes = field(chain.manager, "route_config")?;
    let is_limiter = filter.body.is_some_and(|body| {
        body.is("ratelimit.v3.RateLimit") || body.is("local_ratelimit.v3.LocalRateLimit")
    });
    let name = filter.name.unwrap_or_default();
    members(routes, &|member| is_limiter && is_field(member, "rate_limits"), names).or_else(|| {
        let own = |member: &str| is_field(member, "typed_per_filter_config");
        per_filter(routes, &own, name, names)
    })
}

fn members<'b>(
    node: &Node,
    wanted: &dyn Fn(&str) -> bool,
    names: &'b BTreeSet<String>,
) -> Option<&'b str> {
    let own = node.members().iter().find_map(|member| {
        if wanted(&member.name) {
            mentioned(&member.node, names)
        } else {
            members(&member.node, wanted, names)
        }
    });
    own.or_else(|| node.items().iter().find_map(|item| members(item, wanted, names)))
}

fn per_filter<'b>(
    node: &Node,
    wanted: &dyn Fn(&str) -> bool,
    filter: &str,
    names: &'b BTreeSet<String>,
) -> Option<&'b str> {
    let own = node.members().iter().find_map(|member| {
        if wanted(&member.name) {
            member.node.get(filter).and_then(|config| mentioned(config, names))
        } else {
            per_filter(&member.node, wanted, filter, names)
        }
    });
    own.or_else(|| node.items().iter().find_map(|item| per_filter(item, wanted, filter, names)))
}

/// The first of these names that is mentioned anywhere within.
fn mentioned<'b>(node: &Node, names: &'b BTreeSet<String>) -> Option<&'b str> {
    match &node.kind {
        Kind::Text { text, .. } => in_text(text, names),
        Kind::List(items) => items.iter().find_map(|item| mentioned(item, names)),
        Kind::Map(members) => members
            .iter()
            .filter(|member| !HARMLESS.iter().any(|name| is_field(&member.name, name)))
            .find_map(|member| {
                in_text(&member.name, names).or_else(|| mentioned(&member.node, names))
            }),
        _ => None,
    }
}

/// Whole names only, in any case, with `_` for `-`.
fn in_text<'b>(text: &str, names: &'b BTreeSet<String>) -> Option<&'b str> {
    let text = text.to_ascii_lowercase().replace('_', "-");
    let words: BTreeSet<&str> =
        text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect();
    names.iter().find(|name| words.contains(name.replace('_', "-").as_str())).map(String::as_str)
}
