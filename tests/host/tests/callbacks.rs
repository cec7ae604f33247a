//! Callbacks in any order, and many of them.

use tenant_guard_host_tests::verify::Verify;
use tenant_guard_host_tests::{Callback, Effect, Outcome, Plan};

use crate::common::sweep::{some_statuses, this};
use crate::common::*;

/// Callbacks without those that should come before: Envoy makes a context for
/// a stream that another filter ended, and logs it.
#[test]
fn callbacks_out_of_order_neither_trap_nor_let_identities_through() {
    use Callback as C;
    let orders: &[&[C]] = &[
        &[C::Log, C::Done],
        &[C::Done],
        &[],
        &[C::RequestTrailers, C::Log, C::Done],
        &[C::RequestBody, C::RequestTrailers, C::ResponseHeaders, C::Log, C::Done],
        &[C::ResponseHeaders, C::Log, C::Done],
        &[C::RequestHeaders],
    ];
    for order in orders {
        let request = with_trailers().only(order);
        let base = host().request(&request);
        let faults = base
            .calls
            .iter()
            .flat_map(|call| some_statuses().into_iter().map(move |s| (Some(call), s)));
        for (call, s) in faults.chain([(None, 0)]) {
            let mut host = host();
            if let Some(call) = call {
                host.fault(Plan::of(this(call), Effect::Status(s)));
            }
            let run = host.request(&request);
            assert!(
                !matches!(run.outcome, Outcome::Trapped(_)),
                "{order:?}, {call:?}, {s}: {:?}",
                run.outcome
            );
            if let Outcome::Continued { trailers: Some(trailers), .. } = &run.outcome {
                assert!(spoofs(trailers).is_empty(), "{order:?}, {call:?}, {s}: {trailers:?}");
            }
            host.fault(Plan::none());
            assert!(
                host.request(&with_key()).outcome.reached_application(),
                "{order:?}, {call:?}, {s}: afterwards"
            );
        }
    }
}

/// Linear memory never shrinks, so nothing may be kept per request.
#[test]
fn memory_stays_level() {
    // Native verification in a debug build would take all the time.
    let mut host = setup().verify(Verify::stub(|_| Ok(vec![0x08, 0x01]))).start(plugin());
    let mut rounds = |n| {
        for _ in 0..n {
            for (_, request) in scenarios() {
                host.request(&request);
            }
        }
        host.memory()
    };
    let (before, after) = (rounds(40), rounds(80));
    assert_eq!(before, after);
}
