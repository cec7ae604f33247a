//! Caches of answers, which know nothing of tenants.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::guards::fields::repeated;
use crate::guards::{Chain, ConfigFile, Filter};
use crate::source::{Kind, Node};

use super::super::facts;
use super::super::finding::{Code, Findings};

pub(super) fn look(
    file: &ConfigFile,
    chain: &Chain<'_>,
    documents: &[&Value],
    findings: &mut Findings,
) {
    let mut names: BTreeSet<String> =
        documents.iter().filter_map(|document| facts::tenant_header(document)).collect();
    if documents.is_empty() {
        names.extend(facts::tenant_header(&Value::Null));
    }
    let guard = chain.filters.iter().position(Filter::is_guard).unwrap_or_default();
    for (index, filter) in chain.filters.iter().enumerate() {
        let Some(body) = filter.body.filter(|body| {
            body.is("filters.http.cache.v3.CacheConfig")
                || body.is("filters.http.cache_v2.v3.CacheV2Config")
        }) else {
            continue;
        };
        let problem = if index < guard {
            format!(
                "{} answers from its cache before the guard has seen the request, so whoever asks gets what was for others; take it out, or put it behind the guard and its backstop",
                filter.shown()
            )
        } else if repeated(body.value, "allowed_vary_headers")
            .iter()
            .any(|header| names.iter().any(|name| mentions(header, name)))
        {
            continue;
        } else {
            format!(
                "{} keeps answers by host and path, and takes requests for public because the guard has removed their credentials, so one tenant gets another's answers; take it out, or allow the tenant's header in allowed_vary_headers and have the application send it in Vary",
                filter.shown()
            )
        };
        findings.at(Code::SharedCache, file, filter.node, problem);
    }
}

fn mentions(node: &Node, name: &str) -> bool {
    match &node.kind {
        Kind::Text { text, .. } => text.eq_ignore_ascii_case(name),
        Kind::List(items) => items.iter().any(|item| mentions(item, name)),
        Kind::Map(members) => members.iter().any(|member| mentions(&member.node, name)),
        _ => false,
    }
}
