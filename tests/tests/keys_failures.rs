//! Providers that fail: before anything was fetched, and later.

mod keys;

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use keys::{Crew, Idp, builder, eventually, inline_issuer, inline_request, lines_of, timed};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Issuer, Key, RsaKey, jwks};
use tenant_guard_tests::{Envoy, Provider, Reply, Request, Traffic};

const TIMEOUT: Duration = Duration::from_millis(500);
/// As long as every worker in turn may keep a request waiting.
const WORKERS_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_STALE: Duration = Duration::from_secs(2);
/// What the machine may take besides.
const SLACK: Duration = Duration::from_millis(700);

/// What a bad answer comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Effect {
    /// As if none had come.
    Failure,
    /// What is good in it counts, what isn't is left out.
    GoodOnesCount,
    /// There are no keys any more.
    NoKeys,
}
use Effect::{Failure, GoodOnesCount, NoKeys};

struct Case {
    name: &'static str,
    effect: Effect,
    /// What the log says of it.
    line: &'static str,
    fail: fn(&Idp),
}

fn case(name: &'static str, effect: Effect, line: &'static str, fail: fn(&Idp)) -> Case {
    Case { name, effect, line, fail }
}

const NO_ANSWER: &str = "fetch failed: no answer came";
const LEFT_OUT: &str = "it is left out";

fn cases() -> Vec<Case> {
    vec![
        case("down", Failure, "the connection failed or was closed", |idp| {
            idp.provider.stub().stop()
        }),
        case("hanging", Failure, "timeout passed", |idp| answer(idp, Reply::hang())),
        case("closed", Failure, "the connection failed or was closed", |idp| {
            answer(idp, Reply::close())
        }),
        case("half", Failure, NO_ANSWER, |idp| answer(idp, good(idp).cut())),
        case("stalled", Failure, NO_ANSWER, |idp| answer(idp, good(idp).stalled())),
        case("chunks-cut", Failure, NO_ANSWER, |idp| answer(idp, good(idp).chunked().cut())),
        case("status-500", Failure, "status 500", |idp| answer(idp, good(idp).with_status(500))),
        case("status-206", Failure, "status 206", |idp| answer(idp, good(idp).with_status(206))),
        case("redirect", Failure, "redirects aren't followed", |idp| {
            idp.provider.stub().on("/moved", good(idp));
            answer(idp, Reply::redirect("/moved"));
        }),
        case("garbage", Failure, "not valid JSON", |idp| {
            answer(idp, Reply::bytes("<html>").content_type("application/json"));
        }),
        case("no-set", Failure, "no key set", |idp| answer(idp, Reply::json(&json!([])))),
        case("same-names", Failure, "unique names", |idp| {
            let text = format!(r#"{{"keys": [], "keys": [{}]}}"#, key(idp).jwk());
            answer(idp, Reply::bytes(text));
        }),
        case("html", Failure, "isn't JSON", |idp| answer(idp, good(idp).content_type("text/html"))),
        case("gzip", Failure, "content-encoding gzip", |idp| {
            answer(idp, good(idp).header("content-encoding", "gzip"));
        }),
        case("mebibyte", Failure, "more than the 65536", |idp| {
            answer(idp, good(idp).padded(1 << 20));
        }),
        case("chunked-mebibyte", Failure, "more than the 65536", |idp| {
            answer(idp, good(idp).padded(1 << 20).chunked());
        }),
        case("all-small", Failure, "holds no key that verifies", |idp| {
            answer(idp, keys::key_set(&[&small()]));
        }),
        case("all-private", Failure, "holds no key that verifies", |idp| {
            answer(idp, Reply::json(&json!({"keys": [private(key(idp).jwk())]})));
        }),
        case("small-among-good", GoodOnesCount, LEFT_OUT, |idp| {
            answer(idp, keys::key_set(&[&small(), &key(idp)]));
        }),
        case("private-among-good", GoodOnesCount, LEFT_OUT, |idp| {
            let private = private(Key::es256("small").jwk());
            answer(idp, Reply::json(&json!({"keys": [private, key(idp).jwk()]})));
        }),
        case("empty", NoKeys, "holds no key", |idp| answer(idp, keys::key_set(&[]))),
    ]
}

fn key(idp: &Idp) -> Key {
    Key::seeded(Alg::ES256, "good", &idp.name)
}

fn small() -> Key {
    Key::rsa(Alg::RS256, "small", RsaKey::Bits1024)
}

fn private(mut jwk: Value) -> Value {
    jwk["d"] = json!("AQAB");
    jwk
}

fn good(idp: &Idp) -> Reply {
    Reply::json(&jwks(&[&key(idp)]))
}

fn answer(idp: &Idp, reply: Reply) {
    idp.provider.publish_jwks(reply);
}

/// One Envoy with two providers for each case: one that fails from the start,
/// and one that fails later.
struct World {
    envoy: Envoy,
    start: Vec<(Case, Idp)>,
    later: Vec<(Case, Idp)>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let named = |when: &str, case: Case| {
            let idp = Idp::start(&format!("{when}-{}", case.name), &[]);
            answer(&idp, good(&idp));
            (case, idp)
        };
        let start: Vec<_> = cases().into_iter().map(|case| named("start", case)).collect();
        let later: Vec<_> = cases().into_iter().map(|case| named("later", case)).collect();
        start.iter().for_each(|(case, idp)| (case.fail)(idp));
        let idps: Vec<&Idp> = start.iter().chain(&later).map(|(_, idp)| idp).collect();
        let times = json!({"refresh": "500ms", "timeout": "500ms", "max_stale": "2s"});
        let issuer = |idp: &&Idp| {
            let mut keys = idp.jwks_uri(times.clone());
            keys["secret"] = json!(secret(idp).key.secret());
            idp.issuer(keys)
        };
        let issuers = idps.iter().map(issuer).chain([inline_issuer()]).collect();
        let envoy = builder(&idps, issuers, json!({})).start();
        World { envoy, start, later }
    })
}

fn secret(idp: &Idp) -> Issuer {
    Issuer::new(idp.provider.issuer(), Key::hs256("secret"))
}

fn by_secret(idp: &Idp) -> Request {
    Request::get("/things").bearer(secret(idp).token(json!({"tenant": "acme"})))
}

/// Requests of an issuer that needs no provider: they pass, and none waits.
fn bystanders(envoy: &Envoy) -> Traffic {
    Traffic::start(envoy.address(), 2, 50, vec![inline_request()])
}

fn were_unaffected(traffic: Traffic) {
    for record in traffic.stop() {
        let took = record.ended - record.sent;
        assert_eq!(record.answer.as_ref().map(|answer| answer.status), Ok(200), "{record:?}");
        assert!(took < TIMEOUT, "a bystander waited for {took:?}");
    }
}

/// The provider is well again: nobody has to ask for its keys.
fn recovers(world: &World, case: &Case, idp: &Idp) {
    answer(idp, good(idp));
    idp.provider.stub().resume();
    let back = Instant::now();
    // One may have been under way.
    idp.wait_for_more(2);
    assert!(back.elapsed() < Duration::from_secs(3), "{}: after {:?}", idp.name, back.elapsed());
    let request = idp.request(&key(idp), "back");
    Crew::of(&world.envoy).say(&request, "pass");
    let log = match case.effect {
        Failure => world.envoy.wait_for_log(&format!("keys of {}: fetched again", idp.name)),
        _ => world.envoy.log(),
    };
    // However often it failed meanwhile.
    let lines = lines_of(&log, &idp.name);
    assert!(lines[0].contains(case.line), "{}: {lines:#?}", idp.name);
    let expected = if case.effect == Failure { 3 } else { 1 };
    assert_eq!(lines.len(), expected, "{}: {lines:#?}", idp.name);
    if case.effect == Failure {
        assert!(lines[1].contains("older than max_stale"), "{}: {lines:#?}", idp.name);
    }
}

/// Runs all cases at once, while others aren't affected.
fn each(envoy: &Envoy, cases: &[(Case, Idp)], run: impl Fn(&Case, &Idp) + Sync) {
    let traffic = bystanders(envoy);
    thread::scope(|scope| {
        for (case, idp) in cases {
            let run = &run;
            thread::Builder::new()
                .name(idp.name.clone())
                .spawn_scoped(scope, move || run(case, idp))
                .unwrap();
        }
    });
    were_unaffected(traffic);
}

#[test]
fn a_provider_that_fails_from_the_start_refuses_its_own_tokens_until_it_is_there() {
    let world = world();
    let envoy = &world.envoy;
    each(envoy, &world.start, |case, idp| {
        let expected = match case.effect {
            Failure | NoKeys => "503 keys_unavailable",
            GoodOnesCount => "pass",
        };
        let by_small = match case.effect {
            Failure | NoKeys => expected,
            GoodOnesCount => "401 token_algorithm_refused",
        };
        for (key, expected) in [(key(idp), expected), (small(), by_small)] {
            let (outcome, took) = timed(envoy, &idp.request(&key, "ann"));
            assert_eq!(outcome, expected, "{}", idp.name);
            assert!(took < TIMEOUT + SLACK, "{}: {took:?}", idp.name);
        }
        let (outcome, took) = timed(envoy, &by_secret(idp));
        assert_eq!(outcome, "pass", "{}", idp.name);
        assert!(took < TIMEOUT, "{}: {took:?}", idp.name);
        if case.effect == Failure {
            envoy.wait_for_log(&format!("keys of {}: older than max_stale", idp.name));
        }
        recovers(world, case, idp);
    });
}

#[test]
fn what_was_fetched_holds_until_max_stale_and_no_longer() {
    let world = world();
    let envoy = &world.envoy;
    each(envoy, &world.later, |case, idp| {
        let (mut crew, cached) = (Crew::of(envoy), idp.request(&key(idp), "cached"));
        crew.say(&cached, "pass");
        crew.say(&cached, "pass");
        (case.fail)(idp);
        let failed = Instant::now();
        let seen = idp.provider.stub().seen();
        let last = seen.iter().rfind(|seen| seen.path == Provider::JWKS).unwrap().at;
        let mut number = 0;
        let mut passes = || {
            number += 1;
            let fresh = idp.request(&key(idp), &format!("fresh-{number}"));
            let requests = [&cached, &fresh].map(|request| timed(envoy, request).0);
            requests.iter().all(|outcome| outcome == "pass")
        };
        match case.effect {
            Failure => {
                let mut sent = Instant::now();
                eventually("max_stale is over", || {
                    sent = Instant::now();
                    !passes()
                });
                let age = sent - last;
                assert!(age + Duration::from_millis(100) > MAX_STALE, "{}: {age:?}", idp.name);
                assert!(age < MAX_STALE + TIMEOUT + SLACK, "{}: {age:?}", idp.name);
            }
            GoodOnesCount => {
                while failed.elapsed() < MAX_STALE + SLACK {
                    assert!(passes(), "{}", idp.name);
                }
                let left_out = idp.request(&Key::es256("small"), "ann");
                crew.say(&left_out, "401 token_key_unknown");
            }
            NoKeys => {
                eventually("the keys are gone", || !passes());
                assert!(failed.elapsed() < Duration::from_millis(500) + SLACK, "{}", idp.name);
            }
        }
        if case.effect != GoodOnesCount {
            let others = crew.wait_until_all_say(&cached, "503 keys_unavailable");
            assert!(others < WORKERS_TIMEOUT + SLACK, "{}: {others:?}", idp.name);
            let (outcome, took) = timed(envoy, &idp.request(&key(idp), "late"));
            assert_eq!(outcome, "503 keys_unavailable", "{}", idp.name);
            assert!(took < TIMEOUT + SLACK, "{}: {took:?}", idp.name);
        }
        crew.say(&by_secret(idp), "pass");
        recovers(world, case, idp);
    });
}
