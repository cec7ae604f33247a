//! Requests that wait, and what the root context does for them.

use super::*;
use crate::wasm::trap;
use crate::{Effect, Fault};

use Callback as C;

/// 429 without a body.
fn refuse() -> Vec<u8> {
    call("proxy_send_local_response", &[429, 0, 0, 0, 0, 0, 0, u32::MAX as usize])
}

fn outcomes(host: &Host, ids: &[u32]) -> Vec<String> {
    ids.iter().map(|id| host.look(*id).outcome.short()).collect()
}

#[test]
fn the_root_changes_a_request_that_waits_and_lets_it_go_on() {
    let mut host = waiting(&[act_on(FIRST), set_tenant(), resume()]);
    let request = Request::get("/").body(b"{}").trailer("x-sum", "1");
    let ids = [host.open(&request), host.open(&request)];
    assert_eq!(ids, [FIRST, SECOND]);
    let waits = Outcome::Waiting { at: C::RequestHeaders, forwarded: None };
    assert_eq!((host.look(FIRST).outcome, host.look(SECOND).outcome), (waits.clone(), waits));
    assert_eq!(callbacks(&host.look(FIRST)), [C::ContextCreate, C::RequestHeaders]);

    let tick = host.tick();
    let run = host.look(FIRST);
    assert_eq!(run.outcome.headers().all("x-tenant-id"), ["acme"]);
    assert_eq!(run.response.text(":status").as_deref(), Some("200"));
    let rest = [C::RequestBody, C::RequestTrailers, C::ResponseHeaders, C::Log, C::Done, C::Delete];
    let first = [C::ContextCreate, C::RequestHeaders];
    assert_eq!(callbacks(&run), [&first[..], &rest].concat());
    // What the root did for it is told of it too.
    assert_eq!(made(&run), [("proxy_replace_header_map_value", 0), ("proxy_continue_stream", 0)]);
    assert_eq!(callbacks(&tick), [&[C::Tick][..], &rest].concat());
    assert_eq!(outcomes(&host, &ids), ["continued", "waiting in RequestHeaders"]);
}

#[test]
fn the_root_answers_a_request_that_waits() {
    let property = call("proxy_set_property", &[NAME, 11, VALUE, 4]);
    let mut host = waiting(&[act_on(SECOND), property, refuse(), resume()]);
    let ids = [host.open(&Request::get("/")), host.open(&Request::get("/"))];
    host.tick();
    let run = host.look(SECOND);
    let Outcome::Replied { at: C::RequestHeaders, reply, forwarded: None } = &run.outcome else {
        panic!("{:?}", run.outcome)
    };
    assert_eq!((reply.status, reply.grpc_status), (429, None));
    assert_eq!(run.response.text(":status").as_deref(), Some("429"));
    assert_eq!(run.property("x-tenant-id").as_deref(), Some("acme"));
    assert_eq!(callbacks(&run)[2..], [C::ResponseHeaders, C::Log, C::Done, C::Delete]);
    assert_eq!(outcomes(&host, &ids), ["waiting in RequestHeaders", "429 "]);
    assert_eq!(host.look(FIRST).property("x-tenant-id"), None);
}

#[test]
fn the_root_acts_for_several_requests_in_its_order() {
    let mut host = waiting(&[act_on(SECOND), resume(), act_on(FIRST), refuse()]);
    let ids = [host.open(&Request::get("/")), host.open(&Request::get("/").body(b"{}"))];
    let run = host.tick();
    assert_eq!(outcomes(&host, &ids), ["429 ", "continued"]);
    let rest = [C::ResponseHeaders, C::Log, C::Done, C::Delete];
    assert_eq!(callbacks(&run), [&[C::Tick, C::RequestBody][..], &rest, &rest].concat());
    // A change of context belongs to the context before.
    let [first, second] = ids.map(|id| made(&host.look(id)));
    assert_eq!(first, [("proxy_send_local_response", 0)]);
    assert_eq!(second, [("proxy_continue_stream", 0), ("proxy_set_effective_context", 0)]);
}

#[test]
fn after_an_answer_to_a_callout_requests_go_on_too() {
    let answered = [act_on(FIRST), set_tenant(), resume()].concat();
    let mut host = host(&[
        ("proxy_on_request_headers", ask(), 1),
        ("proxy_on_http_call_response", answered, 0),
    ]);
    let id = host.open(&Request::get("/"));
    // It is the root's call, whoever made it.
    assert_eq!(host.calls()[0].root, ROOT);
    host.answer(1, 200, &[], "");
    assert_eq!(host.look(id).outcome.headers().all("x-tenant-id"), ["acme"]);
}

#[test]
fn once_a_request_is_let_on_its_headers_are_out_of_reach() {
    let mut host = waiting(&[act_on(FIRST), resume(), set_tenant(), refuse()]);
    let id = host.open(&Request::get("/"));
    let run = host.tick();
    assert_eq!(made(&run)[2], ("proxy_replace_header_map_value", status::BAD_ARGUMENT));
    // And an answer comes too late to keep it from the application.
    let Outcome::Replied { forwarded: Some(headers), .. } = host.look(id).outcome else {
        panic!("{:?}", host.look(id).outcome)
    };
    assert_eq!(headers.get("x-tenant-id"), None);
}

#[test]
fn each_callback_begins_in_its_own_context() {
    let mut host = waiting(&[set_tenant(), resume(), act_on(FIRST), act_on(9), act_on(SECOND)]);
    let id = host.open(&Request::get("/"));
    for _ in 0..2 {
        let statuses: Vec<_> = made(&host.tick()).iter().map(|(_, status)| *status).collect();
        assert_eq!(statuses, [2, 0, 0, 2, 2]);
    }
    assert_eq!(host.look(id).outcome.short(), "waiting in RequestHeaders");
}

#[test]
fn a_request_whose_client_left_is_over() {
    let mut host = waiting(&[act_on(FIRST), set_tenant(), resume()]);
    let id = host.open(&Request::get("/").body(b"{}"));
    let run = host.reset(id);
    assert_eq!(run.outcome, Outcome::Paused { at: C::RequestHeaders, forwarded: None });
    assert_eq!(callbacks(&run)[2..], [C::Log, C::Done, C::Delete]);
    let tick = host.tick();
    assert_eq!(made(&tick)[0], ("proxy_set_effective_context", status::BAD_ARGUMENT));
    assert_eq!(callbacks(&tick), [C::Tick]);
    // Nothing more comes of it.
    assert_eq!(callbacks(&host.reset(id)), callbacks(&run));
}

#[test]
fn bodies_and_trailers_wait_as_headers_do() {
    let tick = ("proxy_on_tick", [act_on(FIRST), set_tenant(), resume()].concat(), 0);
    for (callback, at) in [
        ("proxy_on_request_body", C::RequestBody),
        ("proxy_on_request_trailers", C::RequestTrailers),
    ] {
        let mut host = host(&[(callback, vec![], 1), tick.clone()]);
        let request = Request::get("/").body(b"{}").trailer("x-sum", "1");
        let id = host.open(&request);
        let forwarded = Some(request.headers.clone());
        assert_eq!(host.look(id).outcome, Outcome::Waiting { at, forwarded });
        let run = host.tick();
        assert_eq!(made(&run)[1], ("proxy_replace_header_map_value", status::BAD_ARGUMENT));
        assert_eq!(host.look(id).outcome.headers(), &request.headers);
    }
}

#[test]
fn a_request_resumed_in_its_own_callback_does_not_wait() {
    let code = [set_tenant(), resume()].concat();
    let mut host = host(&[("proxy_on_request_headers", code, 1)]);
    let run = host.request(&Request::get("/"));
    assert_eq!(run.outcome.headers().all("x-tenant-id"), ["acme"]);
}

#[test]
fn a_request_that_nobody_resumes_is_paused() {
    let mut host = waiting(&[]);
    let run = host.request(&Request::get("/"));
    assert_eq!(run.outcome.short(), "paused in RequestHeaders");
    assert_eq!(callbacks(&run)[2..], [C::Log, C::Done, C::Delete]);
}

#[test]
fn an_old_configuration_lasts_as_long_as_its_requests() {
    let mut host = waiting(&[ask()]);
    let id = host.open(&Request::get("/"));
    host.tick();
    assert!(host.reconfigure("{}"));
    // Both tick, and both ask.
    assert_eq!(callbacks(&host.tick()), [C::Tick, C::Tick]);
    let roots = |host: &Host| host.calls().iter().map(|call| call.root).collect::<Vec<_>>();
    assert_eq!(roots(&host), [ROOT, ROOT, SECOND]);
    assert_eq!(callbacks(&host.reset(id))[2..], [C::Log, C::Done, C::Delete]);
    // With it went its calls, and nobody is told.
    assert_eq!(roots(&host), [SECOND]);
    assert_eq!(callbacks(&host.tick()), [C::Tick]);
    assert_eq!(host.dead(), None);
}

#[test]
fn requests_of_a_dead_vm_are_trapped() {
    let mut host = waiting(&[act_on(FIRST), resume(), trap()]);
    let ids = [host.open(&Request::get("/")), host.open(&Request::get("/"))];
    assert!(matches!(host.tick().outcome, Outcome::Trapped(_)));
    for id in ids {
        assert!(matches!(host.look(id).outcome, Outcome::Trapped(_)), "{id}");
    }
    assert!(matches!(host.request(&Request::get("/")).outcome, Outcome::Trapped(_)));
}

#[test]
fn what_lets_requests_go_on_fails_as_planned() {
    let (resumes, acts) = ("proxy_continue_stream", "proxy_set_effective_context");
    for (name, effect, outcome) in [
        (resumes, Effect::Status(10), "waiting in RequestHeaders"),
        (resumes, Effect::Status(0), "waiting in RequestHeaders"),
        (resumes, Effect::DoneBut(10), "continued"),
        (acts, Effect::Status(2), "waiting in RequestHeaders"),
        (acts, Effect::Status(0), "waiting in RequestHeaders"),
        (acts, Effect::DoneBut(2), "continued"),
    ] {
        let mut host = waiting(&[act_on(FIRST), resume()]);
        let id = host.open(&Request::get("/"));
        host.fault(Plan::of(Fault::on(name), effect.clone()));
        let run = host.tick();
        assert!(run.calls.iter().any(|call| call.name == name && call.faulted), "{name}");
        assert_eq!(host.look(id).outcome.short(), outcome, "{name}, {effect:?}");
    }
}
