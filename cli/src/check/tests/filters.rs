//! The filters around the guard.

use super::*;

#[test]
fn a_guard_without_a_backstop_is_warned_of() {
    let mark = "wasm.tenant_guard.decision";
    let gone = ENVOY.replace(mark, "wasm.other");
    assert_eq!(codes(&[&gone]), ["no-backstop"].into());
    assert_eq!(codes(&[&ISTIO.replace(mark, "wasm.other")]), ["no-backstop"].into());
    assert_eq!(codes(&[&GATEWAY.replace(mark, "wasm.other")]), ["no-backstop"].into());
    let (plugin, filter) = ISTIO.split_once("---").unwrap();
    assert_eq!(codes(&[plugin]), ["no-backstop"].into());
    assert_eq!(codes(&[plugin, filter]), BTreeSet::new());
}

#[test]
fn a_backstop_that_lets_more_through_is_warned_of() {
    let wrong: &[&str] = &["wrong-backstop"];
    becomes(ENVOY, "action: ALLOW", "action: DENY", wrong);
    becomes(ENVOY, "action: ALLOW", "action: LOG", wrong);
    becomes(ENVOY, "                        action: ALLOW\n", "", &[]);
    becomes(
        ENVOY,
        "                      rules:\n",
        "                      shadow_rules:\n",
        wrong,
    );
    becomes(
        ENVOY,
        "                      rules:\n",
        "                      matcher: {}\n                      rules:\n",
        wrong,
    );
    becomes(ENVOY, "exact: allow}}", "prefix: a}}", wrong);
    becomes(ENVOY, "exact: allow}}", "exact: anything}}", wrong);
    becomes(ENVOY, "exact: allow}}", "exact: shadow}}", wrong);
    let principal =
        "- filter_state: {key: wasm.tenant_guard.decision, string_match: {exact: public}}";
    becomes(
        ENVOY,
        principal,
        &format!("{principal}\n                              - any: true"),
        wrong,
    );
    becomes(ENVOY, principal, "", wrong);
    becomes(
        ENVOY,
        principal,
        "- {filter_state: {key: wasm.tenant_guard.decision, string_match: {safe_regex: {regex: ^(allow|public)$}}}}",
        &[],
    );
    becomes(
        ENVOY,
        principal,
        "- and_ids: {ids: [{any: true}, {filter_state: {key: wasm.tenant_guard.decision, string_match: {exact: public}}}]}",
        &[],
    );
    becomes(
        ENVOY,
        principal,
        "- or_ids: {ids: [{any: true}, {filter_state: {key: wasm.tenant_guard.decision, string_match: {exact: public}}}]}",
        wrong,
    );
    becomes(
        ENVOY,
        principal,
        "- not_id: {filter_state: {key: wasm.tenant_guard.decision, string_match: {exact: public}}}",
        wrong,
    );
    becomes(ENVOY, BACKSTOP, &format!("{BACKSTOP}                    disabled: true\n"), wrong);
    let between = "                  - {name: between, typed_config: {\"@type\": a/b.C}}\n";
    becomes(ENVOY, BACKSTOP, &format!("{between}{BACKSTOP}"), wrong);
}

#[test]
fn a_shadow_document_may_have_a_backstop_that_admits_shadow() {
    let shadow = edited(ENVOY, "\"version\": 1,", "\"version\": 1, \"shadow\": true,");
    let admits = edited(&shadow, "exact: public}}", "exact: shadow}}");
    let problems = found(&[&admits], None);
    assert!(problems.iter().all(|finding| !finding.mistake.problem.contains("admits `shadow`")));
}

#[test]
fn filters_that_believe_identity_headers_before_the_guard_are_warned_of() {
    let guard = "                  - name: tenant_guard\n";
    let before: &[&str] = &["identity-before-guard"];
    for (config, expected) in [
        ("{\"@type\": x/lua.v3.Lua, inline_code: 'h:get(\"X-Tenant-Id\")'}", before),
        (
            "{\"@type\": x/rbac.v3.RBAC, rules: {policies: {a: {principals: [{header: {name: x-user-id}}]}}}}",
            before,
        ),
        (
            "{\"@type\": x/ext_authz.v3.ExtAuthz, allowed_headers: {patterns: [{exact: x_roles}]}}",
            before,
        ),
        (
            "{\"@type\": x/header_mutation.v3.HeaderMutation, mutations: {request_mutations: [{remove: x-tenant-id}]}}",
            &[],
        ),
        ("{\"@type\": x/lua.v3.Lua, inline_code: 'h:get(\"x-tenant-id-other\")'}", &[]),
    ] {
        let filter =
            format!("                  - {{name: early, typed_config: {config}}}\n{guard}");
        becomes(ENVOY, guard, &filter, expected);
    }
    let document = edited(
        ENVOY,
        "\"version\": 1,",
        "\"version\": 1, \"upstream\": {\"headers\": {\"tenant\": \"x-org\"}},",
    );
    let filter = format!(
        "                  - {{name: early, typed_config: {{\"@type\": x/y.Z, header: x-org}}}}\n{guard}"
    );
    assert_eq!(codes(&[&edited(&document, guard, &filter)]), ["identity-before-guard"].into());
    assert_eq!(codes(&[&edited(ENVOY, guard, &filter)]), BTreeSet::new());
}

#[test]
fn rate_limits_of_routes_count_for_a_limiter_before_the_guard() {
    let limits = "route: {cluster: application, rate_limits: [{actions: [{request_headers: {header_name: x-tenant-id, descriptor_key: t}}]}]}";
    let limited = edited(ENVOY, ROUTE, limits);
    assert_eq!(codes(&[&limited]), BTreeSet::new());
    let guard = "                  - name: tenant_guard\n";
    let limiter = format!(
        "                  - {{name: l, typed_config: {{\"@type\": x/envoy.extensions.filters.http.ratelimit.v3.RateLimit}}}}\n{guard}"
    );
    assert_eq!(codes(&[&edited(&limited, guard, &limiter)]), ["identity-before-guard"].into());
}

#[test]
fn trusted_peers_that_nobody_tells_are_warned_of() {
    becomes(ENVOY, "object_key: tenant_guard.peer", "object_key: other", &["peer-not-set"]);
    let behind = ENVOY.replace(
        "                  - name: peer\n",
        "                  - name: peer\n                    disabled: true\n",
    );
    assert_eq!(codes(&[&behind]), ["peer-not-set"].into());
    let direct = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%";
    for chosen in ["%REQ(x-peer)%", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "10.0.0.1"] {
        becomes(ENVOY, direct, chosen, &["peer-not-set"]);
    }
    becomes(ENVOY, direct, "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%", &[]);
}

#[test]
fn upgrades_with_filters_of_their_own_are_warned_of() {
    let upgrade = "upgrade_type: websocket\n";
    let own = format!(
        "{upgrade}                    filters: [{{name: envoy.filters.http.router, typed_config: {{\"@type\": a/b.Router}}}}]\n"
    );
    becomes(ENVOY, upgrade, &own, &["upgrade-unguarded"]);
    let awaited =
        own.replace("filters: [", "filters: [{name: tenant_guard, config_discovery: {}}, ");
    becomes(ENVOY, upgrade, &awaited, &["no-backstop"]);
    let backstop = "{name: backstop, typed_config: {\"@type\": x/envoy.extensions.filters.http.rbac.v3.RBAC, rules: {policies: {a: {principals: [{filter_state: {key: wasm.tenant_guard.decision, string_match: {safe_regex: {regex: allow|public}}}}]}}}}}, ";
    let complete = awaited.replace("{}}, ", &format!("{{}}}}, {backstop}"));
    becomes(ENVOY, upgrade, &complete, &[]);
}

#[test]
fn a_listener_without_a_guard_beside_one_with_it_is_noted() {
    let listener = "    - {name: side, address: {socket_address: {address: ADDRESS, port_value: 1}}, filter_chains: [{filters: [{name: hcm, typed_config: {http_filters: [{name: router}], route_config: {virtual_hosts: [{routes: [{ROUTE}]}]}}}]}]}\n    - name: public\n";
    let side =
        |address: &str, route: &str| listener.replace("ADDRESS", address).replace("ROUTE", route);
    let public = "    - name: public\n";
    becomes(ENVOY, public, &side("0.0.0.0", "route: {cluster: a}"), &["unguarded"]);
    becomes(ENVOY, public, &side("127.0.0.1", "route: {cluster: a}"), &[]);
    becomes(ENVOY, public, &side("0.0.0.0", "direct_response: {status: 200}"), &[]);
}

#[test]
fn bytes_that_reach_the_application_around_the_guard_are_noted() {
    let chain = |cluster: &str| {
        format!(
            "        - {{filters: [{{name: t, typed_config: {{\"@type\": x/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, cluster: {cluster}}}}}]}}\n\n  clusters:\n"
        )
    };
    becomes(ENVOY, "\n  clusters:\n", &chain("application"), &["unguarded"]);
    becomes(ENVOY, "\n  clusters:\n", &chain("database"), &[]);
}

#[test]
fn caches_that_know_no_tenants_are_warned_of() {
    let cache = "                  - {name: cache, typed_config: {\"@type\": x/envoy.extensions.filters.http.cache.v3.CacheConfig}}\n";
    let guard = "                  - name: tenant_guard\n";
    let router = "                  - name: envoy.filters.http.router\n";
    for next in [guard, router] {
        becomes(ENVOY, next, &format!("{cache}{next}"), &["shared-cache"]);
    }
}

#[test]
fn a_guard_that_may_be_left_out_is_warned_of() {
    let guard = "                  - name: tenant_guard\n";
    let optional = format!("{guard}                    is_optional: true\n");
    becomes(ENVOY, guard, &optional, &["guard-disabled"]);
}

#[test]
fn a_guard_that_only_clusters_have_is_an_error() {
    let start = ENVOY.find("                  - name: tenant_guard\n").unwrap();
    let end = ENVOY.find("                  - name: limits\n").unwrap();
    let filters: String =
        ENVOY[start..end].lines().map(|line| format!("{}\n", &line[8..])).collect();
    let options = format!(
        "    - name: application\n      typed_extension_protocol_options:\n        a:\n          \"@type\": x/envoy.extensions.upstreams.http.v3.HttpProtocolOptions\n          http_filters:\n{filters}"
    );
    let moved = edited(
        &ENVOY.replace(&ENVOY[start..end], ""),
        "    - name: application\n      type",
        &format!("{options}      type"),
    );
    assert!(codes(&[&moved]).contains("no-guard"), "{:#?}", found(&[&moved], None));
}

#[test]
fn a_guard_whose_configuration_is_in_another_file_is_looked_at_with_its_chain() {
    let filter = ENVOY.split_once("                  - name: tenant_guard\n").unwrap().1;
    let filter = filter.split_once(BACKSTOP).unwrap().0;
    let apart: String =
        filter.lines().map(|line| format!("{}\n", line.get(20..).unwrap_or_default())).collect();
    let apart = format!("name: tenant_guard\n{apart}");
    let chain = ENVOY.replace(filter, "                    config_discovery: {type_urls: [x]}\n");
    assert_eq!(codes(&[&chain, &apart]), BTreeSet::new());
    assert_eq!(codes(&[&apart]), ["no-backstop"].into());
    let open = edited(&chain, "use_remote_address: true", "use_remote_address: false");
    assert_eq!(codes(&[&open, &apart]), ["client-address"].into());
    let bare = chain.replace("wasm.tenant_guard.decision", "other");
    assert_eq!(codes(&[&bare, &apart]), ["no-backstop"].into());
}

#[test]
fn headers_that_browsers_may_send_are_none_that_are_believed() {
    let cors = format!(
        "{ROUTE}\n                          typed_per_filter_config: {{cors: {{\"@type\": x/envoy.extensions.filters.http.cors.v3.CorsPolicy, allow_headers: x-tenant-id}}}}"
    );
    becomes(ENVOY, ROUTE, &cors, &[]);
}
