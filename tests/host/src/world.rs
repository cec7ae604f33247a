//! What the host knows: the stream under way, and the records of a run.
//! Both hosts run on it. Where the ABI leaves a choice, it does as Envoy does.

use std::collections::BTreeMap;

use crate::outcome::{Call, LogLine, Reply};
use crate::plan::{Callback, Effect, Plan};
use crate::verify::Verify;
use crate::{Headers, Request, SharedData, status};

/// The stream under way.
#[derive(Default)]
pub(crate) struct Stream {
    pub(crate) request_headers: Headers,
    pub(crate) request_trailers: Option<Headers>,
    pub(crate) response_headers: Headers,
    pub(crate) request_body: Vec<u8>,
    pub(crate) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) reply: Option<Reply>,
}

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

    pub(crate) callback: Callback,
    pub(crate) stream: Option<Stream>,
    pub(crate) plan: Plan,
    pub(crate) effect: Option<Effect>,

    pub(crate) calls: Vec<Call>,
    pub(crate) logs: Vec<LogLine>,
    pub(crate) set: Vec<(String, Vec<u8>)>,
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
            callback: Callback::Initialize,
            stream: None,
            plan: Plan::none(),
            effect: None,
            calls: Vec::new(),
            logs: Vec::new(),
            set: Vec::new(),
        }
    }

    /// Starts the records of a run anew.
    pub(crate) fn clear(&mut self) {
        self.calls.clear();
        self.logs.clear();
        self.set.clear();
    }

    /// Puts a request under way.
    pub(crate) fn begin(&mut self, request: &Request) {
        self.clear();
        let mut properties: BTreeMap<_, _> = BTreeMap::from([
            (b"source\0address".to_vec(), b"203.0.113.7:41000".to_vec()),
            (b"source\0port".to_vec(), 41_000_i64.to_le_bytes().to_vec()),
            (b"connection\0id".to_vec(), 1_i64.to_le_bytes().to_vec()),
            (b"request\0protocol".to_vec(), b"HTTP/1.1".to_vec()),
            (b"xds\0route_name".to_vec(), b"default".to_vec()),
        ]);
        for (name, header) in [
            ("request\0path", ":path"),
            ("request\0method", ":method"),
            ("request\0host", ":authority"),
            ("request\0scheme", ":scheme"),
            ("request\0id", "x-request-id"),
        ] {
            if let Some(value) = request.headers.get(header) {
                properties.insert(name.as_bytes().to_vec(), value.to_vec());
            }
        }
        for (path, value) in &request.properties {
            match value {
                Some(value) => properties.insert(path.clone(), value.clone()),
                None => properties.remove(path),
            };
        }
        self.stream = Some(Stream {
            request_headers: request.headers.clone(),
            request_trailers: request.trailers.clone(),
            response_headers: request.response.clone(),
            request_body: request.body.clone().unwrap_or_default(),
            properties,
            reply: None,
        });
    }

    /// Enters a hostcall in the record and asks the plan.
    pub(crate) fn enter(&mut self, name: &'static str) -> Option<Effect> {
        let nth =
            self.calls.iter().filter(|c| c.name == name && c.callback == self.callback).count();
        let effect = self.plan.next(self.callback, name);
        self.calls.push(Call {
            callback: self.callback,
            name,
            nth,
            about: String::new(),
            status: status::OK,
            faulted: effect.is_some(),
        });
        effect
    }

    /// Says what the last hostcall is about.
    pub(crate) fn about(&mut self, what: &[u8]) {
        if let Some(call) = self.calls.last_mut() {
            call.about = String::from_utf8_lossy(what).replace('\0', ".");
        }
    }

    /// Map 0 request headers, 1 request trailers, 2 response headers; `None`
    /// where Envoy has none.
    pub(crate) fn map(&mut self, map: u32, write: bool) -> Option<&mut Headers> {
        use Callback as C;
        let (callback, stream) = (self.callback, self.stream.as_mut());
        if write && matches!(callback, C::Log | C::Done | C::Delete) {
            return None;
        }
        match map {
            0 if !matches!(callback, C::Done | C::Delete) => stream.map(|s| &mut s.request_headers),
            1 if matches!(callback, C::RequestTrailers | C::Log) => {
                stream?.request_trailers.as_mut()
            }
            2 if matches!(callback, C::ResponseHeaders | C::Log) => {
                stream.map(|s| &mut s.response_headers)
            }
            _ => None,
        }
    }

    /// Buffer 0 request body, 6 VM configuration, 7 plugin configuration.
    pub(crate) fn buffer(&self, buffer: u32) -> Option<&[u8]> {
        match buffer {
            0 if self.callback == Callback::RequestBody => {
                self.stream.as_ref().map(|s| s.request_body.as_slice())
            }
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
        let stream = self.stream.as_ref().ok_or(status::NOT_FOUND)?;
        if let Some(name) = path.strip_prefix(b"request\0headers\0") {
            let values = stream.request_headers.all(&String::from_utf8_lossy(name));
            return if values.is_empty() {
                Err(status::NOT_FOUND)
            } else {
                Ok(values.join(",").into_bytes())
            };
        }
        if let Some(value) = stream.properties.get(path) {
            return Ok(value.clone());
        }
        // What set_property wrote is also under its own name.
        let own = [&b"filter_state\0wasm."[..], path].concat();
        stream.properties.get(&own).cloned().ok_or(status::NOT_FOUND)
    }

    pub(crate) fn set_property(&mut self, path: &[u8], value: &[u8]) -> u32 {
        self.about(path);
        let Some(stream) = self.stream.as_mut() else {
            return status::NOT_FOUND;
        };
        stream.properties.insert([&b"filter_state\0wasm."[..], path].concat(), value.to_vec());
        self.set.push((String::from_utf8_lossy(path).replace('\0', "."), value.to_vec()));
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
        self.logs.push(LogLine { callback: self.callback, level, text });
    }

    pub(crate) fn reply(&mut self, reply: Reply) -> u32 {
        // Envoy takes a reply only while the response hasn't begun.
        use Callback as C;
        match self.stream.as_mut() {
            Some(stream) if !matches!(self.callback, C::Log | C::Done | C::Delete) => {
                stream.reply = Some(reply);
                status::OK
            }
            _ => status::BAD_ARGUMENT,
        }
    }

    /// Ids as Envoy's: the kind in the low bits; the same name, the same metric.
    pub(crate) fn define_metric(&mut self, kind: u32, name: &[u8]) -> Result<u32, u32> {
        self.about(name);
        let name = String::from_utf8_lossy(name).into_owned();
        if kind > 2 {
            return Err(status::BAD_ARGUMENT);
        }
        let index =
            self.metrics.iter().position(|(n, k, _)| *n == name && *k == kind).unwrap_or_else(
                || {
                    self.metrics.push((name, kind, 0));
                    self.metrics.len() - 1
                },
            );
        Ok((index as u32) << 2 | kind)
    }

    pub(crate) fn metric(&mut self, id: u32) -> Option<&mut (String, u32, i64)> {
        let found =
            self.metrics.get_mut((id >> 2) as usize).filter(|(_, kind, _)| *kind == id & 3)?;
        let name = found.0.clone();
        if let Some(call) = self.calls.last_mut() {
            call.about = name;
        }
        Some(found)
    }
}
