//! Whose address the guard is told.

use serde_json::Value;

use crate::guards::fields::{field, is_true, repeated};
use crate::guards::{Chain, ConfigFile, Filter};
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
    if !before.filter(|filter| !filter.is_disabled()).any(sets_peer) {
        let problem = format!(
            "the guard's `{path}` trusts peers by their address, and no filter before the guard tells it the peer, so none is trusted; put a set_filter_state filter before it that sets `{PEER}` to %DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"
        );
        let guard = chain.filters.iter().find(|filter| filter.is_guard());
        findings.at(Code::PeerNotSet, file, guard.map_or(manager, |filter| filter.node), problem);
    }
}

fn sets_peer(filter: &Filter<'_>) -> bool {
    filter.body.is_some_and(|body| body.is("set_filter_state.v3.Config") && mentions(body.value))
}

fn mentions(node: &Node) -> bool {
    match &node.kind {
        Kind::Text { text, .. } => text == PEER,
        Kind::List(items) => items.iter().any(mentions),
        Kind::Map(members) => members.iter().any(|member| mentions(&member.node)),
        _ => false,
    }
}
