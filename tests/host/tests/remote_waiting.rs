//! Requests that wait for what is fetched.

use tenant_guard_host_tests::{Callback, Host, Outcome, Request, tokens};

use crate::common::elsewhere::*;
use crate::common::*;

const WAITING: &str = "waiting in RequestHeaders";

#[test]
fn a_request_that_waits_for_keys_goes_on_with_its_identity_once_they_are_there() {
    let mut host = alone(&remote_keys());
    let waiting = host.open(&token_of("acme"));
    assert_eq!(short(&host, waiting), WAITING);
    assert_eq!(host.look(waiting).property("tenant_guard.decision"), None);
    host.tick();
    assert_eq!(short(&host, waiting), WAITING);
    let call = call_to(&host, KEYS);
    assert_eq!((&*call.method, &*call.authority, &*call.path), ("GET", "idp.test", "/jwks"));
    assert_eq!(call.timeout.as_secs(), 2);
    answer(&mut host, &call);
    let run = host.look(waiting);
    assert_in(&run, "acme");
    assert_eq!(run.outcome.headers().text("x-user-id").as_deref(), Some("u1"));
    assert_eq!(run.outcome.headers().text("x-auth-method").as_deref(), Some("jwt"));
    // Who comes later doesn't wait, and is counted like whoever did.
    assert_in(&host.request(&token_of("acme")), "acme");
    assert_eq!(host.counter("tenant_guard.allowed"), Some(2));
    assert_eq!(host.counter("tenant_guard.keys.fetches"), Some(1));
    assert_eq!(host.counter("tenant_guard.keys.failures"), Some(0));
}

#[test]
fn a_key_of_a_fetched_tenant_waits_for_the_directory() {
    let mut host = alone(&remote());
    let waiting = host.open(&globex_key());
    // What the document itself decides waits for nobody.
    assert!(host.request(&with_key()).outcome.reached_application());
    assert!(host.request(&public()).outcome.reached_application());
    host.tick();
    let call = call_to(&host, TENANTS);
    answer(&mut host, &call);
    let run = host.look(waiting);
    assert_in(&run, "globex");
    assert_eq!(run.outcome.headers().text("x-key-id").as_deref(), Some("globex-1"));
}

/// It waits for its issuer's keys, and for its tenant.
#[test]
fn a_token_of_a_fetched_tenant_waits_for_both_whichever_comes_first() {
    for first in [KEYS, TENANTS] {
        for (tenant, end) in [("globex", "continued"), ("initech", "403 tenant_inactive")] {
            let mut host = alone(&remote());
            let waiting = host.open(&token_of(tenant));
            host.tick();
            let call = call_to(&host, first);
            answer(&mut host, &call);
            assert_eq!(short(&host, waiting), WAITING, "{first}");
            for call in host.calls() {
                answer(&mut host, &call);
            }
            assert_eq!(short(&host, waiting), end, "{first}");
        }
    }
}

#[test]
fn a_request_may_be_refused_after_it_waited() {
    let forged = || {
        let mut claims = claims("https://idp.test/");
        claims["tenant"] = "acme".into();
        with_token(&tokens::forged(&tokens::es256(&claims)))
    };
    for (request, end) in [
        (forged(), "401 token_signature_invalid"),
        (token_of("nobody"), "403 tenant_unknown"),
        (token_of_unknown_key(), "401 token_key_unknown"),
        (Request::get("/").header("x-api-key", "guessed"), "401 api_key_unknown"),
    ] {
        let mut host = alone(&remote());
        let waiting = host.open(&request);
        assert_eq!(short(&host, waiting), WAITING, "{end}");
        let runs = settle(&mut host, &[waiting], 5);
        assert_eq!(runs[0].outcome.short(), end);
        assert!(!runs[0].outcome.reached_application());
        assert_eq!(runs[0].property("tenant_guard.decision"), None);
        let code = end.split_once(' ').unwrap().1;
        assert_eq!(host.counter(&format!("tenant_guard.denied.{code}")), Some(1));
    }
}

#[test]
fn all_that_wait_are_decided_each_by_itself() {
    let mut host = alone(&remote());
    let requests =
        [token_of("acme"), token_of("initech"), globex_key(), token_of("globex"), token_of("no")];
    let waiting: Vec<u32> =
        requests.iter().cycle().take(50).map(|request| host.open(request)).collect();
    assert!(waiting.iter().all(|id| is_waiting(&host, *id)));
    settle(&mut host, &waiting, 5);
    for (n, id) in waiting.iter().enumerate() {
        match n % 5 {
            0 => assert_in(&host.look(*id), "acme"),
            1 => assert_eq!(short(&host, *id), "403 tenant_inactive"),
            2 | 3 => assert_in(&host.look(*id), "globex"),
            _ => assert_eq!(short(&host, *id), "403 tenant_unknown"),
        }
    }
    assert_eq!(host.counter("tenant_guard.keys.fetches"), Some(1));
    assert_eq!(host.counter("tenant_guard.directory.fetches"), Some(1));
}

#[test]
fn a_request_whose_client_left_is_forgotten() {
    let mut host = alone(&remote_keys());
    let (gone, stays) = (host.open(&token_of("acme")), host.open(&token_of("acme")));
    host.tick();
    assert_eq!(host.reset(gone).outcome.short(), "paused in RequestHeaders");
    let call = call_to(&host, KEYS);
    let run = answer(&mut host, &call);
    assert_in(&host.look(stays), "acme");
    assert_eq!(short(&host, gone), "paused in RequestHeaders");
    // Nobody even asks for it.
    let to_gone = run.calls.iter().filter(|call| call.name == "proxy_set_effective_context");
    assert!(to_gone.clone().all(|call| call.status == 0), "{to_gone:?}");
    assert_eq!(host.counter("tenant_guard.allowed"), Some(1));
}

#[test]
fn an_answer_after_all_are_gone_is_kept_for_those_to_come() {
    let mut host = alone(&remote_keys());
    let gone = host.open(&token_of("acme"));
    host.tick();
    host.reset(gone);
    let call = call_to(&host, KEYS);
    answer(&mut host, &call);
    assert_eq!(host.dead(), None);
    assert_in(&host.request(&token_of("acme")), "acme");
}

#[test]
fn nobody_waits_longer_than_the_timeout() {
    let mut host = alone(&remote());
    let (token, key) = (host.open(&token_of("acme")), host.open(&globex_key()));
    host.tick();
    host.advance(1);
    host.tick();
    assert!(is_waiting(&host, token) && is_waiting(&host, key));
    host.advance(1);
    host.tick();
    assert_eq!(short(&host, token), "503 keys_unavailable");
    assert_eq!(short(&host, key), "503 tenants_unavailable");
    // The answers come all the same, and count.
    for call in host.calls() {
        answer(&mut host, &call);
    }
    assert_in(&host.request(&token_of("acme")), "acme");
    assert_in(&host.request(&globex_key()), "globex");
}

/// One that fails at once, and then is there.
#[test]
fn who_waits_gets_another_try_within_its_time() {
    let mut host = alone(&remote_keys());
    let waiting = host.open(&token_of("acme"));
    host.tick();
    let call = call_to(&host, KEYS);
    host.fail(call.token);
    assert!(is_waiting(&host, waiting));
    host.advance(1);
    let runs = settle(&mut host, &[waiting], 1);
    assert_in(&runs[0], "acme");
    assert_eq!(host.counter("tenant_guard.keys.failures"), Some(1));
}

#[test]
fn where_the_next_try_is_far_nobody_waits_for_it() {
    let mut host = alone(&remote_keys());
    for _ in 0..8 {
        host.tick();
        for call in host.calls() {
            host.fail(call.token);
        }
        host.advance(8);
    }
    host.tick();
    for call in host.calls() {
        host.fail(call.token);
    }
    let run = host.request(&token_of("acme"));
    assert_eq!(run.outcome.short(), "503 keys_unavailable");
    assert!(run.outcome.reply().unwrap().headers.get("retry-after").is_none());
}

#[test]
fn a_new_key_is_fetched_once_for_all_who_ask_and_not_again_soon() {
    let mut host = alone(&remote_keys());
    fetch(&mut host);
    let ask = |host: &mut Host| host.open(&token_of_unknown_key());
    let asking: Vec<u32> = (0..5).map(|_| ask(&mut host)).collect();
    assert!(asking.iter().all(|id| is_waiting(&host, *id)));
    assert_in(&host.request(&token_of("acme")), "acme");
    host.tick();
    assert_eq!(host.calls().len(), 1);
    let call = call_to(&host, KEYS);
    answer(&mut host, &call);
    for id in asking {
        assert_eq!(short(&host, id), "401 token_key_unknown");
    }
    // During the cooldown nobody waits and nothing is fetched.
    let again = ask(&mut host);
    assert_eq!(short(&host, again), "401 token_key_unknown");
    host.tick();
    assert!(host.calls().is_empty());
    host.advance(31);
    host.tick();
    let later = ask(&mut host);
    assert!(is_waiting(&host, later));
}

/// Envoy asks a stopped filter nothing more; others might.
#[test]
fn more_of_a_request_that_waits_is_held_back_with_it() {
    let request =
        || token_of("acme").body(b"{}").trailer("x-tenant-id", "globex").trailer("x", "y");
    for callbacks in [
        &[Callback::RequestBody][..],
        &[Callback::RequestTrailers],
        &[Callback::RequestBody, Callback::RequestTrailers],
    ] {
        let mut host = alone(&remote_keys());
        let waiting = host.open(&request());
        for callback in callbacks {
            assert_eq!(host.meanwhile(waiting, *callback), Some(1), "{callback:?}");
            assert!(is_waiting(&host, waiting), "{callback:?}");
        }
        let runs = settle(&mut host, &[waiting], 3);
        assert_in(&runs[0], "acme");
        let Outcome::Continued { trailers: Some(trailers), .. } = &runs[0].outcome else {
            panic!()
        };
        assert!(spoofs(trailers).is_empty(), "{trailers:?}");
        assert_eq!(trailers.text("x").as_deref(), Some("y"));
    }
}

/// Envoy's own local reply, as at a timeout: it is over, whatever comes then.
#[test]
fn a_request_that_another_answered_while_it_waited_is_decided_no_more() {
    let mut host = alone(&remote_keys());
    let waiting = host.open(&token_of("acme"));
    host.tick();
    assert_eq!(host.meanwhile(waiting, Callback::ResponseHeaders), Some(0));
    let call = call_to(&host, KEYS);
    let run = answer(&mut host, &call);
    assert!(run.calls.iter().all(|call| call.name != "proxy_continue_stream"), "{:?}", run.calls);
    assert_eq!(host.reset(waiting).property("tenant_guard.decision"), None);
    assert_eq!(host.counter("tenant_guard.allowed"), Some(0));
    assert_eq!(host.dead(), None);
    assert_in(&host.request(&token_of("acme")), "acme");
}

/// As many as there is room for; the rest is refused at once.
#[test]
fn a_crowd_waits_up_to_a_bound() {
    let mut host = alone(&remote_keys());
    let request = token_of("acme").only(&[Callback::RequestHeaders]);
    let all: Vec<u32> = (0..4_100).map(|_| host.open(&request)).collect();
    let waiting = all.iter().filter(|id| is_waiting(&host, **id)).count();
    assert_eq!(waiting, 4_096);
    assert_eq!(short(&host, all[4_099]), "503 keys_unavailable");
    host.tick();
    let call = call_to(&host, KEYS);
    let mut run = answer(&mut host, &call);
    // As many at once as the hosts' stacks bear, and then the next without delay.
    for _ in 0..127 {
        let let_go = run.calls.iter().filter(|call| call.name == "proxy_continue_stream");
        assert_eq!(let_go.count(), 32);
        assert_eq!(host.tick_period().unwrap().as_millis(), 1);
        run = host.tick();
    }
    let in_now = all.iter().filter(|id| short(&host, **id) == "continued").count();
    assert_eq!(in_now, 4_096);
    host.tick();
    assert!(host.tick_period().unwrap().as_millis() > 10);
}

#[test]
fn a_flood_of_requests_that_wait_does_not_put_off_the_tick() {
    let mut host = alone(&remote_keys());
    host.tick();
    let mut asked = 0;
    for _ in 0..20 {
        let id = host.open(&token_of("acme"));
        let calls = host.look(id).calls;
        asked += calls.iter().filter(|c| c.name == "proxy_set_tick_period_milliseconds").count();
    }
    // As Envoy has it, each new period begins anew.
    assert!(asked <= 1, "{asked}");
}
