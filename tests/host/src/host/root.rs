//! What a root context does on its own: ticks and HTTP calls.

use std::time::Duration;

use super::Host;
use crate::Headers;
use crate::outcome::Run;
use crate::plan::Callback;
use crate::world::HttpCall;

impl Host {
    /// Ticks each root context that set a period. What becomes of open
    /// requests by it, [`Host::look`] tells; the run's outcome is `Trapped`, or
    /// else says nothing.
    pub fn tick(&mut self) -> Run {
        self.step();
        let roots: Vec<u32> = self.store.data().roots.keys().copied().collect();
        for root in roots {
            // An earlier one may have ended it.
            if self.store.data().roots.get(&root).is_some_and(Option::is_some) {
                self.call::<_, ()>(Callback::Tick, root, "proxy_on_tick", root);
                self.settle();
            }
        }
        self.stepped()
    }

    /// How often the configuration in force wants to be ticked.
    pub fn tick_period(&self) -> Option<Duration> {
        self.store.data().roots.get(&self.root).copied().flatten()
    }

    /// The clusters that HTTP calls may go to from here on.
    pub fn clusters(&mut self, names: &[&str]) {
        self.store.data_mut().callouts.clusters = names.iter().map(|n| (*n).to_owned()).collect();
    }

    /// The HTTP calls in flight, the oldest first.
    pub fn calls(&self) -> Vec<HttpCall> {
        self.store.data().callouts.in_flight.clone()
    }

    /// Answers an HTTP call. Panics where it isn't in flight.
    pub fn answer(
        &mut self,
        token: u32,
        status: u16,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Run {
        let mut all = Headers::of(&[(":status", &status.to_string())]);
        all.0.extend(Headers::of(headers).0);
        self.called(token, Some((all, body.as_ref().to_vec())), None)
    }

    /// Answers an HTTP call with these headers, and tells that there are so
    /// many of them and so many bytes of body. Panics where it isn't in flight.
    pub fn answer_telling(
        &mut self,
        token: u32,
        headers: Headers,
        body: impl AsRef<[u8]>,
        told: (u32, u32),
    ) -> Run {
        self.called(token, Some((headers, body.as_ref().to_vec())), Some(told))
    }

    /// Tells that an HTTP call came to nothing: a reset or a timeout. Panics
    /// where it isn't in flight.
    pub fn fail(&mut self, token: u32) -> Run {
        self.called(token, None, None)
    }

    fn called(
        &mut self,
        token: u32,
        response: Option<(Headers, Vec<u8>)>,
        told: Option<(u32, u32)>,
    ) -> Run {
        self.step();
        let call = self.store.data_mut().callouts.take(token);
        let root = call.unwrap_or_else(|| panic!("no call {token} is in flight")).root;
        let true_sizes = response
            .as_ref()
            .map_or((0, 0), |(headers, body)| (headers.0.len() as u32, body.len() as u32));
        let (count, size) = told.unwrap_or(true_sizes);
        self.store.data_mut().callouts.response = response;
        let parameters = (root, token, count, size, 0_u32);
        let name = "proxy_on_http_call_response";
        self.call::<_, ()>(Callback::HttpCallResponse, root, name, parameters);
        self.store.data_mut().callouts.response = None;
        self.settle();
        self.stepped()
    }

    /// The value of a counter of this host; `None` where none of this name was
    /// defined.
    pub fn counter(&self, name: &str) -> Option<i64> {
        self.store.data().counter(name)
    }

    /// The value of a gauge of this host; `None` where none of this name was
    /// defined.
    pub fn gauge(&self, name: &str) -> Option<i64> {
        self.store.data().gauge(name)
    }

    /// Ends the roots that were replaced, each once its last stream has ended.
    pub(super) fn reap(&mut self) -> Option<()> {
        let streams = &self.store.data().streams;
        let busy = |root: &u32| streams.values().any(|stream| stream.root == *root);
        let (kept, gone) = self.replaced.iter().partition(|root| busy(root));
        self.replaced = kept;
        let gone: Vec<u32> = gone;
        for root in gone {
            self.call::<_, u32>(Callback::Done, root, "proxy_on_done", root)?;
            self.call::<_, ()>(Callback::Delete, root, "proxy_on_delete", root)?;
            self.store.data_mut().delete_root(root);
        }
        Some(())
    }
}
