//! Names and types of fields.

use super::*;

/// Objects whose names are the operator's own, and keys, which hold whatever
/// their issuer puts there.
fn has_own_names(path: &str) -> bool {
    let last = path.rsplit(['.', ']']).next().unwrap_or_default();
    path.contains(".jwks")
        || ["upstream.claims", "roles", "limits.tiers", "directory.headers"].contains(&path)
        || path.starts_with("replies.status")
        || path.starts_with("replies.details")
        || ["claim_values", "subjects", "actions"].contains(&last)
}

#[test]
fn the_full_document_loads_without_a_warning() {
    assert_eq!(accepted(&full()), []);
    assert_eq!(accepted(&small()), []);
    warned(&in_development(), "dev_headers", "lets every caller say who it is");
}

/// Every place of the documents that say everything: the document, the place
/// as a JSON pointer and as messages name it.
fn all_places() -> Vec<(Value, String, String)> {
    let documents = [full(), in_development()].into_iter();
    let places = documents.flat_map(|document| {
        let root = (String::new(), String::new());
        let places: Vec<_> = [root].into_iter().chain(places(&document)).collect();
        places.into_iter().map(move |(pointer, path)| (document.clone(), pointer, path))
    });
    places.collect()
}

#[test]
fn an_unknown_field_is_refused_in_every_object() {
    let mut tried = 0;
    for (document, pointer, path) in all_places() {
        if !document.pointer(&pointer).unwrap().is_object() || has_own_names(&path) {
            continue;
        }
        let dot = if path.is_empty() { "" } else { "." };
        let document = with(document, &format!("{pointer}/qqqqqq"), json!(1));
        refused(&document, &format!("{path}{dot}qqqqqq"), "unknown field; the fields here are: ");
        tried += 1;
    }
    assert!(tried > 76, "only {tried} objects");
}

#[test]
fn fields_that_are_not_there_yet_are_not_offered() {
    let document = with(full(), "/tenants/0/keys", json!([]));
    let problem = "unknown field; the fields here are: id, aliases, active, tokens_not_before, ip, scopes, roles, limits, issuers, clients";
    refused(&document, "tenants[0].keys", problem);
}

#[test]
fn a_misspelt_field_is_told_the_right_name_everywhere() {
    let mut tried = 0;
    for (document, pointer, path) in all_places() {
        let (up, name) = pointer.rsplit_once('/').unwrap_or_default();
        let up_path = path.strip_suffix(name).unwrap_or_default();
        if up_path.is_empty() && !up.is_empty() || has_own_names(up_path.trim_end_matches('.')) {
            continue;
        }
        if document.pointer(up).unwrap().is_array() || name.len() < 4 {
            continue;
        }
        let wrong = format!("{name}{}", name.chars().last().unwrap());
        let document = with(document, &format!("{up}/{wrong}"), json!(1));
        let problem = format!("did you mean {name}?");
        refused(&document, &format!("{up_path}{wrong}"), &problem);
        tried += 1;
    }
    assert!(tried > 165, "only {tried} fields");
    let full = full();
    for (pointer, path, meant) in [
        ("/jwt/issuers/0/audience", "jwt.issuers[0].audience", "audiences"),
        ("/jwt/issuers/0/isuer", "jwt.issuers[0].isuer", "issuer"),
        ("/route", "route", "routes"),
        ("/tenancy/Strict", "tenancy.Strict", "strict"),
        ("/apikeys", "apikeys", "api_keys"),
    ] {
        refused(&with(full.clone(), pointer, json!(1)), path, &format!("did you mean {meant}?"));
    }
}

/// Where a message of a wrong value at this place is: a key is refused whole.
fn blamed(path: &str) -> &str {
    match path.find(".jwks.keys[") {
        Some(at) => {
            let end = path.get(at..).and_then(|rest| rest.find(']')).unwrap();
            path.get(..=at + end).unwrap()
        }
        None => path,
    }
}

#[test]
fn a_value_of_the_wrong_type_is_refused_everywhere() {
    let mut tried = 0;
    for (document, pointer, path) in all_places() {
        let ignored = [".x", ".y", ".kty", ".crv", ".alg", ".use", ".kid"];
        let in_key = path.contains(".jwks.keys[");
        if path.is_empty() || in_key && !ignored.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let wrong = match document.pointer(&pointer).unwrap() {
            Value::Bool(_) if path.contains("claim_values") => json!({}),
            _ if path.contains("claim_values.token_use[") => json!([]),
            Value::Bool(_) => json!(7),
            _ => json!(true),
        };
        let said = errors(&with(document, &pointer, wrong));
        assert_eq!(said.len(), 1, "{path}: {said:#?}");
        // A key set that is no key set is named itself.
        let at = if path.ends_with(".jwks.keys") { path.trim_end_matches(".keys") } else { &path };
        assert_eq!(said[0].0, blamed(at), "{said:?}");
        tried += 1;
    }
    assert!(tried > 330, "only {tried} places");
}

/// Whether `null` says something here: that a default doesn't hold, or that an
/// action has no limit.
fn may_be_null(path: &str) -> bool {
    let (up, name) = path.rsplit_once('.').unwrap_or_default();
    let claims = ["subject", "client", "roles", "scopes", "tier"];
    let policies = ["ip", "scopes", "roles", "limits"];
    let tenants = ["tenants[0]", "tenancy.default"];
    up == "upstream.headers"
        || up.ends_with(".claims") && claims.contains(&name)
        || up.ends_with(".limits.actions")
        || tenants.contains(&up) && policies.contains(&name)
        || tenants.iter().any(|tenant| path == format!("{tenant}.limits.requests"))
}

#[test]
fn null_is_an_error_but_where_it_turns_something_off() {
    let mut off = 0;
    for (document, pointer, path) in all_places() {
        let inside_a_key = path.contains(".jwks.keys[") && path.contains("].");
        if inside_a_key || path.is_empty() {
            continue;
        }
        let document = with(document, &pointer, Value::Null);
        if may_be_null(&path) {
            assert_eq!(accepted(&document), [], "{path}");
            off += 1;
        } else {
            let at =
                if path.ends_with(".jwks.keys") { path.trim_end_matches(".keys") } else { &path };
            let said = errors(&document);
            assert!(said.iter().any(|(place, _)| place == at), "{path}: {said:?}");
        }
    }
    assert_eq!(off, 7 + 5 + 10 + 7);
}

#[test]
fn what_this_version_lacks_is_refused_rather_than_ignored() {
    let service = json!({"service": {"cluster": "ratelimit"}});
    refused(&with(full(), "/limits/store", service), "limits.store", "not supported yet");
}

#[test]
fn words_numbers_durations_and_sizes_are_told_what_they_must_be() {
    for (pointer, value, path, piece) in [
        ("/version", json!(2), "version", "must be 1"),
        ("/version", json!("1"), "version", "a whole number"),
        ("/version", json!(1.5), "version", "a whole number"),
        ("/environment", json!("prod"), "environment", "one of: production, development"),
        ("/mode", json!("both"), "mode", "either, jwt, api_key, jwt_then_api_key"),
        ("/both", json!("Agree"), "both", "refuse, agree"),
        ("/shadow", json!("yes"), "shadow", "true, false or untouched"),
        ("/routes_unmatched", json!("none"), "routes_unmatched", "deny, auth"),
        ("/cors_preflight", json!("block"), "cors_preflight", "deny"),
        ("/jwt/max_token_bytes", json!(-1), "jwt.max_token_bytes", "a whole number"),
        ("/jwt/cache_bytes", json!("16MB"), "jwt.cache_bytes", "KiB, MiB or GiB"),
        ("/jwt/cache_entries", json!(0.5), "jwt.cache_entries", "a whole number"),
        ("/jwt/issuers/0/clock_skew", json!("30"), "jwt.issuers[0].clock_skew", "a duration"),
        ("/jwt/issuers/0/clock_skew", json!(30), "jwt.issuers[0].clock_skew", "a duration"),
        ("/jwt/issuers/0/max_lifetime", json!("-1s"), "jwt.issuers[0].max_lifetime", "a duration"),
        ("/jwt/issuers/0/algorithms", json!(["none"]), "jwt.issuers[0].algorithms[0]", "RS, PS"),
        ("/jwt/issuers/0/algorithms", json!([]), "jwt.issuers[0].algorithms", "not be empty"),
        ("/jwt/issuers/0/audiences", json!([]), "jwt.issuers[0].audiences", "not be empty"),
        ("/jwt/issuers/0/audiences", json!([""]), "jwt.issuers[0].audiences[0]", "not be empty"),
        ("/jwt/issuers/0/name", json!(""), "jwt.issuers[0].name", "not be empty"),
        ("/jwt/from", json!([]), "jwt.from", "not be empty"),
        ("/tenancy/id_format", json!("UUID"), "tenancy.id_format", "any, slug, uuid"),
        ("/tenancy/unknown", json!(true), "tenancy.unknown", "allow, deny"),
        ("/tenancy/start", json!("on"), "tenancy.start", "active, inactive"),
        ("/tenancy/trust_header", json!("always"), "tenancy.trust_header", "any_peer, ignore"),
        ("/audit/level", json!("warning"), "audit.level", "warn, error"),
        ("/audit/log", json!("some"), "audit.log", "all, denied, none"),
        ("/paths/parameters", json!("drop"), "paths.parameters", "refuse, keep"),
        (
            "/replies/status/tenant_reserved",
            json!(200),
            "replies.status.tenant_reserved",
            "400 and 499",
        ),
        (
            "/replies/status/tenant_reserved",
            json!(503),
            "replies.status.tenant_reserved",
            "400 and 499",
        ),
        (
            "/replies/status/guard_unavailable",
            json!(403),
            "replies.status.guard_unavailable",
            "stays a 503",
        ),
        (
            "/replies/status/tenant_reserve",
            json!(400),
            "replies.status.tenant_reserve",
            "did you mean tenant_reserved?",
        ),
        (
            "/replies/details/nonsense_code",
            json!("x"),
            "replies.details.nonsense_code",
            "unknown code",
        ),
        ("/replies/realm", json!("a\"b"), "replies.realm", "printable ASCII"),
        (
            "/replies/resource_metadata",
            json!("a\nb"),
            "replies.resource_metadata",
            "printable ASCII",
        ),
    ] {
        refused(&with(full(), pointer, value), path, piece);
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let mut document = full();
    for (pointer, value) in [
        ("/version", json!(2)),
        ("/mod", json!("jwt")),
        ("/jwt/issuers/0/clock_skew", json!("soon")),
        ("/jwt/issuers/1/keys/jwks", json!({"keys": []})),
        ("/jwt/issuers/3/tenant/fixed", json!("Default")),
        ("/tenants/0/clients/0/keys/0/hmac_sha256", json!(digest(1))),
        ("/tenants/1/id", json!("acme")),
        ("/routes/2/issuers", json!(["nobody"])),
        ("/tenancy/trust_header", json!(["10.0.0.0/8", "10.0.0.1/8"])),
        ("/tenancy/default/ip", json!(["here"])),
        ("/tenant_defaults/limits/requests", json!(1000)),
        ("/tenants/0/limits/requests", json!("iron")),
        ("/tenants/0/issuers/0/roles", json!(["nobody"])),
        ("/tenants/0/clients/0/scopes", json!(["a b"])),
        ("/tenants/0/clients/0/keys/0/limits/actions/publish", json!("100/minute")),
        ("/routes/5/roles", json!(["viewer", "nobody"])),
        ("/super_admin/tenant", json!("default")),
        ("/failures/limit", json!("0/min")),
        ("/limits/headers", json!(["ratelimits"])),
        ("/routes/3/match/methods", json!(["get"])),
        ("/upstream/strip", json!(["host"])),
    ] {
        document = with(document, pointer, value);
    }
    let paths: Vec<String> = errors(&document).into_iter().map(|(path, _)| path).collect();
    for path in [
        "version",
        "mod",
        "jwt.issuers[0].clock_skew",
        "jwt.issuers[1].keys.jwks",
        "jwt.issuers[3].tenant.fixed",
        "tenants[0].clients[0].keys[0]",
        "tenants[1].id",
        "routes[2].issuers[0]",
        "tenancy.trust_header[1]",
        "tenancy.default.ip[0]",
        "tenant_defaults.limits.requests",
        "tenants[0].limits.requests",
        "tenants[0].issuers[0].roles[0]",
        "tenants[0].clients[0].scopes[0]",
        "tenants[0].clients[0].keys[0].limits.actions.publish",
        "routes[5].roles[1]",
        "super_admin.tenant",
        "failures.limit",
        "limits.headers[0]",
        "routes[3].match.methods[0]",
        "upstream.strip[0]",
    ] {
        assert!(paths.iter().any(|known| known == path), "{path} is not among {paths:#?}");
    }
    assert_eq!(paths.len(), 21, "{paths:#?}");
}
