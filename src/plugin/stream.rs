//! The request context: carries a decision out.

use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::contexts;
use super::worker::{self, Attempted, Decided, Worker};
use crate::halt::Patience;
use crate::host::HostError;
use crate::reply::Reply;
use crate::verdict::Verdict;

/// One request.
pub(super) struct Stream {
    worker: Option<Rc<Worker>>,
    context: u32,
    state: Rc<RefCell<State>>,
}

/// How far a request came. Until it was decided on nothing goes on.
#[derive(Debug, Default)]
enum State {
    #[default]
    Undecided,
    /// It waits for what is being fetched.
    Waiting,
    Decided(Decided),
}

/// A request that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) context: u32,
    /// How many headers it has.
    headers: usize,
    state: Rc<RefCell<State>>,
}

impl Waiting {
    /// Decides on it again, in its own context.
    pub(super) fn go_on(self, worker: &Rc<Worker>, rounds: u32, patience: Patience) {
        let state = Rc::clone(&self.state);
        match attempt(worker, self, rounds, patience) {
            None => {}
            Some(decided) => {
                let goes_on = decided.goes_on();
                set(&state, State::Decided(decided));
                if goes_on && let Err(error) = contexts::resume_request() {
                    // It is held, and never goes on.
                    let refused = unavailable(worker, Some(error));
                    set(&state, State::Decided(refused));
                }
            }
        }
    }
}

fn set(state: &RefCell<State>, to: State) {
    if let Ok(mut state) = state.try_borrow_mut() {
        *state = to;
    }
}

/// Decides on a request and answers it where it is refused; `None` where it
/// waits.
fn attempt(
    worker: &Rc<Worker>,
    request: Waiting,
    rounds: u32,
    patience: Patience,
) -> Option<Decided> {
    let decided = match worker.attempt(request.headers, patience) {
        Ok(Attempted::Decided(decided)) => decided,
        Ok(Attempted::Waits(sources)) => {
            let state = Rc::clone(&request.state);
            set(&state, State::Waiting);
            match worker.wait(request, rounds, &sources) {
                Ok(()) => return None,
                Err(request) => match worker.attempt(request.headers, Patience::Waited) {
                    Ok(Attempted::Decided(decided)) => decided,
                    Ok(Attempted::Waits(_)) => return Some(unavailable(worker, None)),
                    Err(error) => return Some(unavailable(worker, Some(error))),
                },
            }
        }
        Err(error) => return Some(unavailable(worker, Some(error))),
    };
    if let Verdict::Refuse(reply) = &decided.verdict
        && let Err(error) = worker::send(reply)
    {
        return Some(unavailable(worker, Some(error)));
    }
    Some(decided)
}

/// Refuses the request because it can't be decided on.
fn unavailable(worker: &Rc<Worker>, error: Option<HostError>) -> Decided {
    if let Some(error) = error {
        worker.unavailable(error);
    }
    refused()
}

fn refused() -> Decided {
    let reply = Reply::unavailable();
    // Where even that fails the request is held, and never goes on.
    let _ = worker::send(&reply);
    Decided { verdict: Verdict::Refuse(reply), response: Vec::new() }
}

impl Stream {
    pub(super) fn new(context: u32, worker: Option<Rc<Worker>>) -> Self {
        Self { worker, context, state: Rc::default() }
    }

    fn goes_on(&self) -> bool {
        let state = self.state.try_borrow();
        state.is_ok_and(|state| matches!(&*state, State::Decided(decided) if decided.goes_on()))
    }

    fn action(&self) -> Action {
        if self.goes_on() { Action::Continue } else { Action::Pause }
    }

    fn forget(&self) {
        let waits = self.state.try_borrow().is_ok_and(|state| matches!(*state, State::Waiting));
        if let Some(worker) = self.worker.as_ref().filter(|_| waits) {
            worker.forget(self.context);
        }
    }
}

impl Context for Stream {
    fn on_done(&mut self) -> bool {
        self.forget();
        true
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.forget();
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, count: usize, _: bool) -> Action {
        let Some(worker) = &self.worker else {
            set(&self.state, State::Decided(refused()));
            return Action::Pause;
        };
        let request =
            Waiting { context: self.context, headers: count, state: Rc::clone(&self.state) };
        if let Some(decided) = attempt(worker, request, 0, worker.patience()) {
            set(&self.state, State::Decided(decided));
        }
        self.action()
    }

    /// Runs for local replies too, the guard's own included. One to a request
    /// that waits is another's: then there is nothing more to decide.
    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        self.forget();
        if let (Some(worker), Ok(state)) = (&self.worker, self.state.try_borrow())
            && let State::Decided(decided) = &*state
        {
            worker.respond(&decided.response);
        }
        Action::Continue
    }

    fn on_http_request_body(&mut self, _: usize, _: bool) -> Action {
        self.action()
    }

    fn on_http_request_trailers(&mut self, count: usize) -> Action {
        let stripped = match (&self.worker, self.state.try_borrow().as_deref()) {
            (Some(worker), Ok(State::Decided(decided))) if decided.goes_on() => {
                worker.strip_trailers(&decided.verdict, count)
            }
            // Refused already, and answered; or it waits.
            (_, Ok(State::Decided(_) | State::Waiting)) => return Action::Pause,
            _ => {
                set(&self.state, State::Decided(refused()));
                return Action::Pause;
            }
        };
        match (stripped, &self.worker) {
            (Err(error), Some(worker)) => {
                set(&self.state, State::Decided(unavailable(worker, Some(error))));
                Action::Pause
            }
            _ => Action::Continue,
        }
    }
}
