//! Names and types of fields.

use super::*;

/// Objects whose names are the operator's own, and keys, which hold whatever
/// their issuer puts there.
fn has_own_names(path: &str) -> bool {
    let last = path.rsplit(['.', ']']).next().unwrap_or_default();
    path.contains(".jwks")
        || path == "upstream.claims"
        || path.starts_with("replies.status")
        || path.starts_with("replies.details")
        || ["claim_values", "subjects"].contains(&last)
}

#[test]
fn the_full_document_loads_without_a_warning() {
    assert_eq!(accepted(&full()), []);
    assert_eq!(accepted(&small()), []);
}

#[test]
fn an_unknown_field_is_refused_in_every_object() {
    let full = full();
    let mut objects = vec![(String::new(), String::new())];
    objects.extend(places(&full));
    let mut tried = 0;
    for (pointer, path) in objects {
        if !full.pointer(&pointer).unwrap().is_object() || has_own_names(&path) {
            continue;
        }
        let dot = if path.is_empty() { "" } else { "." };
        let document = with(full.clone(), &format!("{pointer}/qqqqqq"), json!(1));
        refused(&document, &format!("{path}{dot}qqqqqq"), "unknown field; the fields here are: ");
        tried += 1;
    }
    assert!(tried > 40, "only {tried} objects");
}

#[test]
fn a_misspelt_field_is_told_the_right_name_everywhere() {
    let full = full();
    let mut tried = 0;
    for (pointer, path) in places(&full) {
        let (up, name) = pointer.rsplit_once('/').unwrap();
        let up_path = path.strip_suffix(name).unwrap_or_default();
        if up_path.is_empty() && !up.is_empty() || has_own_names(up_path.trim_end_matches('.')) {
            continue;
        }
        if full.pointer(up).unwrap().is_array() || name.len() < 4 {
            continue;
        }
        let wrong = format!("{name}{}", name.chars().last().unwrap());
        let document = with(full.clone(), &format!("{up}/{wrong}"), json!(1));
        let problem = format!("did you mean {name}?");
        refused(&document, &format!("{up_path}{wrong}"), &problem);
        tried += 1;
    }
    assert!(tried > 80, "only {tried} fields");
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
    let full = full();
    let mut tried = 0;
    for (pointer, path) in places(&full) {
        let ignored = [".x", ".y", ".kty", ".crv", ".alg", ".use", ".kid"];
        if path.contains(".jwks.keys[") && !ignored.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let wrong = match full.pointer(&pointer).unwrap() {
            Value::Bool(_) if path.contains("claim_values") => json!({}),
            _ if path.contains("claim_values.token_use[") => json!([]),
            Value::Bool(_) => json!(7),
            _ => json!(true),
        };
        let document = with(full.clone(), &pointer, wrong);
        let said = errors(&document);
        assert_eq!(said.len(), 1, "{path}: {said:#?}");
        // A key set that is no key set is named itself.
        let at = if path.ends_with(".jwks.keys") { path.trim_end_matches(".keys") } else { &path };
        assert_eq!(said[0].0, blamed(at), "{said:?}");
        tried += 1;
    }
    assert!(tried > 150, "only {tried} places");
}

#[test]
fn null_is_an_error_but_where_it_turns_a_default_off() {
    let full = full();
    for (pointer, path) in places(&full) {
        let inside_a_key = path.contains(".jwks.keys[") && path.contains("].");
        let default = path.starts_with("upstream.headers.")
            || [".claims.subject", ".claims.client", ".claims.roles", ".claims.scopes"]
                .iter()
                .any(|end| path.ends_with(end));
        if inside_a_key {
            continue;
        }
        let document = with(full.clone(), &pointer, Value::Null);
        if default {
            assert_eq!(accepted(&document), [], "{path}");
        } else {
            let at =
                if path.ends_with(".jwks.keys") { path.trim_end_matches(".keys") } else { &path };
            let said = errors(&document);
            assert!(said.iter().any(|(place, _)| place == at), "{path}: {said:?}");
        }
    }
}

#[test]
fn what_this_version_lacks_is_refused_rather_than_ignored() {
    for (pointer, path) in [
        ("/directory", "directory"),
        ("/jwt/revoked", "jwt.revoked"),
        ("/jwt/issuers/0/keys/jwks_uri", "jwt.issuers[0].keys.jwks_uri"),
        ("/jwt/issuers/0/keys/discovery", "jwt.issuers[0].keys.discovery"),
        ("/tenants/0/tokens_not_before", "tenants[0].tokens_not_before"),
    ] {
        for value in [json!({}), json!([]), json!("x"), Value::Null] {
            refused(&with(full(), pointer, value), path, "not supported yet");
        }
    }
    let service = json!({"service": {"cluster": "ratelimit"}});
    refused(
        &with(full(), "/limits", json!({"store": service})),
        "limits.store",
        "not supported yet",
    );
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
        "routes[3].match.methods[0]",
        "upstream.strip[0]",
    ] {
        assert!(paths.iter().any(|known| known == path), "{path} is not among {paths:#?}");
    }
}
