//! Paths and header names that parts of the proxy could read differently.

use serde_json::Value;

use crate::guards::fields::{deep, field, is_choice, is_true};
use crate::guards::{Chain, ConfigFile};

use super::super::facts;
use super::super::finding::{Code, Findings};

pub(super) fn look(
    file: &ConfigFile,
    chain: &Chain<'_>,
    documents: &[&Value],
    findings: &mut Findings,
) {
    let manager = chain.manager;
    // What a document takes on purpose must get through to it.
    let keeps = |what| documents.iter().any(|document| facts::keeps(document, what));
    for (name, kept) in [("normalize_path", false), ("merge_slashes", keeps("empty_segments"))] {
        if !is_true(manager, name) && !kept {
            let problem = format!(
                "Envoy's routes and its other filters see paths as clients spell them, and may read them otherwise than the guard and the application; set `{name}: true`"
            );
            let at = field(manager, name).unwrap_or(manager);
            findings.at(Code::PathNotNormalized, file, at, problem);
        }
    }
    let slashes = field(manager, "path_with_escaped_slashes_action");
    let is_safe = slashes.is_some_and(|action| {
        is_choice(action, "REJECT_REQUEST", 2) || is_choice(action, "UNESCAPE_AND_REDIRECT", 3)
    });
    if !is_safe && !keeps("encoded_slashes") {
        let problem = "paths with %2F or %5C go on as they are or are rewritten in silence, so Envoy's routes and the application may read them differently; set `path_with_escaped_slashes_action: REJECT_REQUEST`";
        findings.at(Code::EscapedSlashes, file, slashes.unwrap_or(manager), problem);
    }
    let options = ["common_http_protocol_options", "headers_with_underscores_action"];
    let underscores = deep(manager, &options);
    let is_safe = underscores.is_some_and(|action| {
        is_choice(action, "REJECT_REQUEST", 1) || is_choice(action, "DROP_HEADER", 2)
    });
    if !is_safe {
        let problem = "header names with underscores go on: many applications read X_Tenant_Id as X-Tenant-Id, and Envoy's other filters don't; set `headers_with_underscores_action: REJECT_REQUEST` in common_http_protocol_options";
        findings.at(Code::HeaderUnderscores, file, underscores.unwrap_or(manager), problem);
    }
}
