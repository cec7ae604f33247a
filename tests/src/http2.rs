//! A small HTTP/2 client of its own (RFC 9113), since client libraries refuse
//! to send what a hostile client sends: doubled or missing pseudo-headers,
//! any bytes in a path, upper-case names. One stream at a time.

use std::time::Duration;

use crate::client::{Failure, Wire};
use crate::message::{Fields, Request, Response, lossy};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

const FRAME: usize = 16_384;
const LARGEST_WINDOW: u32 = 0x7fff_ffff;

pub(crate) struct Http2 {
    decoder: fluke_hpack::Decoder<'static>,
    next_stream: u32,
    /// What may still be sent on the connection, on the current stream, and on a new one.
    connection_window: i64,
    stream_window: i64,
    initial_window: i64,
}

impl std::fmt::Debug for Http2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Http2 {{ next_stream: {} }}", self.next_stream)
    }
}

/// What has arrived of the current stream.
#[derive(Default)]
struct Incoming {
    response: Response,
    has_head: bool,
    ended: bool,
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Http2 {
    /// The preface and the settings of both sides.
    pub(crate) fn start(wire: &mut Wire) -> Result<Http2, Failure> {
        wire.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut settings = Vec::new();
        for (id, value) in [(2u16, 0u32), (4, LARGEST_WINDOW)] {
            settings.extend(id.to_be_bytes());
            settings.extend(value.to_be_bytes());
        }
        wire.write(&frame(SETTINGS, 0, 0, &settings));
        wire.write(&frame(WINDOW_UPDATE, 0, 0, &(LARGEST_WINDOW - 65_535).to_be_bytes()));
        let mut http2 = Http2 {
            decoder: fluke_hpack::Decoder::new(),
            next_stream: 1,
            connection_window: 65_535,
            stream_window: 65_535,
            initial_window: 65_535,
        };
        loop {
            let first = next_frame(wire)?;
            let is_settings = first.kind == SETTINGS && first.flags & ACK == 0;
            http2.handle(wire, first, 0, &mut Incoming::default())?;
            if is_settings {
                return Ok(http2);
            }
        }
    }

    pub(crate) fn send(&mut self, wire: &mut Wire, request: &Request) -> Result<Response, Failure> {
        let stream = self.next_stream;
        self.next_stream += 2;
        self.stream_window = self.initial_window;
        let mut incoming = Incoming::default();

        let body = request.body.as_deref().unwrap_or_default();
        let has_trailers = !request.trailers.is_empty();
        let only_head = body.is_empty() && !has_trailers && !request.is_tunnel();
        write_headers(wire, stream, &head(request), only_head);
        let mut sent = 0;
        while sent < body.len() && !incoming.ended {
            let window = self.connection_window.min(self.stream_window);
            let window = usize::try_from(window).unwrap_or(0);
            if window == 0 {
                self.step(wire, stream, &mut incoming)?;
                continue;
            }
            let size = window.min(FRAME).min(body.len() - sent);
            let last = sent + size == body.len() && !has_trailers;
            wire.write(&frame(
                DATA,
                if last { END_STREAM } else { 0 },
                stream,
                &body[sent..sent + size],
            ));
            sent += size;
            self.connection_window -= i64::try_from(size).unwrap();
            self.stream_window -= i64::try_from(size).unwrap();
        }
        if has_trailers && !incoming.ended {
            let trailers = request.trailers.iter().map(|field| named(field, request)).collect();
            write_headers(wire, stream, &trailers, true);
        }

        while !incoming.ended {
            if request.is_tunnel() && incoming.has_head {
                wire.hurry(Duration::from_secs(1));
                if self.step(wire, stream, &mut incoming).is_err() {
                    break;
                }
            } else {
                self.step(wire, stream, &mut incoming)?;
            }
        }
        Ok(incoming.response)
    }

    fn step(
        &mut self,
        wire: &mut Wire,
        stream: u32,
        incoming: &mut Incoming,
    ) -> Result<(), Failure> {
        let frame = next_frame(wire)?;
        self.handle(wire, frame, stream, incoming)
    }

    fn handle(
        &mut self,
        wire: &mut Wire,
        mut got: Frame,
        stream: u32,
        incoming: &mut Incoming,
    ) -> Result<(), Failure> {
        match got.kind {
            SETTINGS if got.flags & ACK == 0 => {
                for setting in got.payload.chunks_exact(6) {
                    if setting[..2] == [0, 4] {
                        let window = i64::from(number(&setting[2..]));
                        self.stream_window += window - self.initial_window;
                        self.initial_window = window;
                    }
                }
                wire.write(&frame(SETTINGS, ACK, 0, &[]));
            }
            PING if got.flags & ACK == 0 => wire.write(&frame(PING, ACK, 0, &got.payload)),
            WINDOW_UPDATE => {
                let more = i64::from(number(&got.payload) & LARGEST_WINDOW);
                if got.stream == 0 {
                    self.connection_window += more;
                } else if got.stream == stream {
                    self.stream_window += more;
                }
            }
            GOAWAY => {
                let (last, code) =
                    (number(&got.payload) & LARGEST_WINDOW, number(&got.payload[4..]));
                if code != 0 || last < stream {
                    return Err(Failure::GoAway(code));
                }
            }
            RST_STREAM if got.stream == stream => {
                return Err(Failure::Reset(number(&got.payload)));
            }
            DATA if got.stream == stream => {
                unpad(&mut got);
                incoming.response.body.extend(got.payload);
                incoming.ended = got.flags & END_STREAM != 0;
            }
            HEADERS => {
                unpad(&mut got);
                let mut block = got.payload;
                let mut done = got.flags & END_HEADERS != 0;
                while !done {
                    let more = next_frame(wire)?;
                    done = more.flags & END_HEADERS != 0;
                    block.extend(more.payload);
                }
                // Decoded whosever it is: the decoder's table is the connection's.
                let fields = self.decoder.decode(&block);
                let fields = fields.map_err(|error| Failure::Malformed(format!("{error:?}")))?;
                if got.stream == stream {
                    incoming.ended = got.flags & END_STREAM != 0;
                    incoming.take(fields)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Incoming {
    fn take(&mut self, fields: Fields) -> Result<(), Failure> {
        let fields = fields.iter().map(|(name, value)| (lossy(name), lossy(value)));
        if self.has_head {
            self.response.trailers = fields.collect();
            return Ok(());
        }
        let (pseudo, headers): (Vec<_>, Vec<_>) =
            fields.partition(|(name, _)| name.starts_with(':'));
        let status = pseudo
            .iter()
            .find(|(name, _)| name == ":status")
            .and_then(|(_, value)| value.parse().ok());
        self.response.status =
            status.ok_or_else(|| Failure::Malformed(format!("no :status in {pseudo:?}")))?;
        self.response.headers = headers;
        self.has_head = self.response.status >= 200;
        Ok(())
    }
}

/// The request's fields: pseudo-headers first.
fn head(request: &Request) -> Fields {
    let mut fields = Fields::new();
    let usual = [
        (":method", &request.method),
        (":scheme", &request.scheme),
        (":authority", &request.host),
        (":path", &request.path),
    ];
    for (name, value) in usual {
        if let Some(value) = value {
            fields.push((name.as_bytes().to_vec(), value.clone()));
        }
    }
    let given = request.headers.iter().map(|field| named(field, request));
    let (pseudo, headers): (Fields, Fields) = given.partition(|(name, _)| name.starts_with(b":"));
    fields.extend(pseudo);
    fields.extend(headers);
    fields
}

fn named((name, value): &(Vec<u8>, Vec<u8>), request: &Request) -> (Vec<u8>, Vec<u8>) {
    let name = if request.exact_names { name.clone() } else { name.to_ascii_lowercase() };
    (name, value.clone())
}

/// HEADERS, and CONTINUATION for what doesn't fit.
fn write_headers(wire: &mut Wire, stream: u32, fields: &Fields, end_stream: bool) {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0); // literal, not indexed, with a new name
        for text in [name, value] {
            hpack_length(&mut block, text.len());
            block.extend_from_slice(text);
        }
    }
    let mut chunks = block.chunks(FRAME).peekable();
    let mut kind = HEADERS;
    while let Some(chunk) = chunks.next() {
        let mut flags = if chunks.peek().is_none() { END_HEADERS } else { 0 };
        if kind == HEADERS && end_stream {
            flags |= END_STREAM;
        }
        wire.write(&frame(kind, flags, stream, chunk));
        kind = CONTINUATION;
    }
}

/// A string length: an integer with a 7-bit prefix, not Huffman-coded (RFC 7541, 5.1).
fn hpack_length(out: &mut Vec<u8>, length: usize) {
    if length < 127 {
        out.push(u8::try_from(length).unwrap());
        return;
    }
    out.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        out.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    out.push(u8::try_from(rest).unwrap());
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut out = length[1..].to_vec();
    out.push(kind);
    out.push(flags);
    out.extend(stream.to_be_bytes());
    out.extend_from_slice(payload);
    out
}

fn next_frame(wire: &mut Wire) -> Result<Frame, Failure> {
    let head = wire.take(9)?;
    let length = usize::try_from(number(&[0, head[0], head[1], head[2]])).unwrap();
    let stream = number(&head[5..]) & LARGEST_WINDOW;
    Ok(Frame { kind: head[3], flags: head[4], stream, payload: wire.take(length)? })
}

fn unpad(frame: &mut Frame) {
    if frame.flags & PADDED != 0 {
        let padding = usize::from(frame.payload.remove(0));
        frame.payload.truncate(frame.payload.len() - padding);
    }
    if frame.kind == HEADERS && frame.flags & PRIORITY != 0 {
        frame.payload.drain(..5);
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
