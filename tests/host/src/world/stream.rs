//! A request under way.

use std::collections::BTreeMap;

use super::{Records, World};
use crate::outcome::Reply;
use crate::plan::Callback;
use crate::{Headers, Request, status};

/// A request under way, and the application's response.
pub(crate) struct Stream {
    pub(crate) request: Request,
    pub(crate) root: u32,
    /// The callback it is in or waits in. Nothing of the request is to be had
    /// once the guest let it go on.
    pub(crate) at: Option<Callback>,
    /// The callback after which it waits.
    pub(crate) waits: Option<Callback>,
    /// The request's headers, once they went on.
    pub(crate) forwarded: Option<Headers>,
    pub(crate) request_headers: Headers,
    pub(crate) request_trailers: Option<Headers>,
    pub(crate) response_headers: Headers,
    pub(crate) request_body: Vec<u8>,
    pub(crate) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) resumed: bool,
    pub(crate) reply: Option<Reply>,
    /// Of earlier steps.
    pub(crate) records: Records,
}

impl Stream {
    fn new(request: &Request, root: u32) -> Self {
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
        Self {
            request: request.clone(),
            root,
            at: None,
            waits: None,
            forwarded: None,
            request_headers: request.headers.clone(),
            request_trailers: request.trailers.clone(),
            response_headers: request.response.clone(),
            request_body: request.body.clone().unwrap_or_default(),
            properties,
            resumed: false,
            reply: None,
            records: Records::default(),
        }
    }

    pub(crate) fn map(&mut self, map: u32, write: bool) -> Option<&mut Headers> {
        use Callback as C;
        let at = self.at?;
        if write && matches!(at, C::Log | C::Done | C::Delete) {
            return None;
        }
        match map {
            0 if matches!(at, C::RequestHeaders | C::Log) => Some(&mut self.request_headers),
            1 if matches!(at, C::RequestTrailers | C::Log) => self.request_trailers.as_mut(),
            2 if matches!(at, C::ResponseHeaders | C::Log) => Some(&mut self.response_headers),
            _ => None,
        }
    }

    pub(crate) fn body(&self) -> Option<&[u8]> {
        (self.at == Some(Callback::RequestBody)).then_some(self.request_body.as_slice())
    }

    pub(crate) fn property(&self, path: &[u8]) -> Option<Vec<u8>> {
        if let Some(name) = path.strip_prefix(b"request\0headers\0") {
            let values = self.request_headers.all(&String::from_utf8_lossy(name));
            return (!values.is_empty()).then(|| values.join(",").into_bytes());
        }
        // What set_property wrote is also under its own name.
        let own = || self.properties.get(&[&b"filter_state\0wasm."[..], path].concat());
        self.properties.get(path).or_else(own).cloned()
    }

    /// As the client gets it.
    pub(crate) fn show(&mut self, reply: &Reply) {
        let mut headers = Headers::of(&[(":status", &reply.status.to_string())]);
        headers.0.extend(reply.headers.0.iter().cloned());
        self.response_headers = headers;
    }
}

impl World {
    /// Puts a request under way.
    pub(crate) fn begin(&mut self, id: u32, request: &Request, root: u32) {
        self.effective = id;
        self.streams.insert(id, Stream::new(request, root));
    }

    pub(crate) fn reply(&mut self, reply: Reply) -> u32 {
        // Envoy takes a reply only while the response hasn't begun.
        use Callback as C;
        let id = self.effective;
        match self.stream() {
            Some(stream) if !matches!(stream.at, Some(C::Log | C::Done | C::Delete)) => {
                stream.reply = Some(reply);
                self.acted.push_back(id);
                status::OK
            }
            _ => status::BAD_ARGUMENT,
        }
    }

    /// Lets the stream of this type go on. As Envoy: no stream to let go on is
    /// no error, and after an answer nothing goes on.
    pub(crate) fn resume(&mut self, kind: u32) -> u32 {
        use Callback as C;
        let id = self.effective;
        match (kind, self.stream()) {
            (0, Some(stream)) => {
                if matches!(
                    stream.at,
                    Some(C::RequestHeaders | C::RequestBody | C::RequestTrailers)
                ) {
                    stream.resumed = stream.reply.is_none();
                    stream.at = None;
                    self.acted.push_back(id);
                }
                status::OK
            }
            // No response waits here.
            (0..=2, _) => status::OK,
            (3, _) => status::UNIMPLEMENTED,
            _ => status::BAD_ARGUMENT,
        }
    }
}
