//! What the host knows: its contexts, and the records of a run.
//! Both hosts run on it. Where the ABI leaves a choice, it does as Envoy does.

mod callouts;
mod metrics;
mod records;
mod stream;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use self::callouts::Callouts;
pub use self::callouts::HttpCall;
pub(crate) use self::records::Records;
pub(crate) use self::stream::Stream;
use crate::outcome::{Call, LogLine, Outcome, Run};
use crate::plan::{Callback, Effect, Plan};
use crate::verify::Verify;
use crate::{Headers, SharedData, status};

/// The state of one host.
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) verify: Verify,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) configuration: Vec<u8>,
    pub(crate) vm_id: Option<String>,
    pub(crate) shared: SharedData,
    pub(crate) metrics: Vec<(String, u32, i64)>,
    pub(crate) declared: Vec<Vec<u8>>,

    /// The root contexts and how often each wants to be ticked.
    pub(crate) roots: BTreeMap<u32, Option<Duration>>,
    pub(crate) streams: BTreeMap<u32, Stream>,
    pub(crate) callouts: Callouts,
    pub(crate) callback: Callback,
    /// The context that hostcalls act on.
    pub(crate) effective: u32,
    /// The streams that were resumed or answered, in this order.
    pub(crate) acted: VecDeque<u32>,
    pub(crate) plan: Plan,
    pub(crate) effect: Option<Effect>,
    pub(crate) records: Records,
}

impl World {
    pub(crate) fn new(configuration: &str) -> Self {
        Self {
            now: crate::host::NOW * 1_000_000_000,
            verify: Verify::native(),
            environment: Vec::new(),
            configuration: configuration.as_bytes().to_vec(),
            vm_id: Some("tests".into()),
            shared: SharedData::new(),
            metrics: Vec::new(),
            declared: Vec::new(),
            roots: BTreeMap::new(),
            streams: BTreeMap::new(),
            callouts: Callouts::default(),
            callback: Callback::Initialize,
            effective: 0,
            acted: VecDeque::new(),
            plan: Plan::none(),
            effect: None,
            records: Records::default(),
        }
    }

    /// A callback of this context begins.
    pub(crate) fn enter_callback(&mut self, callback: Callback, context: u32) {
        self.callback = callback;
        self.effective = context;
        if let Some(stream) = self.stream() {
            stream.at = Some(callback);
        }
    }

    /// All that was done since the last time. What was done for a stream under
    /// way is kept with it, too.
    pub(crate) fn take_run(&mut self, outcome: Outcome) -> Run {
        let records = std::mem::take(&mut self.records);
        for id in records.contexts() {
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.records.add(&records, id);
            }
        }
        let response = self.stream().map(|stream| stream.response_headers.clone());
        records.into_run(outcome, response.unwrap_or_default())
    }

    /// The stream that hostcalls act on.
    pub(crate) fn stream(&mut self) -> Option<&mut Stream> {
        self.streams.get_mut(&self.effective)
    }

    /// The root that the effective context is, or belongs to.
    pub(crate) fn root(&self) -> Option<u32> {
        let root = self.streams.get(&self.effective).map_or(self.effective, |s| s.root);
        self.roots.contains_key(&root).then_some(root)
    }

    pub(crate) fn set_effective(&mut self, context: u32) -> u32 {
        if !self.roots.contains_key(&context) && !self.streams.contains_key(&context) {
            return status::BAD_ARGUMENT;
        }
        self.effective = context;
        status::OK
    }

    /// A period of nothing stops the ticks.
    pub(crate) fn set_tick_period(&mut self, period: Duration) -> u32 {
        let root = self.root();
        let Some(held) = root.and_then(|root| self.roots.get_mut(&root)) else {
            return status::BAD_ARGUMENT;
        };
        *held = (!period.is_zero()).then_some(period);
        status::OK
    }

    /// Forgets a root, and with it what it asked for.
    pub(crate) fn delete_root(&mut self, root: u32) {
        self.roots.remove(&root);
        self.callouts.cancel(root);
    }

    /// Enters a hostcall in the record and asks the plan.
    pub(crate) fn enter(&mut self, name: &'static str) -> Option<Effect> {
        let effect = self.plan.next(self.callback, name);
        let call = Call {
            callback: self.callback,
            name,
            nth: self.records.make(self.callback, name),
            about: String::new(),
            status: status::OK,
            faulted: effect.is_some(),
        };
        self.records.push(self.effective, call);
        effect
    }

    /// Says what the last hostcall is about.
    pub(crate) fn about(&mut self, what: &[u8]) {
        if let Some((_, call)) = self.records.calls.last_mut() {
            call.about = String::from_utf8_lossy(what).replace('\0', ".");
        }
    }

    /// Map 0 request headers, 1 request trailers, 2 response headers, 6 headers
    /// of a callout's response; `None` where Envoy has none.
    pub(crate) fn map(&mut self, map: u32, write: bool) -> Option<&mut Headers> {
        match map {
            6 if !write => self.callouts.response.as_mut().map(|(headers, _)| headers),
            _ => self.stream()?.map(map, write),
        }
    }

    /// Buffer 0 request body, 4 body of a callout's response, 6 VM
    /// configuration, 7 plugin configuration.
    pub(crate) fn buffer(&self, buffer: u32) -> Option<&[u8]> {
        match buffer {
            0 => self.streams.get(&self.effective)?.body(),
            4 => self.callouts.response.as_ref().map(|(_, body)| body.as_slice()),
            6 if self.callback == Callback::VmStart => Some(b""),
            7 if self.callback == Callback::Configure => Some(&self.configuration),
            _ => None,
        }
    }

    pub(crate) fn property(&mut self, path: &[u8]) -> Result<Vec<u8>, u32> {
        self.about(path);
        match path {
            b"plugin_name" => return Ok(b"tenant-guard".to_vec()),
            b"plugin_root_id" => return Ok(b"tenant_guard".to_vec()),
            b"plugin_vm_id" => {
                return self.vm_id.clone().map(String::into_bytes).ok_or(status::NOT_FOUND);
            }
            _ => {}
        }
        self.stream().ok_or(status::NOT_FOUND)?.property(path).ok_or(status::NOT_FOUND)
    }

    pub(crate) fn set_property(&mut self, path: &[u8], value: &[u8]) -> u32 {
        self.about(path);
        let Some(stream) = self.stream() else {
            return status::NOT_FOUND;
        };
        stream.properties.insert([&b"filter_state\0wasm."[..], path].concat(), value.to_vec());
        let name = String::from_utf8_lossy(path).replace('\0', ".");
        self.records.set.push((self.effective, (name, value.to_vec())));
        status::OK
    }

    pub(crate) fn shared(&mut self, name: &[u8]) -> Option<(Vec<u8>, u32)> {
        self.about(name);
        self.shared.get(self.vm_id.as_deref().unwrap_or_default(), name)
    }

    pub(crate) fn set_shared(&mut self, name: &[u8], value: &[u8], version: u32) -> u32 {
        self.about(name);
        self.shared.set(self.vm_id.as_deref().unwrap_or_default(), name, value, version)
    }

    pub(crate) fn call_foreign(&mut self, name: &[u8], arguments: &[u8]) -> Result<Vec<u8>, u32> {
        self.about(name);
        match name {
            b"verify_signature" => self.verify.call(arguments),
            b"clear_route_cache" => Ok(Vec::new()),
            b"declare_property" if self.declared.iter().any(|d| d == arguments) => {
                Err(status::BAD_ARGUMENT)
            }
            b"declare_property" => {
                self.declared.push(arguments.to_vec());
                Ok(Vec::new())
            }
            _ => Err(status::NOT_FOUND),
        }
    }

    pub(crate) fn log(&mut self, level: u32, message: &[u8]) {
        let text = String::from_utf8_lossy(message).into_owned();
        let line = LogLine { callback: self.callback, level, text };
        self.records.logs.push((self.effective, line));
    }
}
