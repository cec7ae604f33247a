//! What the module wants of its host, and what it offers it.

use std::collections::BTreeSet;

use tenant_guard_host_tests::{Run, callbacks, imports};

use crate::common::elsewhere::{alone, answer, remote, token_of};
use crate::common::*;

/// The imports a module may have: ABI 0.2.1 as the SDK declares it, and the environment.
#[rustfmt::skip]
const ABI: &[&str] = &[
    "env.proxy_add_header_map_value", "env.proxy_call_foreign_function", "env.proxy_close_stream", "env.proxy_continue_stream",
    "env.proxy_define_metric", "env.proxy_dequeue_shared_queue", "env.proxy_done", "env.proxy_enqueue_shared_queue",
    "env.proxy_get_buffer_bytes", "env.proxy_get_current_time_nanoseconds", "env.proxy_get_header_map_pairs",
    "env.proxy_get_header_map_value", "env.proxy_get_log_level", "env.proxy_get_metric", "env.proxy_get_property",
    "env.proxy_get_shared_data", "env.proxy_get_status", "env.proxy_grpc_call", "env.proxy_grpc_cancel", "env.proxy_grpc_close",
    "env.proxy_grpc_send", "env.proxy_grpc_stream", "env.proxy_http_call", "env.proxy_increment_metric", "env.proxy_log",
    "env.proxy_record_metric", "env.proxy_register_shared_queue", "env.proxy_remove_header_map_value",
    "env.proxy_replace_header_map_value", "env.proxy_resolve_shared_queue", "env.proxy_send_local_response",
    "env.proxy_set_buffer_bytes", "env.proxy_set_effective_context", "env.proxy_set_header_map_pairs", "env.proxy_set_property",
    "env.proxy_set_shared_data", "env.proxy_set_tick_period_milliseconds",
    "wasi_snapshot_preview1.environ_get", "wasi_snapshot_preview1.environ_sizes_get",
];

/// The SDK's dispatcher keeps the whole ABI among the imports; beyond it only
/// the environment, and nothing of what other toolchains bring.
#[test]
fn the_module_imports_only_what_envoy_has() {
    let imports = imports(plugin());
    let others: Vec<_> = imports.iter().filter(|name| !ABI.contains(&name.as_str())).collect();
    assert!(others.is_empty(), "{others:?}");
}

/// A host calls each one that it finds, for every request.
#[test]
fn the_module_exports_the_callbacks_it_implements_and_no_others() {
    const IMPLEMENTED: &[&str] = &[
        "proxy_on_configure",
        "proxy_on_context_create",
        "proxy_on_delete",
        "proxy_on_done",
        "proxy_on_http_call_response",
        "proxy_on_request_body",
        "proxy_on_request_headers",
        "proxy_on_request_trailers",
        "proxy_on_response_headers",
        "proxy_on_tick",
        "proxy_on_vm_start",
    ];
    let callbacks = BTreeSet::from_iter(callbacks(plugin()));
    assert_eq!(Vec::from_iter(callbacks), IMPLEMENTED);
}

/// The most bytes that the plugin may have: each VM compiles and holds them.
const MOST_BYTES: u64 = 1_175_000;

#[test]
fn the_module_does_not_grow_unnoticed() {
    let bytes = std::fs::metadata(plugin()).unwrap().len();
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}

/// What is called is far less. All of it is called here, so the faults were tried on all.
#[test]
fn these_hostcalls_are_made_and_no_others() {
    const CALLED: &[&str] = &[
        "environ_get",
        "environ_sizes_get",
        "proxy_add_header_map_value",
        "proxy_call_foreign_function",
        "proxy_continue_stream",
        "proxy_define_metric",
        "proxy_get_buffer_bytes",
        "proxy_get_current_time_nanoseconds",
        "proxy_get_header_map_pairs",
        "proxy_get_property",
        "proxy_get_shared_data",
        "proxy_http_call",
        "proxy_increment_metric",
        "proxy_log",
        "proxy_record_metric",
        "proxy_remove_header_map_value",
        "proxy_replace_header_map_value",
        "proxy_send_local_response",
        "proxy_set_effective_context",
        "proxy_set_property",
        "proxy_set_shared_data",
        "proxy_set_tick_period_milliseconds",
    ];
    let mut host = host();
    let mut runs = vec![host.start.clone(), host.tick()];
    runs.extend(scenarios().iter().map(|(_, request)| host.request(request)));
    runs.extend(waited());
    let calls: BTreeSet<_> = runs.iter().flat_map(|run| &run.calls).map(|call| call.name).collect();
    assert_eq!(Vec::from_iter(calls), CALLED);
}

/// What is done for a request that waits for what is fetched.
fn waited() -> Vec<Run> {
    let mut host = alone(&remote());
    let waiting = host.open(&token_of("globex"));
    let mut runs = vec![host.start.clone(), host.tick()];
    runs.extend(host.calls().iter().map(|call| answer(&mut host, call)));
    runs.extend([host.tick(), host.look(waiting)]);
    runs
}
