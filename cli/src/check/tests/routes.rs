//! Routes, paths and addresses.

use super::*;

#[test]
fn paths_and_names_that_are_read_in_two_ways_are_warned_of() {
    becomes(ENVOY, "normalize_path: true", "normalize_path: false", &["path-not-normalized"]);
    becomes(ENVOY, "normalize_path: true", "normalizePath: true", &[]);
    becomes(ENVOY, "                merge_slashes: true\n", "", &["path-not-normalized"]);
    let slashes = "path_with_escaped_slashes_action: REJECT_REQUEST";
    becomes(
        ENVOY,
        slashes,
        "path_with_escaped_slashes_action: KEEP_UNCHANGED",
        &["escaped-slashes"],
    );
    becomes(
        ENVOY,
        slashes,
        "path_with_escaped_slashes_action: UNESCAPE_AND_FORWARD",
        &["escaped-slashes"],
    );
    becomes(ENVOY, slashes, "pathWithEscapedSlashesAction: UNESCAPE_AND_REDIRECT", &[]);
    let kept = edited(
        ENVOY,
        "\"version\": 1,",
        "\"version\": 1, \"paths\": {\"encoded_slashes\": \"keep\", \"empty_segments\": \"keep\"},",
    );
    let kept = edited(&kept, slashes, "path_with_escaped_slashes_action: KEEP_UNCHANGED");
    assert_eq!(
        codes(&[&edited(&kept, "merge_slashes: true", "merge_slashes: false")]),
        BTreeSet::new()
    );
    let underscores = "headers_with_underscores_action: REJECT_REQUEST";
    becomes(ENVOY, underscores, "headers_with_underscores_action: ALLOW", &["header-underscores"]);
    becomes(ENVOY, underscores, "headers_with_underscores_action: DROP_HEADER", &[]);
    becomes(ENVOY, underscores, "idle_timeout: 1s", &["header-underscores"]);
}

#[test]
fn routes_that_turn_the_guard_or_its_backstop_off_are_warned_of() {
    let off: &[&str] = &["guard-disabled"];
    let routes = "                route_config:\n";
    for name in ["tenant_guard", "backstop"] {
        let per_filter = format!("typed_per_filter_config: {{{name}: {OFF}}}");
        becomes(ENVOY, routes, &format!("{routes}                  {per_filter}\n"), off);
        becomes(
            ENVOY,
            VIRTUAL_HOST,
            &format!("{VIRTUAL_HOST}                      {per_filter}\n"),
            off,
        );
        becomes(ENVOY, ROUTE, &format!("{ROUTE}\n                          {per_filter}"), off);
        let weighted = format!(
            "route: {{weighted_clusters: {{clusters: [{{name: a, weight: 1, typedPerFilterConfig: {{{name}: {OFF}}}}}]}}}}"
        );
        becomes(ENVOY, ROUTE, &weighted, off);
    }
    let route = |config: &str| {
        format!("{ROUTE}\n                          typed_per_filter_config: {{{config}}}")
    };
    becomes(ENVOY, ROUTE, &route(&format!("cors: {OFF}")), &[]);
    becomes(
        ENVOY,
        ROUTE,
        &route("tenant_guard: {\"@type\": x/envoy.config.route.v3.FilterConfig}"),
        &[],
    );
    becomes(ENVOY, ROUTE, &route("tenant_guard: {\"@type\": x/y.Other}"), off);
    becomes(
        ENVOY,
        ROUTE,
        &route("backstop: {\"@type\": x/envoy.extensions.filters.http.rbac.v3.RBACPerRoute}"),
        off,
    );
    becomes(
        ENVOY,
        ROUTE,
        &route(
            "backstop: {\"@type\": x/envoy.extensions.filters.http.rbac.v3.RBACPerRoute, rbac: {rules: {policies: {}}}}",
        ),
        &[],
    );
}

#[test]
fn a_guard_that_runs_for_some_requests_only_is_warned_of() {
    let guard = "                  - name: tenant_guard\n";
    becomes(
        ENVOY,
        guard,
        &format!("{guard}                    disabled: true\n"),
        &["guard-disabled"],
    );
    let matcher = "type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher\n                      extension_config:\n                       name: inner\n                       typed_config:\n                        config:\n";
    let wrapped = edited(
        ENVOY,
        "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n                      config:\n",
        matcher,
    );
    let lines: Vec<String> = wrapped.lines().map(str::to_owned).collect();
    let start = lines.iter().position(|line| line.contains("failure_policy")).unwrap() - 1;
    let end = lines.iter().position(|line| line == BACKSTOP.trim_end()).unwrap();
    let shifted: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(n, line)| if (start..end).contains(&n) { format!("  {line}") } else { line.clone() })
        .collect();
    assert_eq!(codes(&[&shifted.join("\n")]), ["guard-disabled"].into());
}

#[test]
fn addresses_that_clients_choose_are_warned_of() {
    becomes(ENVOY, "use_remote_address: true", "use_remote_address: false", &["client-address"]);
    becomes(
        ENVOY,
        "use_remote_address: true",
        "original_ip_detection_extensions: [{name: xff}]",
        &[],
    );
    let unused = ENVOY
        .replace("\"ip\": [\"10.0.0.0/8\"], ", "")
        .replace("\"trust_header\": [\"10.0.0.0/8\"]", "\"trust_header\": \"never\"")
        .replace("use_remote_address: true", "use_remote_address: false");
    assert_eq!(codes(&[&unused]), BTreeSet::new());
    let throttled = edited(
        &unused,
        "\"version\": 1,",
        "\"version\": 1, \"failures\": {\"limit\": \"20/min\", \"block\": \"5m\"},",
    );
    assert_eq!(codes(&[&throttled]), ["client-address"].into());
}

#[test]
fn routes_that_set_identity_headers_are_warned_of() {
    let overwritten: &[&str] = &["identity-overwritten"];
    let add = |name: &str| {
        format!("request_headers_to_add: [{{header: {{key: {name}, value: '%REQ(x-any)%'}}}}]")
    };
    for name in ["x-tenant-id", "X-Tenant-Id", "x_roles", "x-user-id"] {
        let route = format!("{ROUTE}\n                          {}", add(name));
        becomes(ENVOY, ROUTE, &route, overwritten);
    }
    let host = format!("{VIRTUAL_HOST}                      {}\n", add("x-roles"));
    becomes(ENVOY, VIRTUAL_HOST, &host, overwritten);
    let weighted = format!(
        "route: {{weightedClusters: {{clusters: [{{name: a, weight: 1, {}}}]}}}}",
        add("x-roles").replace("request_headers_to_add", "requestHeadersToAdd")
    );
    becomes(ENVOY, ROUTE, &weighted, overwritten);
    becomes(ENVOY, ROUTE, &format!("{ROUTE}\n                          {}", add("x-other")), &[]);
    let check = format!(
        "    - name: application\n      health_checks: [{{http_health_check: {{path: /, {}}}}}]\n",
        add("x-tenant-id")
    );
    becomes(ENVOY, "    - name: application\n      type", &format!("{check}      type"), &[]);
    let expected: BTreeSet<_> = overwritten.iter().copied().collect();
    let routes = format!("resources: [{{name: r, virtual_hosts: [{{{}}}]}}]", add("x-roles"));
    assert_eq!(codes(&[ENVOY, &routes]), expected);
    let istio = "{apiVersion: a, kind: VirtualService, spec: {http: [{headers: {request: {set: {x-tenant-id: a}}}}]}}";
    assert_eq!(codes(&[ISTIO, istio]), expected);
    assert_eq!(codes(&[ISTIO, &istio.replace("request", "response")]), BTreeSet::new());
    let gateway = "{apiVersion: a, kind: HTTPRoute, spec: {rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: x-roles, value: a}]}}]}]}}";
    assert_eq!(codes(&[GATEWAY, gateway]), expected);
}

#[test]
fn what_envoy_takes_as_true_turns_the_guard_off() {
    let guard = "                  - name: tenant_guard\n";
    for flag in ["yes", "on", "\"true\"", "Y"] {
        let off = format!("{guard}                    disabled: {flag}\n");
        becomes(ENVOY, guard, &off, &["guard-disabled"]);
    }
    becomes(ENVOY, "use_remote_address: true", "use_remote_address: yes", &[]);
}

#[test]
fn fields_that_stand_twice_are_warned_of() {
    let policy = "failure_policy: FAIL_RELOAD";
    for second in ["failure_policy: FAIL_RELOAD", "failurePolicy: FAIL_RELOAD"] {
        let twice = format!("{policy}\n                        {second}");
        becomes(ENVOY, policy, &twice, &["repeated-field"]);
    }
    let open = format!("{policy}\n                        failure_policy: FAIL_OPEN");
    becomes(ENVOY, policy, &open, &["fail-open", "repeated-field"]);
}

#[test]
fn what_envoy_ignores_is_not_there() {
    becomes(ENVOY, "  rules:\n", "  !ignore rules:\n", &["no-backstop"]);
    let held = format!("!ignore held: [&backstop {{http_filters: [{{name: a}}]}}]\n{ENVOY}");
    assert_eq!(codes(&[&held]), BTreeSet::new());
}

#[test]
fn a_backstop_of_a_route_that_admits_shadow_is_warned_of() {
    let config = |mark: &str| {
        format!(
            "{ROUTE}\n                          typed_per_filter_config: {{backstop: {{\"@type\": x/envoy.extensions.filters.http.rbac.v3.RBACPerRoute, rbac: {{rules: {{policies: {{a: {{principals: [{{filter_state: {{key: wasm.tenant_guard.decision, string_match: {{exact: {mark}}}}}}}]}}}}}}}}}}}}"
        )
    };
    becomes(ENVOY, ROUTE, &config("shadow"), &["guard-disabled"]);
    becomes(ENVOY, ROUTE, &config("allow"), &[]);
}

#[test]
fn routes_in_a_file_of_their_own_are_looked_at() {
    let routes = |name: &str| {
        format!(
            "resources: [{{name: r, virtual_hosts: [{{typed_per_filter_config: {{{name}: {OFF}}}}}]}}]"
        )
    };
    let off: BTreeSet<_> = ["guard-disabled"].into();
    for name in ["tenant_guard", "backstop"] {
        assert_eq!(codes(&[ENVOY, &routes(name)]), off);
    }
    assert_eq!(codes(&[ENVOY, &routes("cors")]), BTreeSet::new());
    assert_eq!(codes(&[ISTIO, &routes("extensions.istio.io/tenant-guard")]), off);
    assert_eq!(codes(&[ISTIO, &routes("backstop")]), off);
}
