//! Requests on their way through a host.

use super::Host;
use crate::outcome::{Outcome, Run};
use crate::plan::Callback;
use crate::world::Stream;
use crate::{Headers, Request};

/// The callbacks in which a request may be stopped.
const INBOUND: [Callback; 3] =
    [Callback::RequestHeaders, Callback::RequestBody, Callback::RequestTrailers];

impl Host {
    /// Sends a request through: headers, body, trailers, response, then log,
    /// done, delete. If it is made to wait, its client leaves at once.
    pub fn request(&mut self, request: &Request) -> Run {
        self.step();
        let id = self.send(request);
        self.leave(id);
        let Run { outcome, response, .. } = self.look(id);
        self.ended.remove(&id);
        self.store.data_mut().streams.remove(&id);
        let run = self.stepped();
        let outcome = if self.dead.is_some() { run.outcome } else { outcome };
        Run { outcome, response, ..run }
    }

    /// Sends a request that may have to wait, and gives its number for
    /// [`Host::look`] and [`Host::reset`].
    pub fn open(&mut self, request: &Request) -> u32 {
        self.step();
        let id = self.send(request);
        self.stepped();
        id
    }

    /// What became of an open request so far, with all that was done for it,
    /// also by the root context. Panics where there is none of this number.
    pub fn look(&self, id: u32) -> Run {
        if let Some(run) = self.ended.get(&id) {
            return run.clone();
        }
        let stream = self.store.data().streams.get(&id);
        let stream = stream.unwrap_or_else(|| panic!("no request {id}"));
        let outcome = match (&self.dead, stream.waits) {
            (None, Some(at)) => Outcome::Waiting { at, forwarded: stream.forwarded.clone() },
            (why, _) => Outcome::Trapped(why.clone().unwrap_or_default()),
        };
        stream.records.clone().into_run(outcome, stream.response_headers.clone())
    }

    /// The client of an open request leaves: one that waits is `Paused` then,
    /// for good. Gives what [`Host::look`] gives.
    pub fn reset(&mut self, id: u32) -> Run {
        self.step();
        self.leave(id);
        self.stepped();
        self.look(id)
    }

    /// A callback of an open request that waits, while it waits: more of it
    /// comes, or a response by somebody else. Gives the action, where the
    /// request has what the callback is about.
    pub fn meanwhile(&mut self, id: u32, at: Callback) -> Option<u32> {
        self.step();
        let waits = self.stream(id).at;
        let action = if at == Callback::ResponseHeaders {
            let count = self.stream(id).response_headers.0.len() as u32;
            self.call(at, id, "proxy_on_response_headers", (id, count, 1_u32))
        } else {
            self.enter(id, at).flatten()
        };
        self.stream(id).at = waits;
        self.settle();
        self.stepped();
        action
    }

    fn send(&mut self, request: &Request) -> u32 {
        let (id, root) = (self.next, self.root);
        self.store.data_mut().begin(id, request, root);
        if self.new_context(root).is_some() {
            self.inbound(id, 0);
        }
        self.settle();
        id
    }

    fn leave(&mut self, id: u32) {
        let waiting = self.store.data_mut().streams.get_mut(&id).and_then(|s| s.waits.take());
        if let Some(at) = waiting {
            let forwarded = self.stream(id).forwarded.clone();
            self.end(id, Outcome::Paused { at, forwarded });
        }
        self.settle();
    }

    /// After a callback, as Envoy: first it ends, then what it asked for is done.
    pub(super) fn settle(&mut self) {
        while let Some(id) = self.store.data_mut().acted.pop_front() {
            let stream = self.store.data_mut().streams.get_mut(&id);
            // One that was in its own callback has gone on already.
            if let Some(at) = stream.and_then(|stream| stream.waits.take())
                && let Some(next) = self.stopped(id, 1, at)
            {
                self.inbound(id, next);
            }
        }
        self.reap();
    }

    /// The callbacks from the `first` on, up to one that stops the request.
    fn inbound(&mut self, id: u32, mut first: usize) -> Option<()> {
        while let Some(&at) = INBOUND.get(first) {
            first = match self.enter(id, at)? {
                Some(action) => self.stopped(id, action, at)?,
                None => first + 1,
            };
        }
        let stream = self.stream(id);
        let wanted = stream.request.wants(Callback::RequestTrailers);
        let outcome = Outcome::Continued {
            headers: stream.forwarded.clone().unwrap_or_default(),
            trailers: stream.request_trailers.clone().filter(|_| wanted),
        };
        self.end(id, outcome)
    }

    /// The action that the callback answers, where the request has it.
    fn enter(&mut self, id: u32, at: Callback) -> Option<Option<u32>> {
        let request = &self.stream(id).request;
        let (body, trailers) = (request.body.clone(), request.trailers.clone());
        if !request.wants(at) {
            return Some(None);
        }
        let count = |headers: &Headers| headers.0.len() as u32;
        let action = match (at, body, trailers) {
            (Callback::RequestHeaders, body, trailers) => {
                let end = u32::from(body.is_none() && trailers.is_none());
                let parameters = (id, count(&self.stream(id).request_headers), end);
                self.call(at, id, "proxy_on_request_headers", parameters)?
            }
            (Callback::RequestBody, Some(body), trailers) => {
                let parameters = (id, body.len() as u32, u32::from(trailers.is_none()));
                self.call(at, id, "proxy_on_request_body", parameters)?
            }
            (Callback::RequestTrailers, _, Some(trailers)) => {
                self.call(at, id, "proxy_on_request_trailers", (id, count(&trailers)))?
            }
            _ => return Some(None),
        };
        Some(Some(action))
    }

    /// Which callback comes next; `None` where the request stops here. As
    /// Envoy: a local reply ends it whatever the callback returned.
    fn stopped(&mut self, id: u32, action: u32, at: Callback) -> Option<usize> {
        let stream = self.stream(id);
        let resumed = std::mem::take(&mut stream.resumed);
        if action != 0 && !resumed && stream.reply.is_none() {
            (stream.at, stream.waits) = (Some(at), Some(at));
            return None;
        }
        stream.at = None;
        // An answer after it was resumed comes too late to stop it.
        if at == Callback::RequestHeaders && (resumed || stream.reply.is_none()) {
            stream.forwarded = Some(stream.request_headers.clone());
        }
        if let Some(reply) = stream.reply.take() {
            let forwarded = stream.forwarded.clone();
            self.end(id, Outcome::Replied { at, reply, forwarded });
            return None;
        }
        INBOUND.iter().position(|callback| *callback == at).map(|index| index + 1)
    }

    /// The response, then log, done, delete.
    fn end(&mut self, id: u32, mut outcome: Outcome) -> Option<()> {
        let request = self.stream(id).request.clone();
        if !matches!(outcome, Outcome::Paused { .. }) && request.wants(Callback::ResponseHeaders) {
            outcome = self.respond(id, outcome)?;
        }
        // As in Envoy: a callback that the module hasn't is passed over.
        let logs = self.instance.get_func(&mut self.store, "proxy_on_log").is_some();
        if logs && request.wants(Callback::Log) {
            self.call::<_, ()>(Callback::Log, id, "proxy_on_log", id)?;
        }
        if request.wants(Callback::Done) {
            self.call::<_, u32>(Callback::Done, id, "proxy_on_done", id)?;
        }
        self.call::<_, ()>(Callback::Delete, id, "proxy_on_delete", id)?;
        let world = self.store.data_mut();
        if let Some(mut stream) = world.streams.remove(&id) {
            stream.records.add(&world.records, id);
            self.ended.insert(id, stream.records.into_run(outcome, stream.response_headers));
        }
        Some(())
    }

    fn respond(&mut self, id: u32, mut outcome: Outcome) -> Option<Outcome> {
        let at = Callback::ResponseHeaders;
        let stream = self.stream(id);
        if let Some(reply) = outcome.reply() {
            stream.show(reply);
        }
        let count = stream.response_headers.0.len() as u32;
        let parameters = (id, count, u32::from(outcome.reply().is_none()));
        let action = self.call::<_, u32>(at, id, "proxy_on_response_headers", parameters)?;
        let stream = self.stream(id);
        let answer = stream.reply.take();
        if action != 0 && answer.is_none() {
            return Some(Outcome::Paused { at, forwarded: stream.forwarded.clone() });
        }
        // A reply from here replaces the response, whoever made it.
        if let Some(answer) = &answer {
            stream.show(answer);
        }
        if let Outcome::Replied { reply, .. } = &mut outcome {
            let left = stream.response_headers.0.iter().filter(|(n, _)| !n.starts_with(b":"));
            reply.headers = Headers(left.cloned().collect());
        }
        Some(outcome)
    }

    fn stream(&mut self, id: u32) -> &mut Stream {
        self.store.data_mut().streams.get_mut(&id).expect("the request is under way")
    }
}
