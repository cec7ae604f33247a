//! `on_configure`: what it refuses, and what a host that fails meanwhile leaves behind.

use serde_json::json;
use tenant_guard_host_tests::{Callback, Effect, Fault, Plan, Setup};

use crate::common::sweep::{at, failures, report, rubbish, statuses, this};
use crate::common::*;

/// A false `on_configure` on a worker alone makes Envoy skip the filter: a host
/// that fails must leave a guard that refuses everything instead.
#[test]
fn an_unreadable_configuration_denies_everything() {
    let effects = statuses().into_iter().map(Effect::Status).chain([
        Effect::Silent,
        Effect::Null,
        Effect::Empty,
        Effect::DoneBut(10),
    ]);
    for effect in effects {
        let plan = Plan::of(Fault::on("proxy_get_buffer_bytes"), effect.clone());
        let mut host = setup().faults(plan).start(plugin());
        assert_eq!(host.dead(), None, "{effect:?}");
        assert!(host.configured, "{effect:?}");
        host.fault(Plan::none());
        for (name, request) in scenarios() {
            let run = host.request(&request);
            assert!(unavailable(&run.outcome), "{effect:?}, {name}: {:?}", run.outcome);
            assert_eq!(run.property("tenant_guard.decision"), None, "{effect:?}, {name}");
        }
    }
}

#[test]
fn a_hostcall_that_fails_at_the_start_opens_nothing() {
    let base = host();
    let normal: Vec<_> =
        scenarios().iter().map(|(_, request)| decision(&host().request(request))).collect();
    let (mut tried, mut bad) = (0, Vec::new());
    for call in &base.start.calls {
        for (word, effect) in failures().into_iter().chain(rubbish(call.name)) {
            tried += 1;
            let at = at(call, &word);
            let plan = Plan::of(this(call), effect.clone());
            let mut host = setup().faults(plan).start(plugin());
            host.fault(Plan::none());
            if let Some(why) = host.dead() {
                bad.push(format!("{at}: {why}"));
                continue;
            }
            // Rubbish under `Ok` may be taken for an invalid document, a failure may not.
            if !host.configured {
                if matches!(effect, Effect::Status(_)) {
                    bad.push(format!("{at}: on_configure was false: {}", host.start.log()));
                }
                continue;
            }
            for ((name, request), normal) in scenarios().iter().zip(&normal) {
                let run = host.request(request);
                let as_ever = decision(&run) == *normal;
                let fine = as_ever && call.name != "proxy_get_buffer_bytes";
                if !fine && !unavailable(&run.outcome) {
                    bad.push(format!("{at}: {name}: {}", decision(&run)));
                }
            }
        }
    }
    report("start", tried, &bad);
}

#[test]
fn an_invalid_document_is_refused_with_the_path_of_each_error() {
    let mut document = document();
    document["bogus"] = json!(true);
    document["jwt"]["issuers"][0]["audiences"] = json!(7);
    let host = Setup::new(&document.to_string()).environment(ENVIRONMENT).start(plugin());
    assert_eq!(host.dead(), None);
    assert!(!host.configured);
    let log = host.start.log();
    assert!(log.contains("bogus"), "{log}");
    assert!(log.contains("jwt.issuers[0].audiences"), "{log}");
    assert!(!log.contains(SECRET), "{log}");
}

/// Limits that were taken and not enforced would be worse than none.
#[test]
fn limits_are_refused_as_not_supported_yet() {
    let mut document = document();
    document["limits"] = json!({});
    document["tenants"][0]["limits"] = json!({"requests": "1000/min"});
    let host = Setup::new(&document.to_string()).environment(ENVIRONMENT).start(plugin());
    assert!(!host.configured);
    let log = host.start.log();
    for path in ["limits", "tenants[0].limits"] {
        let line = format!("tenant_guard: {path}: not supported yet");
        assert!(log.contains(&line), "{log}");
    }
}

#[test]
fn what_isnt_a_document_is_refused() {
    for text in [
        "",
        "{",
        "null",
        "[]",
        "7",
        "\"x\"",
        "{\"version\": 1, \"version\": 1}",
        "{\"version\": 2}",
        "\u{feff}{}",
        "{\"a\":\"\\ud800\"}",
    ] {
        let host = Setup::new(text).environment(ENVIRONMENT).start(plugin());
        assert_eq!(host.dead(), None, "{text:?}");
        assert!(!host.configured, "{text:?}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let host = Setup::new(&deep).start(plugin());
    assert_eq!(host.dead(), None, "deep");
    assert!(!host.configured, "deep");
}

/// The document is the same on the canary and on each worker, and so is the answer.
#[test]
fn on_configure_asks_nothing_that_differs_between_workers() {
    let host = host();
    let asked: Vec<_> = host
        .start
        .calls
        .iter()
        .filter(|c| c.callback == Callback::Configure)
        .map(|c| c.name)
        .collect();
    let allowed = [
        "environ_get",
        "environ_sizes_get",
        "proxy_define_metric",
        "proxy_get_buffer_bytes",
        "proxy_log",
    ];
    for name in asked {
        assert!(allowed.contains(&name), "{name}");
    }
}
