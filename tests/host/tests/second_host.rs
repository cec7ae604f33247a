//! What the plugin does in our host it does in `proxy-wasm-host`, by others.

use serde_json::json;
use tenant_guard_host_tests::verify::Verify;
use tenant_guard_host_tests::{Effect, Fault, Plan, Run, SecondHost, SharedData};

use crate::common::*;

fn second() -> SecondHost {
    let host = setup().start_second(plugin());
    assert!(host.configured, "{}\n{}", host.start.outcome.short(), host.start.log());
    host
}

/// What must be alike in both.
fn seen(run: &Run) -> String {
    let reply = run
        .outcome
        .reply()
        .map(|r| (r.status, r.details.clone(), r.headers.sorted(), r.json(), r.grpc_status));
    format!("{} {reply:#?} {:#?} {:#?}", decision(run), run.properties, run.response.sorted())
}

#[test]
fn each_request_is_decided_alike() {
    let (mut first, mut second) = (host(), second());
    for (name, request) in scenarios() {
        let (a, b) = (first.request(&request), second.request(&request));
        println!("{name}: {}", a.outcome.short());
        assert_eq!(seen(&a), seen(&b), "{name}");
        let text =
            |run: &Run| run.logs.iter().map(|l| (l.level, l.text.clone())).collect::<Vec<_>>();
        assert_eq!(text(&a), text(&b), "{name}");
    }
}

#[test]
fn without_verify_signature_they_decide_alike_too() {
    for request in [rs256(), es256()] {
        let mut second = setup().verify(Verify::missing()).start_second(plugin());
        assert_eq!(decision(&second.request(&request)), decision(&host().request(&request)));
    }
}

#[test]
fn a_setup_starts_either_of_them() {
    let setup = || setup().shared(&SharedData::new()).vm_id("either");
    let (mut first, mut second) = (setup().start(plugin()), setup().start_second(plugin()));
    assert!(first.configured && second.configured);
    let request = with_key()
        .client("198.51.100.9:4711")
        .peer("192.0.2.1:80")
        .response_header("x-application", "1");
    let (a, b) = (first.request(&request), second.request(&request));
    assert_eq!(seen(&a), seen(&b));
    assert_eq!(a.response.text("x-application").as_deref(), Some("1"));
}

/// Where this crate lets a hostcall fail at all, it comes to the same.
#[test]
fn faults_come_to_the_same() {
    let names = [
        "proxy_get_header_map_pairs",
        "proxy_get_property",
        "proxy_set_property",
        "proxy_send_local_response",
        "proxy_call_foreign_function",
    ];
    for (scenario, request) in scenarios() {
        for name in names {
            for status in [1, 2, 3, 4, 7, 8, 10, 12] {
                let plan = || Plan::of(Fault::on(name), Effect::Status(status));
                let (mut first, mut second) = (host(), second());
                first.fault(plan());
                second.fault(plan());
                let (a, b) = (first.request(&request), second.request(&request));
                assert_eq!(decision(&a), decision(&b), "{scenario}, {name}, {status}");
            }
        }
    }
}

#[test]
fn an_invalid_document_is_refused_alike() {
    let mut document = document();
    document["bogus"] = json!(true);
    let host = SecondHost::load(plugin(), &document.to_string(), ENVIRONMENT);
    assert!(!host.configured);
    assert!(host.start.log().contains("bogus"), "{}", host.start.log());
}
