//! Whether a cluster checks who answers.

use crate::guards::fields::{Any, deep, field, is_choice, is_true, repeated};
use crate::source::Node;

/// Whether a cluster speaks TLS, by an authority that it trusts, to whom it
/// expects.
///
/// # Errors
/// What is missing.
pub(super) fn verifies(cluster: &Node) -> Result<(), &'static str> {
    let own = field(cluster, "transport_socket");
    let matches = repeated(cluster, "transport_socket_matches");
    let sockets: Vec<_> =
        matches.iter().filter_map(|socket| field(socket, "transport_socket")).chain(own).collect();
    if sockets.is_empty() {
        return Err("the cluster speaks no TLS");
    }
    sockets.into_iter().try_for_each(|socket| in_socket(cluster, socket))
}

fn in_socket(cluster: &Node, socket: &Node) -> Result<(), &'static str> {
    let config = field(socket, "typed_config").map(Any::of);
    let Some(tls) = config.filter(|config| config.is("tls.v3.UpstreamTlsContext")) else {
        // QUIC and those that wrap another socket hold the same within.
        let inner = config.and_then(|config| {
            field(config.value, "upstream_tls_context").or(field(config.value, "transport_socket"))
        });
        return match inner {
            Some(inner) if field(inner, "typed_config").is_some() => in_socket(cluster, inner),
            Some(context) => in_context(cluster, context),
            None => Err("the cluster speaks no TLS"),
        };
    };
    in_context(cluster, tls.value)
}

fn in_context(cluster: &Node, tls: &Node) -> Result<(), &'static str> {
    let Some(common) = field(tls, "common_tls_context") else {
        return Err("the cluster's TLS checks no certificate");
    };
    // What comes by SDS can't be seen here.
    if field(common, "validation_context_sds_secret_config").is_some() {
        return Ok(());
    }
    let combined = field(common, "combined_validation_context");
    if combined.is_some_and(|c| field(c, "validation_context_sds_secret_config").is_some()) {
        return Ok(());
    }
    let context = field(common, "validation_context")
        .or_else(|| combined.and_then(|c| field(c, "default_validation_context")));
    let Some(context) = context else {
        return Err("the cluster's TLS checks no certificate");
    };
    let chain = field(context, "trust_chain_verification");
    if chain.is_some_and(|chain| is_choice(chain, "ACCEPT_UNTRUSTED", 1)) {
        return Err("the cluster accepts certificates that it doesn't trust");
    }
    // A validator such as SPIFFE's checks names, too.
    if field(context, "custom_validator_config").is_some() {
        return Ok(());
    }
    let pinned = ["verify_certificate_spki", "verify_certificate_hash"];
    if pinned.iter().any(|name| !repeated(context, name).is_empty()) {
        return Ok(());
    }
    let authorities = ["trusted_ca", "system_root_certs", "ca_certificate_provider_instance"];
    if !authorities.iter().any(|name| field(context, name).is_some()) {
        return Err("the cluster's TLS trusts no authority, so it checks no certificate");
    }
    let names = ["match_typed_subject_alt_names", "match_subject_alt_names"];
    let is_named = names.iter().any(|name| !repeated(context, name).is_empty());
    if is_named || is_true(tls, "auto_sni_san_validation") || checks_host(cluster) {
        return Ok(());
    }
    Err("the cluster's TLS takes any certificate of its authority, whatever the name on it")
}

/// Whether the name is checked against the request's host.
fn checks_host(cluster: &Node) -> bool {
    let options = field(cluster, "typed_extension_protocol_options").map(Node::members);
    options.unwrap_or_default().iter().any(|option| {
        deep(&option.node, &["upstream_http_protocol_options"])
            .is_some_and(|options| is_true(options, "auto_san_validation"))
    })
}
