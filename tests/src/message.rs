//! Requests and responses, the same for both protocols.

use std::fmt;
use std::net::IpAddr;

use serde_json::Value;

/// Names and values as bytes.
pub(crate) type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// How a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    H1,
    /// HTTP/2 without TLS, by prior knowledge.
    H2,
}

/// Runs `test` for HTTP/1.1, then for HTTP/2, and names the one that fails.
pub fn for_each_protocol(mut test: impl FnMut(Protocol)) {
    for protocol in [Protocol::H1, Protocol::H2] {
        struct Named(Protocol);
        impl Drop for Named {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    eprintln!("(over {:?})", self.0);
                }
            }
        }
        let _named = Named(protocol);
        test(protocol);
    }
}

/// A request, sent as it is: nothing is normalised, escaped or joined.
///
/// Added by themselves are only the host (`app.test`), over HTTP/2 the scheme,
/// and over HTTP/1.1 the body's framing where no header says it already.
#[derive(Clone)]
pub struct Request {
    pub(crate) protocol: Protocol,
    pub(crate) method: Option<Vec<u8>>,
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) host: Option<Vec<u8>>,
    pub(crate) scheme: Option<Vec<u8>>,
    pub(crate) headers: Fields,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) trailers: Fields,
    pub(crate) exact_names: bool,
    pub(crate) from: Option<IpAddr>,
}

impl Request {
    /// Any method and path (for HTTP/1.1: whatever stands as request target).
    pub fn new(method: &str, path: impl AsRef<[u8]>) -> Request {
        Request {
            protocol: Protocol::H1,
            method: Some(method.into()),
            path: Some(path.as_ref().to_vec()),
            host: Some(b"app.test".to_vec()),
            scheme: Some(b"http".to_vec()),
            headers: Vec::new(),
            body: None,
            trailers: Vec::new(),
            exact_names: false,
            from: None,
        }
    }

    /// A GET.
    pub fn get(path: impl AsRef<[u8]>) -> Request {
        Request::new("GET", path)
    }

    /// A POST with this body.
    pub fn post(path: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Request {
        Request::new("POST", path).body(body)
    }

    /// A gRPC call with one empty message, over HTTP/2.
    pub fn grpc(path: impl AsRef<[u8]>) -> Request {
        Request::post(path, [0; 5])
            .over(Protocol::H2)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
    }

    /// A CONNECT to this authority: no path, and no scheme.
    pub fn connect(authority: &str) -> Request {
        Request::new("CONNECT", authority).host(authority).without_path().without_scheme()
    }

    /// A WebSocket upgrade; over HTTP/2 the extended CONNECT (RFC 8441).
    pub fn websocket(path: &str, protocol: Protocol) -> Request {
        match protocol {
            Protocol::H1 => Request::get(path)
                .header("connection", "Upgrade")
                .header("upgrade", "websocket")
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            Protocol::H2 => Request::new("CONNECT", path)
                .over(Protocol::H2)
                .header(":protocol", "websocket")
                .header("sec-websocket-version", "13"),
        }
    }

    /// The protocol (default HTTP/1.1).
    pub fn over(mut self, protocol: Protocol) -> Request {
        self.protocol = protocol;
        self
    }

    /// Adds a header. Over HTTP/2 a name with `:` in front is a pseudo-header,
    /// added after the usual ones (so a second `:path` can be sent), and
    /// names are made lower-case, unless `exact_names`.
    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Request {
        self.headers.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    /// `authorization: Bearer <token>`.
    pub fn bearer(self, token: impl AsRef<str>) -> Request {
        self.header("authorization", format!("Bearer {}", token.as_ref()))
    }

    /// `x-api-key: <key>`.
    pub fn api_key(self, key: impl AsRef<[u8]>) -> Request {
        self.header("x-api-key", key)
    }

    /// `x-tenant-id: <tenant>`.
    pub fn tenant(self, tenant: impl AsRef<[u8]>) -> Request {
        self.header("x-tenant-id", tenant)
    }

    /// `x-test-id: <marker>`, by which `Envoy::access_line` finds the request.
    pub fn marker(self, marker: impl AsRef<[u8]>) -> Request {
        self.header("x-test-id", marker)
    }

    /// Another host.
    pub fn host(mut self, host: impl AsRef<[u8]>) -> Request {
        self.host = Some(host.as_ref().to_vec());
        self
    }

    /// Another path.
    pub fn path(mut self, path: impl AsRef<[u8]>) -> Request {
        self.path = Some(path.as_ref().to_vec());
        self
    }

    /// No host (over HTTP/2: no `:authority`).
    pub fn without_host(mut self) -> Request {
        self.host = None;
        self
    }

    /// Over HTTP/2 no `:path`; over HTTP/1.1 the host stands as request target.
    pub fn without_path(mut self) -> Request {
        self.path = None;
        self
    }

    /// Over HTTP/2 no `:method`.
    pub fn without_method(mut self) -> Request {
        self.method = None;
        self
    }

    /// Over HTTP/2 no `:scheme`.
    pub fn without_scheme(mut self) -> Request {
        self.scheme = None;
        self
    }

    /// Over HTTP/2 another `:scheme`.
    pub fn scheme(mut self, scheme: impl AsRef<[u8]>) -> Request {
        self.scheme = Some(scheme.as_ref().to_vec());
        self
    }

    /// A body.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Request {
        self.body = Some(body.as_ref().to_vec());
        self
    }

    /// Adds a trailer; over HTTP/1.1 the body is then chunked.
    pub fn trailer(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Request {
        self.trailers.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    /// Over HTTP/2 too, header names are sent as they were given.
    pub fn exact_names(mut self) -> Request {
        self.exact_names = true;
        self
    }

    /// Connects from this local address, such as 127.0.0.2 (any 127.x.y.z works).
    pub fn from(mut self, address: &str) -> Request {
        self.from = Some(address.parse().expect("an IP address"));
        self
    }

    pub(crate) fn is_tunnel(&self) -> bool {
        self.method.as_deref() == Some(b"CONNECT")
            || self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"upgrade"))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| lossy(bytes));
        write!(f, "{:?} {:?} {:?}", self.protocol, text(&self.method), text(&self.path))?;
        write!(f, " host {:?}", text(&self.host))?;
        for (name, value) in &self.headers {
            write!(f, ", {}: {}", lossy(name), lossy(value))?;
        }
        Ok(())
    }
}

/// A response. Header names are lower-case; bytes that aren't UTF-8 are replaced.
#[derive(Clone, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, in order, without `:status`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The trailers.
    pub trailers: Vec<(String, String)>,
}

impl Response {
    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    /// All headers of this name.
    pub fn header_all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(found, _)| found == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The first trailer of this name.
    pub fn trailer(&self, name: &str) -> Option<&str> {
        first(&self.trailers, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        lossy(&self.body)
    }

    /// The body as JSON; panics where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The `code` of a problem+json body.
    pub fn code(&self) -> Option<String> {
        if self.header("content-type") != Some("application/problem+json") {
            return None;
        }
        self.json()["code"].as_str().map(str::to_owned)
    }

    /// `grpc-status`, from the trailers or the headers.
    pub fn grpc_status(&self) -> Option<u32> {
        self.trailer("grpc-status").or(self.header("grpc-status"))?.parse().ok()
    }

    /// `grpc-message`, from the trailers or the headers.
    pub fn grpc_message(&self) -> Option<&str> {
        self.trailer("grpc-message").or(self.header("grpc-message"))
    }

    /// Whether the application answered it.
    pub fn is_from_application(&self) -> bool {
        self.header("x-application") == Some("echo")
    }

    /// The request headers the application got, every entry, pseudo-headers too.
    /// Panics where it wasn't the application that answered.
    pub fn echoed(&self) -> Vec<(String, Vec<u8>)> {
        let lines = self.echo_lines().into_iter();
        lines.filter(|(name, _)| !name.contains(' ')).collect()
    }

    /// The request trailers the application got.
    pub fn echoed_trailers(&self) -> Vec<(String, Vec<u8>)> {
        let lines = self.echo_lines().into_iter();
        lines
            .filter_map(|(name, value)| Some((name.strip_prefix("trailer ")?.to_owned(), value)))
            .collect()
    }

    /// The length of the body the application got.
    pub fn echoed_body_length(&self) -> usize {
        let lines = self.echo_lines();
        let line = lines.iter().find(|(name, _)| name == "body length");
        line.map_or(0, |(_, value)| lossy(value).parse().unwrap())
    }

    /// All values the application got under this header name.
    pub fn echoed_all(&self, name: &str) -> Vec<String> {
        let named = self.echoed().into_iter().filter(|(found, _)| found == name);
        named.map(|(_, value)| lossy(&value)).collect()
    }

    /// The one value the application got under this header name; panics on several.
    pub fn echoed_value(&self, name: &str) -> Option<String> {
        let mut all = self.echoed_all(name);
        assert!(all.len() < 2, "{name} reached the application more than once: {all:?}");
        all.pop()
    }

    fn echo_lines(&self) -> Vec<(String, Vec<u8>)> {
        assert!(self.is_from_application(), "not the application's: {self:?}");
        let lines = self.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| {
                // A pseudo-header's name starts with a colon itself.
                let colon =
                    1 + line[1..].windows(2).position(|pair| pair == b": ").expect("name: value");
                (lossy(&line[..colon]), line[colon + 2..].to_vec())
            })
            .collect()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?}", self.status, self.headers, self.text())?;
        if self.trailers.is_empty() { Ok(()) } else { write!(f, " trailers {:?}", self.trailers) }
    }
}

fn first<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
