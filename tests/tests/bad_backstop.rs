//! The backstop: nothing gets through where the guard is not there, traps, or
//! was left out by Envoy.

mod bad;

use std::path::PathBuf;

use bad::{ACME_KEY, document, good_token};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Request, for_each_protocol};

/// Whatever a client could hope to open it with.
fn requests() -> Vec<Request> {
    let decided = [
        "wasm.tenant_guard.decision",
        "tenant_guard.decision",
        "x-tenant-guard-decision",
        "x-envoy-filter-state",
    ];
    let forged =
        decided.into_iter().flat_map(|name| ["allow", "public"].map(|value| (name, value)));
    let mut requests: Vec<Request> =
        forged.map(|(name, value)| Request::get("/public/a").header(name, value)).collect();
    requests.extend([
        Request::get("/public/a"),
        Request::get("/a").bearer(good_token()),
        Request::get("/a").api_key(ACME_KEY),
        Request::post("/a", "x").bearer(good_token()).trailer("x-tenant-id", "acme"),
        Request::new("OPTIONS", "/a")
            .header("origin", "https://a.test")
            .header("access-control-request-method", "GET"),
        Request::get("/a").header("x-tenant-id", "acme").header("x-auth-method", "jwt"),
        Request::grpc("/service/Method").bearer(good_token()),
    ]);
    requests
}

/// Nothing reaches the application; the statuses that there were, besides
/// those of gRPC's refusals and of what Envoy doesn't take at all.
fn assert_closed(envoy: &Envoy) -> Vec<u16> {
    let mut statuses = Vec::new();
    for_each_protocol(|over| {
        for request in requests() {
            // A gRPC request is refused by its trailers.
            if let Ok(response) = envoy.try_send(&request.over(over)) {
                assert!(!response.is_from_application(), "{response:?}");
                let refused =
                    response.status >= 400 || response.grpc_status().is_some_and(|s| s != 0);
                assert!(refused, "{response:?}");
                statuses.push(response.status);
            }
        }
    });
    assert_eq!(envoy.application_requests(), 0);
    assert!(envoy.is_running());
    statuses.sort_unstable();
    statuses.dedup();
    statuses.retain(|status| ![200, 400].contains(status));
    statuses
}

#[test]
fn without_the_guard_nothing_gets_through() {
    for hardened in [true, false] {
        let envoy = EnvoyBuilder::new(document()).without_guard().hardened(hardened).start();
        assert_eq!(assert_closed(&envoy), [403]);
    }
}

/// A plugin of a few instructions: what it does when it is configured, and
/// when a request comes (`unreachable`, or nothing).
#[derive(Clone, Copy)]
struct Plugin {
    traps: bool,
    /// Only the first of all VMs takes its configuration: Envoy's canary.
    first_only: bool,
}

impl Plugin {
    /// The module, by hand: a WebAssembly binary (version 1).
    fn module(self) -> Vec<u8> {
        const I32: u8 = 0x7f;
        let section = |id: u8, items: &[Vec<u8>]| {
            let body = [vec![u8::try_from(items.len()).unwrap()], items.concat()].concat();
            [vec![id, u8::try_from(body.len()).unwrap()], body].concat()
        };
        let function = |parameters: u8, results: u8| {
            let all = |count: u8| [vec![count], vec![I32; count.into()]].concat();
            [vec![0x60], all(parameters), all(results)].concat()
        };
        let name = |text: &str| [vec![u8::try_from(text.len()).unwrap()], text.into()].concat();
        let code =
            |body: &[u8]| [&[u8::try_from(body.len() + 2).unwrap(), 0], body, &[0x0b]].concat();
        // i32.const 1; or shared data "\0" set where there is none yet.
        let configured = if self.first_only {
            vec![0x41, 0, 0x41, 1, 0x41, 0, 0x41, 1, 0x41, 0x7f, 0x10, 0, 0x45]
        } else {
            vec![0x41, 1]
        };
        let request = if self.traps { vec![0x00] } else { vec![0x41, 0] };
        let exports = [
            ("memory", 2, 0),
            ("proxy_abi_version_0_2_1", 0, 1),
            ("malloc", 0, 2),
            ("proxy_on_configure", 0, 3),
            ("proxy_on_request_headers", 0, 4),
        ];
        [
            b"\0asm\x01\0\0\0".to_vec(),
            section(
                1,
                &[function(0, 0), function(1, 1), function(2, 1), function(3, 1), function(5, 1)],
            ),
            section(2, &[[name("env"), name("proxy_set_shared_data"), vec![0, 4]].concat()]),
            section(3, &[vec![0], vec![1], vec![2], vec![3]]),
            section(5, &[vec![0, 1]]),
            section(
                7,
                &exports.map(|(text, kind, index)| [name(text), vec![kind, index]].concat()),
            ),
            section(10, &[code(&[]), code(&[0x41, 0]), code(&configured), code(&request)]),
        ]
        .concat()
    }

    fn start(self, set_up: impl Fn(EnvoyBuilder) -> EnvoyBuilder) -> Envoy {
        let name = format!("tg-{}-{}{}.wasm", std::process::id(), self.traps, self.first_only);
        let path: PathBuf = std::env::temp_dir().join(name);
        std::fs::write(&path, self.module()).unwrap();
        let envoy = set_up(EnvoyBuilder::new(document()).plugin(&path)).start();
        std::fs::remove_file(path).unwrap();
        envoy
    }
}

#[test]
fn a_plugin_that_decides_nothing_opens_nothing() {
    let silent = Plugin { traps: false, first_only: false };
    for hardened in [true, false] {
        let envoy = silent.start(|builder| builder.hardened(hardened));
        assert_eq!(assert_closed(&envoy), [403]);
    }
}

#[test]
fn a_plugin_that_traps_opens_nothing_whatever_the_policy() {
    let trapping = Plugin { traps: true, first_only: false };
    for (policy, statuses) in [
        ("FAIL_RELOAD", &[503][..]),
        ("FAIL_CLOSED", &[503]),
        // Not ours: Envoy goes on without the plugin, and the backstop refuses.
        ("FAIL_OPEN", &[403]),
    ] {
        let envoy = trapping.start(|builder| builder.failure_policy(policy));
        // The request that the VM fails on is answered in one way or the other.
        let first = envoy.get("/public/a");
        assert!(first.status >= 400 && !first.is_from_application(), "{policy}: {first:?}");
        assert_eq!(assert_closed(&envoy), statuses, "{policy}");
    }
}

#[test]
fn a_worker_whose_configuration_fails_opens_nothing() {
    let canary_only = Plugin { traps: false, first_only: true };
    let open = canary_only.start(|builder| builder.backstop(false));
    // Envoy's own way (envoy#43751), and why there is a backstop.
    assert!(open.get("/a").is_from_application());
    drop(open);
    for hardened in [true, false] {
        let envoy = canary_only.start(|builder| builder.hardened(hardened));
        assert_eq!(assert_closed(&envoy), [403]);
    }
}
