//! Hosts that fail, and pages that can't be read.

use super::*;
use crate::testing::{BrokenHost, FixedHost, NOW};

fn three_levels() -> Guard {
    let five = || json!({"requests": "5/min"});
    limited(tenants(five(), five(), five()))
}

/// The names of the shared values that hold the counts.
fn pages(host: &FixedHost) -> Vec<String> {
    let names = (0..4_096).map(|number| format!("tenant_guard.limits.1.{number}"));
    names.filter(|name| host.shared(name).unwrap().is_some()).collect()
}

#[test]
fn a_host_that_fails_is_no_way_around_a_limit() {
    for host in [BrokenHost::Reads, BrokenHost::Writes, BrokenHost::Clock] {
        let request = by_key("web-1", "/");
        assert_eq!(outcome(&three_levels(), &request, &host), "guard_unavailable", "{host:?}");
        let unlimited = limited(tenants(Value::Null, Value::Null, Value::Null));
        assert_eq!(outcome(&unlimited, &request, &host), "allow", "{host:?}");
    }
    for shadow in [json!(true), json!("untouched")] {
        let shadow = json!({"shadow": shadow, "routes": []});
        let five = json!({"requests": "5/min"});
        let guard = limited(merged(tenants(five, Value::Null, Value::Null), shadow));
        let read = outcome(&guard, &by_key("web-1", "/"), &BrokenHost::Reads);
        assert_eq!(read, "guard_unavailable");
        // It writes nothing.
        let write = outcome(&guard, &by_key("web-1", "/"), &BrokenHost::Writes);
        assert_ne!(write, "guard_unavailable");
    }
}

#[test]
fn a_page_that_nobody_can_have_written_lets_nobody_in() {
    let guard = three_levels();
    let request = by_key("web-1", "/");
    let known = FixedHost::at(NOW);
    assert_eq!(outcome(&guard, &request, &known), "allow");
    let pages = pages(&known);
    assert_eq!(pages.len(), 3, "one for each level");
    for page in &pages {
        for garbage in [&[][..], &[0; 1], &[0; 16], &[0; 20], &[255; 17], b"not a page"] {
            let host = FixedHost::at(NOW);
            host.share(page, garbage, None).unwrap();
            let decision = decide_at(&guard, &request, &host);
            assert_eq!(decision.denial.unwrap().code.name(), "limiter_unavailable");
            assert_eq!(host.shared_size(), (1, garbage.len()), "nothing is charged");
            // Those whose counts are elsewhere aren't touched by it.
            assert_eq!(outcome(&guard, &by_key("globex-1", "/"), &host), "allow");
        }
    }
}

#[test]
fn a_worker_that_is_always_overtaken_is_refused_and_charges_nothing() {
    let guard = three_levels();
    let host = FixedHost::at(NOW);
    host.overtaken.set(usize::MAX);
    let refused = decide_at(&guard, &by_key("web-1", "/"), &host);
    assert_eq!(refused.denial.as_ref().unwrap().code.name(), "limiter_unavailable");
    assert_eq!(refused.denial.unwrap().code.status(), 503);
    assert_eq!(host.shared_size(), (0, 0));
    host.overtaken.set(0);
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 5);
}

#[test]
fn a_worker_that_is_overtaken_for_a_while_is_let_in() {
    let guard = three_levels();
    let host = FixedHost::at(NOW);
    for overtaken in [1, 2, 10, 60] {
        host.overtaken.set(overtaken);
        assert_eq!(outcome(&guard, &by_key("web-1", "/"), &host), "allow", "{overtaken}");
        assert_eq!(host.overtaken.get(), 0);
    }
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 1);
}
