//! Whose address the guard is told.

use serde_json::Value;

use crate::guards::fields::{field, is_true, repeated};
use crate::guards::{Chain, ConfigFile};
use crate::source::{Kind, Node};

use super::super::facts;
use super::super::finding::{Code, Findings};

/// The filter state in which the guard looks for the direct peer.
const PEER: &str = "tenant_guard.peer";

pub(super) fn look(
    file: &ConfigFile,
    chain: &Chain<'_>,
    documents: &[&Value],
    findings: &mut Findings,
) {
    let manager = chain.manager;
    let used = documents.iter().find_map(|document| facts::addresses(document));
    // An extension that finds the address out is somebody's decision.
    let is_detected = !repeated(manager, "original_ip_detection_extensions").is_empty();
    if let Some(path) = used
        && !is_true(manager, "use_remote_address")
        && !is_detected
    {
        let problem = format!(
            "the guard's `{path}` goes by the client's address, which clients choose by sending X-Forwarded-For; set `use_remote_address: true`, and `xff_num_trusted_hops` to the number of your own proxies in front"
        );
        let at = field(manager, "use_remote_address").unwrap_or(manager);
        findings.at(Code::ClientAddress, file, at, problem);
    }
    let Some(path) = documents.iter().find_map(|document| facts::trusted_peers(document)) else {
        return;
    };
    let before = chain.filters.iter().take_while(|filter| !filter.is_guard());
    let setters: Vec<_> = before
        .filter(|filter| !filter.is_disabled())
        .filter_map(|filter| filter.body)
        .filter(|body| body.is("set_filter_state.v3.Config") && mentions(body.value, &is_key))
        .collect();
    for setter in &setters {
        for entry in repeated(setter.value, "on_request_headers") {
            if mentions(entry, &is_key) && !mentions(entry, &is_direct) {
                let problem = format!(
                    "`{PEER}` is set to something else than the connection's own address, which clients may choose, and the guard's `{path}` trusts whom it names; set it to %DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"
                );
                findings.at(Code::PeerNotSet, file, entry, problem);
            }
        }
    }
    if setters.is_empty() {
        let problem = format!(
            "the guard's `{path}` trusts peers by their address, and no filter before the guard tells it the peer, so none is trusted; put a set_filter_state filter before it that sets `{PEER}` to %DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"
        );
        let guard = chain.filters.iter().find(|filter| filter.is_guard());
        findings.at(Code::PeerNotSet, file, guard.map_or(manager, |filter| filter.node), problem);
    }
}

fn is_key(text: &str) -> bool {
    text == PEER
}

/// Whether a format is the connection's own address and nothing else.
fn is_direct(text: &str) -> bool {
    matches!(
        text.trim(),
        "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%" | "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%"
    )
}

fn mentions(node: &Node, wanted: &dyn Fn(&str) -> bool) -> bool {
    match &node.kind {
        Kind::Text { text, .. } => wanted(text),
        Kind::List(items) => items.iter().any(|item| mentions(item, wanted)),
        Kind::Map(members) => members.iter().any(|member| mentions(&member.node, wanted)),
        _ => false,
    }
}
