//! Whether a cluster checks who answers.

use crate::guards::fields::{Any, deep, field, is_choice, is_true, repeated};
use crate::source::Node;

const UNTRUSTED: &str = "the cluster accepts certificates that it doesn't trust";

/// Whether a cluster speaks TLS, by an authority that it trusts, to whom it
/// expects. `secrets` are those that the bootstrap holds itself.
///
/// # Errors
/// What is missing.
pub(super) fn verifies(cluster: &Node, secrets: &[&Node]) -> Result<(), &'static str> {
    let own = field(cluster, "transport_socket");
    let matches = repeated(cluster, "transport_socket_matches");
    let sockets: Vec<_> =
        matches.iter().filter_map(|socket| field(socket, "transport_socket")).chain(own).collect();
    if sockets.is_empty() {
        return Err("the cluster speaks no TLS");
    }
    let takes_all =
        |socket: &Node| field(socket, "match").is_none_or(|criteria| criteria.members().is_empty());
    if own.is_none() && !matches.iter().any(takes_all) {
        return Err(
            "the cluster speaks no TLS to endpoints that none of its transport_socket_matches fits",
        );
    }
    sockets.into_iter().try_for_each(|socket| in_socket(cluster, socket, secrets))
}

fn in_socket(cluster: &Node, socket: &Node, secrets: &[&Node]) -> Result<(), &'static str> {
    let config = field(socket, "typed_config").map(Any::of);
    let Some(tls) = config.filter(|config| config.is("tls.v3.UpstreamTlsContext")) else {
        // QUIC and those that wrap another socket hold the same within.
        let inner = config.and_then(|config| {
            field(config.value, "upstream_tls_context").or(field(config.value, "transport_socket"))
        });
        return match inner {
            Some(inner) if field(inner, "typed_config").is_some() => {
                in_socket(cluster, inner, secrets)
            }
            Some(context) => in_context(cluster, context, secrets),
            None => Err("the cluster speaks no TLS"),
        };
    };
    in_context(cluster, tls.value, secrets)
}

fn in_context(cluster: &Node, tls: &Node, secrets: &[&Node]) -> Result<(), &'static str> {
    let Some(common) = field(tls, "common_tls_context") else {
        return Err("the cluster's TLS checks no certificate");
    };
    let combined = field(common, "combined_validation_context");
    let own = field(common, "validation_context")
        .or_else(|| combined.and_then(|c| field(c, "default_validation_context")));
    let discovered = field(common, "validation_context_sds_secret_config")
        .or_else(|| combined.and_then(|c| field(c, "validation_context_sds_secret_config")));
    // Both are merged, so what is accepted in one is accepted.
    if own.is_some_and(accepts_untrusted) {
        return Err(UNTRUSTED);
    }
    let mut contexts: Vec<&Node> = own.into_iter().collect();
    if let Some(discovered) = discovered {
        // What comes by SDS can't be seen here.
        let Some(secret) = known(discovered, secrets) else { return Ok(()) };
        contexts.extend(field(secret, "validation_context"));
    }
    in_validation(cluster, tls, &contexts)
}

/// The secret that is meant, where the bootstrap holds it.
fn known<'n>(discovered: &Node, secrets: &[&'n Node]) -> Option<&'n Node> {
    if field(discovered, "sds_config").is_some() {
        return None;
    }
    let name = field(discovered, "name").and_then(Node::text)?;
    secrets.iter().copied().find(|s| field(s, "name").and_then(Node::text) == Some(name))
}

fn accepts_untrusted(context: &Node) -> bool {
    field(context, "trust_chain_verification")
        .is_some_and(|chain| is_choice(chain, "ACCEPT_UNTRUSTED", 1))
}

/// Looks at validation contexts that are merged into one.
fn in_validation(cluster: &Node, tls: &Node, contexts: &[&Node]) -> Result<(), &'static str> {
    if contexts.is_empty() {
        return Err("the cluster's TLS checks no certificate");
    }
    if contexts.iter().any(|context| accepts_untrusted(context)) {
        return Err(UNTRUSTED);
    }
    let has = |name: &str| contexts.iter().any(|context| field(context, name).is_some());
    let all = |name: &'static str| contexts.iter().flat_map(move |c| repeated(c, name));
    // A validator such as SPIFFE's checks names, too.
    if has("custom_validator_config") {
        return Ok(());
    }
    if all("verify_certificate_spki").chain(all("verify_certificate_hash")).next().is_some() {
        return Ok(());
    }
    let authorities = ["trusted_ca", "system_root_certs", "ca_certificate_provider_instance"];
    if !authorities.iter().any(|name| has(name)) {
        return Err("the cluster's TLS trusts no authority, so it checks no certificate");
    }
    if is_true(tls, "auto_sni_san_validation") || checks_host(cluster) {
        return Ok(());
    }
    let typed =
        all("match_typed_subject_alt_names").map(|name| field(name, "matcher").unwrap_or(name));
    let mut names = typed.chain(all("match_subject_alt_names")).peekable();
    if names.peek().is_some() {
        return match names.any(fits_all) {
            true => Err(
                "the cluster's TLS takes a certificate with any name, by a matcher that fits all",
            ),
            false => Ok(()),
        };
    }
    Err("the cluster's TLS takes any certificate of its authority, whatever the name on it")
}

/// Whether a matcher of texts leaves nothing out.
fn fits_all(matcher: &Node) -> bool {
    let text = |name: &str| field(matcher, name).and_then(Node::text);
    let regex = deep(matcher, &["safe_regex", "regex"]).and_then(Node::text);
    ["prefix", "suffix", "contains"].iter().any(|name| text(name) == Some(""))
        || regex.is_some_and(|regex| {
            matches!(regex.trim_matches(['^', '$', '(', ')']), ".*" | ".+" | ".*?" | ".+?")
        })
}

/// Whether the name is checked against the request's host.
fn checks_host(cluster: &Node) -> bool {
    let options = field(cluster, "typed_extension_protocol_options").map(Node::members);
    options.unwrap_or_default().iter().any(|option| {
        deep(&option.node, &["upstream_http_protocol_options"])
            .is_some_and(|options| is_true(options, "auto_san_validation"))
    })
}
