//! What a document asks of the proxy around it.

use std::collections::BTreeSet;

use serde_json::Value;

/// Headers that carry identity where the document doesn't say otherwise.
const HEADERS: [(&str, &str); 7] = [
    ("tenant", "x-tenant-id"),
    ("subject", "x-user-id"),
    ("client", "x-client-id"),
    ("key", "x-key-id"),
    ("roles", "x-roles"),
    ("scopes", "x-scopes"),
    ("method", "x-auth-method"),
];

/// Members whose own members are names of others' making.
const FOREIGN: [&str; 5] = ["claim_values", "upstream", "replies", "roles", "jwks"];

/// A place of a document: `tenants[0].ip`.
pub(super) type Path = String;

/// The names of headers that carry identity or tenancy. One that is turned off
/// is one still: the guard removes it.
pub(super) fn identity_headers(document: &Value) -> BTreeSet<String> {
    let set = HEADERS.iter().map(|(field, name)| {
        get(document, &["upstream", "headers", field]).as_str().unwrap_or(name)
    });
    let asserted = get(document, &["tenancy", "header"]).as_str().unwrap_or("x-tenant-id");
    let claims = get(document, &["upstream", "claims"])
        .as_object()
        .into_iter()
        .flat_map(|claims| claims.values());
    let claims = claims.filter_map(Value::as_str);
    set.chain(claims)
        .chain(get(document, &["upstream", "payload"]).as_str())
        .chain([asserted])
        .map(str::to_ascii_lowercase)
        .collect()
}

/// Where the client's address decides something.
pub(super) fn addresses(document: &Value) -> Option<Path> {
    let mut found = None;
    visit(document, &mut String::new(), &mut |path, name, value| {
        let decides = match name {
            "ip" => value.as_array().is_some_and(|rules| rules.iter().any(|rule| rule != "*")),
            "failures" => path == "failures" && value.is_object(),
            _ => false,
        };
        if decides && found.is_none() {
            found = Some(path.to_owned());
        }
    });
    found.or_else(|| trusted_peers(document))
}

/// Where a tenant header is believed by the address of the direct peer.
pub(super) fn trusted_peers(document: &Value) -> Option<Path> {
    let mut found = None;
    visit(document, &mut String::new(), &mut |path, name, value| {
        if name == "trust_header" && value.is_array() && found.is_none() {
            found = Some(path.to_owned());
        }
    });
    found
}

/// Where requests are counted by one proxy alone.
pub(super) fn local_limits(document: &Value) -> Option<Path> {
    if get(document, &["limits", "store"]).is_object() {
        return None;
    }
    let mut found = None;
    visit(document, &mut String::new(), &mut |path, name, value| {
        let counts = match name {
            "limits" if path == "limits" => false,
            "limits" => value.get("requests").is_some() || value.get("actions").is_some(),
            "failures" => path == "failures" && value.is_object(),
            "tier" => path.contains("issuers") && !value.is_null(),
            _ => false,
        };
        if counts && found.is_none() {
            found = Some(path.to_owned());
        }
    });
    found
}

/// The clusters that keys and tenants come from, with where they are named.
pub(super) fn clusters(document: &Value) -> Vec<(Path, String)> {
    let mut found = Vec::new();
    visit(document, &mut String::new(), &mut |path, name, value| {
        if !["jwks_uri", "discovery", "directory"].contains(&name) {
            return;
        }
        for field in ["cluster", "jwks_cluster"] {
            if let Some(cluster) = get(value, &[field]).as_str() {
                found.push((format!("{path}.{field}"), cluster.to_owned()));
            }
        }
        for (index, cluster) in
            get(value, &["key_clusters"]).as_array().into_iter().flatten().enumerate()
        {
            if let Some(cluster) = cluster.as_str() {
                found.push((format!("{path}.key_clusters[{index}]"), cluster.to_owned()));
            }
        }
    });
    found
}

/// Whether such characters of paths are taken as they are.
pub(super) fn keeps(document: &Value, what: &str) -> bool {
    get(document, &["paths", what]) == "keep"
}

/// Whether some route is public.
pub(super) fn has_public_routes(document: &Value) -> bool {
    let routes = get(document, &["routes"]).as_array();
    routes.into_iter().flatten().any(|route| get(route, &["auth"]) == "none")
}

/// Whether some refusals aren't carried out.
pub(super) fn has_shadow(document: &Value) -> bool {
    let is_on = |value: &Value| value == &Value::Bool(true) || value == "untouched";
    let routes = get(document, &["routes"]).as_array();
    is_on(get(document, &["shadow"]))
        || routes.into_iter().flatten().any(|route| is_on(get(route, &["shadow"])))
}

/// Where a variable is read.
pub(super) fn variable(document: &Value, variable: &str) -> Path {
    let mut found = String::new();
    visit(document, &mut String::new(), &mut |path, name, value| {
        if name == "env" && value == variable && found.is_empty() {
            path.clone_into(&mut found);
        }
    });
    found
}

/// A member of a member and so on; null where it isn't there.
fn get<'v>(value: &'v Value, names: &[&str]) -> &'v Value {
    let found = names.iter().try_fold(value, |value, name| value.get(name));
    found.unwrap_or(&Value::Null)
}

/// Tells every member with its path.
fn visit(value: &Value, path: &mut String, tell: &mut impl FnMut(&str, &str, &Value)) {
    let length = path.len();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if length > 0 {
                    path.push('.');
                }
                path.push_str(name);
                tell(path, name, member);
                if !FOREIGN.contains(&name.as_str()) {
                    visit(member, path, tell);
                }
                path.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push_str(&format!("[{index}]"));
                visit(item, path, tell);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tenant_guard::{Headers, Shape, Timestamp};

    use super::*;
    use crate::environment::Variables;
    use crate::host::OfflineHost;

    fn fields(shape: &Shape) -> Vec<(&'static str, &Shape)> {
        let Shape::Object(object) = shape else { panic!("no object: {shape:?}") };
        object.fields.iter().map(|field| (field.name, &field.shape)).collect()
    }

    fn field<'s>(shape: &'s Shape, name: &str) -> &'s Shape {
        fields(shape).into_iter().find(|(known, _)| *known == name).expect("it is there").1
    }

    #[test]
    fn every_header_that_carries_identity_by_default_is_known() {
        let document = Shape::of_document();
        let headers = fields(field(field(&document, "upstream"), "headers"));
        let known: BTreeSet<&str> = HEADERS.into_iter().map(|(field, _)| field).collect();
        assert_eq!(headers.into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>(), known);
        let guard = tenant_guard::load(b"{\"version\": 1}", &Variables::default()).unwrap().guard;
        let names = identity_headers(&json!({}));
        let sent = names.iter().map(|name| (name.as_bytes(), &b"x"[..]));
        let target = [(":method", "GET"), (":path", "/"), (":authority", "a.example")];
        let target = target.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let headers = Headers::new(target.chain(sent).collect());
        let host = OfflineHost::new(Timestamp::from_seconds(1e9).unwrap(), None, None);
        let stripped = guard.explain(&headers, &host).stripped;
        assert_eq!(stripped.into_iter().collect::<BTreeSet<_>>(), names);
    }
}
