//! The request context: carries a decision out.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::worker::{self, Worker};
use crate::host::HostError;
use crate::reply::Reply;
use crate::verdict::Verdict;

/// One request.
pub(super) struct Stream {
    worker: Option<Rc<Worker>>,
    /// `None` until it was decided on: until then nothing goes on.
    verdict: Option<Verdict>,
    /// Headers to set on the response.
    response: Vec<(&'static str, String)>,
}

impl Stream {
    pub(super) fn new(worker: Option<Rc<Worker>>) -> Self {
        Self { worker, verdict: None, response: Vec::new() }
    }

    /// Refuses the request because it can't be decided on.
    fn unavailable(&mut self, error: Option<HostError>) -> Action {
        if let (Some(worker), Some(error)) = (&self.worker, error) {
            worker.unavailable(error);
        }
        let reply = Reply::unavailable();
        // Where even that fails the request is held, and never goes on.
        let _ = worker::send(&reply);
        self.verdict = Some(Verdict::Refuse(reply));
        Action::Pause
    }

    fn goes_on(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| verdict.marker().is_some())
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, count: usize, _: bool) -> Action {
        let Some(worker) = self.worker.clone() else {
            return self.unavailable(None);
        };
        let decided = match worker.decide(count) {
            Ok(decided) => decided,
            Err(error) => return self.unavailable(Some(error)),
        };
        self.response = decided.response;
        let verdict = decided.verdict;
        if let Verdict::Refuse(reply) = &verdict
            && let Err(error) = worker::send(reply)
        {
            return self.unavailable(Some(error));
        }
        self.verdict = Some(verdict);
        if self.goes_on() { Action::Continue } else { Action::Pause }
    }

    /// Runs for local replies too, the guard's own included.
    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        if let Some(worker) = &self.worker {
            worker.respond(&self.response);
        }
        Action::Continue
    }

    fn on_http_request_body(&mut self, _: usize, _: bool) -> Action {
        if self.goes_on() { Action::Continue } else { Action::Pause }
    }

    fn on_http_request_trailers(&mut self, count: usize) -> Action {
        match (self.worker.clone(), &self.verdict) {
            (Some(worker), Some(verdict)) if self.goes_on() => {
                match worker.strip_trailers(verdict, count) {
                    Ok(()) => Action::Continue,
                    Err(error) => self.unavailable(Some(error)),
                }
            }
            // Refused already: it was answered.
            (_, Some(_)) => Action::Pause,
            (_, None) => self.unavailable(None),
        }
    }
}
