//! A request to send through a host.

use crate::{Callback, Headers};

/// A request, and the application's response to it.
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) headers: Headers,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) trailers: Option<Headers>,
    pub(crate) response: Headers,
    pub(crate) properties: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub(crate) only: Option<Vec<Callback>>,
}

impl Request {
    /// A GET of this path, to `api.example.com`.
    pub fn get(path: &str) -> Self {
        Self::to("GET", "api.example.com", path)
    }

    /// With this method, to this host and path.
    pub fn to(method: &str, host: &str, path: &str) -> Self {
        Self {
            headers: Headers::of(&[
                (":method", method),
                (":path", path),
                (":authority", host),
                (":scheme", "https"),
                ("x-request-id", "7d1e5b0c-0000-4000-8000-000000000001"),
            ]),
            body: None,
            trailers: None,
            response: Headers::of(&[(":status", "200"), ("content-type", "text/plain")]),
            properties: Vec::new(),
            only: None,
        }
    }

    /// One more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.add(name.as_bytes(), value.as_bytes());
        self
    }

    /// One more header, of bytes.
    pub fn header_bytes(mut self, name: &[u8], value: &[u8]) -> Self {
        self.headers.add(name, value);
        self
    }

    /// Exactly these headers.
    pub fn with_headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }

    /// A body.
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = Some(body.to_vec());
        self
    }

    /// One more trailer.
    pub fn trailer(mut self, name: &str, value: &str) -> Self {
        self.trailers.get_or_insert_default().add(name.as_bytes(), value.as_bytes());
        self
    }

    /// A property of this stream, as `["filter_state", "tenant_guard.peer"]`.
    pub fn property(mut self, path: &[&str], value: &[u8]) -> Self {
        self.properties.push((path.join("\0").into_bytes(), Some(value.to_vec())));
        self
    }

    /// Without a property that streams have, as `["source", "address"]`.
    pub fn without_property(mut self, path: &[&str]) -> Self {
        self.properties.push((path.join("\0").into_bytes(), None));
        self
    }

    /// From this client (`source.address`), as `198.51.100.9:4711`.
    pub fn client(self, address: &str) -> Self {
        self.property(&["source", "address"], address.as_bytes())
    }

    /// Over a connection from here (the filter state `tenant_guard.peer`, which
    /// streams don't have otherwise).
    pub fn peer(self, address: &str) -> Self {
        self.property(&["filter_state", "tenant_guard.peer"], address.as_bytes())
    }

    /// One more header of the application's response. [`Run::response`] is
    /// what `on_response_headers` leaves of them.
    ///
    /// [`Run::response`]: crate::Run::response
    pub fn response_header(mut self, name: &str, value: &str) -> Self {
        self.response.add(name.as_bytes(), value.as_bytes());
        self
    }

    /// Only these callbacks, after the context is made: what Envoy does with
    /// streams that another filter ended before ours saw them.
    pub fn only(mut self, callbacks: &[Callback]) -> Self {
        self.only = Some(callbacks.to_vec());
        self
    }

    pub(crate) fn wants(&self, callback: Callback) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&callback))
    }
}
