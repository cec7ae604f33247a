//! What a stub answers, well or badly.

use std::time::Duration;

use serde_json::Value;

/// How much of a reply is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    All,
    Half,
    Nothing,
}

/// What becomes of the connection after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It waits for the next request.
    Next,
    Close,
    /// It stays open and nothing is said or heard on it any more.
    Hang,
}

/// What the stub answers on a path.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers besides etag, content-length and transfer-encoding.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long it keeps the client waiting.
    pub delay: Duration,
    etag: Option<String>,
    chunked: bool,
    amount: Amount,
    pub(super) then: Then,
}

impl Reply {
    /// 200 with JSON.
    pub fn json(value: &Value) -> Reply {
        Reply::bytes(value.to_string()).content_type("application/json")
    }

    /// 200 with any body, and no content type.
    pub fn bytes(body: impl Into<Vec<u8>>) -> Reply {
        Reply { body: body.into(), ..Reply::status(200) }
    }

    /// A status without a body.
    pub fn status(status: u16) -> Reply {
        Reply {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            delay: Duration::ZERO,
            etag: None,
            chunked: false,
            amount: Amount::All,
            then: Then::Next,
        }
    }

    /// 302 to this location.
    pub fn redirect(location: &str) -> Reply {
        Reply::status(302).header("location", location)
    }

    /// No answer ever; the connection stays open until the client closes it.
    pub fn hang() -> Reply {
        Reply { amount: Amount::Nothing, then: Then::Hang, ..Reply::status(200) }
    }

    /// No answer; the connection is closed.
    pub fn close() -> Reply {
        Reply { amount: Amount::Nothing, then: Then::Close, ..Reply::status(200) }
    }

    /// The same, later.
    pub fn after(mut self, delay: Duration) -> Reply {
        self.delay = delay;
        self
    }

    /// With another status.
    pub fn with_status(mut self, status: u16) -> Reply {
        self.status = status;
        self
    }

    /// With another header.
    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this content type instead of the one it has.
    pub fn content_type(self, value: &str) -> Reply {
        self.without_content_type().header("content-type", value)
    }

    /// Without a content type.
    pub fn without_content_type(mut self) -> Reply {
        self.headers.retain(|(name, _)| !is_content_type(name));
        self
    }

    /// With spaces after the body, up to this length: JSON stays the same JSON.
    pub fn padded(mut self, length: usize) -> Reply {
        assert!(length >= self.body.len(), "the body has {} bytes already", self.body.len());
        self.body.resize(length, b' ');
        self
    }

    /// With this etag, sent exactly so (`"1"` in its quotes, `W/"1"`). A request
    /// whose if-none-match names it, or `*`, gets 304 without the body.
    pub fn with_etag(mut self, etag: &str) -> Reply {
        self.etag = Some(etag.to_owned());
        self
    }

    /// The body in chunks instead of with a content-length.
    pub fn chunked(mut self) -> Reply {
        self.chunked = true;
        self
    }

    /// Only half of the body; then the connection is closed. The content-length
    /// is the whole one's, and where the body is chunked its end is missing.
    pub fn cut(mut self) -> Reply {
        assert!(!self.body.is_empty(), "there is no half of nothing");
        (self.amount, self.then) = (Amount::Half, Then::Close);
        self
    }

    /// Only half of the body; then nothing more, on a connection that stays open.
    pub fn stalled(mut self) -> Reply {
        assert!(!self.body.is_empty(), "there is no half of nothing");
        (self.amount, self.then) = (Amount::Half, Then::Hang);
        self
    }

    /// What a request with these headers gets: this, or that nothing has changed.
    pub(super) fn unless_known(self, request: &[(String, String)]) -> Reply {
        let Some(etag) = &self.etag else {
            return self;
        };
        let asked = request.iter().filter(|(name, _)| name == "if-none-match");
        let mut known = asked.flat_map(|(_, value)| value.split(',').map(str::trim));
        if !known.any(|known| known == "*" || opaque(known) == opaque(etag)) {
            return self;
        }
        Reply { status: 304, body: Vec::new(), ..self.without_content_type() }
    }

    /// The bytes that are sent; to a HEAD no body.
    pub(super) fn to_bytes(&self, head: bool) -> Vec<u8> {
        if self.amount == Amount::Nothing {
            return Vec::new();
        }
        let mut out = format!("HTTP/1.1 {} x\r\n", self.status);
        let mut field = |name: &str, value: &str| out.push_str(&format!("{name}: {value}\r\n"));
        match (self.status, self.chunked) {
            (304, _) => {}
            (_, true) => field("transfer-encoding", "chunked"),
            (_, false) => field("content-length", &self.body.len().to_string()),
        }
        if let Some(etag) = &self.etag {
            field("etag", etag);
        }
        for (name, value) in &self.headers {
            field(name, value);
        }
        out.push_str("\r\n");
        let mut out = out.into_bytes();
        if !head && self.status != 304 {
            self.write_body(&mut out);
        }
        out
    }

    fn write_body(&self, out: &mut Vec<u8>) {
        let half = self.body.len() / 2;
        let whole = self.amount == Amount::All;
        if !self.chunked {
            let sent = if whole { self.body.len() } else { half };
            out.extend_from_slice(&self.body[..sent]);
            return;
        }
        let halves = [&self.body[..half], &self.body[half..]];
        for chunk in halves.into_iter().take(if whole { 2 } else { 1 }) {
            if !chunk.is_empty() {
                out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                out.extend_from_slice(chunk);
                out.extend_from_slice(b"\r\n");
            }
        }
        if whole {
            out.extend_from_slice(b"0\r\n\r\n");
        }
    }
}

/// An etag without its mark of weakness, which doesn't count here.
fn opaque(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag)
}

fn is_content_type(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-type")
}
