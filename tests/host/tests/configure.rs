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

/// Without a `vm_id`, all such plugins of a proxy would share what they count.
#[test]
fn an_empty_vm_id_is_refused_where_anything_is_counted() {
    let without = |names: &[&str]| {
        let mut document = document();
        for name in names {
            document.as_object_mut().unwrap().remove(*name);
        }
        document
    };
    let mut nothing = without(&["limits", "failures"]);
    nothing["jwt"]["issuers"][1].as_object_mut().unwrap().remove("claims");
    nothing["tenants"][0] = json!({"id": "acme"});
    let mut failures = nothing.clone();
    failures["failures"] = document()["failures"].clone();
    for (document, counts) in [
        (without(&["failures"]), Some("jwt.issuers[1].claims.tier")),
        (failures, Some("failures")),
        (nothing, None),
    ] {
        let setup = || Setup::new(&document.to_string()).environment(ENVIRONMENT);
        let host = setup().vm_id("").start(plugin());
        assert_eq!(host.dead(), None);
        assert_eq!(host.configured, counts.is_none(), "{counts:?}: {}", host.start.log());
        if let Some(section) = counts {
            let log = host.start.log();
            assert!(log.contains(&format!("tenant_guard: {section}: ")), "{log}");
            assert!(log.contains("vm_id"), "{log}");
        }
        // Where the host doesn't tell, there is nothing to object to.
        let host = setup().without_vm_id().start(plugin());
        assert!(host.configured, "{counts:?}: {}", host.start.log());
    }
}

#[test]
fn a_vm_id_that_cannot_be_read_denies_everything() {
    let not_found = 1;
    let effects = statuses().into_iter().filter(|s| *s != not_found).map(Effect::Status);
    for effect in effects.chain([Effect::Null, Effect::DoneBut(10)]) {
        let fault = Fault::on("proxy_get_property").within(Callback::Configure);
        let mut host = started(setup().faults(Plan::of(fault, effect.clone())));
        host.fault(Plan::none());
        for (name, request) in scenarios() {
            let run = host.request(&request);
            assert!(unavailable(&run.outcome), "{effect:?}, {name}: {:?}", run.outcome);
        }
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
    let calls = host.start.calls.iter().filter(|c| c.callback == Callback::Configure);
    let allowed = [
        "environ_get",
        "environ_sizes_get",
        "proxy_define_metric",
        "proxy_get_buffer_bytes",
        "proxy_log",
    ];
    for call in calls {
        let vm_id = call.name == "proxy_get_property" && call.about == "plugin_vm_id";
        assert!(vm_id || allowed.contains(&call.name), "{} {}", call.name, call.about);
    }
}
