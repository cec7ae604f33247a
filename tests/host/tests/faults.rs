//! Every hostcall may fail, in every callback and with every status: nothing
//! then reaches the application, nothing traps, and the next request is
//! decided as ever.

mod common;

use common::*;
use serde_json::json;
use tenant_guard_host_tests::verify::Verify;
use tenant_guard_host_tests::{
    Call, Callback, Effect, Fault, Headers, Outcome, Plan, Request, Run, Setup, garbage, imports,
    status, tokens,
};

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

/// Those of the ABI, and some no host should know.
fn statuses() -> Vec<u32> {
    status::FAILURES.chain([13, 255, u32::MAX]).collect()
}

/// Hostcalls whose failure may be overlooked: they tell, they don't decide.
fn harmless(name: &str) -> bool {
    matches!(
        name,
        "proxy_log"
            | "proxy_get_log_level"
            | "proxy_define_metric"
            | "proxy_increment_metric"
            | "proxy_record_metric"
            | "proxy_get_metric"
    )
}

/// Statuses that are answers: "there is none", "I can't", and "somebody was faster".
fn an_answer(name: &str, status: u32) -> bool {
    match name {
        "proxy_get_property" | "proxy_get_header_map_value" | "proxy_get_shared_data" => {
            status == status::NOT_FOUND
        }
        // A host without `verify_signature`, or without foreign functions.
        "proxy_call_foreign_function" => {
            matches!(status, status::NOT_FOUND | status::UNIMPLEMENTED)
        }
        "proxy_set_shared_data" => status == status::CAS_MISMATCH,
        _ => false,
    }
}

/// Callbacks that run once the decision stands.
fn afterwards(callback: Callback) -> bool {
    matches!(
        callback,
        Callback::ResponseHeaders
            | Callback::ResponseBody
            | Callback::ResponseTrailers
            | Callback::Log
            | Callback::Done
            | Callback::Delete
    )
}

fn report(what: &str, tried: usize, bad: &[String]) {
    println!("{what}: {tried} faults tried");
    assert!(tried > 0, "{what}: nothing to try");
    let shown = bad.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(bad.is_empty(), "{what}: {} of {tried}:\n{shown}", bad.len());
}

/// What is wrong with this run, in which `call` met `effect`; `base` is the run without.
fn wrong(base: &Run, run: &Run, call: &Call, effect: &Effect) -> Option<String> {
    let same = decision(run) == decision(base);
    let refused = !run.outcome.reached_application()
        && matches!(run.outcome, Outcome::Replied { .. } | Outcome::Paused { .. });
    if let Outcome::Trapped(why) = &run.outcome {
        return Some(format!("trapped: {why}"));
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
fn sweep(
    what: &str,
    setup: impl Fn() -> Setup,
    requests: &[(&str, Request)],
    effects: impl Fn(&Call) -> Vec<(String, Effect)>,
) {
    let (mut tried, mut bad) = (0, Vec::new());
    for (name, request) in requests {
        let mut host = setup().start(plugin());
        assert!(host.configured, "{}", host.start.log());
        let base = host.request(request);
        println!("{name}: {}; {} hostcalls", base.outcome.short(), base.calls.len());
        let again = decision(&host.request(request));
        for call in &base.calls {
            for (word, effect) in effects(call) {
                tried += 1;
                let at = format!(
                    "{name}: {:?}, {}[{}] {:?}, {word}",
                    call.callback, call.name, call.nth, call.about
                );
                let mut host = setup().start(plugin());
                host.fault(Plan::of(
                    Fault::on(call.name).within(call.callback).nth(call.nth),
                    effect.clone(),
                ));
                let run = host.request(request);
                if !run.calls.iter().any(|c| c.faulted) {
                    bad.push(format!("{at}: the call wasn't made again"));
                }
                if let Some(why) = wrong(&base, &run, call, &effect) {
                    bad.push(format!("{at}: {why}"));
                }
                host.fault(Plan::none());
                let next = host.request(request);
                // A bucket built on rubbish may keep refusing.
                let spoilt = ["proxy_get_shared_data", "proxy_get_current_time_nanoseconds"]
                    .contains(&call.name)
                    && !matches!(effect, Effect::Status(_) | Effect::DoneBut(_))
                    && next.outcome.reply().is_some();
                let next = decision(&next);
                if next != again && !spoilt {
                    bad.push(format!("{at}: the next request: {next} instead of {again}"));
                }
            }
        }
    }
    report(what, tried, &bad);
}

#[test]
fn without_faults_each_request_is_decided_as_the_contract_says() {
    let mut host = host();

    let run = host.request(&with_key());
    let headers = run.outcome.headers();
    assert_eq!(headers.all("x-tenant-id"), ["acme"]);
    assert_eq!(headers.all("x-client-id"), ["web"]);
    assert_eq!(headers.all("x-key-id"), ["web-1"]);
    assert_eq!(headers.all("x-auth-method"), ["api_key"]);
    assert_eq!(headers.all("accept"), ["*/*"]);
    for gone in ["x-api-key", "x-user-id", "x-roles", "x_key_id"] {
        assert_eq!(headers.get(gone), None, "{gone}");
    }
    assert_eq!(run.property("tenant_guard.decision").as_deref(), Some("allow"));

    for (request, method) in [(hs256(), "jwt"), (rs256(), "jwt"), (es256(), "jwt")] {
        let run = host.request(&request);
        assert_eq!(run.outcome.headers().all("x-tenant-id"), ["acme"]);
        assert_eq!(run.outcome.headers().all("x-user-id"), ["u1"]);
        assert_eq!(run.outcome.headers().all("x-auth-method"), [method]);
        assert_eq!(run.outcome.headers().get("authorization"), None);
    }

    let run = host.request(&without_credentials());
    let reply = run.outcome.reply().expect("a reply");
    assert_eq!((reply.status, reply.code().as_str()), (401, "credentials_missing"));
    assert_eq!(reply.details, "tenant_guard.credentials_missing");
    assert_eq!(reply.headers.text("content-type").as_deref(), Some("application/problem+json"));
    assert_eq!(run.property("tenant_guard.decision"), None);

    let run = host.request(&public());
    assert!(spoofs(run.outcome.headers()).is_empty(), "{:?}", run.outcome);
    assert_eq!(run.property("tenant_guard.decision").as_deref(), Some("public"));

    let run = host.request(&with_trailers());
    let Outcome::Continued { trailers: Some(trailers), .. } = &run.outcome else {
        panic!("{:?}", run.outcome)
    };
    assert!(spoofs(trailers).is_empty(), "{trailers:?}");
    assert_eq!(trailers.all("x-checksum"), ["abc"]);
}

#[test]
fn grpc_gets_its_own_status() {
    let run = host().request(&without_credentials().header("content-type", "application/grpc"));
    assert_eq!(run.outcome.reply().and_then(|r| r.grpc_status), Some(16), "{:?}", run.outcome);
}

#[test]
fn every_hostcall_with_every_status() {
    sweep("statuses", setup, &scenarios(), |_| {
        statuses().into_iter().map(|s| (format!("status {s}"), Effect::Status(s))).collect()
    });
}

#[test]
fn done_and_yet_reported_as_failed() {
    sweep("done but failed", setup, &scenarios(), |_| {
        vec![("done but 10".into(), Effect::DoneBut(10))]
    });
}

#[test]
fn rubbish_under_ok() {
    sweep("rubbish", setup, &scenarios(), |call| {
        garbage(call.name).into_iter().map(|(word, e)| (word.to_owned(), e)).collect()
    });
}

#[test]
fn the_limiter_with_every_status_and_rubbish() {
    let setup = || Setup::new(&limited().to_string()).environment(ENVIRONMENT);
    let counts = setup().start(plugin()).request(&with_key()).counts();
    assert!(
        counts.contains_key(&(Callback::RequestHeaders, "proxy_set_shared_data")),
        "{counts:?}"
    );
    sweep("limits", setup, &[("api key", with_key())], |call| {
        let mut all: Vec<_> =
            statuses().into_iter().map(|s| (format!("status {s}"), Effect::Status(s))).collect();
        all.extend(garbage(call.name).into_iter().map(|(word, e)| (word.to_owned(), e)));
        all
    });
}

/// A clock set back leaves no tenant without its requests.
#[test]
fn a_clock_that_steps_back() {
    let mut host = Setup::new(&limited().to_string()).environment(ENVIRONMENT).start(plugin());
    for now in [NOW, NOW + 3600, NOW, NOW - 86_400, NOW] {
        host.now(now);
        let run = host.request(&with_key());
        assert!(run.outcome.reached_application(), "{now}: {:?}", run.outcome);
    }
}

/// One name fails throughout, so what the refusal itself needs fails too.
#[test]
fn a_hostcall_that_never_works() {
    let (mut tried, mut bad) = (0, Vec::new());
    let setups = [document(), limited()]
        .map(|document| move || Setup::new(&document.to_string()).environment(ENVIRONMENT));
    for (setup, (name, request)) in setups
        .iter()
        .flat_map(|setup| scenarios().into_iter().map(move |scenario| (setup, scenario)))
    {
        let base = setup().start(plugin()).request(&request);
        let mut names: Vec<_> = base.calls.iter().map(|c| c.name).collect();
        names.sort_unstable();
        names.dedup();
        for call in names {
            for s in statuses() {
                tried += 1;
                let mut host = setup().start(plugin());
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
fn nothing_works() {
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

/// Callbacks without those that should come before: Envoy makes a context for
/// a stream that another filter ended, and logs it.
#[test]
fn callbacks_out_of_order() {
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
        let faults =
            base.calls.iter().flat_map(|call| statuses().into_iter().map(move |s| (Some(call), s)));
        for (call, s) in faults.chain([(None, 0)]) {
            let mut host = host();
            if let Some(call) = call {
                host.fault(Plan::of(
                    Fault::on(call.name).within(call.callback).nth(call.nth),
                    Effect::Status(s),
                ));
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

#[test]
fn without_verify_signature_tokens_are_verified_inside() {
    let wrong_key = |token: &str| {
        let (input, _) = token.rsplit_once('.').unwrap();
        format!("{input}.{}", tokens::b64([7; 64]))
    };
    let (rs, es) =
        (tokens::rs256(&claims("https://idp.test/")), tokens::es256(&claims("https://idp.test/")));
    let tokens = [
        rs.clone(),
        es.clone(),
        tokens::forged(&rs),
        tokens::forged(&es),
        wrong_key(&es),
        wrong_key(&rs),
    ];
    for (index, token) in tokens.iter().enumerate() {
        let request = with_token(token);
        let with = host().request(&request);
        let mut host = setup().verify(Verify::missing()).start(plugin());
        assert!(host.configured, "{}", host.start.log());
        let without = host.request(&request);
        assert_eq!(decision(&with), decision(&without), "token {index}");
        assert_eq!(
            with.outcome.reached_application(),
            index < 2,
            "token {index}: {:?}",
            with.outcome
        );
    }
}

/// The host's word counts only as the protobuf `result: true`.
#[test]
fn verify_signature_is_believed_only_when_it_says_true() {
    let rs = tokens::rs256(&claims("https://idp.test/"));
    for (word, effect) in garbage("proxy_call_foreign_function") {
        for (token, good) in [(rs.clone(), true), (tokens::forged(&rs), false)] {
            let mut host = host();
            host.fault(Plan::of(Fault::on("proxy_call_foreign_function"), effect.clone()));
            let run = host.request(&with_token(&token));
            assert!(!matches!(run.outcome, Outcome::Trapped(_)), "{word}: {:?}", run.outcome);
            assert!(good || !run.outcome.reached_application(), "{word}: a forged token passed");
        }
    }
    for (answer, believed) in [
        (&b"\x08\x01"[..], true),
        (b"", false),
        (b"\x08\x00", false),
        (b"\x12\x02no", false),
        (b"\x08\x01\x08\x00", false),
    ] {
        let verify = Verify::stub(move |_| Ok(answer.to_vec()));
        let run = setup().verify(verify).start(plugin()).request(&with_token(&rs));
        assert_eq!(run.outcome.reached_application(), believed, "{answer:?}: {:?}", run.outcome);
    }
}

/// The SDK's dispatcher keeps the whole ABI among the imports; beyond it only
/// the environment, and nothing of what other toolchains bring.
#[test]
fn the_module_imports_only_what_envoy_has() {
    let imports = imports(plugin());
    let others: Vec<_> = imports.iter().filter(|name| !ABI.contains(&name.as_str())).collect();
    assert!(others.is_empty(), "{others:?}");
}

/// What is called is far less, and is what the faults were tried on.
#[test]
fn only_these_hostcalls_are_made() {
    const CALLED: &[&str] = &[
        "environ_get",
        "environ_sizes_get",
        "proxy_call_foreign_function",
        "proxy_define_metric",
        "proxy_get_buffer_bytes",
        "proxy_get_current_time_nanoseconds",
        "proxy_get_header_map_pairs",
        "proxy_get_property",
        "proxy_get_shared_data",
        "proxy_increment_metric",
        "proxy_log",
        "proxy_record_metric",
        "proxy_remove_header_map_value",
        "proxy_replace_header_map_value",
        "proxy_send_local_response",
        "proxy_set_property",
        "proxy_set_shared_data",
        "proxy_set_tick_period_milliseconds",
    ];
    for document in [document(), limited()] {
        let mut host = Setup::new(&document.to_string()).environment(ENVIRONMENT).start(plugin());
        let mut calls = host.start.calls.clone();
        for (_, request) in scenarios() {
            calls.extend(host.request(&request).calls);
        }
        let others: Vec<_> = calls.iter().filter(|c| !CALLED.contains(&c.name)).collect();
        assert!(others.is_empty(), "{others:?}");
    }
}

/// What a client can send to wear the guard out: refused or not, the VM lives.
#[test]
fn hostile_requests_do_not_trap() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let token = |payload: &str| {
        format!(
            "{}.{}.{}",
            tokens::b64(r#"{"alg":"HS256","typ":"JWT"}"#),
            tokens::b64(payload),
            tokens::b64([0; 32])
        )
    };
    let with_path = |path: &[u8]| {
        let mut headers = Headers::of(&[
            (":method", "GET"),
            (":authority", "api.example.com"),
            ("x-api-key", API_KEY),
        ]);
        headers.add(b":path", path);
        Request::get("/").with_headers(headers)
    };
    let mut many = with_key();
    for index in 0..1000 {
        many = many.header(&format!("x-h-{index}"), "v");
    }
    let requests = [
        ("no headers at all", Request::get("/").with_headers(Headers::default())),
        (
            "no path",
            Request::get("/")
                .with_headers(Headers::of(&[(":method", "CONNECT"), (":authority", "h:1")])),
        ),
        ("two paths", with_key().header(":path", "/healthz")),
        ("empty path", with_path(b"")),
        ("not a path", with_path(b"\xff\xfe%")),
        ("bad escapes", with_path(b"/%/%2/%zz/%00/%c0%ae%c0%ae/..;/%25%32%66")),
        ("long path", with_path(&[b"/".as_slice(), &vec![b'a'; 1 << 20]].concat())),
        ("many segments", with_path("/a".repeat(100_000).as_bytes())),
        ("many parameters", with_path(format!("/?{}", "a=b&".repeat(100_000)).as_bytes())),
        ("thousand headers", many),
        ("a megabyte of key", Request::get("/").header("x-api-key", &"k".repeat(1 << 20))),
        ("a megabyte of token", with_token(&"a".repeat(1 << 20))),
        ("only dots", with_token(&".".repeat(10_000))),
        ("empty token", with_token("")),
        ("nesting", with_token(&token(&deep(1000)))),
        (
            "numbers",
            with_token(&token(
                r#"{"iss":"https://hs.test/","exp":1e999,"nbf":-1e999,"iat":99999999999999999999}"#,
            )),
        ),
        (
            "exp at the end",
            with_token(&tokens::hs256(
                SECRET,
                &json!({"iss":"https://hs.test/","aud":"api","sub":"u","tenant":"acme","exp":u64::MAX,"nbf":i64::MIN}),
            )),
        ),
        (
            "exp negative",
            with_token(&tokens::hs256(
                SECRET,
                &json!({"iss":"https://hs.test/","aud":"api","sub":"u","tenant":"acme","exp":i64::MIN}),
            )),
        ),
        (
            "exp a fraction",
            with_token(&tokens::hs256(
                SECRET,
                &json!({"iss":"https://hs.test/","aud":"api","sub":"u","tenant":"acme","exp":1.7e308}),
            )),
        ),
        ("bytes as a scheme", Request::get("/").header_bytes(b"authorization", b"\xff\xff \xff")),
        ("bytes as a cookie", Request::get("/").header_bytes(b"cookie", b"=;=;\xff=\xff;;;")),
        ("bytes as a host", with_key().header_bytes(b":authority", b"[::::]]:\xff")),
        (
            "an address that is none",
            with_key().property(&["source", "address"], b"\xff[::1%eth0]]:99999999"),
        ),
        (
            "a peer that is none",
            with_key().property(&["filter_state", "tenant_guard.peer"], b"\xff"),
        ),
    ];
    let mut host = host();
    for (name, request) in requests {
        let run = host.request(&request);
        println!("{name}: {}", run.outcome.short());
        assert!(!matches!(run.outcome, Outcome::Trapped(_)), "{name}: {:?}", run.outcome);
    }
    assert!(host.request(&with_key()).outcome.reached_application());
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
    let (before, after) = (rounds(100), rounds(300));
    assert_eq!(before, after);
}

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
            assert_eq!(run.outcome.reply().unwrap().code(), "guard_unavailable");
            assert_eq!(run.property("tenant_guard.decision"), None, "{effect:?}, {name}");
        }
    }
}

#[test]
fn every_hostcall_of_the_start_with_every_status() {
    let base = host();
    println!("{:?}", base.start.counts());
    let normal: Vec<_> =
        scenarios().iter().map(|(_, request)| decision(&host().request(request))).collect();
    let (mut tried, mut bad) = (0, Vec::new());
    for call in &base.start.calls {
        let mut effects: Vec<_> =
            statuses().into_iter().map(|s| (format!("status {s}"), Effect::Status(s))).collect();
        effects.extend(garbage(call.name).into_iter().map(|(word, e)| (word.to_owned(), e)));
        for (word, effect) in effects {
            tried += 1;
            let at = format!(
                "{:?}, {}[{}] {:?}, {word}",
                call.callback, call.name, call.nth, call.about
            );
            let plan =
                Plan::of(Fault::on(call.name).within(call.callback).nth(call.nth), effect.clone());
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
    for name in [
        "proxy_get_current_time_nanoseconds",
        "proxy_get_shared_data",
        "proxy_http_call",
        "random_get",
        "clock_time_get",
    ] {
        assert!(!asked.contains(&name), "{name}: {asked:?}");
    }
}
