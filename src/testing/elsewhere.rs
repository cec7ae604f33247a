//! A network for tests: workers that share values, a clock that is set, and
//! calls that the test answers as it likes.

use std::cell::{Cell, RefCell};
use std::hash::{DefaultHasher, Hash as _, Hasher};

use serde_json::{Value, json};

use super::{FixedHost, NOW, NoEnvironment, Request, WatchedHost, guard, merged, word};
use crate::host::{HostError, Timestamp};
use crate::{
    Answer, Attempt, Event, Fetcher, Guard, Kept, Memory, Network, Patience, Ready, SourceId,
    Store, WaitingRoom,
};

/// What all workers of a proxy have in common.
pub(crate) struct Net {
    pub(crate) host: FixedHost,
    sent: RefCell<Vec<Sent>>,
    tokens: Cell<u32>,
    /// Calls can't be sent.
    pub(crate) is_down: Cell<bool>,
    /// Records can't be written; contents can.
    pub(crate) writes_fail: Cell<bool>,
    /// What another worker does just before the next record is written.
    pub(crate) meanwhile: RefCell<Option<Meanwhile>>,
}

/// What happens on another thread.
pub(crate) type Meanwhile = Box<dyn FnOnce(&Net)>;

/// A call that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) token: u32,
    pub(crate) cluster: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Sent {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Net {
    pub(crate) fn new() -> Self {
        Self {
            host: FixedHost::at(NOW),
            sent: RefCell::default(),
            tokens: Cell::default(),
            is_down: Cell::default(),
            writes_fail: Cell::default(),
            meanwhile: RefCell::default(),
        }
    }

    /// Sets the clock to [`NOW`] and so many seconds.
    pub(crate) fn at(&self, seconds: f64) {
        self.host.set(NOW + seconds);
    }

    pub(crate) fn time(&self) -> Timestamp {
        crate::Host::now(&self.host).unwrap()
    }
}

impl WatchedHost for Net {
    fn host(&self) -> &FixedHost {
        &self.host
    }

    fn before(&self, call: &'static str) -> Result<(), HostError> {
        let meanwhile = match call {
            "share" => self.meanwhile.take(),
            _ => None,
        };
        if let Some(meanwhile) = meanwhile {
            meanwhile(self);
        }
        match call == "share" && self.writes_fail.get() {
            true => Err(HostError { call, status: 10 }),
            false => Ok(()),
        }
    }
}

impl Store for Net {
    fn put(&self, name: &str, value: &[u8]) -> Result<(), HostError> {
        self.host.put(name, value);
        Ok(())
    }
}

impl Network for Net {
    fn get(&self, cluster: &str, headers: &[(&str, &str)], _: f64) -> Result<u32, HostError> {
        if self.is_down.get() {
            return Err(HostError { call: "proxy_http_call", status: 2 });
        }
        let token = self.tokens.get() + 1;
        self.tokens.set(token);
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers = headers.iter().map(owned).collect();
        self.sent.borrow_mut().push(Sent { token, cluster: cluster.to_owned(), headers });
        Ok(token)
    }
}

/// One worker.
pub(crate) struct Worker {
    pub(crate) guard: Guard,
    pub(crate) fetcher: Fetcher,
    pub(crate) memory: Memory,
    pub(crate) room: WaitingRoom<Request>,
    /// Its calls that weren't answered.
    pub(crate) calls: Vec<Sent>,
    pub(crate) events: Vec<Event>,
}

impl Worker {
    /// Of a configuration; `version` is added.
    pub(crate) fn new(document: &Value) -> Self {
        let mut guard = guard(document.clone());
        let mut hasher = DefaultHasher::new();
        document.to_string().hash(&mut hasher);
        let kept = Kept { guard: &mut guard, environment: &NoEnvironment };
        let fetcher = Fetcher::new(hasher.finish(), &kept);
        let memory = guard.new_memory();
        let (calls, events) = (Vec::new(), Vec::new());
        Self { guard, fetcher, memory, room: WaitingRoom::default(), calls, events }
    }

    /// Takes over what is there when it starts.
    pub(crate) fn adopt(&mut self, net: &Net) {
        let mut kept = Kept { guard: &mut self.guard, environment: &NoEnvironment };
        let events = self.fetcher.adopt(&mut kept, net);
        self.events.extend(events);
    }

    pub(crate) fn tick(&mut self, net: &Net) {
        let mut kept = Kept { guard: &mut self.guard, environment: &NoEnvironment };
        let events = self.fetcher.tick(&mut kept, net);
        self.events.extend(events);
        self.calls.append(&mut net.sent.borrow_mut());
    }

    /// Gives an answer to a call.
    pub(crate) fn hear(&mut self, token: u32, answer: Answer, net: &Net) {
        self.calls.retain(|call| call.token != token);
        let mut kept = Kept { guard: &mut self.guard, environment: &NoEnvironment };
        let events = self.fetcher.answered(token, answer, &mut kept, net);
        self.events.extend(events);
        self.calls.append(&mut net.sent.borrow_mut());
    }

    /// Answers its only call, and gives that.
    pub(crate) fn answer(&mut self, answer: Answer, net: &Net) -> Sent {
        let [call] = self.calls.as_slice() else {
            panic!("{:?}", self.calls);
        };
        let call = call.clone();
        self.hear(call.token, answer, net);
        call
    }

    /// Ticks and answers the call that it makes then.
    pub(crate) fn fetch(&mut self, answer: Answer, net: &Net) -> Sent {
        self.tick(net);
        self.answer(answer, net)
    }

    /// What becomes of a request that doesn't wait.
    pub(crate) fn says(&mut self, request: &Request, net: &Net) -> &'static str {
        word(&self.guard.decide(&request.headers(), net, &mut self.memory))
    }

    /// The same for one that may; the error is what it waits for.
    pub(crate) fn tries(
        &mut self,
        request: &Request,
        patience: Patience,
        net: &Net,
    ) -> Result<&'static str, Vec<SourceId>> {
        match self.guard.attempt(&request.headers(), net, patience, &mut self.memory) {
            Attempt::Decided(decision) => Ok(word(&decision)),
            Attempt::Waits(sources) => Err(sources),
        }
    }

    /// Lets a request in as the plugin does; `None` where it waits.
    pub(crate) fn serve(&mut self, request: Request, net: &Net) -> Option<&'static str> {
        let patience = self.room.patience();
        self.serve_again(Ready { request, rounds: 0, patience }, net)
    }

    /// Decides on those that waited long enough, and tells how.
    pub(crate) fn wake(&mut self, net: &Net) -> Vec<&'static str> {
        let ready = self.room.ready(&self.fetcher, net.time());
        ready.into_iter().filter_map(|ready| self.serve_again(ready, net)).collect()
    }

    fn serve_again(&mut self, ready: Ready<Request>, net: &Net) -> Option<&'static str> {
        let Ready { request, rounds, patience } = ready;
        match self.tries(&request, patience, net) {
            Ok(word) => Some(word),
            Err(sources) => {
                self.room.enter(request, rounds, &sources, &mut self.fetcher, net.time());
                None
            }
        }
    }

    /// The lines it logged so far.
    pub(crate) fn lines(&self) -> Vec<&str> {
        fn line(event: &Event) -> Option<&str> {
            match event {
                Event::Log(_, line) => Some(line),
                _ => None,
            }
        }
        self.events.iter().filter_map(line).collect()
    }
}

/// An answer with a status and headers.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
    let status = (":status".to_owned(), status.to_string());
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let headers = [status].into_iter().chain(headers.iter().map(owned)).collect();
    let body = body.as_ref().to_vec();
    Answer { headers, size: body.len(), body }
}

/// A good answer.
pub(crate) fn found(document: &Value) -> Answer {
    answer(200, &[("content-type", "application/json")], document.to_string())
}

/// A good answer with an etag.
pub(crate) fn tagged(document: &Value, etag: &str) -> Answer {
    answer(200, &[("etag", etag)], document.to_string())
}

/// No answer: the connection failed.
pub(crate) fn nothing() -> Answer {
    Answer::default()
}

/// An issuer whose keys are at `https://idp.example/jwks`, fetched every 100 to
/// keep for 1000 seconds, unless the fields say otherwise.
pub(crate) fn remote(fields: Value) -> Value {
    let base = json!({
        "issuer": super::ISSUER, "audiences": ["api"], "tenant": {"fixed": "acme"},
        "keys": {"jwks_uri": {
            "cluster": "idp", "uri": "https://idp.example/jwks",
            "refresh": "100s", "timeout": "2s", "max_stale": "1000s", "cooldown": "30s",
        }},
    });
    merged(base, fields)
}
