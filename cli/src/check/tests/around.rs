//! Clusters, the VM, the admin interface, and other proxies beside.

use super::*;

#[test]
fn an_id_of_the_vm_that_is_missing_or_shared_is_warned_of() {
    let id = "                          vm_id: tenant-guard-public\n";
    let needs_none = ENVOY
        .replace(
            "\"jwks_uri\": {\"cluster\": \"idp\", \"uri\": \"https://login.example.com/jwks\"}",
            "\"secret\": {\"env\": \"API_KEY_PEPPER\"}",
        )
        .replace(", \"limits\": {\"requests\": \"100/min\"}", "");
    assert_eq!(codes(&[&needs_none]), BTreeSet::new());
    assert_eq!(codes(&[&edited(&needs_none, id, "")]), ["vm-id-missing"].into());
    becomes(ENVOY, id, "", &["document"]);
    let other = |id: &str, document: &str| {
        format!(
            "                  - {{name: other, typed_config: {{\"@type\": x/envoy.extensions.filters.http.wasm.v3.Wasm, config: {{name: other, vm_config: {{vm_id: {id}, code: a}}, configuration: {{\"@type\": x/google.protobuf.StringValue, value: '{document}'}}}}}}}}\n                  - name: envoy.filters.http.router\n"
        )
    };
    let router = "                  - name: envoy.filters.http.router\n";
    becomes(ENVOY, router, &other("tenant-guard-public", "x"), &["vm-id-shared"]);
    becomes(ENVOY, router, &other("its-own", "x"), &[]);
    let second =
        ENVOY.split_once("    - name: public\n").unwrap().1.split_once("  clusters:").unwrap().0;
    let twice = edited(
        ENVOY,
        "    - name: public\n",
        &format!("    - name: second\n{second}    - name: public\n"),
    );
    assert_eq!(codes(&[&twice]), BTreeSet::new());
    assert_eq!(
        codes(&[&edited(&twice, "\"id\": \"acme\"", "\"id\": \"globex\"")]),
        ["vm-id-shared"].into()
    );
    let own = edited(&twice, "\"id\": \"acme\"", "\"id\": \"globex\"");
    assert_eq!(
        codes(&[&edited(&own, "vm_id: tenant-guard-public", "vm_id: second")]),
        BTreeSet::new()
    );
}

#[test]
fn an_open_admin_interface_is_warned_of() {
    let admin = "socket_address: {address: 127.0.0.1, port_value: 9901}";
    for (address, expected) in [
        ("socket_address: {address: 0.0.0.0, port_value: 9901}", &["open-admin"][..]),
        ("socket_address: {address: \"::\", port_value: 9901}", &["open-admin"]),
        ("socketAddress: {address: 10.0.0.1, portValue: 9901}", &["open-admin"]),
        ("socket_address: {address: \"::1\", port_value: 9901}", &[]),
        ("pipe: {path: /run/admin.sock}", &[]),
    ] {
        becomes(ENVOY, admin, address, expected);
    }
}

#[test]
fn clusters_that_check_nobody_are_warned_of() {
    let unverified: &[&str] = &["cluster-unverified"];
    let san = "              match_typed_subject_alt_names:\n                - {san_type: DNS, matcher: {exact: login.example.com}}\n";
    becomes(ENVOY, san, "", unverified);
    becomes(ENVOY, san, "              trust_chain_verification: ACCEPT_UNTRUSTED\n", unverified);
    becomes(
        ENVOY,
        "trusted_ca: {filename: /etc/ssl/certs/ca-certificates.crt}",
        "allow_expired_certificate: false",
        unverified,
    );
    becomes(
        ENVOY,
        "trusted_ca: {filename: /etc/ssl/certs/ca-certificates.crt}",
        "system_root_certs: {}",
        &[],
    );
    becomes(ENVOY, "            validation_context:\n", "            other:\n", unverified);
    becomes(ENVOY, "      transport_socket:\n", "      other:\n", unverified);
    becomes(ENVOY, "tls.v3.UpstreamTlsContext", "raw_buffer.v3.RawBuffer", unverified);
    let auto = edited(ENVOY, san, "");
    let auto = edited(
        &auto,
        "          sni: login.example.com\n",
        "          sni: login.example.com\n          auto_sni_san_validation: true\n",
    );
    assert_eq!(codes(&[&auto]), BTreeSet::new());
    let inside = ENVOY.replace("      transport_socket:\n", "      other:\n").replace(
        "{address: login.example.com, port_value: 443}",
        "{address: 127.0.0.1, port_value: 443}",
    );
    assert_eq!(codes(&[&inside]), BTreeSet::new());
}

#[test]
fn an_aggregate_is_what_its_clusters_are() {
    let aggregate = "    - name: idp
      cluster_type:
        name: envoy.clusters.aggregate
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig
          clusters: [idp-a, idp]
    - name: idp-a
";
    let good = edited(ENVOY, "    - name: idp\n", aggregate);
    assert_eq!(codes(&[&good]), BTreeSet::new());
    becomes(&good, "      transport_socket:\n", "      other:\n", &["cluster-unverified"]);
    becomes(&good, "clusters: [idp-a, idp]", "clusters: [idp-b]", &["cluster-missing"]);
}

#[test]
fn clusters_that_take_any_name_or_any_authority_are_warned_of() {
    let unverified: &[&str] = &["cluster-unverified"];
    for matcher in
        ["safe_regex: {regex: \".*\"}", "safe_regex: {regex: ^.+$}", "prefix: ''", "contains: ''"]
    {
        becomes(ENVOY, "exact: login.example.com}}", &format!("{matcher}}}}}"), unverified);
    }
    becomes(ENVOY, "exact: login.example.com}}", "suffix: .login.example.com}}", &[]);
    let sds = "validation_context_sds_secret_config: {name: ca, sds_config: {ads: {}}}";
    let combined = |default: &str| {
        format!(
            "            combined_validation_context: {{default_validation_context: {{{default}}}, {sds}}}\n            other:\n"
        )
    };
    let own = "            validation_context:\n";
    becomes(ENVOY, own, &combined("trust_chain_verification: ACCEPT_UNTRUSTED"), unverified);
    becomes(ENVOY, own, &combined("trust_chain_verification: accept_untrusted"), unverified);
    becomes(ENVOY, own, &combined(""), &[]);
}

#[test]
fn secrets_of_the_bootstrap_are_looked_at() {
    let own = "            validation_context:\n";
    let known =
        "            validation_context_sds_secret_config: {name: ca}\n            other:\n";
    let with = |secret: &str| {
        let text = edited(ENVOY, own, known);
        edited(
            &text,
            "  clusters:\n",
            &format!("  secrets: [{{name: ca, {secret}}}]\n  clusters:\n"),
        )
    };
    let roots = "validation_context: {trusted_ca: {filename: /a}";
    let unverified: BTreeSet<_> = ["cluster-unverified"].into();
    assert_eq!(codes(&[&with(&format!("{roots}}}"))]), unverified);
    let named = format!("{roots}, match_typed_subject_alt_names: [{{matcher: {{exact: a}}}}]}}");
    assert_eq!(codes(&[&with(&named)]), BTreeSet::new());
    let combined = "            combined_validation_context: {default_validation_context: {match_typed_subject_alt_names: [{matcher: {exact: a}}]}, validation_context_sds_secret_config: {name: ca}}\n            other:\n";
    let both = edited(&with(&format!("{roots}}}")), known, combined);
    assert_eq!(codes(&[&both]), BTreeSet::new());
}

#[test]
fn endpoints_that_no_transport_socket_fits_speak_no_tls() {
    let socket = ENVOY.split_once("      transport_socket:\n").unwrap().1;
    let indented: String = socket.lines().map(|line| format!("    {line}\n")).collect();
    let matches = |criteria: &str| {
        let list = format!(
            "      transport_socket_matches:\n        - name: a\n          match: {criteria}\n          transport_socket:\n{indented}"
        );
        ENVOY.replace(&format!("      transport_socket:\n{socket}"), &list)
    };
    assert_eq!(codes(&[&matches("{tls: on}")]), ["cluster-unverified"].into());
    assert_eq!(codes(&[&matches("{}")]), BTreeSet::new());
}

#[test]
fn a_cluster_that_is_not_there_is_warned_of_where_all_are_known() {
    becomes(ENVOY, "    - name: idp\n", "    - name: ipd\n", &["cluster-missing"]);
    let gone = edited(ENVOY, "    - name: idp\n", "    - name: ipd\n");
    let dynamic = format!("{gone}dynamic_resources: {{cds_config: {{path: /etc/cds.yaml}}}}\n");
    assert_eq!(codes(&[&dynamic]), BTreeSet::new());
    let cluster = "resources: [{\"@type\": x/envoy.config.cluster.v3.Cluster, name: idp}]";
    assert_eq!(codes(&[&gone, cluster]), ["cluster-unverified"].into());
}

#[test]
fn files_of_one_envoy_share_ids_and_two_bootstraps_do_not() {
    let other = edited(ENVOY, "\"id\": \"acme\"", "\"id\": \"globex\"");
    assert_eq!(codes(&[ENVOY, &other]), BTreeSet::new());
    let plugin = "{name: p, typed_config: {\"@type\": x/envoy.extensions.filters.http.wasm.v3.Wasm, config: {name: p, vm_config: {vm_id: tenant-guard-public}}}}";
    let chain = format!("{{stat_prefix: a, http_filters: [{plugin}]}}");
    assert_eq!(codes(&[ENVOY, &chain]), ["no-guard", "vm-id-shared"].into());
}

#[test]
fn limits_that_several_proxies_count_are_warned_of() {
    let deployment =
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: envoy}, spec: {replicas: 3}}";
    let local: BTreeSet<_> = ["local-limits"].into();
    assert_eq!(codes(&[ENVOY, deployment]), local);
    assert_eq!(codes(&[ENVOY, &deployment.replace('3', "1")]), BTreeSet::new());
    assert_eq!(
        codes(&[ENVOY, &deployment.replace("name: envoy", "name: application")]),
        BTreeSet::new()
    );
    let hpa = "{apiVersion: a, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {scaleTargetRef: {name: envoy}, maxReplicas: 5}}";
    assert_eq!(codes(&[ENVOY, hpa]), local);
    let proxy = "{apiVersion: a, kind: EnvoyProxy, metadata: {name: p}, spec: {provider: {kubernetes: {envoyDeployment: {replicas: 2}}}}}";
    assert_eq!(codes(&[GATEWAY, proxy]), local);
    assert_eq!(
        codes(&[ENVOY, "{apiVersion: a, kind: DaemonSet, metadata: {name: envoy}, spec: {}}"]),
        local
    );
    let several = |text: &str, replicas| -> BTreeSet<_> {
        found(&[text], Some(replicas)).iter().map(|finding| finding.code.name()).collect()
    };
    assert_eq!(several(ENVOY, 2), local);
    assert_eq!(several(ENVOY, 1), BTreeSet::new());
    assert_eq!(several(ISTIO, 2), BTreeSet::new());
    let alone = "version: 1\ntenants: [{id: a, limits: {requests: 1/min}}]\napi_keys: {keys: []}";
    assert!(several(alone, 2).contains("local-limits"));
}

#[test]
fn secrets_in_the_configuration_are_warned_of() {
    let passed =
        "key_values: {REGION: eu}\n                            host_env_keys: [API_KEY_PEPPER]";
    let given = format!("key_values: {{API_KEY_PEPPER: {}}}", "p".repeat(32));
    becomes(ENVOY, passed, &given, &["secret-exposed"]);
    let inline = format!("value: {}", "p".repeat(32));
    becomes(ISTIO, "valueFrom: HOST", &inline, &["secret-exposed"]);
}

#[test]
fn callbacks_that_may_be_left_out_are_warned_of() {
    let policy = "failure_policy: FAIL_RELOAD\n";
    let restricted = |allowed: &str| {
        format!(
            "{policy}                        capability_restriction_config: {{allowed_capabilities: {{{allowed}}}}}\n"
        )
    };
    becomes(ENVOY, policy, &restricted("proxy_log: {}"), &["capability-restricted"]);
    becomes(ENVOY, policy, &restricted(""), &[]);
    let vm = "vm_id: tenant-guard-public";
    let in_vm = "capability_restriction_config: {allowed_capabilities: {proxy_log: {}}}";
    becomes(
        ENVOY,
        vm,
        &format!("{vm}\n                          {in_vm}"),
        &["capability-restricted"],
    );
}
