//! What a document that doesn't say means.

use super::*;
use crate::Guard;
use crate::audit::{AuditLevel, AuditLog};
use crate::credential::{Both, Location, Mode};
use crate::request::path::Lenience;
use crate::route::Shadow;
use crate::tenant::{IdFormat, Trust, Unlisted};

fn guard(document: &Value) -> Guard {
    try_load(document).unwrap().guard
}

fn locations(guard: &Guard) -> Vec<&Location> {
    guard.sources.locations().collect()
}

#[test]
fn every_default_is_what_it_is_said_to_be() {
    let keys = json!([{"id": "k", "sha256": digest(1)}]);
    let guard = guard(&with(small(), "/api_keys/keys", keys));
    assert_eq!(guard.revision(), None);
    assert_eq!(
        locations(&guard),
        [&Location::Header("authorization".into()), &Location::Header("x-api-key".into())]
    );
    assert_eq!(guard.jwt.max_token_bytes, 16_384);
    assert_eq!((guard.cache_entries, guard.cache_bytes), (10_000, 16 << 20));
    assert_eq!((guard.tenancy.rules.strict, &guard.tenancy.rules.trust), (true, &Trust::Never));
    assert_eq!(guard.tenancy.assertions.header, "x-tenant-id");
    assert!(guard.tenancy.assertions.places.is_empty());
    assert_eq!(guard.tenancy.reserved.as_str(), "default");
    assert_eq!(guard.tenancy.format, IdFormat::Any);
    assert_eq!(guard.tenancy.unknown, Unlisted::Allow);
    assert_eq!(guard.tenancy.unknown_clients, Unlisted::Allow);
    let names = &guard.upstream.names;
    let told = [
        &names.tenant,
        &names.subject,
        &names.client,
        &names.key,
        &names.roles,
        &names.scopes,
        &names.method,
    ];
    let expected = [
        "x-tenant-id",
        "x-user-id",
        "x-client-id",
        "x-key-id",
        "x-roles",
        "x-scopes",
        "x-auth-method",
    ];
    assert_eq!(told.map(|name| name.as_deref().unwrap()), expected);
    assert_eq!((guard.upstream.payload.as_deref(), guard.upstream.claims.len()), (None, 0));
    assert!(!guard.upstream.forward_credentials);
    assert_eq!((guard.replies.realm.as_str(), guard.replies.type_base.as_str()), ("api", ""));
    assert!(guard.replies.status.is_empty() && guard.replies.details.is_empty());
    assert_eq!(guard.replies.resource_metadata, None);
    assert_eq!(guard.paths.encoded_slashes, Lenience::Refuse);
    assert_eq!(guard.paths.empty_segments, Lenience::Refuse);
    assert_eq!(guard.paths.parameters, Lenience::Refuse);
    assert_eq!(guard.shadow, Shadow::Off);
    let audit = guard.audit();
    assert_eq!(
        (audit.log, audit.level, audit.max_per_second),
        (AuditLog::Denied, AuditLevel::Warn, 100)
    );
    for header in [
        "x-original-url",
        "x-rewrite-url",
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
    ] {
        assert!(guard.upstream.stripped.contains(header.as_bytes()), "{header}");
    }
}

#[test]
fn unlisted_tenants_are_refused_where_some_are_listed() {
    let unknown = |document: Value| guard(&document).tenancy.unknown;
    assert_eq!(unknown(small()), Unlisted::Allow);
    assert_eq!(unknown(with(small(), "/tenants", json!([]))), Unlisted::Deny);
    let listed = with(small(), "/tenants", json!([{"id": "acme"}]));
    assert_eq!(unknown(listed.clone()), Unlisted::Deny);
    assert_eq!(unknown(with(listed, "/tenancy/unknown", json!("allow"))), Unlisted::Allow);
    assert_eq!(unknown(with(small(), "/tenancy/unknown", json!("deny"))), Unlisted::Deny);
}

#[test]
fn a_tenant_that_does_not_say_starts_as_configured() {
    let active = |document: &Value, id: &str| {
        let guard = guard(document);
        let name = guard.tenancy.name(id).unwrap();
        guard.tenancy.directory.get(&name).unwrap().active
    };
    let listed = json!([{"id": "a"}, {"id": "b", "active": true}, {"id": "c", "active": false}]);
    let document = with(small(), "/tenants", listed);
    assert_eq!(["a", "b", "c"].map(|id| active(&document, id)), [true, true, false]);
    let document = with(document, "/tenancy/start", json!("inactive"));
    assert_eq!(["a", "b", "c"].map(|id| active(&document, id)), [false, true, false]);
}

#[test]
fn maps_merge_null_turns_off_and_lists_replace() {
    let headers = json!({"tenant": "X-Org", "roles": null});
    let merged = guard(&with(small(), "/upstream/headers", headers));
    let names = &merged.upstream.names;
    assert_eq!(names.tenant.as_deref(), Some("x-org"));
    assert_eq!(names.roles, None);
    assert_eq!(names.subject.as_deref(), Some("x-user-id"));
    // A header that is turned off is still removed, and so is the one in which
    // tenants are asserted.
    assert!(merged.upstream.stripped.contains(b"x-roles"), "a client may not send it");
    assert!(merged.upstream.stripped.contains(b"x-tenant-id"));
    assert!(merged.upstream.stripped.contains(b"X_Org"));

    let replaced = guard(&with(small(), "/jwt/from", json!([{"cookie": "session"}])));
    assert_eq!(locations(&replaced), [&Location::Cookie("session".into())]);
    let audit = guard(&with(small(), "/audit", json!({"log": "all"}))).audit();
    assert_eq!(
        (audit.log, audit.level, audit.max_per_second),
        (AuditLog::All, AuditLevel::Warn, 100)
    );
}

#[test]
fn only_sources_of_configured_kinds_are_read() {
    assert_eq!(locations(&guard(&small())), [&Location::Header("authorization".into())]);
    let keys = json!({"version": 1, "api_keys": {"keys": [{"id": "k", "sha256": digest(1)}]}});
    assert_eq!(locations(&guard(&keys)), [&Location::Header("x-api-key".into())]);
}

#[test]
fn modes_are_the_document_s_unless_a_route_says() {
    let document = with(small(), "/mode", json!("jwt_then_api_key"));
    let document = with(document, "/both", json!("agree"));
    let route = json!([
        {"match": {"path": "/a"}},
        {"match": {"path": "/b"}, "mode": "api_key"},
        {"match": {"path": "/c"}, "mode": "either", "shadow": true},
    ]);
    let guard = guard(&with(document, "/routes", route));
    let described = format!("{:?}", guard.routes);
    for (path, mode) in [
        ("/a", Mode::JwtThenApiKey),
        ("/b", Mode::ApiKey),
        ("/c", Mode::Either(Both::Agree)),
        ("/unmatched", Mode::JwtThenApiKey),
    ] {
        let pairs: [(&[u8], &[u8]); 3] =
            [(b":path", path.as_bytes()), (b":method", b"GET"), (b":authority", b"a.example")];
        let headers = crate::Headers::new(pairs.to_vec());
        let target = crate::request::Target::read(&headers, guard.paths).unwrap();
        let rules = guard.routes.find(&target).unwrap().unwrap();
        assert_eq!(rules.mode, mode, "{path} {described}");
        assert_eq!(rules.shadow == Shadow::On, path == "/c");
        assert_eq!(rules.auth, crate::route::Auth::Required);
    }
}
