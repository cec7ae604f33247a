//! Tries faults on every hostcall, and judges what comes of it.

use tenant_guard_host_tests::{Call, Callback, Effect, Fault, Outcome, Plan, Run, garbage, status};

use super::*;

/// Those of the ABI, and some no host should know.
pub fn statuses() -> Vec<u32> {
    status::FAILURES.chain([13, 255, u32::MAX]).collect()
}

/// Each failure, with a word for messages.
pub fn failures() -> Vec<(String, Effect)> {
    failing(statuses())
}

/// The same for these.
pub fn failing(statuses: Vec<u32>) -> Vec<(String, Effect)> {
    statuses.into_iter().map(|s| (format!("status {s}"), Effect::Status(s))).collect()
}

/// Those that the plugin tells apart, and one of the rest: enough where all
/// others were tried on such a call already.
pub fn some_statuses() -> Vec<u32> {
    vec![status::NOT_FOUND, status::CAS_MISMATCH, status::INTERNAL_FAILURE, status::UNIMPLEMENTED]
}

/// What `name` could give under `Ok`, with a word for messages.
pub fn rubbish(name: &str) -> Vec<(String, Effect)> {
    garbage(name).into_iter().map(|(word, effect)| (word.to_owned(), effect)).collect()
}

/// This very call.
pub fn this(call: &Call) -> Fault {
    Fault::on(call.name).within(call.callback).nth(call.nth)
}

/// Which call, for messages.
pub fn at(call: &Call, word: &str) -> String {
    format!("{:?}, {}[{}] {:?}, {word}", call.callback, call.name, call.nth, call.about)
}

/// Hostcalls whose failure may be overlooked: they tell, they don't decide.
fn harmless(name: &str) -> bool {
    matches!(
        name,
        "proxy_log" | "proxy_define_metric" | "proxy_increment_metric" | "proxy_record_metric"
    )
}

/// Statuses that are answers: "there is none", and "I can't".
fn an_answer(name: &str, status: u32) -> bool {
    match name {
        "proxy_get_property" | "proxy_get_shared_data" => status == status::NOT_FOUND,
        // Another worker was faster.
        "proxy_set_shared_data" => status == status::CAS_MISMATCH,
        // A host without `verify_signature`, or without foreign functions.
        "proxy_call_foreign_function" => {
            matches!(status, status::NOT_FOUND | status::UNIMPLEMENTED)
        }
        _ => false,
    }
}

/// Callbacks that run once the decision stands.
fn afterwards(callback: Callback) -> bool {
    matches!(
        callback,
        Callback::ResponseHeaders | Callback::Log | Callback::Done | Callback::Delete
    )
}

/// Fails with what went wrong, and where nothing was tried.
pub fn report(what: &str, tried: usize, bad: &[String]) {
    println!("{what}: {tried} faults tried");
    assert!(tried > 0, "{what}: nothing to try");
    let shown = bad.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(bad.is_empty(), "{what}: {} of {tried}:\n{shown}", bad.len());
}

/// What is wrong with this run, in which `call` met `effect`; `base` is the run without.
pub fn wrong(base: &Run, run: &Run, call: &Call, effect: &Effect) -> Option<String> {
    let same = decision(run) == decision(base);
    let refused = !run.outcome.reached_application()
        && matches!(run.outcome, Outcome::Replied { .. } | Outcome::Paused { .. });
    if let Outcome::Trapped(why) = &run.outcome {
        return Some(format!("trapped: {why}"));
    }
    if call.callback == Callback::ResponseHeaders {
        // It is somebody's answer already.
        return (!same).then(|| format!("{} instead of {}", decision(run), decision(base)));
    }
    if call.callback == Callback::RequestTrailers && !same {
        // The headers had gone on already; the caller's trailers must not follow.
        return match &run.outcome {
            Outcome::Continued { trailers: Some(trailers), .. } if !spoofs(trailers).is_empty() => {
                Some(format!("let trailers through: {trailers:?}"))
            }
            _ => None,
        };
    }
    let overlooked = match effect {
        // Not done under `Ok` is a lie like rubbish.
        Effect::Status(status::OK) => true,
        Effect::Status(s) | Effect::DoneBut(s) => {
            harmless(call.name) || afterwards(call.callback) || an_answer(call.name, *s)
        }
        // Rubbish under `Ok` can look like an answer: it may change nothing, or refuse.
        _ => true,
    };
    if overlooked {
        return (!same && !refused)
            .then(|| format!("{} instead of {}", decision(run), decision(base)));
    }
    match &run.outcome {
        Outcome::Continued { .. } => Some("continued".into()),
        // Where the fault-free request was refused, any refusal will do.
        _ if !base.outcome.reached_application() => (!refused).then(|| run.outcome.short()),
        Outcome::Paused { .. } if call.name == "proxy_send_local_response" => None,
        outcome => {
            (!unavailable(outcome)).then(|| format!("{}, not guard_unavailable", outcome.short()))
        }
    }
}

/// Tries each effect on each hostcall of each request, in a VM of its own.
pub fn sweep(what: &str, effects: impl Fn(&Call) -> Vec<(String, Effect)>) {
    let (mut tried, mut bad) = (0, Vec::new());
    for (name, request) in scenarios() {
        let mut host = host();
        let base = host.request(&request);
        println!("{name}: {}; {} hostcalls", base.outcome.short(), base.calls.len());
        let again = decision(&host.request(&request));
        for call in &base.calls {
            for (word, effect) in effects(call) {
                tried += 1;
                let at = format!("{name}: {}", at(call, &word));
                let mut host = super::host();
                host.fault(Plan::of(this(call), effect.clone()));
                let run = host.request(&request);
                if !run.calls.iter().any(|c| c.faulted) {
                    bad.push(format!("{at}: the call wasn't made again"));
                }
                if let Some(why) = wrong(&base, &run, call, &effect) {
                    bad.push(format!("{at}: {why}"));
                }
                host.fault(Plan::none());
                let next = decision(&host.request(&request));
                if next != again {
                    bad.push(format!("{at}: the next request: {next} instead of {again}"));
                }
            }
        }
    }
    report(what, tried, &bad);
}
