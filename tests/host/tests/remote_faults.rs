//! Every hostcall may fail while a request waits: when it is paused, at a
//! tick, at an answer, and when it is let go. Nothing goes on that shouldn't,
//! nothing traps, and nobody waits for ever.

use tenant_guard_host_tests::{
    Call, Callback, Effect, Fault, Host, Outcome, Plan, Request, Run, SharedData,
};

use crate::common::elsewhere::*;
use crate::common::sweep::{at, failing, failures, report, rubbish, some_statuses, this};
use crate::common::*;

/// Where in the life of requests that wait the host fails.
#[derive(Debug, Clone, Copy)]
enum Step {
    Pause,
    FirstTick,
    Answers,
    /// Another worker fetched; this one takes over and lets go.
    Wake,
}

const STEPS: [Step; 4] = [Step::Pause, Step::FirstTick, Step::Answers, Step::Wake];

/// Who waits, and what is to become of it.
fn requests() -> Vec<(Request, &'static str)> {
    vec![
        (token_of("globex"), "continued"),
        (globex_key(), "continued"),
        (token_of("initech"), "403 tenant_inactive"),
    ]
}

/// A worker, up to a step.
struct Scene {
    host: Host,
    waiting: Vec<u32>,
}

impl Scene {
    fn before(step: Step) -> Self {
        let shared = SharedData::new();
        let host = elsewhere(&remote(), &shared);
        let mut scene = Self { host, waiting: Vec::new() };
        match step {
            Step::Pause => {}
            Step::FirstTick => scene.open(),
            Step::Answers => {
                scene.open();
                scene.host.tick();
            }
            Step::Wake => {
                scene.open();
                fetch(&mut elsewhere(&remote(), &shared));
            }
        }
        scene
    }

    fn open(&mut self) {
        self.waiting = requests().iter().map(|(request, _)| self.host.open(request)).collect();
    }

    /// The step itself; all hostcalls that it made.
    fn play(&mut self, step: Step) -> Vec<Call> {
        match step {
            Step::Pause => {
                self.open();
                let runs = self.waiting.iter().map(|id| self.host.look(*id));
                runs.flat_map(|run| run.calls).collect()
            }
            Step::FirstTick | Step::Wake => self.host.tick().calls,
            Step::Answers => {
                let calls = self.host.calls().into_iter();
                calls.flat_map(|call| answer(&mut self.host, &call).calls).collect()
            }
        }
    }

    /// What is wrong in the end, once all works again.
    fn wrong(&mut self, lie: bool) -> Option<String> {
        self.host.fault(Plan::none());
        if let Some(why) = self.host.dead() {
            return Some(format!("trapped: {why}"));
        }
        let runs = settle(&mut self.host, &self.waiting.clone(), 8);
        for (run, (_, end)) in runs.iter().zip(requests()) {
            let refused = run.outcome.reply().is_some() && !run.outcome.reached_application();
            if let (Some(why), false) = (judged(run, end), lie && refused) {
                return Some(why);
            }
        }
        // And the next are decided as ever, once a fetch that failed is over.
        for _ in 0..4 {
            self.host.advance(1);
            fetch(&mut self.host);
        }
        for (request, end) in requests() {
            let id = self.host.open(&request);
            let run = settle(&mut self.host, &[id], 8).remove(0);
            if run.outcome.short() != end {
                return Some(format!("the next: {} instead of {end}", run.outcome.short()));
            }
        }
        None
    }
}

/// The right verdict, or a refusal for reasons of the host's.
fn judged(run: &Run, end: &str) -> Option<String> {
    let short = run.outcome.short();
    let known = ["503 keys_unavailable", "503 tenants_unavailable", "503 guard_unavailable"];
    let reached = run.outcome.reached_application();
    match &run.outcome {
        Outcome::Continued { headers, .. } if end == "continued" => {
            let identity = headers.all("x-tenant-id") == ["globex"]
                && headers.text("authorization").is_none()
                && headers.text("x-api-key").is_none()
                && headers.text("x-user-id").as_deref() != Some("root")
                && run.property("tenant_guard.decision").as_deref() == Some("allow");
            (!identity).then(|| format!("continued as {headers:?}"))
        }
        // It went on, and the host said that it didn't.
        Outcome::Replied { .. } if reached => {
            (end != "continued").then(|| format!("{short} after it went on"))
        }
        Outcome::Replied { .. } => {
            (short != end && !known.contains(&short.as_str())).then_some(short)
        }
        _ => Some(short),
    }
}

/// The SDK's own calls, at which it panics: that for which the plugin tests the
/// host before each call. What is asked before is about no cluster.
fn of_the_sdk(call: &Call, effect: &Effect) -> bool {
    let answers = matches!(effect, Effect::Status(0 | 2 | 10));
    match call.name {
        "proxy_http_call" => !call.about.is_empty() && !answers,
        "proxy_set_effective_context" => {
            call.callback == Callback::HttpCallResponse && call.nth == 0
        }
        _ => false,
    }
}

fn sweep(what: &str, effects: impl Fn(&Call) -> Vec<(String, Effect)>) {
    let (mut tried, mut bad) = (0, Vec::new());
    for step in STEPS {
        let base = Scene::before(step).play(step);
        println!("{step:?}: {} hostcalls", base.len());
        // How many such calls came before in the step, not in one callback.
        for (place, call) in base.iter().enumerate() {
            let same = |other: &&Call| other.name == call.name && other.callback == call.callback;
            let nth = base[..place].iter().filter(same).count();
            let nth_call = Call { nth, ..call.clone() };
            for (word, effect) in effects(&nth_call) {
                if of_the_sdk(call, &effect) {
                    continue;
                }
                let call = &nth_call;
                // "Done", or an answer, and it wasn't.
                let lie = !matches!(effect, Effect::Status(1..) | Effect::DoneBut(_));
                tried += 1;
                let mut scene = Scene::before(step);
                scene.host.fault(Plan::of(this(call), effect));
                let made = scene.play(step);
                let at = format!("{step:?}: {}", at(call, &word));
                if !made.iter().any(|call| call.faulted) {
                    bad.push(format!("{at}: the call wasn't made again"));
                }
                bad.extend(scene.wrong(lie).map(|why| format!("{at}: {why}")));
            }
        }
    }
    report(what, tried, &bad);
}

#[test]
fn a_hostcall_that_fails_while_requests_wait_lets_nothing_through_and_nobody_down() {
    sweep(
        "waiting, statuses",
        |call| {
            if call.nth == 0 { failures() } else { failing(some_statuses()) }
        },
    );
}

#[test]
fn a_hostcall_done_and_yet_reported_as_failed_lets_nothing_through_that_waits() {
    sweep("waiting, done but failed", |_| vec![("done but 10".into(), Effect::DoneBut(10))]);
}

#[test]
fn rubbish_under_ok_lets_nothing_through_that_waits() {
    sweep("waiting, rubbish", |call| {
        // Done under `Ok`, and it wasn't: then nothing comes of it.
        let not_done = match call.name {
            "proxy_set_shared_data" | "proxy_set_tick_period_milliseconds" => {
                vec![("not done".into(), Effect::Status(0))]
            }
            _ => Vec::new(),
        };
        rubbish(call.name).into_iter().chain(not_done).collect()
    });
}

/// One name fails throughout a step.
#[test]
fn a_hostcall_that_never_works_while_requests_wait_lets_nothing_through() {
    let (mut tried, mut bad) = (0, Vec::new());
    for step in STEPS {
        let base = Scene::before(step).play(step);
        let mut names: Vec<&str> = base.iter().map(|call| call.name).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            for s in some_statuses() {
                // The SDK's own, at an answer.
                if matches!(step, Step::Answers) && name == "proxy_set_effective_context" {
                    continue;
                }
                tried += 1;
                let mut scene = Scene::before(step);
                scene.host.fault(Plan::of(Fault::on(name), Effect::Status(s)));
                scene.play(step);
                // Where the reply itself can't be sent, the request is held.
                let held = name == "proxy_send_local_response";
                let wrong = scene.wrong(false).filter(|why| !(held && why.starts_with("waiting")));
                bad.extend(wrong.map(|why| format!("{step:?}: every {name}, status {s}: {why}")));
            }
        }
    }
    report("waiting, never works", tried, &bad);
}

#[test]
fn a_host_that_refuses_to_tick_has_nobody_wait() {
    for s in some_statuses() {
        let plan = || Plan::of(Fault::on("proxy_set_tick_period_milliseconds"), Effect::Status(s));
        let setup = setup_elsewhere(&remote(), &SharedData::new());
        let mut host = started(setup.faults(plan()));
        assert_eq!(host.request(&globex_key()).outcome.short(), "503 tenants_unavailable");
        assert_eq!(host.request(&token_of("acme")).outcome.short(), "503 keys_unavailable");
        // What needs nothing from elsewhere isn't concerned.
        assert!(host.request(&with_key()).outcome.reached_application());
        let told = host.start.logs.iter().filter(|line| line.text.contains("tick_period"));
        assert_eq!(told.count(), 1);
        // Once it ticks all is well.
        host.fault(Plan::none());
        let waiting = host.open(&token_of("globex"));
        assert!(is_waiting(&host, waiting));
        assert!(host.tick_period().is_some());
        let runs = settle(&mut host, &[waiting], 3);
        assert_in(&runs[0], "globex");
        // And where it refuses later the same.
        host.advance(40);
        host.tick();
        host.fault(plan());
        assert_eq!(host.request(&token_of_unknown_key()).outcome.short(), "401 token_key_unknown");
    }
}

/// What no host should accept, or know by another status.
#[test]
fn a_host_without_manners_is_never_sent_a_call() {
    let strange = failing(vec![0, 1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 255, u32::MAX]);
    for (word, effect) in strange {
        let mut host = alone(&remote());
        let waiting = host.open(&token_of("globex"));
        host.fault(Plan::of(Fault::on("proxy_http_call"), effect));
        let run = host.tick();
        let calls = run.calls.iter().filter(|call| call.name == "proxy_http_call");
        let about: Vec<&str> = calls.map(|call| call.about.as_str()).collect();
        assert_eq!(about, ["", ""], "{word}: once for each source, and to no cluster");
        assert!(host.calls().is_empty(), "{word}");
        assert_eq!(host.counter("tenant_guard.keys.failures"), Some(1), "{word}");
        assert!(run.log().contains("proxy_http_call"), "{word}: {}", run.log());
        host.advance(2);
        host.tick();
        assert!(short(&host, waiting).starts_with("503 "), "{word}: {}", short(&host, waiting));
        host.fault(Plan::none());
        host.advance(3);
        fetch(&mut host);
        assert_in(&host.request(&token_of("globex")), "globex");
    }
}

/// Envoy's answer where there is no such cluster, and where it isn't ready.
#[test]
fn a_cluster_that_is_not_there_is_a_failed_fetch() {
    let mut host = alone(&remote());
    host.clusters(&[]);
    let waiting = host.open(&token_of("globex"));
    let run = host.tick();
    assert!(run.log().contains("the proxy has no cluster idp"), "{}", run.log());
    host.clusters(&[KEYS, TENANTS]);
    host.advance(1);
    let runs = settle(&mut host, &[waiting], 2);
    assert_in(&runs[0], "globex");
}
