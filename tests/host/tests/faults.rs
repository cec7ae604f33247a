//! Every hostcall may fail, in every callback and with every status: nothing
//! then reaches the application, nothing traps, and the next request is
//! decided as ever.

use tenant_guard_host_tests::{Effect, Fault, Outcome, Plan};

use crate::common::sweep::{
    failing, failures, report, rubbish, some_statuses, statuses, sweep, wrong,
};
use crate::common::*;

#[test]
fn a_hostcall_that_fails_with_any_status_lets_nothing_through() {
    sweep("statuses", |call| if call.nth == 0 { failures() } else { failing(some_statuses()) });
}

#[test]
fn a_hostcall_done_and_yet_reported_as_failed_lets_nothing_through() {
    sweep("done but failed", |_| vec![("done but 10".into(), Effect::DoneBut(10))]);
}

#[test]
fn rubbish_under_ok_lets_nothing_more_through() {
    sweep("rubbish", |call| rubbish(call.name));
}

/// One name fails throughout, so what the refusal itself needs fails too.
#[test]
fn a_hostcall_that_never_works_lets_nothing_through() {
    let (mut tried, mut bad) = (0, Vec::new());
    for (name, request) in scenarios() {
        let base = host().request(&request);
        let mut names: Vec<_> = base.calls.iter().map(|c| c.name).collect();
        names.sort_unstable();
        names.dedup();
        for call in names {
            for s in some_statuses() {
                tried += 1;
                let mut host = host();
                host.fault(Plan::of(Fault::on(call), Effect::Status(s)));
                let run = host.request(&request);
                let first = base.calls.iter().find(|c| c.name == call).unwrap();
                if let Some(why) = wrong(&base, &run, first, &Effect::Status(s)) {
                    bad.push(format!("{name}: every {call}, status {s}: {why}"));
                }
            }
        }
    }
    report("never works", tried, &bad);
}

#[test]
fn a_host_in_which_nothing_works_serves_nothing_and_recovers() {
    for s in statuses() {
        for (name, request) in scenarios() {
            let mut host = host();
            host.fault(Plan::of(Fault::any(), Effect::Status(s)));
            let run = host.request(&request);
            assert!(!run.outcome.reached_application(), "{name}, status {s}: {:?}", run.outcome);
            assert!(
                !matches!(run.outcome, Outcome::Trapped(_)),
                "{name}, status {s}: {:?}",
                run.outcome
            );
            host.fault(Plan::none());
            assert!(
                host.request(&with_key()).outcome.reached_application(),
                "{name}, status {s}: afterwards"
            );
        }
    }
}
