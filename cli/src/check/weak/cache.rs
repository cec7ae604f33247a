//! Caches of answers, which know nothing of tenants.

use crate::guards::{Chain, ConfigFile, Filter};

use super::super::finding::{Code, Findings};

pub(super) fn look(file: &ConfigFile, chain: &Chain<'_>, findings: &mut Findings) {
    let guard = chain.filters.iter().position(Filter::is_guard).unwrap_or_default();
    for (index, filter) in chain.filters.iter().enumerate() {
        let is_cache = filter.body.is_some_and(|body| {
            body.is("filters.http.cache.v3.CacheConfig")
                || body.is("filters.http.cache_v2.v3.CacheV2Config")
        });
        if !is_cache {
            continue;
        }
        // To let it vary by the tenant's header is no way out: Envoy 1.40
        // crashes on such an answer.
        let problem = if index < guard {
            "answers from its cache before the guard has seen the request, so whoever asks gets what was for others; take it out"
        } else {
            "keeps answers by host and path, and takes requests for public because the guard has removed their credentials, so one tenant gets another's answers; take it out"
        };
        let problem = format!("{} {problem}", filter.shown());
        findings.at(Code::SharedCache, file, filter.node, problem);
    }
}
