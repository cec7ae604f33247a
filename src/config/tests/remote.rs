//! Where documents live that are fetched: `jwks_uri`, `discovery`, `directory`.

use super::*;
use crate::remote::{Source, Timing};

const URI: &str = "https://idp.example/jwks";
const OTHER_URI: &str = "https://idp.example/.well-known/openid-configuration";

/// A document whose one issuer has its keys there.
fn keys(keys: Value) -> Value {
    with(small(), "/jwt/issuers/0/keys", keys)
}

fn directory(fields: Value) -> Value {
    let mut directory = json!({"cluster": "cp", "uri": "https://cp.example/tenants"});
    for (name, value) in fields.as_object().unwrap() {
        directory[name] = value.clone();
    }
    let document = with(small(), "/directory", directory);
    with(document, "/jwt/issuers/0/tenant/any_tenant", json!(true))
}

/// Each place that something may be fetched from, without its own fields.
fn places_to_fetch_from() -> [(&'static str, &'static str, Value); 3] {
    [
        (
            "/jwt/issuers/0/keys/jwks_uri",
            "jwt.issuers[0].keys.jwks_uri",
            keys(json!({"jwks_uri": {"cluster": "idp", "uri": URI}})),
        ),
        (
            "/jwt/issuers/0/keys/discovery",
            "jwt.issuers[0].keys.discovery",
            keys(json!({"discovery": {"cluster": "idp", "uri": OTHER_URI}})),
        ),
        ("/directory", "directory", directory(json!({}))),
    ]
}

fn sources(document: &Value) -> Vec<Source> {
    try_load(document).unwrap().guard.sources()
}

#[test]
fn times_have_defaults() {
    for ((_, path, document), refresh) in places_to_fetch_from().into_iter().zip([300., 300., 10.])
    {
        let sources = sources(&document);
        let timing = Timing { refresh, timeout: 2.0, max_stale: 86_400.0, cooldown: 30.0 };
        assert_eq!(sources.iter().map(|s| s.timing).collect::<Vec<_>>(), [timing], "{path}");
        let most = if path == "directory" { 64 << 20 } else { 64 << 10 };
        assert_eq!(sources[0].max_bytes, most, "{path}");
    }
}

#[test]
fn times_are_bounded() {
    for (pointer, path, document) in places_to_fetch_from() {
        for (field, fine, bad, piece) in [
            ("refresh", vec!["100ms", "1d"], vec!["0s", "99ms", "366d"], "from 100ms to 365d"),
            ("timeout", vec!["10ms", "60s"], vec!["0s", "9ms", "61s", "2m"], "from 10ms to 60s"),
            ("max_stale", vec!["365d"], vec!["0s", "99ms", "366d"], "from 100ms to 365d"),
            ("cooldown", vec!["0s", "365d"], vec!["366d"], "at most 365d"),
        ] {
            let at = |value: Value| with(document.clone(), &format!("{pointer}/{field}"), value);
            for value in fine {
                assert_eq!(accepted(&at(json!(value))), [], "{path}.{field} {value}");
            }
            for value in bad {
                refused(&at(json!(value)), &format!("{path}.{field}"), piece);
            }
            for wrong in [json!(5), json!("5"), json!("-1s"), Value::Null] {
                refused(&at(wrong), &format!("{path}.{field}"), "a duration");
            }
        }
        let stale = with(document, &format!("{pointer}/max_stale"), json!("5s"));
        refused(&stale, path, "max_stale is shorter than refresh");
        let soon = with(stale, &format!("{pointer}/refresh"), json!("5s"));
        assert_eq!(accepted(&soon), []);
    }
}

#[test]
fn a_place_has_a_cluster_and_a_uri() {
    for (pointer, path, document) in places_to_fetch_from() {
        for field in ["cluster", "uri"] {
            let at = format!("{path}.{field}");
            refused(&without(document.clone(), &format!("{pointer}/{field}")), &at, "is required");
            let with = |value: Value| with(document.clone(), &format!("{pointer}/{field}"), value);
            refused(&with(json!("")), &at, "not be empty");
        }
        let with = |uri: &str| with(document.clone(), &format!("{pointer}/uri"), json!(uri));
        for (uri, piece) in [
            ("idp.example/jwks", "absolute URI"),
            ("/jwks", "absolute URI"),
            ("ftp://idp.example/", "https://"),
            ("https://user:MARKER@idp.example/", "no user or password"),
            ("https://idp.example/#x", "no fragment"),
            ("https://idp.example/a b", "absolute URI"),
            ("http://idp.example/", "must be https"),
            ("HTTP://idp.example/", "must be https"),
        ] {
            refused(&with(uri), &format!("{path}.uri"), piece);
        }
    }
}

#[test]
fn http_is_for_development() {
    for (pointer, path, document) in places_to_fetch_from() {
        let insecure = with(document, &format!("{pointer}/uri"), json!("http://idp.example/x"));
        let development = with(insecure, "/environment", json!("development"));
        assert_eq!(accepted(&development), [], "{path}");
    }
}

#[test]
fn an_issuer_s_keys_are_in_one_place_beside_those_of_the_document() {
    let uri = json!({"cluster": "idp", "uri": URI});
    let discovery = json!({"cluster": "idp", "uri": OTHER_URI});
    let both = keys(json!({"jwks_uri": uri, "discovery": discovery}));
    refused(&both, "jwt.issuers[0].keys", "jwks_uri or discovery, not both");
    refused(&keys(json!({})), "jwt.issuers[0].keys", "names no keys");
    let seed =
        json!({"jwks": jwks(&[&Key::new(Alg::ES256, "k1")]), "jwks_uri": uri, "secret": SECRET});
    assert_eq!(accepted(&keys(seed)), []);
    // Which algorithms its keys are for isn't known before.
    let named = |algorithms: Value| {
        let document = keys(json!({"jwks_uri": uri}));
        with(document, "/jwt/issuers/0/algorithms", algorithms)
    };
    assert_eq!(accepted(&named(json!(["RS256", "EdDSA"]))), []);
    refused(&named(json!(["HS256"])), "jwt.issuers[0].keys", "no key for HS256");
}

#[test]
fn discovery_is_of_an_issuer_with_a_name() {
    let discovery = json!({"discovery": {"cluster": "idp", "uri": OTHER_URI}});
    let nameless = |keys: Value| {
        let document = with(small(), "/environment", json!("development"));
        let document = with(document, "/jwt/issuers/0/keys", keys);
        with(document, "/jwt/issuers/0/issuer", json!("none"))
    };
    refused(&nameless(discovery), "jwt.issuers[0].keys.discovery", "issuer is none");
    let uri = json!({"jwks_uri": {"cluster": "idp", "uri": URI}});
    assert_eq!(accepted(&nameless(uri.clone())), []);
    let elsewhere = with(keys(uri), "/jwt/issuers/0/keys/jwks_uri/jwks_cluster", json!("x"));
    let at = "jwt.issuers[0].keys.jwks_uri.jwks_cluster";
    refused(&elsewhere, at, "unknown field");
}

#[test]
fn request_headers_are_headers_of_the_operator_s_own() {
    let headers = |value: Value| directory(json!({"headers": value}));
    for (name, piece) in [
        ("", "not be empty"),
        (":path", "pseudo-header"),
        ("host", "framing"),
        ("Content-Length", "framing"),
        ("connection", "framing"),
        ("x-forwarded-for", "of the proxy itself"),
        ("x-envoy-original-path", "of the proxy itself"),
        ("a b", "no header name"),
        ("caf\u{e9}", "no header name"),
        ("a\r\nb", "no header name"),
    ] {
        let path = format!("directory.headers.{name}");
        refused(&headers(json!({name: "MARKER"})), &path, piece);
    }
    for value in ["MARKER\r\nx: y", "MARKER\0", "MARKER caf\u{e9}", "\t"] {
        refused(&headers(json!({"x-a": value})), "directory.headers.x-a", "visible ASCII");
    }
    refused(&headers(json!({"x-a": ""})), "directory.headers.x-a", "not be empty");
    let unset = headers(json!({"x-a": {"env": "UNSET"}}));
    refused(&unset, "directory.headers.x-a", "UNSET is not set");
    let empty = headers(json!({"x-a": {"env": "EMPTY"}}));
    refused(&empty, "directory.headers.x-a", "EMPTY is not set");
    for twice in ["X-A", "x_a", "X.a"] {
        let document = headers(json!({"x-a": "MARKER 1", twice: "MARKER 2"}));
        refused(&document, "directory.headers", "twice");
    }
    let fine = headers(json!({"Authorization": {"env": "SECRET"}, "x-a": "MARKER b"}));
    assert_eq!(accepted(&fine), []);
    let source = sources(&fine).remove(0);
    assert!(source.headers.contains(&("authorization".into(), FROM_ENV.into())));
    assert!(source.headers.contains(&("x-a".into(), "MARKER b".into())));
    assert!(!format!("{source:?}").contains("MARKER"), "{source:?}");
    refused(&headers(json!(["x-a"])), "directory.headers", "an object");
}

#[test]
fn a_directory_may_be_of_any_size_but_none() {
    for (size, most) in [(json!(1), 1), (json!("1KiB"), 1024), (json!(5.0), 5)] {
        assert_eq!(sources(&directory(json!({"max_bytes": size})))[0].max_bytes, most);
    }
    for (size, piece) in [(json!(0), "at least 1"), (json!(-1), "whole"), (json!("1MB"), "MiB")] {
        refused(&directory(json!({"max_bytes": size})), "directory.max_bytes", piece);
    }
}

#[test]
fn clusters_of_tenants_keys_are_names() {
    let clusters = |value: Value| directory(json!({"key_clusters": value}));
    assert_eq!(accepted(&clusters(json!([]))), []);
    refused(&clusters(json!("idp")), "directory.key_clusters", "a list");
    refused(&clusters(json!([""])), "directory.key_clusters[0]", "not be empty");
    // The document itself may name any.
    let document = with(
        clusters(json!([])),
        "/jwt/issuers/0/keys/jwks_uri",
        json!({"cluster": "elsewhere", "uri": URI}),
    );
    assert_eq!(accepted(&document), []);
}

#[test]
fn a_directory_binds_callers_so_tenancy_is_strict() {
    let lax = with(directory(json!({})), "/tenancy", json!({"strict": false}));
    refused(&lax, "tenancy.strict", "must be true");
    let loose = with(
        directory(json!({})),
        "/routes",
        json!([{"match": {"path": "/**"}, "tenancy": {"strict": false, "trust_header": "any_peer"}}]),
    );
    assert_eq!(errors(&loose).len(), 1);
}

#[test]
fn with_a_directory_only_listed_tenants_are_known() {
    use crate::tenant::Unlisted;
    let unknown = |document: &Value| try_load(document).unwrap().guard.tenancy.unknown;
    assert_eq!(unknown(&small()), Unlisted::Allow);
    assert_eq!(unknown(&directory(json!({}))), Unlisted::Deny);
    let allowed = with(directory(json!({})), "/tenancy/unknown", json!("allow"));
    assert_eq!(unknown(&allowed), Unlisted::Allow);
}

/// A VM whose id is empty.
struct Nameless;

impl Environment for Nameless {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn vm_id(&self) -> Option<&str> {
        Some("")
    }
}

#[test]
fn what_is_fetched_is_shared_and_needs_a_vm_id_of_its_own() {
    for (_, path, document) in places_to_fetch_from() {
        let said = load(document.to_string().as_bytes(), &Nameless).unwrap_err();
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0].path, path);
        assert!(said[0].problem.contains("vm_config.vm_id"), "{}", said[0]);
    }
}

#[test]
fn issuers_of_two_tenants_may_share_a_name_but_not_where_their_keys_are() {
    let own = |uri: &str, cluster: &str| {
        let mut own = issuer("https://shared.example/", "unused");
        own["keys"] = json!({"jwks_uri": {"cluster": cluster, "uri": uri, "refresh": "1m"}});
        own
    };
    let document = |other: Value| {
        json!({"version": 1, "tenants": [
            {"id": "acme", "issuers": [own(URI, "idp")]},
            {"id": "globex", "issuers": [other]},
        ]})
    };
    for (uri, cluster) in [(OTHER_URI, "idp"), (URI, "idp-2")] {
        assert_eq!(accepted(&document(own(uri, cluster))), []);
    }
    let path = "tenants[1].issuers[0].keys";
    refused(&document(own(URI, "idp")), path, "shares its issuer and where its keys are");
    let mut often = own(URI, "idp");
    often["keys"]["jwks_uri"]["refresh"] = json!("2s");
    refused(&document(often), path, "shares its issuer and where its keys are");
    let mut secret = own(OTHER_URI, "idp");
    secret["keys"]["secret"] = json!(SECRET);
    refused(&document(secret), path, "needs a kid");
    let mut two = document(own(OTHER_URI, "idp"));
    two["jwt"] = json!({"issuers": [own(URI, "idp-2")]});
    two["jwt"]["issuers"][0]["tenant"] = json!({"fixed": "acme"});
    assert!(errors(&two).iter().any(|(_, problem)| problem.contains("is the issuer of")));
}

#[test]
fn of_one_place_for_two_issuers_the_stricter_times_count() {
    let own = |iss: &str, times: Value| {
        let mut own = issuer(iss, "unused");
        own["keys"] = json!({"jwks_uri": merge(json!({"cluster": "idp", "uri": URI}), times)});
        own["tenant"] = json!({"fixed": "acme"});
        own
    };
    let issuers = [
        own("https://a.example", json!({"refresh": "1m", "max_stale": "2h", "timeout": "1s"})),
        own("https://b.example", json!({"refresh": "2m", "max_stale": "1h", "timeout": "3s"})),
    ];
    let sources = sources(&json!({"version": 1, "jwt": {"issuers": issuers}}));
    let timing = Timing { refresh: 60.0, timeout: 3.0, max_stale: 3_600.0, cooldown: 30.0 };
    assert_eq!(sources.iter().map(|s| s.timing).collect::<Vec<_>>(), [timing]);
}

fn merge(mut base: Value, over: Value) -> Value {
    for (name, value) in over.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

#[test]
fn a_revocation_names_an_issuer_and_one_of_four() {
    let at = |entry: Value| with(small(), "/jwt/revoked", json!([entry]));
    for kind in ["subject", "client", "jti", "sid"] {
        assert_eq!(accepted(&at(json!({"issuer": "https://idp.example/", kind: "x"}))), []);
        refused(&at(json!({kind: "x"})), "jwt.revoked[0].issuer", "is required");
        let path = format!("jwt.revoked[0].{kind}");
        refused(&at(json!({"issuer": "i", kind: ""})), &path, "not be empty");
        refused(&at(json!({"issuer": "i", kind: 7})), &path, "must be text");
    }
    for (entry, path, piece) in [
        (json!({"issuer": "i"}), "jwt.revoked[0]", "one of subject, client, jti and sid"),
        (
            json!({"issuer": "i", "jti": "x", "sid": "y"}),
            "jwt.revoked[0]",
            "one of subject, client, jti and sid",
        ),
        (
            json!({"issuer": "i", "jti": "x", "issued_before": "yesterday"}),
            "jwt.revoked[0].issued_before",
            "RFC 3339",
        ),
        (json!({"issuer": "", "jti": "x"}), "jwt.revoked[0].issuer", "not be empty"),
        (json!("x"), "jwt.revoked[0]", "an object"),
    ] {
        refused(&at(entry), path, piece);
    }
    refused(&with(small(), "/jwt/revoked", json!({})), "jwt.revoked", "a list");
}

#[test]
fn a_revocation_for_an_issuer_that_isn_t_there_is_warned_of() {
    let revoked = json!([{"issuer": "idp", "jti": "x"}, {"issuer": "idp", "jti": "y"}]);
    let document = with(small(), "/jwt/revoked", revoked);
    let problem = "revokes nothing for idp, which is no issuer's name or iss";
    assert_eq!(accepted(&document), [("jwt.revoked".to_owned(), problem.to_owned())]);
    // A fetched tenant may have it.
    let directory = json!({"cluster": "cp", "uri": "https://cp.example/tenants"});
    assert_eq!(accepted(&with(document, "/directory", directory)), []);
}
