//! The clusters of a configuration: the application's, and those that keys
//! and tenants are fetched from.

use core::fmt::Write;
use std::collections::BTreeMap;

use serde_json::Value;

use super::address::Address;

/// Where a cluster leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    address: Address,
    tls: bool,
}

/// The clusters that a document fetches from, by name; `None` where what it
/// says doesn't tell where one leads.
pub(super) fn fetched(document: &Value) -> BTreeMap<String, Option<Place>> {
    let mut clusters = BTreeMap::new();
    collect(document, &mut clusters);
    clusters
}

fn collect(value: &Value, clusters: &mut BTreeMap<String, Option<Place>>) {
    match value {
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str);
            if let (Some(cluster), Some(uri)) = (text("cluster"), text("uri")) {
                let known = clusters.entry(cluster.to_owned()).or_default();
                *known = known.take().or_else(|| place(uri));
            }
            let keys = members.get("key_clusters").and_then(Value::as_array);
            let keys = keys.into_iter().flatten().filter_map(Value::as_str);
            for cluster in text("jwks_cluster").into_iter().chain(keys) {
                clusters.entry(cluster.to_owned()).or_default();
            }
            members.values().for_each(|value| collect(value, clusters));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, clusters)),
        _ => {}
    }
}

fn place(uri: &str) -> Option<Place> {
    let (tls, rest) = match uri.strip_prefix("https://") {
        Some(rest) => (true, rest),
        None => (false, uri.strip_prefix("http://")?),
    };
    let authority = rest.split(['/', '?']).next()?;
    let port = if tls { 443 } else { 80 };
    let address = authority.parse().or_else(|_| format!("{authority}:{port}").parse()).ok()?;
    Some(Place { address, tls })
}

/// The application's cluster.
pub(super) fn application(name: &str, address: &Address) -> String {
    cluster(name, &Place { address: address.clone(), tls: false }, "")
}

/// A cluster that leads to a place, whose certificate one of `roots` (a quoted
/// file name) vouches for; to one that isn't known it leads nowhere,
/// and says so.
pub(super) fn fetching(name: &str, place: Option<&Place>, roots: &str) -> String {
    match place {
        Some(place) => cluster(name, place, roots),
        None => {
            let nowhere = Address { host: "127.0.0.1".into(), port: 9 };
            let decide =
                "    # DECIDE: the document doesn't say where this leads. Nobody answers here.\n";
            format!("{decide}{}", cluster(name, &Place { address: nowhere, tls: false }, roots))
        }
    }
}

fn cluster(name: &str, place: &Place, roots: &str) -> String {
    let Place { address, tls } = place;
    let kind = if address.is_ip() { "STATIC" } else { "STRICT_DNS" };
    let socket = address.socket_address();
    let name = Value::from(name);
    let mut text = format!(
        "    - name: {name}
      type: {kind}
      connect_timeout: 1s
      load_assignment:
        cluster_name: {name}
        endpoints:
          - lb_endpoints:
              - endpoint: {{address: {{socket_address: {socket}}}}}
"
    );
    if *tls {
        let host = &address.host;
        let (sni, kind) = if address.is_ip() {
            (String::new(), "IP_ADDRESS")
        } else {
            (format!("          sni: {host}\n"), "DNS")
        };
        // A String takes whatever is written to it.
        let _ = write!(
            text,
            "      # Whoever could answer in its place could sign for anybody, so its name is checked.
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
{sni}          common_tls_context:
            validation_context:
              trusted_ca: {{filename: {roots}}}
              match_typed_subject_alt_names:
                - {{san_type: {kind}, matcher: {{exact: \"{host}\"}}}}
"
        );
    }
    text
}
